//! What belongs to Unix domain sockets and pipes beside the sockets themselves.
//!
//! The sockets are in [`net`](super): [`UnixListener`](super::UnixListener),
//! [`UnixStream`](super::UnixStream), [`UnixDatagram`](super::UnixDatagram) and
//! [`UnixSocket`](super::UnixSocket).
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod abstract_name;
#[doc(hidden)]
pub mod datagram;
pub(crate) mod listener;
pub mod pipe;
pub(crate) mod socket;
mod socketaddr;
mod split;
mod split_owned;
pub(crate) mod stream;
mod ucred;

pub use self::socketaddr::SocketAddr;
pub use self::split::{ReadHalf, WriteHalf};
pub use self::split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use self::ucred::UCred;

/// The number of a user, see [`UCred::uid`].
#[allow(non_camel_case_types, reason = "libc's name")]
pub type uid_t = u32;

/// The number of a group, see [`UCred::gid`].
#[allow(non_camel_case_types, reason = "libc's name")]
pub type gid_t = u32;

/// The number of a process, see [`UCred::pid`].
#[allow(non_camel_case_types, reason = "libc's name")]
pub type pid_t = i32;

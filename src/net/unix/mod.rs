//! What belongs to Unix domain sockets and pipes beside the sockets themselves.
//!
//! The sockets are in [`net`](super): [`UnixListener`](super::UnixListener),
//! [`UnixStream`](super::UnixStream), [`UnixDatagram`](super::UnixDatagram) and
//! [`UnixSocket`](super::UnixSocket).
#![forbid(unsafe_code)]

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

/// The number of a user.
///
/// # Examples
///
/// ```
/// use std::os::unix::fs::MetadataExt;
/// use zokio::net::UnixStream;
/// use zokio::net::unix::uid_t;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, _peer) = UnixStream::pair()?;
/// let user: uid_t = stream.peer_cred()?.uid();
/// assert_eq!(user, std::fs::metadata("/proc/self")?.uid());
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "libc's name")]
pub type uid_t = u32;

/// The number of a group.
///
/// # Examples
///
/// ```
/// use std::os::unix::fs::MetadataExt;
/// use zokio::net::UnixStream;
/// use zokio::net::unix::gid_t;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, _peer) = UnixStream::pair()?;
/// let group: gid_t = stream.peer_cred()?.gid();
/// assert_eq!(group, std::fs::metadata("/proc/self")?.gid());
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "libc's name")]
pub type gid_t = u32;

/// The number of a process.
///
/// # Examples
///
/// ```
/// use zokio::net::UnixStream;
/// use zokio::net::unix::pid_t;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, _peer) = UnixStream::pair()?;
/// let process: Option<pid_t> = stream.peer_cred()?.pid();
/// assert_eq!(process, Some(std::process::id() as pid_t));
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "libc's name")]
pub type pid_t = i32;

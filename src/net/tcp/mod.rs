//! The parts of a [`TcpStream`](super::TcpStream).
//!
//! [`TcpStream::split`](super::TcpStream::split) returns halves that borrow the stream,
//! [`TcpStream::into_split`](super::TcpStream::into_split) halves that own it together.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod linux;
pub(crate) mod listener;
pub(crate) mod socket;
mod split;
mod split_owned;
pub(crate) mod stream;

pub use self::split::{ReadHalf, WriteHalf};
pub use self::split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};

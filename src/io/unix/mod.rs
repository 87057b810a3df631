//! Asynchronous waiting for file descriptors of any kind.
//!
//! [`AsyncFd`] registers an object with a file descriptor with the runtime and tells when it may be
//! read from or written to. It is for descriptors that this crate has no type for: a `timerfd`, an
//! `inotify` instance, a socket family of its own, a descriptor that a C library hands out. The
//! types in [`net`](crate::net) do not need it.

mod async_fd;
mod error;
mod guard;
mod raw;

pub use self::async_fd::AsyncFd;
#[doc(hidden)]
pub use self::error::AsyncFdTryNewError;
pub use self::error::{AsyncFdRegisterError, TryIoError};
pub use self::guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};

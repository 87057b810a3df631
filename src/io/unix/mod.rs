//! Asynchronous waiting for file descriptors of any kind.
//!
//! [`AsyncFd`] takes an object with a file descriptor to the runtime and tells when it may be read
//! from or written to. It is for descriptors that this crate has no type for: a `timerfd`, an
//! `inotify` instance, a socket family of its own, a descriptor that a C library hands out. The
//! objects in [`net`](crate::net) need it not.

mod async_fd;
mod error;
mod guard;
mod raw;

pub use self::async_fd::AsyncFd;
#[doc(hidden)]
pub use self::error::AsyncFdTryNewError;
pub use self::error::{AsyncFdRegisterError, TryIoError};
pub use self::guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};

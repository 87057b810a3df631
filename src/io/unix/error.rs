//! The errors of `AsyncFd`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io;

/// The error of a closure that reported `WouldBlock` to a guard's `try_io`.
///
/// The readiness that the guard represented has been cleared: wait again. See
/// [`AsyncFdReadyGuard::try_io`](super::AsyncFdReadyGuard::try_io).
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use zokio::io::unix::{AsyncFd, TryIoError};
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (a, mut b) = UnixStream::pair()?;
/// a.set_nonblocking(true)?;
/// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
/// let a = unsafe { AsyncFd::register(a)? };
/// b.write_all(b"hello")?;
///
/// let mut guard = a.readable().await?;
/// let mut buf = [0; 16];
/// let n = guard.try_io(|a| a.get_ref().read(&mut buf)).expect("it is readable")?;
/// assert_eq!(n, 5);
///
/// // The second read finds nothing, which ends what the guard stands for.
/// let _: TryIoError = guard.try_io(|a| a.get_ref().read(&mut buf)).unwrap_err();
/// assert!(!guard.ready().is_readable());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TryIoError(pub(super) ());

/// The error of a failed registration of a file descriptor.
///
/// It holds the object, so that it is not lost, and the cause. `?` converts it into the cause.
///
/// # Examples
///
/// ```
/// use std::fs::File;
/// use zokio::io::unix::AsyncFd;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// // Regular files are always ready, and the kernel refuses to watch them.
/// let file = File::open("Cargo.toml")?;
/// // SAFETY: a `File` keeps its descriptor until it is dropped.
/// let error = unsafe { AsyncFd::register(file) }.unwrap_err();
/// let (_file, cause) = error.into_parts();
/// assert_eq!(cause.kind(), std::io::ErrorKind::PermissionDenied);
/// # Ok(())
/// # }
/// ```
pub struct AsyncFdRegisterError<T> {
    inner: T,
    cause: io::Error,
}

#[doc(hidden)]
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;

impl<T> AsyncFdRegisterError<T> {
    pub(super) fn new(inner: T, cause: io::Error) -> Self {
        AsyncFdRegisterError { inner, cause }
    }

    /// Returns the object that was to be registered, and the cause of the failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::os::unix::net::UnixDatagram;
    /// use std::sync::Arc;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    /// let socket = Arc::new(socket);
    /// // SAFETY: a `UnixDatagram` keeps its descriptor, and an `Arc` keeps the socket.
    /// let _registered = unsafe { AsyncFd::register(socket.clone())? };
    ///
    /// // A socket cannot be registered twice.
    /// // SAFETY: as above.
    /// let error = unsafe { AsyncFd::register(socket) }.unwrap_err();
    /// let (socket, cause) = error.into_parts();
    /// assert_eq!(cause.kind(), ErrorKind::AlreadyExists);
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file descriptor was not registered: {}", self.cause)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncFdRegisterError")
            .field(&self.cause)
            .finish()
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> io::Error {
        error.cause
    }
}

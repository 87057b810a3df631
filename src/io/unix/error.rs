//! The errors of `AsyncFd`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io;

/// The error of a closure that reported `WouldBlock` to a guard's `try_io`.
///
/// The readiness that the guard stood for has been cleared: wait again. See
/// [`AsyncFdReadyGuard::try_io`](super::AsyncFdReadyGuard::try_io).
#[derive(Debug)]
pub struct TryIoError(pub(super) ());

/// The registration of a file descriptor failed.
///
/// It holds the object, so that it is not lost, and the cause. `?` turns it into the cause.
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

    /// The object that was to be registered, and why that failed.
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

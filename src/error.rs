//! The error type of zokio's own functions: building a runtime, choosing a driver, the completion
//! API.
//!
//! Functions that have tokio's shape return [`std::io::Error`] or tokio's small error types
//! instead. [`Error`] converts into an [`std::io::Error`] of the same kind, so both kinds of
//! function work with one `?`.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An error: what went wrong, in which operation, and on what.
///
/// An error belongs to one of four families, which the `is_*` methods tell apart: *io* (files and
/// descriptors), *network*, *timeout*, and *resource* (something that the system does not provide,
/// or not now).
///
/// # Examples
///
/// ```
/// use zokio::runtime::Builder;
///
/// // No machine has room for such a stack.
/// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
/// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
/// assert!(error.is_resource());
/// assert!(error.to_string().starts_with("cannot start a worker thread: "));
/// ```
#[derive(Debug)]
pub struct Error(Box<Repr>);

/// The result type of zokio's own functions.
///
/// # Examples
///
/// ```
/// fn build() -> zokio::Result<u32> {
///     Ok(5)
/// }
///
/// fn run() -> std::io::Result<u32> {
///     // The error is converted where it has to be.
///     Ok(build()? + 1)
/// }
///
/// assert_eq!(run().unwrap(), 6);
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug)]
enum Repr {
    Io {
        operation: &'static str,
        path: Option<PathBuf>,
        source: io::Error,
    },
    Network {
        operation: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
    Timeout {
        operation: &'static str,
        limit: Duration,
    },
    Resource {
        operation: &'static str,
        reason: String,
        source: Option<io::Error>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation())?;
        match &*self.0 {
            Repr::Io {
                path: Some(path),
                source,
                ..
            } => write!(f, " `{}`: {source}", path.display()),
            Repr::Io { source, .. } => write!(f, ": {source}"),
            Repr::Network {
                address, source, ..
            } => write!(f, " {address}: {source}"),
            Repr::Timeout { limit, .. } => write!(f, ": not done within {limit:?}"),
            Repr::Resource { reason, .. } => write!(f, ": {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Repr::Io { source, .. } | Repr::Network { source, .. } => Some(source),
            Repr::Timeout { .. } => None,
            Repr::Resource { source, .. } => source.as_ref().map(|source| source as _),
        }
    }
}

impl Error {
    /// Creates the error of an operation on a file or descriptor.
    pub(crate) fn io(operation: &'static str, source: io::Error) -> Error {
        Error(Box::new(Repr::Io {
            operation,
            path: None,
            source,
        }))
    }

    /// Creates the error of an operation on the file at `path`.
    pub(crate) fn io_at(
        operation: &'static str,
        path: impl Into<PathBuf>,
        source: io::Error,
    ) -> Error {
        Error(Box::new(Repr::Io {
            operation,
            path: Some(path.into()),
            source,
        }))
    }

    /// Creates the error of an operation on a socket.
    pub(crate) fn network(
        operation: &'static str,
        address: SocketAddr,
        source: io::Error,
    ) -> Error {
        Error(Box::new(Repr::Network {
            operation,
            address,
            source,
        }))
    }

    /// Creates the error of an operation that took longer than its limit.
    pub(crate) fn timeout(operation: &'static str, limit: Duration) -> Error {
        Error(Box::new(Repr::Timeout { operation, limit }))
    }

    /// Creates the error of an operation that needs something the system does not provide; `reason`
    /// is a clause for the message.
    pub(crate) fn resource(
        operation: &'static str,
        reason: impl Into<String>,
        source: Option<io::Error>,
    ) -> Error {
        Error(Box::new(Repr::Resource {
            operation,
            reason: reason.into(),
            source,
        }))
    }

    /// Returns what was being done, as a verb with its object.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// assert_eq!(error.operation(), "start a worker thread");
    /// ```
    pub fn operation(&self) -> &'static str {
        match *self.0 {
            Repr::Io { operation, .. }
            | Repr::Network { operation, .. }
            | Repr::Timeout { operation, .. }
            | Repr::Resource { operation, .. } => operation,
        }
    }

    /// Returns the path of the file that the operation was for.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// // A thread is started without a file.
    /// assert_eq!(error.path(), None);
    /// ```
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::Io { path, .. } => path.as_deref(),
            Repr::Network { .. } | Repr::Timeout { .. } | Repr::Resource { .. } => None,
        }
    }

    /// Returns the address that the operation was for.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// // A thread is started without a socket.
    /// assert_eq!(error.address(), None);
    /// ```
    pub fn address(&self) -> Option<SocketAddr> {
        match &*self.0 {
            Repr::Network { address, .. } => Some(*address),
            Repr::Io { .. } | Repr::Timeout { .. } | Repr::Resource { .. } => None,
        }
    }

    /// Returns whether this is an error of a file or descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// assert!(!error.is_io());
    /// ```
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Repr::Io { .. })
    }

    /// Returns whether this is an error of a socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// assert!(!error.is_network());
    /// ```
    pub fn is_network(&self) -> bool {
        matches!(*self.0, Repr::Network { .. })
    }

    /// Returns whether the operation timed out.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// // It was refused, not late.
    /// assert!(!error.is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(*self.0, Repr::Timeout { .. })
    }

    /// Returns whether the system does not provide what was asked for, or not at the moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// assert!(error.is_resource());
    /// ```
    pub fn is_resource(&self) -> bool {
        matches!(*self.0, Repr::Resource { .. })
    }

    fn os_error(&self) -> Option<&io::Error> {
        match &*self.0 {
            Repr::Io { source, .. } | Repr::Network { source, .. } => Some(source),
            Repr::Resource { source, .. } => source.as_ref(),
            Repr::Timeout { .. } => None,
        }
    }

    /// Returns the kind of the same failure as an [`io::Error`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// // No machine has room for such a stack.
    /// let refused = Builder::new_multi_thread().thread_stack_size(usize::MAX / 4).build();
    /// let error: zokio::Error = refused.unwrap_err().downcast().unwrap();
    /// let kind = error.kind();
    /// assert_eq!(std::io::Error::from(error).kind(), kind);
    /// ```
    pub fn kind(&self) -> io::ErrorKind {
        match (&*self.0, self.os_error()) {
            (Repr::Timeout { .. }, _) => io::ErrorKind::TimedOut,
            (_, Some(source)) => source.kind(),
            (_, None) => io::ErrorKind::Unsupported,
        }
    }

    /// Returns whether the same call can succeed later without any other change: the system was out
    /// of something, was busy, was interrupted, or was not fast enough.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::fs::File;
    ///
    /// /// Opens a file, even if the process has too many open files for a moment.
    /// async fn open_patiently(path: &str) -> zokio::Result<File> {
    ///     for _ in 0..3 {
    ///         match File::open(path).await {
    ///             Err(error) if error.is_transient() => {}
    ///             done => return done,
    ///         }
    ///         zokio::time::sleep(Duration::from_millis(100)).await;
    ///     }
    ///     File::open(path).await
    /// }
    ///
    /// #[zokio::main]
    /// async fn main() -> zokio::Result<()> {
    ///     open_patiently("/proc/version").await?;
    ///     assert!(!open_patiently("/no/such").await.unwrap_err().is_transient());
    ///     Ok(())
    /// }
    /// ```
    pub fn is_transient(&self) -> bool {
        if self.is_timeout() {
            return true;
        }
        let Some(source) = self.os_error() else {
            return false;
        };
        match source.raw_os_error() {
            Some(
                libc::EAGAIN
                | libc::EBUSY
                | libc::EINTR
                | libc::EMFILE
                | libc::ENFILE
                | libc::ENOBUFS
                | libc::ENOMEM
                | libc::ENOSPC
                | libc::ECONNREFUSED
                | libc::ECONNRESET
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::ETIMEDOUT,
            ) => true,
            Some(_) => false,
            None => matches!(
                source.kind(),
                io::ErrorKind::Interrupted
                    | io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::OutOfMemory
            ),
        }
    }
}

impl From<Error> for io::Error {
    /// Wraps the error in one of the same [`kind`](Error::kind).
    ///
    /// If file descriptors ran out, the result is the operating system's own error: it is complete,
    /// and programs check for its code.
    fn from(error: Error) -> io::Error {
        match error.os_error().and_then(io::Error::raw_os_error) {
            Some(code @ (libc::EMFILE | libc::ENFILE)) => io::Error::from_raw_os_error(code),
            _ => io::Error::new(error.kind(), error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use std::error::Error as _;
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn carries_operation_path_and_source() {
        let source = io::Error::from_raw_os_error(libc::ENOENT);
        let error = Error::io_at("open", "/no/such", source);
        assert_eq!(
            error.to_string(),
            "cannot open `/no/such`: No such file or directory (os error 2)"
        );
        assert!(error.is_io() && !error.is_transient());
        assert_eq!(error.path(), Some(Path::new("/no/such")));
        assert_eq!(error.operation(), "open");
        assert!(error.source().is_some());
        let converted = io::Error::from(error);
        assert_eq!(converted.kind(), io::ErrorKind::NotFound);
        assert!(converted.get_ref().is_some_and(|inner| inner.is::<Error>()));
    }

    #[test]
    fn tells_the_families_apart() {
        let timeout = Error::timeout("connect", Duration::from_secs(1));
        assert!(timeout.is_timeout() && timeout.is_transient());
        assert_eq!(timeout.kind(), io::ErrorKind::TimedOut);
        let address = ([127, 0, 0, 1], 80).into();
        let refused = io::Error::from_raw_os_error(libc::ECONNREFUSED);
        let network = Error::network("connect to", address, refused);
        assert!(network.is_network() && network.is_transient());
        assert_eq!(network.address(), Some(address));
        let resource = Error::resource("use io_uring", "the kernel has none", None);
        assert!(resource.is_resource() && !resource.is_transient());
        assert_eq!(resource.kind(), io::ErrorKind::Unsupported);
        let full = Error::io("duplicate", io::Error::from_raw_os_error(libc::EMFILE));
        assert!(full.is_transient());
        assert_eq!(io::Error::from(full).raw_os_error(), Some(libc::EMFILE));
    }
}

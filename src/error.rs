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
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::util::system;

/// An error: what went wrong, in which operation, and on what.
///
/// An error belongs to one of four families, which the `is_*` methods tell apart: *io* (files and
/// descriptors), *network*, *timeout*, and *resource* (something that the system does not provide,
/// or not now).
///
/// It converts into an [`io::Error`], so that a function which returns [`io::Result`] can use `?` on
/// both. There is no conversion back, since an [`io::Error`] does not tell the operation; one that
/// was made from this type returns it by [`downcast`](io::Error::downcast).
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

struct Repr {
    operation: &'static str,
    subject: Subject,
    failure: Failure,
}

/// What an operation is for.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A descriptor, or something that has no name.
    Unnamed,
    /// A file, or a socket that has a path.
    Path(Arc<Path>),
    /// A socket that has an address.
    Address(SocketAddr),
    /// A socket with an address that has to be resolved, or with several.
    Host(String),
}

enum Failure {
    Os(io::Error),
    Timeout(Duration),
    Resource {
        reason: String,
        source: Option<io::Error>,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Unnamed => Ok(()),
            Subject::Path(path) => write!(f, " `{}`", path.display()),
            Subject::Address(address) => write!(f, " {address}"),
            Subject::Host(host) => write!(f, " `{host}`"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Os(source) => source.fmt(f),
            Failure::Timeout(limit) => write!(f, "not done within {limit:?}"),
            Failure::Resource { reason, .. } => f.write_str(reason),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr {
            operation,
            subject,
            failure,
        } = &*self.0;
        write!(f, "cannot {operation}{subject}: {failure}")
    }
}

/// As the text: this is what `expect` prints of an error that a runtime was not built for.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.to_string()).finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.os_error().map(|source| source as _)
    }
}

impl Error {
    fn new(operation: &'static str, subject: Subject, failure: Failure) -> Error {
        Error(Box::new(Repr {
            operation,
            subject,
            failure,
        }))
    }

    /// Creates the error of an operation on `subject`: of the *network* family if that is an address
    /// or a host, and of the *io* family if it is anything else.
    pub(crate) fn on(operation: &'static str, subject: Subject, source: io::Error) -> Error {
        Error::new(operation, subject, Failure::Os(source))
    }

    /// Creates the error of an operation on a descriptor.
    pub(crate) fn io(operation: &'static str, source: io::Error) -> Error {
        Error::on(operation, Subject::Unnamed, source)
    }

    /// Creates the error of an operation on the file at `path`.
    pub(crate) fn io_at(
        operation: &'static str,
        path: impl Into<Arc<Path>>,
        source: io::Error,
    ) -> Error {
        Error::on(operation, Subject::Path(path.into()), source)
    }

    /// Creates the error of an operation on a socket.
    pub(crate) fn network(
        operation: &'static str,
        address: SocketAddr,
        source: io::Error,
    ) -> Error {
        Error::on(operation, Subject::Address(address), source)
    }

    /// Creates the error of an operation that took longer than its limit.
    pub(crate) fn timeout(operation: &'static str, subject: Subject, limit: Duration) -> Error {
        Error::new(operation, subject, Failure::Timeout(limit))
    }

    /// Creates the error of an operation that needs something the system does not provide; `reason`
    /// is a clause for the message.
    pub(crate) fn resource(
        operation: &'static str,
        reason: impl Into<String>,
        source: Option<io::Error>,
    ) -> Error {
        let reason = reason.into();
        Error::new(
            operation,
            Subject::Unnamed,
            Failure::Resource { reason, source },
        )
    }

    /// Returns what was being done, as a verb with its object.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let error = File::open("/no/such").await.unwrap_err();
    ///     assert_eq!(error.operation(), "open");
    /// }
    /// ```
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Returns the path of the file or Unix socket that the operation was for, if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::path::Path;
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let error = File::open("/no/such").await.unwrap_err();
    ///     assert_eq!(error.path(), Some(Path::new("/no/such")));
    /// }
    /// ```
    pub fn path(&self) -> Option<&Path> {
        match &self.0.subject {
            Subject::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the address that the operation was for, if it was for one.
    ///
    /// The message names what is not an address: a host that could not be resolved, or several
    /// addresses.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::TcpStream;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     // Nothing listens at port 1.
    ///     let error = TcpStream::connect("127.0.0.1:1").await.unwrap_err();
    ///     assert_eq!(error.address(), "127.0.0.1:1".parse().ok());
    /// }
    /// ```
    pub fn address(&self) -> Option<SocketAddr> {
        match self.0.subject {
            Subject::Address(address) => Some(address),
            _ => None,
        }
    }

    /// Returns whether this is an error of a file or descriptor, or of a Unix socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let error = File::open("/no/such").await.unwrap_err();
    ///     assert!(error.is_io());
    /// }
    /// ```
    pub fn is_io(&self) -> bool {
        matches!(self.0.failure, Failure::Os(_)) && !self.is_network()
    }

    /// Returns whether this is an error of a socket with an address, or of finding the address.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::TcpStream;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     // Nothing listens at port 1.
    ///     let error = TcpStream::connect("127.0.0.1:1").await.unwrap_err();
    ///     assert!(error.is_network());
    /// }
    /// ```
    pub fn is_network(&self) -> bool {
        matches!(self.0.failure, Failure::Os(_))
            && matches!(self.0.subject, Subject::Address(_) | Subject::Host(_))
    }

    /// Returns whether the operation timed out.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::Operation;
    /// use zokio::completion::net::TcpListener;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    ///     let accept = listener.accept().timeout(Duration::from_millis(5));
    ///     // An operation with an `io::Error` has this error in it.
    ///     let error: zokio::Error = accept.await.unwrap_err().downcast().unwrap();
    ///     assert!(error.is_timeout());
    /// }
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.failure, Failure::Timeout(_))
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
        matches!(self.0.failure, Failure::Resource { .. })
    }

    fn os_error(&self) -> Option<&io::Error> {
        match &self.0.failure {
            Failure::Os(source) => Some(source),
            Failure::Resource { source, .. } => source.as_ref(),
            Failure::Timeout(_) => None,
        }
    }

    /// Returns the kind of the same failure as an [`io::Error`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{self, ErrorKind};
    /// use zokio::completion::fs::File;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let error = File::open("/no/such").await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::NotFound);
    ///     assert_eq!(io::Error::from(error).kind(), ErrorKind::NotFound);
    /// }
    /// ```
    pub fn kind(&self) -> io::ErrorKind {
        match (&self.0.failure, self.os_error()) {
            (Failure::Timeout(_), _) => io::ErrorKind::TimedOut,
            (_, Some(source)) => source.kind(),
            (_, None) => io::ErrorKind::Unsupported,
        }
    }

    /// Returns the operating system's code for the failure, if that is where it comes from.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::{Canceller, Operation, fs::File};
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let canceller = Canceller::new();
    ///     canceller.cancel();
    ///     let error = File::open("/proc/version").with(&canceller).await.unwrap_err();
    ///     assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
    /// }
    /// ```
    pub fn raw_os_error(&self) -> Option<i32> {
        self.os_error().and_then(io::Error::raw_os_error)
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
            Some(code) => system::TRANSIENT.contains(&code),
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
        match error.raw_os_error() {
            Some(code) if system::TOO_MANY_OPEN.contains(&code) => {
                io::Error::from_raw_os_error(code)
            }
            _ => io::Error::new(error.kind(), error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Subject};
    use crate::util::system::TOO_MANY_OPEN;
    use std::error::Error as _;
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn carries_operation_path_and_source() {
        let source = io::Error::from_raw_os_error(libc::ENOENT);
        // The same code on Windows, which has words of its own for it.
        let text = match cfg!(windows) {
            true => format!("cannot open `/no/such`: {source}"),
            false => "cannot open `/no/such`: No such file or directory (os error 2)".to_owned(),
        };
        let error = Error::io_at("open", Path::new("/no/such"), source);
        assert_eq!(error.to_string(), text);
        assert_eq!(format!("{error:?}"), format!("Error({text:?})"));
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
        let timeout = Error::timeout("connect", Subject::Unnamed, Duration::from_secs(1));
        assert!(timeout.is_timeout() && timeout.is_transient());
        assert_eq!(timeout.kind(), io::ErrorKind::TimedOut);
        let address = ([127, 0, 0, 1], 80).into();
        let refused = if cfg!(windows) {
            10061
        } else {
            libc::ECONNREFUSED
        };
        let refused = io::Error::from_raw_os_error(refused);
        let network = Error::network("connect to", address, refused);
        assert!(network.is_network() && network.is_transient());
        assert_eq!(network.address(), Some(address));
        let resource = Error::resource("use io_uring", "the kernel has none", None);
        assert!(resource.is_resource() && !resource.is_transient());
        assert_eq!(resource.kind(), io::ErrorKind::Unsupported);
        for code in TOO_MANY_OPEN {
            let full = Error::io("duplicate", io::Error::from_raw_os_error(code));
            assert!(full.is_transient());
            assert_eq!(io::Error::from(full).raw_os_error(), Some(code));
        }
    }
}

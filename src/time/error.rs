//! The errors of timers.
#![forbid(unsafe_code)]

use std::error;
use std::fmt;
use std::io;

/// The error of a timer that could not be used.
///
/// zokio's own functions never return it: creating a timer panics where it is not possible. It
/// exists so that libraries that name it compile.
///
/// # Examples
///
/// ```
/// use zokio::time::error::Error;
///
/// let error = Error::shutdown();
/// assert!(error.is_shutdown() && !error.is_at_capacity() && !error.is_invalid());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Error(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// Creates the error of a timer whose runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// let error = Error::shutdown();
    /// assert_eq!(error.to_string(), "the runtime that drives this timer has been shut down");
    /// ```
    pub fn shutdown() -> Error {
        Error(Kind::Shutdown)
    }

    /// Returns `true` if this is [`Error::shutdown`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// assert!(Error::shutdown().is_shutdown());
    /// assert!(!Error::invalid().is_shutdown());
    /// ```
    pub fn is_shutdown(&self) -> bool {
        self.0 == Kind::Shutdown
    }

    /// Creates the error of a timer that cannot be added because there are too many.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// let error = Error::at_capacity();
    /// assert_eq!(error.to_string(), "there are too many timers to add another");
    /// ```
    pub fn at_capacity() -> Error {
        Error(Kind::AtCapacity)
    }

    /// Returns `true` if this is [`Error::at_capacity`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// assert!(Error::at_capacity().is_at_capacity());
    /// assert!(!Error::shutdown().is_at_capacity());
    /// ```
    pub fn is_at_capacity(&self) -> bool {
        self.0 == Kind::AtCapacity
    }

    /// Creates the error of a deadline that the timer cannot express.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// let error = Error::invalid();
    /// assert_eq!(error.to_string(), "the deadline is too far away for a timer");
    /// ```
    pub fn invalid() -> Error {
        Error(Kind::Invalid)
    }

    /// Returns `true` if this is [`Error::invalid`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::error::Error;
    ///
    /// assert!(Error::invalid().is_invalid());
    /// assert!(!Error::at_capacity().is_invalid());
    /// ```
    pub fn is_invalid(&self) -> bool {
        self.0 == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Shutdown => "the runtime that drives this timer has been shut down",
            Kind::AtCapacity => "there are too many timers to add another",
            Kind::Invalid => "the deadline is too far away for a timer",
        })
    }
}

impl error::Error for Error {}

/// The error of a future that did not complete before its deadline.
///
/// This is what [`timeout`](fn@crate::time::timeout) returns in place of the future's output.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use zokio::time::{Duration, timeout};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let elapsed = timeout(Duration::from_millis(1), pending::<()>()).await.unwrap_err();
///     let error = std::io::Error::from(elapsed);
///     assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
///     Ok(())
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(crate) fn new() -> Self {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(_: Elapsed) -> io::Error {
        io::ErrorKind::TimedOut.into()
    }
}

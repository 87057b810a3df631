//! The errors of both sides.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

const CLOSED: &str = "channel closed";

/// The error of sending after the receiver was dropped or closed. It holds the value.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
/// use zokio::sync::mpsc::error::SendError;
///
/// let (tx, rx) = mpsc::channel(1);
/// drop(rx);
/// let SendError(letter) = tx.send("too late").await.unwrap_err();
/// assert_eq!(letter, "too late");
/// # })
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl<T> Error for SendError<T> {}

/// The reason why a value could not be sent without waiting. It holds the value.
///
/// # Examples
///
/// ```
/// use zokio::sync::mpsc;
/// use zokio::sync::mpsc::error::TrySendError;
///
/// let (tx, rx) = mpsc::channel(1);
/// tx.try_send(1).unwrap();
/// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
/// drop(rx);
/// assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum TrySendError<T> {
    /// There is no capacity right now.
    Full(T),
    /// The receiver was dropped or closed.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// Returns the value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel(1);
    /// tx.try_send("first").unwrap();
    /// let error = tx.try_send("second").unwrap_err();
    /// assert_eq!(error.into_inner(), "second");
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(value) | TrySendError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "Full(..)",
            TrySendError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "no available capacity",
            TrySendError::Closed(_) => CLOSED,
        })
    }
}

impl<T> Error for TrySendError<T> {}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        TrySendError::Closed(value)
    }
}

/// The reason why a value could not be sent in time. It holds the value.
///
/// # Examples
///
/// ```
/// use zokio::sync::mpsc;
/// use zokio::sync::mpsc::error::SendTimeoutError;
/// use zokio::time::Duration;
///
/// #[zokio::main(flavor = "current_thread", start_paused = true)]
/// async fn main() {
///     let minute = Duration::from_secs(60);
///     let (tx, rx) = mpsc::channel(1);
///     tx.send_timeout(1, minute).await.unwrap();
///     assert_eq!(tx.send_timeout(2, minute).await, Err(SendTimeoutError::Timeout(2)));
///     drop(rx);
///     assert_eq!(tx.send_timeout(3, minute).await, Err(SendTimeoutError::Closed(3)));
/// }
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum SendTimeoutError<T> {
    /// The time ran out before there was capacity.
    Timeout(T),
    /// The receiver was dropped or closed.
    Closed(T),
}

impl<T> SendTimeoutError<T> {
    /// Returns the value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc::error::SendTimeoutError;
    ///
    /// assert_eq!(SendTimeoutError::Timeout(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => "Timeout(..)",
            SendTimeoutError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => "timed out waiting on send operation",
            SendTimeoutError::Closed(_) => CLOSED,
        })
    }
}

impl<T> Error for SendTimeoutError<T> {}

/// The reason why [`Receiver::try_recv`](super::Receiver::try_recv) or
/// [`UnboundedReceiver::try_recv`](super::UnboundedReceiver::try_recv) returned no value.
///
/// # Examples
///
/// ```
/// use zokio::sync::mpsc;
/// use zokio::sync::mpsc::error::TryRecvError;
///
/// let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// drop(tx);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
/// ```
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub enum TryRecvError {
    /// The channel is empty, and values may still come.
    Empty,
    /// The channel is empty, and no value will come.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "receiving on an empty channel",
            TryRecvError::Disconnected => "receiving on a closed channel",
        })
    }
}

impl Error for TryRecvError {}

/// An error that no function of this module returns any more.
#[derive(Debug, Clone)]
#[doc(hidden)]
#[deprecated(note = "receiving gives `None` at the end of the channel: this type is unused")]
pub struct RecvError(());

#[allow(deprecated)] // The type stays part of the API until it is removed.
impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

#[allow(deprecated)] // As above.
impl Error for RecvError {}

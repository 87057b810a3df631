//! The errors of both sides.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

const CLOSED: &str = "channel closed";

/// The error of sending without a receiver. It holds the value.
///
/// # Examples
///
/// ```
/// use zokio::sync::broadcast;
/// use zokio::sync::broadcast::error::SendError;
///
/// let (tx, rx) = broadcast::channel(4);
/// drop(rx);
/// let SendError(letter) = tx.send("too late").unwrap_err();
/// assert_eq!(letter, "too late");
/// ```
#[derive(Debug)]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl<T: fmt::Debug> Error for SendError<T> {}

/// The reason why [`Receiver::recv`](super::Receiver::recv) returned no value.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::broadcast;
/// use zokio::sync::broadcast::error::RecvError;
///
/// let (tx, mut rx) = broadcast::channel(2);
/// for number in 1..=3 {
///     tx.send(number).unwrap();
/// }
/// drop(tx);
/// let mut numbers = Vec::new();
/// loop {
///     match rx.recv().await {
///         Ok(number) => numbers.push(number),
///         Err(RecvError::Lagged(missed)) => assert_eq!(missed, 1),
///         Err(RecvError::Closed) => break,
///     }
/// }
/// assert_eq!(numbers, [2, 3]);
/// # })
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum RecvError {
    /// All senders are gone, and everything that was sent was received.
    Closed,
    /// The receiver was too slow: this many values were overwritten before it received them.
    ///
    /// The next receive returns the oldest value that is still there.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => f.write_str(CLOSED),
            RecvError::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl Error for RecvError {}

/// The reason why [`Receiver::try_recv`](super::Receiver::try_recv) returned no value.
///
/// # Examples
///
/// ```
/// use zokio::sync::broadcast;
/// use zokio::sync::broadcast::error::TryRecvError;
///
/// let (tx, mut rx) = broadcast::channel(2);
/// for number in 1..=3 {
///     tx.send(number).unwrap();
/// }
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(1)));
/// assert_eq!(rx.try_recv(), Ok(2));
/// assert_eq!(rx.try_recv(), Ok(3));
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// drop(tx);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum TryRecvError {
    /// Everything that was sent was received, and there are senders left.
    Empty,
    /// All senders are gone, and everything that was sent was received.
    Closed,
    /// The receiver was too slow: this many values were overwritten before it received them.
    ///
    /// The next receive returns the oldest value that is still there.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => f.write_str("channel empty"),
            TryRecvError::Closed => f.write_str(CLOSED),
            TryRecvError::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl Error for TryRecvError {}

//! The errors of the receiving side.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// The sender was dropped, or the receiver closed, before a value was sent.
///
/// The output of awaiting a [`Receiver`](super::Receiver).
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel::<u32>();
/// drop(tx);
/// let error: oneshot::error::RecvError = rx.await.unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// # })
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecvError(pub(super) ());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl Error for RecvError {}

/// The reason why [`Receiver::try_recv`](super::Receiver::try_recv) returned no value.
///
/// # Examples
///
/// ```
/// use zokio::sync::oneshot;
/// use zokio::sync::oneshot::error::TryRecvError;
///
/// let (tx, mut rx) = oneshot::channel();
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// tx.send(5).unwrap();
/// assert_eq!(rx.try_recv(), Ok(5));
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing was sent yet, and the sender still exists.
    Empty,
    /// No value will ever come: the sender is gone, the channel is closed, or the value was
    /// already received.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "channel empty",
            TryRecvError::Closed => "channel closed",
        })
    }
}

impl Error for TryRecvError {}

//! The errors of both sides.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// The error of sending without a receiver. It holds the value.
///
/// # Examples
///
/// ```
/// use zokio::sync::watch;
/// use zokio::sync::watch::error::SendError;
///
/// let (tx, rx) = watch::channel("old");
/// drop(rx);
/// assert_eq!(tx.send("new"), Err(SendError("new")));
/// assert_eq!(*tx.borrow(), "old");
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
        f.write_str("channel closed")
    }
}

impl<T> Error for SendError<T> {}

/// All senders are gone: the value will not change any more.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::watch;
///
/// let (tx, mut rx) = watch::channel("last");
/// drop(tx);
/// let error: watch::error::RecvError = rx.changed().await.unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// assert_eq!(*rx.borrow(), "last");
/// # })
/// ```
#[derive(Debug, Clone)]
pub struct RecvError(pub(super) ());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl Error for RecvError {}

//! Sending with a time limit: the one method of a channel that needs a runtime, for its clock.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::sync::mpsc::Sender;
use crate::sync::mpsc::error::{SendError, SendTimeoutError};

impl<T> Sender<T> {
    /// Sends a value, waiting at most `timeout` for room.
    ///
    /// # Cancel safety
    /// This method is not cancel safe, as [`send`](Self::send) is not: if the future is dropped
    /// before it completes, the value was not sent, and is dropped with it.
    ///
    /// # Errors
    /// Returns [`SendTimeoutError::Timeout`] if the time ran out, and [`SendTimeoutError::Closed`]
    /// if the receiver was dropped or closed, also while waiting. Both hold the value.
    ///
    /// # Panics
    /// Panics if called outside a runtime, or in one whose time is not enabled: time needs a timer.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use zokio::sync::mpsc;
    /// use zokio::sync::mpsc::error::SendTimeoutError;
    ///
    /// let (tx, _rx) = mpsc::channel(1);
    /// let limit = Duration::from_millis(1);
    /// assert_eq!(tx.send_timeout(1, limit).await, Ok(()));
    /// assert_eq!(tx.send_timeout(2, limit).await, Err(SendTimeoutError::Timeout(2)));
    /// # })
    /// ```
    pub async fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        match crate::time::timeout(timeout, self.reserve()).await {
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
            Ok(Err(SendError(()))) => Err(SendTimeoutError::Closed(value)),
            Err(_) => Err(SendTimeoutError::Timeout(value)),
        }
    }
}

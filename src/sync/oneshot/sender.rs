//! The sending half.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use super::cell::TxHalf;
use crate::trace::{Resource, Update};
use crate::util::budget::poll_proceed;

/// Sends one value to its [`Receiver`](super::Receiver).
///
/// Created by [`channel`](super::channel). Dropping it without sending makes the receiver fail.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// zokio::spawn(async move { tx.send(6 * 7) });
/// assert_eq!(rx.await, Ok(42));
/// # })
/// ```
pub struct Sender<T> {
    /// `None` once the value was sent.
    half: Option<TxHalf<T>>,
    resource: Resource,
}

impl<T> Sender<T> {
    pub(super) fn new(half: TxHalf<T>, resource: Resource) -> Self {
        Self {
            half: Some(half),
            resource,
        }
    }

    /// Sends the value and consumes the sender. Never waits.
    ///
    /// `Ok` means that the value is in the channel; the receiver may still be dropped without
    /// looking at it.
    ///
    /// # Errors
    /// Returns the value if the receiver was dropped or closed before.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// drop(rx);
    /// assert_eq!(tx.send("too late"), Err("too late"));
    /// ```
    #[inline]
    pub fn send(mut self, t: T) -> Result<(), T> {
        match self.half.take() {
            Some(half) => {
                half.send(t)?;
                self.resource.update(Update::ValueSent(true));
                Ok(())
            }
            None => Err(t),
        }
    }

    /// Waits until the receiver is dropped or closed.
    ///
    /// Useful to stop work whose result is no longer wanted.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Dropping the future loses nothing. The sender remembers the task
    /// it last waited in until it waits again, is used up, or the receiver closes.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::oneshot;
    ///
    /// let (mut tx, rx) = oneshot::channel::<u32>();
    /// zokio::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # })
    /// ```
    pub async fn closed(&mut self) {
        let op = self.resource.begin("Sender::closed", "poll_closed");
        op.around(poll_fn(|cx| self.poll_closed(cx))).await;
    }

    /// Returns `true` if the receiver was dropped or closed, so that [`send`](Self::send) would
    /// fail.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel::<u32>();
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.half.as_ref().is_some_and(TxHalf::is_closed)
    }

    /// Polls whether the receiver was dropped or closed; the poll form of [`closed`](Self::closed).
    ///
    /// `Pending` stores the task's waker in place of an earlier one; only the last one is woken.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Nothing is lost when the caller stops polling. The waker stays
    /// stored until the next poll, until the sender is used up, or until the receiver closes and
    /// wakes it.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use zokio::sync::oneshot;
    ///
    /// let (mut tx, mut rx) = oneshot::channel::<u32>();
    /// rx.close();
    /// poll_fn(|cx| tx.poll_closed(cx)).await;
    /// # })
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let coop = ready!(poll_proceed(cx));
        if let Some(half) = &mut self.half {
            ready!(half.poll_closed(cx));
        }
        coop.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.half = None;
        self.resource.update(Update::SenderDropped(true));
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

//! The receiving half: a future of the value.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::cell::{RxHalf, Taken};
use super::error::{RecvError, TryRecvError};
use crate::trace::{Op, Resource, Update};
use crate::util::budget::poll_proceed;
use crate::util::park;

/// Receives the value of its [`Sender`](super::Sender): await it.
///
/// Created by [`channel`](super::channel). The output is the value, or [`RecvError`] when the
/// sender was dropped without sending. Await `&mut receiver` to keep it, for example in a `select!`
/// inside a loop.
///
/// # Cancel safety
/// Awaiting `&mut receiver` is cancel safe: when the wait is given up, no value was received and a
/// later wait gets it.
///
/// # Panics
/// Panics if polled again after the value or the error was returned;
/// [`is_terminated`](Self::is_terminated) tells.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel::<u32>();
/// drop(tx);
/// assert!(rx.await.is_err());
/// # })
/// ```
pub struct Receiver<T> {
    /// `None` once the value or the end was reported.
    half: Option<RxHalf<T>>,
    resource: Resource,
    op: Op,
}

impl<T> Receiver<T> {
    pub(super) fn new(half: RxHalf<T>, resource: Resource) -> Self {
        let op = resource.op("Receiver::await");
        Self {
            half: Some(half),
            resource,
            op,
        }
    }

    /// Refuses a value from now on.
    ///
    /// A send that comes later fails, and [`Sender::closed`](super::Sender::closed) completes. A
    /// value that was sent before can still be received, by [`try_recv`](Self::try_recv) or by
    /// awaiting. Does nothing if the channel is closed already or the value was received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    /// use zokio::sync::oneshot::error::TryRecvError;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send("late"), Err("late"));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        if let Some(half) = &mut self.half {
            half.close();
        }
    }

    /// Returns `true` if the value, or the fact that there is none, was already reported.
    ///
    /// Polling a terminated receiver panics. Sending, dropping the sender and closing do not
    /// terminate the receiver by themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::oneshot;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// tx.send(1).unwrap();
    /// assert!(!rx.is_terminated());
    /// assert_eq!((&mut rx).await, Ok(1));
    /// assert!(rx.is_terminated());
    /// # })
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.half.is_none()
    }

    /// Returns `true` if no value is waiting: none was sent yet, none will come, or it was
    /// received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// assert!(rx.is_empty());
    /// tx.send(1).unwrap();
    /// assert!(!rx.is_empty());
    /// let _ = rx.try_recv();
    /// assert!(rx.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        !self.half.as_ref().is_some_and(RxHalf::has_value)
    }

    /// Waits for the value by blocking the thread.
    ///
    /// For threads that run no tasks.
    ///
    /// # Errors
    /// Returns an error if the sender was dropped without sending.
    ///
    /// # Panics
    /// Panics if called on a thread that runs asynchronous tasks, where it would keep them all from
    /// running.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("to a thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("to a thread"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        park::block_on(self)
    }

    /// Takes the value if it is there, without waiting.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] while the sender may still send, and
    /// [`TryRecvError::Closed`] when no value will come, or it was received before.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::oneshot;
    /// use zokio::sync::oneshot::error::TryRecvError;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send("hello").unwrap();
    /// assert_eq!(rx.try_recv(), Ok("hello"));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match RxHalf::take(&mut self.half) {
            Taken::Value(value) => {
                self.resource.update(Update::ValueReceived(true));
                Ok(value)
            }
            Taken::Empty => Err(TryRecvError::Empty),
            Taken::Closed => Err(TryRecvError::Closed),
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        assert!(
            !this.is_terminated(),
            "oneshot receiver polled after it has completed; check `is_terminated` first"
        );
        let result = ready!(this.resource.poll(&this.op, "poll_recv", || {
            let coop = ready!(poll_proceed(cx));
            let result = match RxHalf::poll(&mut this.half, cx) {
                Taken::Value(value) => Ok(value),
                Taken::Empty => return Poll::Pending,
                Taken::Closed => Err(RecvError(())),
            };
            coop.made_progress();
            Poll::Ready(result)
        }));
        if result.is_ok() {
            this.resource.update(Update::ValueReceived(true));
        }
        Poll::Ready(result)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.half = None;
        self.resource.update(Update::ReceiverDropped(true));
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("is_terminated", &self.is_terminated())
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

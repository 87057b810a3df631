//! The receiving handle.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::error::{RecvError, TryRecvError};
use super::shared::{BroadcastShared, Wait};
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::Ordering::Acquire;
use crate::record;
use crate::util::budget::poll_proceed;
use crate::util::park;

/// Receives the values of a channel. Created by [`channel`](super::channel),
/// [`Sender::subscribe`](super::Sender::subscribe) or [`Receiver::resubscribe`].
///
/// Each receiver gets a clone of every value that is sent while it exists.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::broadcast;
///
/// let (tx, mut one) = broadcast::channel(4);
/// let mut other = tx.subscribe();
/// tx.send("news".to_string()).unwrap();
/// assert_eq!(one.recv().await.unwrap(), "news");
/// assert_eq!(other.recv().await.unwrap(), "news");
/// # })
/// ```
pub struct Receiver<T> {
    shared: Arc<BroadcastShared<T>>,
    /// The number of the next value.
    next: u64,
}

impl<T> Receiver<T> {
    /// The caller has counted it.
    pub(super) fn new(shared: Arc<BroadcastShared<T>>, next: u64) -> Self {
        Self { shared, next }
    }

    /// Returns the number of values that were sent and that this receiver has not received.
    ///
    /// This counts overwritten values too, until the receiver is told that it lags.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(4);
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.len(), 2);
    /// rx.try_recv().unwrap();
    /// assert_eq!(rx.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.sent_since(self.next) as usize
    }

    /// Returns `true` if this receiver has received everything that was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel(4);
    /// assert!(rx.is_empty());
    /// tx.send(1).unwrap();
    /// assert!(!rx.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `true` if both receivers belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u32>(4);
    /// assert!(rx.same_channel(&tx.subscribe()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns the number of [`Sender`](super::Sender)s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u32>(4);
    /// let _other = tx.clone();
    /// assert_eq!(rx.sender_strong_count(), 2);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.shared.senders.load(Acquire)
    }

    /// Returns the number of [`WeakSender`](super::WeakSender)s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u32>(4);
    /// let _weak = tx.downgrade();
    /// assert_eq!(rx.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_senders.load(Acquire)
    }

    /// Returns `true` if all senders are gone, so that no more values will be added.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u32>(4);
    /// assert!(!rx.is_closed());
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }
}

impl<T: Clone> Receiver<T> {
    /// Creates another receiver, which sees what is sent from now on.
    ///
    /// It starts empty, whatever this one has yet to receive.
    ///
    /// # Panics
    /// Panics if there are more than a quarter of `usize::MAX` receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(4);
    /// tx.send("first").unwrap();
    /// let mut other = rx.resubscribe();
    /// tx.send("second").unwrap();
    /// assert_eq!(rx.try_recv(), Ok("first"));
    /// assert_eq!(other.try_recv(), Ok("second"));
    /// ```
    #[track_caller]
    pub fn resubscribe(&self) -> Self {
        Self::new(self.shared.clone(), self.shared.add_receiver())
    }

    /// Receives the next value, waiting until there is one.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, no value was
    /// received.
    ///
    /// # Errors
    /// Returns [`RecvError::Lagged`] if values were overwritten before this receiver received them:
    /// the next receive returns the oldest one that is there. Returns [`RecvError::Closed`] if
    /// everything was received and all senders are gone.
    ///
    /// # Panics
    /// Panics if cloning the value panics; the value then counts as received.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::broadcast;
    /// use zokio::sync::broadcast::error::RecvError;
    ///
    /// let (tx, mut rx) = broadcast::channel(2);
    /// zokio::spawn(async move {
    ///     tx.send("hello").unwrap();
    /// });
    /// assert_eq!(rx.recv().await, Ok("hello"));
    /// assert_eq!(rx.recv().await, Err(RecvError::Closed));
    /// # })
    /// ```
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        let waiter = pin!(self.shared.values.waiter());
        let op = self.shared.resource.begin("Receiver::recv", "poll_recv");
        op.around(poll_fn(|cx| {
            let coop = ready!(poll_proceed(cx));
            let wait = Wait {
                waiter: waiter.as_ref(),
                waker: cx.waker(),
            };
            let result = match self.shared.see_next(&mut self.next, Some(wait)) {
                Ok(seen) => Ok(seen.value()),
                Err(TryRecvError::Empty) => {
                    let values = &self.shared.values;
                    record::waits(record::Wait::BroadcastRecv, || record::address(values));
                    return Poll::Pending;
                }
                Err(TryRecvError::Closed) => Err(RecvError::Closed),
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            };
            coop.made_progress();
            Poll::Ready(result)
        }))
        .await
    }

    /// Receives the next value if there is one, without waiting.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if there is none, and otherwise an error as
    /// [`recv`](Self::recv) does.
    ///
    /// # Panics
    /// Panics if cloning the value panics; the value then counts as received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    /// use zokio::sync::broadcast::error::TryRecvError;
    ///
    /// let (tx, mut rx) = broadcast::channel(2);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send("hello").unwrap();
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok("hello"));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let seen = self.shared.see_next(&mut self.next, None)?;
        Ok(seen.value())
    }

    /// Receives the next value and blocks the thread while there is none.
    ///
    /// For threads that run no tasks.
    ///
    /// # Errors
    /// Returns an error under the same conditions as [`recv`](Self::recv).
    ///
    /// # Panics
    /// Panics if called on a thread that runs asynchronous tasks, where it would keep them all from
    /// running, and if cloning the value panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(2);
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("to a thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("to a thread"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        park::block_on(self.recv())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Receiver")
    }
}

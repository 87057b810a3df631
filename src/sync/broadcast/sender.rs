//! The sending handles.
#![forbid(unsafe_code)]

use std::fmt;

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::BroadcastShared;
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::record::{self, Wait};

/// Sends values to all receivers of a channel. Created by [`channel`](super::channel) or
/// [`Sender::new`].
///
/// Clones send into the same channel, which stays open until the last one is dropped.
///
/// # Examples
///
/// ```
/// use zokio::sync::broadcast;
///
/// let (tx, mut rx) = broadcast::channel(4);
/// let other = tx.clone();
/// drop(tx);
/// // The channel is open as long as the clone is there.
/// other.send("hello").unwrap();
/// assert_eq!(rx.try_recv(), Ok("hello"));
/// drop(other);
/// assert!(rx.is_closed());
/// ```
pub struct Sender<T> {
    shared: Arc<BroadcastShared<T>>,
}

/// A sender that does not keep the channel open. Created by [`Sender::downgrade`].
///
/// To send, [`upgrade`](Self::upgrade) it, which fails once all [`Sender`]s are gone.
///
/// # Examples
///
/// ```
/// use zokio::sync::broadcast;
///
/// let (tx, rx) = broadcast::channel::<u32>(4);
/// let weak = tx.downgrade();
/// assert!(!rx.is_closed());
/// drop(tx);
/// assert!(rx.is_closed());
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<BroadcastShared<T>>,
}

impl<T> Sender<T> {
    pub(super) fn from_shared(shared: Arc<BroadcastShared<T>>) -> Self {
        Self { shared }
    }

    /// Creates a channel without a receiver; [`subscribe`](Self::subscribe) adds receivers.
    ///
    /// # Panics
    /// Panics if `capacity` is zero or more than half of `usize::MAX`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let tx = broadcast::Sender::new(4);
    /// assert!(tx.send("too early").is_err());
    /// let mut rx = tx.subscribe();
    /// tx.send("hello").unwrap();
    /// assert_eq!(rx.try_recv(), Ok("hello"));
    /// ```
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self::from_shared(Arc::new(BroadcastShared::new(capacity, 0)))
    }

    /// Sends a value to all receivers that exist now and returns their number.
    ///
    /// This does not wait for receivers; it overwrites the oldest value if the channel is full.
    /// `Ok` does not mean that a receiver will see the value: all may be dropped before they do.
    ///
    /// # Errors
    /// Returns an error that holds the value if there is no receiver. A later send may succeed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel(4);
    /// let _other = tx.subscribe();
    /// assert_eq!(tx.send(1).unwrap(), 2);
    /// drop((rx, _other));
    /// assert_eq!(tx.send(2).unwrap_err().0, 2);
    /// ```
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// Creates another receiver, which sees what is sent from now on.
    ///
    /// # Panics
    /// Panics if there are more than a quarter of `usize::MAX` receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel(4);
    /// tx.send("before").unwrap();
    /// let mut late = tx.subscribe();
    /// tx.send("after").unwrap();
    /// assert_eq!(late.try_recv(), Ok("after"));
    /// ```
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        let next = self.shared.add_receiver();
        Receiver::new(self.shared.clone(), next)
    }

    /// Returns the number of values in the channel that not every receiver has seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut one) = broadcast::channel(4);
    /// let mut two = tx.subscribe();
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// one.try_recv().unwrap();
    /// assert_eq!(tx.len(), 2);
    /// two.try_recv().unwrap();
    /// assert_eq!(tx.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Returns `true` if every receiver has seen every value.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(4);
    /// tx.send(1).unwrap();
    /// assert!(!tx.is_empty());
    /// rx.try_recv().unwrap();
    /// assert!(tx.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let _other = tx.subscribe();
    /// assert_eq!(tx.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Returns `true` if both senders send into the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&broadcast::Sender::new(4)));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver.
    ///
    /// A receiver that subscribes afterwards makes the channel usable again.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, rx) = broadcast::channel::<u32>(4);
    /// zokio::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert_eq!(tx.receiver_count(), 0);
    /// # })
    /// ```
    pub async fn closed(&self) {
        let shared = &self.shared;
        let op = shared.resource.begin("Sender::closed", "poll_closed");
        let waits = || record::waits(Wait::BroadcastClosed, || record::address(&shared.values));
        let closed = || shared.receivers() == 0;
        op.around(shared.no_receivers.wait_until(closed, waits))
            .await;
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let weak = tx.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "a weak sender that is dropped at once does nothing"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::from_shared(self.shared.clone())
    }

    /// Returns the number of [`Sender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let _other = tx.clone();
    /// assert_eq!(tx.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.shared.senders.load(Acquire)
    }

    /// Returns the number of [`WeakSender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let _weak = tx.downgrade();
    /// assert_eq!(tx.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders.load(Acquire)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        // Relaxed: this handle keeps the count above zero.
        self.shared.senders.fetch_add(1, Relaxed);
        Self::from_shared(self.shared.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Sender")
    }
}

impl<T> WeakSender<T> {
    fn from_shared(shared: Arc<BroadcastShared<T>>) -> Self {
        shared.weak_senders.fetch_add(1, Relaxed);
        Self { shared }
    }

    /// Returns a [`Sender`], unless all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(4);
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "an upgraded sender that is dropped at once does nothing"]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let senders = &self.shared.senders;
        let mut count = senders.load(Relaxed);
        while count != 0 {
            match senders.compare_exchange_weak(count, count + 1, Acquire, Relaxed) {
                Ok(_) => return Some(Sender::from_shared(self.shared.clone())),
                Err(now) => count = now,
            }
        }
        None
    }

    /// Returns the number of [`Sender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let weak = tx.downgrade();
    /// drop(tx);
    /// assert_eq!(weak.strong_count(), 0);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.shared.senders.load(Acquire)
    }

    /// Returns the number of [`WeakSender`]s of this channel, counting this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::broadcast;
    ///
    /// let (tx, _rx) = broadcast::channel::<u32>(4);
    /// let weak = tx.downgrade();
    /// assert_eq!(weak.clone().weak_count(), 2);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders.load(Acquire)
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::from_shared(self.shared.clone())
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.weak_senders.fetch_sub(1, AcqRel);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::WeakSender")
    }
}

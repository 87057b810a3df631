//! The sending handles of a bounded channel.
#![forbid(unsafe_code)]

use std::fmt;

use super::chan::{Chan, Tx, WeakTx};
use super::error::{SendError, TrySendError};
use super::permit::{OwnedPermit, Permit, PermitIterator};
use crate::record::Wait;
use crate::sync::TryAcquireError;
use crate::util::park;

/// Sends values into a bounded channel. Created by [`channel`](super::channel).
///
/// Clones send into the same channel, which stays open until the last one is dropped.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// for number in [1, 2] {
///     let tx = tx.clone();
///     zokio::spawn(async move { tx.send(number).await });
/// }
/// // Else the channel would stay open when the tasks are done.
/// drop(tx);
/// let mut sum = 0;
/// while let Some(number) = rx.recv().await {
///     sum += number;
/// }
/// assert_eq!(sum, 3);
/// # })
/// ```
pub struct Sender<T> {
    tx: Tx<T, true>,
}

/// A sender of a bounded channel that does not keep it open. Created by [`Sender::downgrade`].
///
/// To send, [`upgrade`](Self::upgrade) it, which fails once all [`Sender`]s are gone.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::mpsc;
///
/// let (tx, mut rx) = mpsc::channel::<u32>(1);
/// let weak = tx.downgrade();
/// drop(tx);
/// assert_eq!(rx.recv().await, None);
/// assert!(weak.upgrade().is_none());
/// # })
/// ```
pub struct WeakSender<T> {
    tx: WeakTx<T, true>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T, true>) -> Self {
        Self { tx }
    }

    #[inline]
    pub(super) fn chan(&self) -> &Chan<T, true> {
        self.tx.chan()
    }

    /// Sends a value, waiting for room if there is none.
    ///
    /// Senders that wait get room in the order in which they came. `Ok` means that the value is in
    /// the channel; the receiver may still be dropped without looking at it.
    ///
    /// # Cancel safety
    /// This method is not cancel safe: if the future is dropped before it completes, the value was
    /// not sent, and is dropped with it. To keep the value, wait for room with
    /// [`reserve`](Self::reserve) first. Giving up loses the place in the order.
    ///
    /// # Errors
    /// Returns an error that holds the value if the receiver was dropped or closed, also while
    /// waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// tx.send("hello").await.unwrap();
    /// assert_eq!(rx.recv().await, Some("hello"));
    /// drop(rx);
    /// assert_eq!(tx.send("lost").await.unwrap_err().0, "lost");
    /// # })
    /// ```
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        match self.acquire(1, "Sender::send").await {
            Ok(()) => {
                self.chan().send_permitted(value);
                Ok(())
            }
            Err(SendError(())) => Err(SendError(value)),
        }
    }

    /// Waits until the receiver is dropped or closed.
    ///
    /// Useful to stop producing values that will not be received.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Dropping the future loses nothing: once the channel is closed it
    /// stays closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::channel::<u32>(1);
    /// zokio::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # })
    /// ```
    pub async fn closed(&self) {
        self.tx.closed().await;
    }

    /// Sends a value if there is room right now.
    ///
    /// # Errors
    /// Returns [`TrySendError::Full`] if there is no room, and [`TrySendError::Closed`] if the
    /// receiver was dropped or closed. Both hold the value.
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
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.chan().permits().try_acquire(1) {
            Ok(()) => {
                self.chan().send_permitted(message);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(TrySendError::Full(message)),
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed(message)),
        }
    }

    /// Sends a value and blocks the thread while there is no room.
    ///
    /// For threads that run no tasks.
    ///
    /// # Errors
    /// Returns an error that holds the value if the receiver was dropped or closed, also while
    /// waiting.
    ///
    /// # Panics
    /// Panics if called on a thread that runs asynchronous tasks, where it would keep them all from
    /// running.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || {
    ///     for number in 0..3 {
    ///         tx.blocking_send(number).unwrap();
    ///     }
    /// });
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// for number in 0..3 {
    ///     assert_eq!(rx.recv().await, Some(number));
    /// }
    /// # });
    /// thread.join().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        park::block_on(self.send(value))
    }

    /// Returns `true` if the receiver was dropped or closed, so that sending fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel::<u32>(1);
    /// assert!(!tx.is_closed());
    /// rx.close();
    /// assert!(tx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.chan().is_rx_closed()
    }

    /// Waits for room for one value and reserves it.
    ///
    /// Senders that wait get room in the order in which they came.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, nothing was
    /// reserved. Giving up loses the place in the order.
    ///
    /// # Errors
    /// Returns an error if the receiver was dropped or closed, also while waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// assert_eq!(tx.capacity(), 0);
    /// permit.send(1);
    /// assert_eq!(rx.recv().await, Some(1));
    /// # })
    /// ```
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.acquire(1, "Sender::reserve").await?;
        Ok(Permit::new(self.chan()))
    }

    /// Waits for room for `n` values and reserves it.
    ///
    /// Room that becomes free is put aside until there is enough, so that a large reservation is
    /// not starved by small ones, which wait behind it. Zero values need no room and never wait.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, what was put aside
    /// is free again. Giving up loses the place in the order.
    ///
    /// # Errors
    /// Returns an error if the receiver was dropped or closed, also while waiting, or if `n` is
    /// more than the channel can hold at all ([`max_capacity`](Self::max_capacity)).
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(3);
    /// for (number, permit) in tx.reserve_many(2).await.unwrap().enumerate() {
    ///     permit.send(number);
    /// }
    /// assert_eq!(rx.recv().await, Some(0));
    /// assert_eq!(rx.recv().await, Some(1));
    /// # })
    /// ```
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        self.acquire(n, "Sender::reserve_many").await?;
        Ok(PermitIterator::new(self.chan(), n))
    }

    /// Waits for room for one value and reserves it together with the sender.
    ///
    /// The permit borrows nothing, so it can be stored or moved to another task.
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, nothing was reserved, and the sender is
    /// dropped with it. Giving up loses the place in the order.
    ///
    /// # Errors
    /// Returns an error if the receiver was dropped or closed, also while waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.clone().reserve_owned().await.unwrap();
    /// zokio::spawn(async move { permit.send("from elsewhere") });
    /// assert_eq!(rx.recv().await, Some("from elsewhere"));
    /// # })
    /// ```
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.acquire(1, "Sender::reserve_owned").await?;
        Ok(OwnedPermit::new(self))
    }

    /// Reserves room for one value if there is some right now.
    ///
    /// # Errors
    /// Returns [`TrySendError::Full`] if there is no room, and [`TrySendError::Closed`] if the
    /// receiver was dropped or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    /// use zokio::sync::mpsc::error::TrySendError;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.try_reserve().unwrap();
    /// assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    /// permit.send(2);
    /// assert_eq!(rx.try_recv(), Ok(2));
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.try_acquire(1)?;
        Ok(Permit::new(self.chan()))
    }

    /// Reserves room for `n` values if there is that much right now.
    ///
    /// # Errors
    /// Returns [`TrySendError::Full`] if there is not enough room, and [`TrySendError::Closed`] if
    /// the receiver was dropped or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(2);
    /// assert!(tx.try_reserve_many(3).is_err());
    /// let mut permits = tx.try_reserve_many(2).unwrap();
    /// permits.next().unwrap().send("one");
    /// drop(permits);
    /// assert_eq!(tx.capacity(), 1);
    /// assert_eq!(rx.try_recv(), Ok("one"));
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.try_acquire(n)?;
        Ok(PermitIterator::new(self.chan(), n))
    }

    /// Reserves room for one value if there is some right now, together with the sender.
    ///
    /// # Errors
    /// Returns [`TrySendError::Full`] if there is no room, and [`TrySendError::Closed`] if the
    /// receiver was dropped or closed. Both hold the sender.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.try_reserve_owned().unwrap();
    /// let tx = permit.send("sent");
    /// let tx = tx.try_reserve_owned().unwrap_err().into_inner();
    /// assert_eq!(rx.try_recv(), Ok("sent"));
    /// # drop(tx);
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.try_acquire(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// Returns `true` if both senders send into the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// assert!(tx.same_channel(&tx.clone()));
    /// let (other, _rx) = mpsc::channel::<u32>(1);
    /// assert!(!tx.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.same_channel(&other.tx)
    }

    /// Returns how many values could be sent right now: the room that is neither filled nor
    /// reserved.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(5);
    /// let permit = tx.try_reserve().unwrap();
    /// tx.try_send(1).unwrap();
    /// assert_eq!(tx.capacity(), 3);
    /// drop(permit);
    /// rx.try_recv().unwrap();
    /// assert_eq!(tx.capacity(), 5);
    /// ```
    pub fn capacity(&self) -> usize {
        self.chan().permits().available_permits()
    }

    /// Returns how many values the channel can hold: the `buffer` of [`channel`](super::channel).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(5);
    /// let _permit = tx.try_reserve().unwrap();
    /// assert_eq!(tx.max_capacity(), 5);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.chan().capacity()
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let weak = tx.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "a weak sender that is dropped at once does nothing"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
            tx: self.tx.downgrade(),
        }
    }

    /// Returns the number of [`Sender`]s of this channel, counting [`OwnedPermit`]s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let _other = tx.clone();
    /// assert_eq!(tx.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.chan().strong_count()
    }

    /// Returns the number of [`WeakSender`]s of this channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let _weak = tx.downgrade();
    /// assert_eq!(tx.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.chan().weak_count()
    }

    /// Takes `n` permits, waiting for them.
    async fn acquire(&self, n: usize, source: &'static str) -> Result<(), SendError<()>> {
        if n > self.max_capacity() {
            return Err(SendError(()));
        }
        /// Wakes the receiver of a closed channel when a failed or cancelled acquire has returned
        /// what it had. Dropped after the acquire, since it was made before.
        struct WakeReceiver<'a, T>(&'a Chan<T, true>);
        impl<T> Drop for WakeReceiver<'_, T> {
            fn drop(&mut self) {
                self.0.wake_rx_if_drained();
            }
        }
        let wake = WakeReceiver(self.chan());
        let acquired = self
            .chan()
            .permits()
            .acquire_in(n, Wait::MpscSend, source)
            .await;
        acquired.map_err(|_| SendError(()))?;
        std::mem::forget(wake);
        Ok(())
    }

    fn try_acquire(&self, n: usize) -> Result<(), TrySendError<()>> {
        if n > self.max_capacity() {
            return Err(if self.is_closed() {
                TrySendError::Closed(())
            } else {
                TrySendError::Full(())
            });
        }
        match self.chan().permits().try_acquire(n) {
            Ok(()) => Ok(()),
            Err(TryAcquireError::NoPermits) => Err(TrySendError::Full(())),
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed(())),
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("chan", self.chan()).finish()
    }
}

impl<T> WeakSender<T> {
    /// Returns a [`Sender`], unless all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let weak = tx.downgrade();
    /// weak.upgrade().unwrap().try_send(1).unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.tx.upgrade().map(Sender::new)
    }

    /// Returns the number of [`Sender`]s of this channel, counting [`OwnedPermit`]s.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let weak = tx.downgrade();
    /// drop(tx);
    /// assert_eq!(weak.strong_count(), 0);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.tx.chan().strong_count()
    }

    /// Returns the number of [`WeakSender`]s of this channel, counting this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::mpsc;
    ///
    /// let (tx, _rx) = mpsc::channel::<u32>(1);
    /// let weak = tx.downgrade();
    /// assert_eq!(weak.clone().weak_count(), 2);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.tx.chan().weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
        }
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.tx.dropped();
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender")
            .field("chan", self.tx.chan())
            .finish()
    }
}

//! The sending handle.
#![forbid(unsafe_code)]

use std::fmt;
use std::mem;

use super::borrowed::Ref;
use super::error::SendError;
use super::receiver::Receiver;
use super::shared::WatchShared;
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::record::{self, Wait};

/// Replaces the value of a channel. Created by [`channel`](super::channel) or [`Sender::new`].
///
/// Clones work on the same channel, which is closed for its receivers when the last one is
/// dropped.
///
/// # Examples
///
/// ```
/// use zokio::sync::watch;
///
/// let (tx, rx) = watch::channel(1);
/// let other = tx.clone();
/// tx.send(2).unwrap();
/// other.send(3).unwrap();
/// assert_eq!(*rx.borrow(), 3);
/// ```
pub struct Sender<T> {
    shared: Arc<WatchShared<T>>,
}

impl<T> Sender<T> {
    pub(super) fn from_shared(shared: Arc<WatchShared<T>>) -> Self {
        Self { shared }
    }

    /// Creates a channel without a receiver; [`subscribe`](Self::subscribe) adds receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let tx = watch::Sender::new(0);
    /// assert!(tx.is_closed());
    /// let rx = tx.subscribe();
    /// tx.send(1).unwrap();
    /// assert_eq!(*rx.borrow(), 1);
    /// ```
    #[track_caller]
    pub fn new(init: T) -> Self {
        Self::from_shared(Arc::new(WatchShared::new(init, 0)))
    }

    /// Replaces the value and tells the receivers.
    ///
    /// This blocks while the value is borrowed. To replace it also when there are no receivers, use
    /// [`send_replace`](Self::send_replace).
    ///
    /// # Errors
    /// Returns an error that holds the value if there is no receiver; the channel keeps the old
    /// one.
    ///
    /// # Panics
    /// Panics if dropping the old value panics; the new one is in place then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// drop(rx);
    /// assert_eq!(tx.send(3).unwrap_err().0, 3);
    /// assert_eq!(*tx.borrow(), 2);
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        drop(self.send_replace(value));
        Ok(())
    }

    /// Changes the value in place and tells the receivers, if there are any.
    ///
    /// `modify` runs under the channel's lock: keep it short, and do not borrow the value in it.
    /// If it panics, the panic propagates, the value is left as it is, and no receiver is told.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(vec![1]);
    /// tx.send_modify(|numbers| numbers.push(2));
    /// assert_eq!(*rx.borrow(), [1, 2]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place and tells the receivers if `modify` returns `true`.
    ///
    /// Returns what `modify` returns: whether the receivers are told. `modify` runs under the
    /// channel's lock: keep it short, and do not borrow the value in it. If it panics, the panic
    /// propagates, the value is left as it is, and no receiver is told.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(1);
    /// let raise_to = |least: i32| {
    ///     tx.send_if_modified(|number| {
    ///         let low = *number < least;
    ///         *number = least.max(*number);
    ///         low
    ///     })
    /// };
    /// assert!(raise_to(5));
    /// assert!(!raise_to(3));
    /// assert_eq!(*rx.borrow(), 5);
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let mut value = self.shared.value.write();
        if !modify(&mut value) {
            return false;
        }
        let waiting = self.shared.state.next_version();
        drop(value);
        self.shared.wake(waiting);
        true
    }

    /// Replaces the value, tells the receivers, if there are any, and returns the old value.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let tx = watch::Sender::new(1);
    /// assert_eq!(tx.send_replace(2), 1);
    /// assert_eq!(tx.send_replace(3), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// Borrows the current value.
    ///
    /// See [`Ref`] about holding it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let tx = watch::Sender::new("value");
    /// assert_eq!(*tx.borrow(), "value");
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.shared.value.read(), false)
    }

    /// Returns `true` if there is no receiver right now.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// A receiver that subscribes afterwards opens the channel again.
    ///
    /// # Cancel safety
    /// This method is cancel safe. Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// zokio::spawn(async move { drop(rx) });
    /// tx.closed().await;
    /// # })
    /// ```
    pub async fn closed(&self) {
        let shared = &self.shared;
        let op = shared.resource.begin("Sender::closed", "poll_closed");
        let waits = || record::waits(Wait::WatchClosed, || record::address(&shared.state));
        op.around(shared.no_receivers.wait_until(|| self.is_closed(), waits))
            .await;
    }

    /// Creates another receiver, which counts the current value as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(0);
    /// tx.send(5).unwrap();
    /// let rx = tx.subscribe();
    /// assert_eq!(*rx.borrow(), 5);
    /// assert!(!rx.has_changed().unwrap());
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        self.shared.receivers.fetch_add(1, Relaxed);
        let version = self.shared.state.load().version();
        Receiver::new(self.shared.clone(), version)
    }

    /// Returns the number of receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// let _other = rx.clone();
    /// assert_eq!(tx.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers.load(Acquire)
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(());
    /// let _other = tx.clone();
    /// assert_eq!(tx.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders.load(Acquire)
    }

    /// Returns `true` if both senders belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, _rx) = watch::channel(());
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&watch::Sender::new(())));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.senders.fetch_add(1, Relaxed);
        Self::from_shared(self.shared.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, AcqRel) == 1 {
            self.shared.wake(self.shared.state.close());
        }
    }
}

impl<T: Default> Default for Sender<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("shared", &self.shared)
            .finish()
    }
}

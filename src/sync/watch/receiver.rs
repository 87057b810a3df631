//! The receiving handle.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::borrowed::Ref;
use super::error::RecvError;
use super::shared::WatchShared;
use super::state::Version;
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::Ordering::{AcqRel, Relaxed};
use crate::util::budget::poll_proceed;

/// Watches the value of a channel. Created by [`channel`](super::channel) or
/// [`Sender::subscribe`](super::Sender::subscribe).
///
/// A clone has seen what the original has seen; from then on the two are independent.
///
/// # Examples
///
/// ```
/// use zokio::sync::watch;
///
/// let (tx, mut rx) = watch::channel(1);
/// tx.send(2).unwrap();
/// let other = rx.clone();
/// assert_eq!(*rx.borrow_and_update(), 2);
/// // What this one has seen since is still new to the clone.
/// assert!(!rx.has_changed().unwrap());
/// assert!(other.has_changed().unwrap());
/// ```
pub struct Receiver<T> {
    shared: Arc<WatchShared<T>>,
    /// The version that counts as seen.
    seen: Version,
    /// The queue it waits in.
    shard: usize,
}

impl<T> Receiver<T> {
    /// The caller has counted it.
    pub(super) fn new(shared: Arc<WatchShared<T>>, seen: Version) -> Self {
        let shard = shared.choose_shard();
        Self {
            shared,
            seen,
            shard,
        }
    }

    /// Borrows the current value, without counting it as seen.
    ///
    /// See [`Ref`] about holding it. In a loop over [`changed`](Self::changed) use
    /// [`borrow_and_update`](Self::borrow_and_update): a value that comes between the two calls
    /// would otherwise be borrowed now and reported again as a change.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (_tx, rx) = watch::channel("hello");
    /// assert_eq!(*rx.borrow(), "hello");
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.shared.value.read();
        let has_changed = self.shared.state.load().version() != self.seen;
        Ref::new(value, has_changed)
    }

    /// Borrows the current value and counts it as seen.
    ///
    /// See [`Ref`] about holding it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert_eq!(*rx.borrow_and_update(), 2);
    /// assert!(!rx.has_changed().unwrap());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        borrow_and_update(&self.shared, &mut self.seen)
    }

    /// Returns `true` if there is a value that this receiver has not seen.
    ///
    /// # Errors
    /// Returns an error if all senders are gone, whether or not the value was seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert!(rx.has_changed().unwrap());
    /// rx.borrow_and_update();
    /// assert!(!rx.has_changed().unwrap());
    /// drop(tx);
    /// assert!(rx.has_changed().is_err());
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let state = self.shared.state.load();
        if state.is_closed() {
            return Err(RecvError(()));
        }
        Ok(state.version() != self.seen)
    }

    /// Counts the current value as not seen, so that the next [`changed`](Self::changed) completes
    /// at once.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::watch;
    ///
    /// let (_tx, mut rx) = watch::channel(1);
    /// rx.mark_changed();
    /// rx.changed().await.unwrap();
    /// # })
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = Version::NONE;
    }

    /// Counts the current value as seen, without looking at it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(1);
    /// tx.send(2).unwrap();
    /// rx.mark_unchanged();
    /// assert!(!rx.has_changed().unwrap());
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.state.load().version();
    }

    /// Waits for a value that this receiver has not seen, and counts it as seen.
    ///
    /// Completes at once if there is one already.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, no value was
    /// counted as seen.
    ///
    /// # Errors
    /// Returns an error if the current value was seen and all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel("hello");
    /// zokio::spawn(async move {
    ///     tx.send("goodbye").unwrap();
    /// });
    /// rx.changed().await.unwrap();
    /// assert_eq!(*rx.borrow(), "goodbye");
    /// assert!(rx.changed().await.is_err());
    /// # })
    /// ```
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        changed(&self.shared, &mut self.seen, self.shard).await
    }

    /// Waits until the value satisfies `f`, borrows it, and counts it as seen.
    ///
    /// Looks at the current value first, seen or not, and then at each change it gets to see.
    /// Values that are replaced quickly may be missed. `f` runs while the value is borrowed (see
    /// [`Ref`]); if it panics, the panic propagates, and the channel stays usable.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before it completes, every value that
    /// was counted as seen was one that `f` refused.
    ///
    /// # Errors
    /// Returns an error if all senders are gone and the last value does not satisfy `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(0);
    /// zokio::spawn(async move {
    ///     for number in 1..=10 {
    ///         tx.send(number).unwrap();
    ///     }
    /// });
    /// assert!(*rx.wait_for(|&number| number >= 5).await.unwrap() >= 5);
    /// # })
    /// ```
    pub async fn wait_for(
        &mut self,
        mut f: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'_, T>, RecvError> {
        poll_fn(|cx| {
            ready!(poll_proceed(cx)).made_progress();
            Poll::Ready(())
        })
        .await;
        loop {
            {
                let value = borrow_and_update(&self.shared, &mut self.seen);
                if f(&value) {
                    return Ok(value);
                }
            }
            changed(&self.shared, &mut self.seen, self.shard).await?;
        }
    }

    /// Returns `true` if both receivers belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// assert!(rx.same_channel(&tx.subscribe()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns `true` if all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::watch;
    ///
    /// let (tx, rx) = watch::channel(());
    /// assert!(!rx.is_closed());
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.state.load().is_closed()
    }
}

fn borrow_and_update<'a, T>(shared: &'a WatchShared<T>, seen: &mut Version) -> Ref<'a, T> {
    let value = shared.value.read();
    let version = shared.state.load().version();
    let has_changed = version != *seen;
    *seen = version;
    Ref::new(value, has_changed)
}

async fn changed<T>(
    shared: &WatchShared<T>,
    seen: &mut Version,
    shard: usize,
) -> Result<(), RecvError> {
    let waiter = pin!(shared.waiter(shard));
    let op = shared.resource.begin("Receiver::changed", "poll_changed");
    op.around(poll_fn(|cx| {
        let coop = ready!(poll_proceed(cx));
        let result = ready!(shared.poll_changed(seen, shard, waiter.as_ref(), cx));
        coop.made_progress();
        Poll::Ready(result.map_err(RecvError))
    }))
    .await
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.receivers.fetch_add(1, Relaxed);
        Self::new(self.shared.clone(), self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.receivers.fetch_sub(1, AcqRel) == 1 {
            self.shared.no_receivers.wake_all();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("shared", &self.shared)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

//! Waking tasks without a value: [`Notify`].
//!
//! `raw.rs` owns the state word, the queue and their invariants; `notified.rs` the futures.

mod notified;
mod raw;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use crate::sync::notify::raw::Order;
use crate::trace::{Op, Resource, ResourceType};

pub use notified::{Notified, OwnedNotified};
pub(in crate::sync) use raw::RawNotify;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
mod tests;

/// Lets tasks wait until they are notified.
///
/// A notify carries no value. It is for a task that waits until something, which is kept elsewhere,
/// may have changed, and that looks for itself when it is woken.
///
/// [`notify_one`](Self::notify_one) wakes one task. If no task waits it stores a permit, which the
/// next one to wait takes at once; there is never more than one, however often it is called.
/// [`notify_waiters`](Self::notify_waiters) wakes all tasks that wait, and stores nothing.
///
/// # Which task is notified
///
/// - `notify_one` notifies the task that has waited longest, [`notify_last`](Self::notify_last) the
///   one that came last. A future waits from its first poll, or from [`Notified::enable`].
/// - `notify_waiters` notifies every future that exists, polled or not: it is enough to have called
///   [`notified`](Self::notified) before.
/// - A future that was notified by one of the first two and is dropped before it has completed
///   passes the notification on, to the oldest or the newest as it was.
/// - Everything that happened before a notification is visible to the task that it wakes, also when
///   several notifications were merged into one permit.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Notify;
///
/// let ready = Arc::new(Notify::new());
/// let other = ready.clone();
/// let waiting = zokio::spawn(async move {
///     other.notified().await;
///     "told"
/// });
/// ready.notify_one();
/// assert_eq!(waiting.await.unwrap(), "told");
/// # })
/// ```
///
/// An unbounded queue with one consumer. The permit keeps a push from being lost between the look
/// into the queue and the wait:
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::collections::VecDeque;
/// use std::sync::Mutex;
/// use zokio::sync::Notify;
///
/// struct Queue<T> {
///     items: Mutex<VecDeque<T>>,
///     pushed: Notify,
/// }
///
/// impl<T> Queue<T> {
///     fn push(&self, item: T) {
///         self.items.lock().unwrap().push_back(item);
///         self.pushed.notify_one();
///     }
///
///     async fn pop(&self) -> T {
///         loop {
///             if let Some(item) = self.items.lock().unwrap().pop_front() {
///                 return item;
///             }
///             self.pushed.notified().await;
///         }
///     }
/// }
///
/// let queue = Queue { items: Mutex::new(VecDeque::new()), pushed: Notify::new() };
/// queue.push(1);
/// assert_eq!(queue.pop().await, 1);
/// # })
/// ```
pub struct Notify {
    pub(in crate::sync) raw: RawNotify,
    resource: Resource,
}

impl Notify {
    /// Creates a notify without a permit.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// # drop(notify);
    /// ```
    #[track_caller]
    pub fn new() -> Notify {
        Self {
            raw: RawNotify::new(),
            resource: Resource::new(ResourceType::Notify),
        }
    }

    /// Like [`new`](Self::new), but usable in a constant, so that a notify can be a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Notify;
    ///
    /// static CHANGED: Notify = Notify::const_new();
    ///
    /// CHANGED.notify_one();
    /// ```
    pub const fn const_new() -> Notify {
        Self {
            raw: RawNotify::const_new(),
            resource: Resource::unseen(ResourceType::Notify),
        }
    }

    /// Waits for a notification.
    ///
    /// The returned future takes the stored permit if there is one, and otherwise its place in the
    /// queue, when it is polled for the first time. [`notify_waiters`](Self::notify_waiters)
    /// reaches it from this call on.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses its place in the queue. A
    /// notification that it had received and not reported is passed to another.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// notify.notify_one();
    /// // Takes the permit.
    /// notify.notified().await;
    /// # })
    /// ```
    #[inline]
    pub fn notified(&self) -> Notified<'_> {
        Notified::new(self)
    }

    /// Waits like [`notified`](Self::notified), with a future that owns its notify and so may be
    /// sent to another task.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses its place in the queue. A
    /// notification that it had received and not reported is passed to another.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use zokio::sync::Notify;
    ///
    /// let notify = Arc::new(Notify::new());
    /// let waiting = zokio::spawn(notify.clone().notified_owned());
    /// notify.notify_one();
    /// waiting.await.unwrap();
    /// # })
    /// ```
    #[inline]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified::new(self)
    }

    /// Notifies the task that has waited longest, or stores a permit if none waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// notify.notify_one();
    /// notify.notify_one();
    /// // Two calls, one permit.
    /// notify.notified().await;
    /// # })
    /// ```
    #[inline]
    pub fn notify_one(&self) {
        self.raw.notify_one(Order::Oldest);
    }

    /// Notifies the task that came last, or stores a permit if none waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let (mut first, mut last) = (pin!(notify.notified()), pin!(notify.notified()));
    /// first.as_mut().enable();
    /// last.as_mut().enable();
    /// notify.notify_last();
    /// assert!(!first.as_mut().enable());
    /// assert!(last.as_mut().enable());
    /// ```
    #[inline]
    pub fn notify_last(&self) {
        self.raw.notify_one(Order::Newest);
    }

    /// Notifies all futures that have been created and have not completed; stores no permit.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let (one, two) = (notify.notified(), notify.notified());
    /// notify.notify_waiters();
    /// one.await;
    /// two.await;
    /// # })
    /// ```
    #[inline]
    pub fn notify_waiters(&self) {
        self.raw.notify_all();
    }

    /// The first half of [`notify_waiters`](Self::notify_waiters), for callers that have to do
    /// something else before others run: notifies, but wakes no task yet.
    /// Creates one that is a part of something else.
    pub(crate) fn unreported() -> Notify {
        Self {
            raw: RawNotify::new(),
            resource: Resource::silent(),
        }
    }

    pub(crate) fn advance(&self) -> Generation {
        Generation(self.raw.advance())
    }

    /// The second half: wakes the tasks that [`advance`](Self::advance) notified.
    /// Begins the operation of a future that is polled for the first time.
    #[cold]
    fn begin(&self, op: &mut Op) {
        if op.is_none() {
            *op = self.resource.op("Notify::notified");
        }
    }

    pub(crate) fn wake_older(&self, generation: Generation) {
        self.raw.wake_older(generation.0);
    }
}

/// What [`Notify::advance`] began.
#[derive(Debug)]
#[must_use = "whom it notified has still to be woken"]
pub(crate) struct Generation(usize);

impl Default for Notify {
    #[track_caller]
    fn default() -> Notify {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").field("raw", &self.raw).finish()
    }
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

//! The futures that wait for a notification.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::record;
use crate::sync::notify::Notify;
use crate::sync::notify::raw::Wait;
use crate::trace::{self, Op};
use crate::util::trace_mode;

/// Completes when a [`Notify`] notifies it.
///
/// Created by [`Notify::notified`], where its guarantees are described.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use zokio::sync::Notify;
///
/// let notify = Notify::new();
/// let early = notify.notified();
/// notify.notify_waiters();
/// // It was made before the notification, so it does not wait.
/// early.await;
/// # })
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct Notified<'a> {
    notify: &'a Notify,
    wait: Wait,
    op: Op,
}

// SAFETY: the wait, a reference to a notify and the operation are `Send` and `Sync` by themselves:
// the constant at the end would not compile otherwise. This states it explicitly.
unsafe impl<'a> Send for Notified<'a> {}
// SAFETY: as for `Send`.
unsafe impl<'a> Sync for Notified<'a> {}

impl<'a> Notified<'a> {
    #[inline]
    pub(super) fn new(notify: &'a Notify) -> Self {
        Self {
            notify,
            wait: Wait::new(&notify.raw),
            op: Op::none(),
        }
    }

    /// Joins the queue of waiting futures, without being polled. Returns whether it was notified
    /// already.
    ///
    /// From then on it can get the notification of a [`notify_one`](Notify::notify_one), ahead of
    /// futures that wait later. A future that has only been created is notified by
    /// [`notify_waiters`](Notify::notify_waiters) alone. If this returns `true`, the notification
    /// is used up, and the future completes at its next poll.
    ///
    /// # Examples
    ///
    /// A value that several tasks wait for, without a message lost between looking and waiting:
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::pin::pin;
    /// use std::sync::Mutex;
    /// use std::sync::Arc;
    /// use zokio::sync::Notify;
    ///
    /// struct Mailbox {
    ///     letter: Mutex<Option<String>>,
    ///     arrived: Notify,
    /// }
    ///
    /// impl Mailbox {
    ///     fn put(&self, letter: &str) {
    ///         *self.letter.lock().unwrap() = Some(letter.to_string());
    ///         self.arrived.notify_one();
    ///     }
    ///
    ///     async fn take(&self) -> String {
    ///         let mut arrived = pin!(self.arrived.notified());
    ///         loop {
    ///             // First queue, then look: what is put after the look finds this task queued.
    ///             arrived.as_mut().enable();
    ///             if let Some(letter) = self.letter.lock().unwrap().take() {
    ///                 return letter;
    ///             }
    ///             arrived.as_mut().await;
    ///             arrived.set(self.arrived.notified());
    ///         }
    ///     }
    /// }
    ///
    /// let mailbox = Arc::new(Mailbox { letter: Mutex::new(None), arrived: Notify::new() });
    /// let other = mailbox.clone();
    /// let reader = zokio::spawn(async move { other.take().await });
    /// mailbox.put("hello");
    /// assert_eq!(reader.await.unwrap(), "hello");
    /// # })
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        // SAFETY: nothing is moved out of the future.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: the wait is pinned with the future, was made with this notify, and `drop` leaves.
        unsafe { this.wait.poll(&this.notify.raw, None) }.is_ready()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out of the future.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: the wait is pinned with the future, was made with this notify, and `drop` leaves.
        unsafe { poll(this.notify, &mut this.wait, &mut this.op, cx) }
    }
}

impl Drop for Notified<'_> {
    #[inline]
    fn drop(&mut self) {
        leave(self.notify, &mut self.wait);
    }
}

impl<'a> fmt::Debug for Notified<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified")
            .field("notify", self.notify)
            .field("stage", &self.wait)
            .finish()
    }
}

/// Completes when a shared [`Notify`] notifies it, and keeps that alive.
///
/// Created by [`Notify::notified_owned`].
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Notify;
///
/// let notify = Arc::new(Notify::new());
/// // A task needs a future that borrows nothing.
/// let waiting = zokio::spawn(notify.clone().notified_owned());
/// notify.notify_waiters();
/// waiting.await.unwrap();
/// # })
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct OwnedNotified {
    notify: Arc<Notify>,
    wait: Wait,
    op: Op,
}

// SAFETY: as for `Notified`.
unsafe impl Sync for OwnedNotified {}

impl OwnedNotified {
    #[inline]
    pub(super) fn new(notify: Arc<Notify>) -> Self {
        let wait = Wait::new(&notify.raw);
        Self {
            notify,
            wait,
            op: Op::none(),
        }
    }

    /// Joins the queue of waiting futures, without being polled. Returns whether it was notified
    /// already: then the notification is used up, and the future completes at its next poll.
    ///
    /// See [`Notified::enable`].
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::pin::pin;
    /// use std::sync::Arc;
    /// use zokio::sync::Notify;
    ///
    /// let notify = Arc::new(Notify::new());
    /// let mut first = pin!(notify.clone().notified_owned());
    /// assert!(!first.as_mut().enable());
    /// notify.notify_one();
    /// first.await;
    /// # })
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        // SAFETY: nothing is moved out of the future.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: the wait is pinned with the future, was made with this notify, and `drop` leaves.
        unsafe { this.wait.poll(&this.notify.raw, None) }.is_ready()
    }
}

impl Future for OwnedNotified {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out of the future.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: the wait is pinned with the future, was made with this notify, and `drop` leaves.
        unsafe { poll(&this.notify, &mut this.wait, &mut this.op, cx) }
    }
}

impl Drop for OwnedNotified {
    #[inline]
    fn drop(&mut self) {
        leave(&self.notify, &mut self.wait);
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedNotified")
            .field("notify", &self.notify)
            .field("stage", &self.wait)
            .finish()
    }
}

/// Polls the wait of a future as its operation, which begins with the first poll.
///
/// # Safety
///
/// As for [`Wait::poll`].
#[inline]
unsafe fn poll(notify: &Notify, wait: &mut Wait, op: &mut Op, cx: &mut Context<'_>) -> Poll<()> {
    ready!(trace_mode::poll_leaf(cx));
    if trace::is_on() {
        notify.begin(op);
    }
    // SAFETY: the caller's promise.
    let poll = || unsafe { wait.poll(&notify.raw, Some(cx.waker())) };
    let polled = notify.resource.poll(op, "poll_notified", poll);
    if polled.is_pending() {
        record::waits(record::Wait::Notified, || record::address(notify));
    }
    polled
}

/// Ends the wait of a future that is dropped.
#[inline]
fn leave(notify: &Notify, wait: &mut Wait) {
    if wait.leave(&notify.raw) {
        record::waits_no_more(record::Wait::Notified, || record::address(notify));
    }
}

/// What the unsafe impls above rest on.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<(Wait, &Notify, Arc<Notify>, Op)>();
};

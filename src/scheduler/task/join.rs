//! [`JoinHandle`]: the right to a task's output, and the join slot that wakes its holder.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker, ready};

use super::abort::AbortHandle;
use super::error::JoinError;
use super::header::Header;
use super::id::Id;
use super::raw;
use super::state::DropJoin;
use crate::record::{self, Wait};
use crate::util::{budget, wake};

/// The right to await a task's output.
///
/// A task runs whether or not its handle is awaited. Dropping the handle *detaches* the task: it
/// continues to run, and its output can no longer be awaited.
///
/// Awaiting the handle returns the output, or a [`JoinError`] if the task panicked or was
/// cancelled. It takes one unit of the [cooperative budget](crate::task::coop).
///
/// # Cancel safety
///
/// `&mut JoinHandle` is cancel safe: it may be dropped as a future at any time and awaited again,
/// and the output stays in the task until it is taken. A poll that returns `Pending` keeps the
/// waker of that poll, and no earlier one.
///
/// # Panics
///
/// Panics if polled again after the output was taken.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
pub struct JoinHandle<T> {
    raw: NonNull<Header>,
    _output: PhantomData<T>,
}

// SAFETY: the handle can move the output to its thread, but nothing else of the task.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a `&JoinHandle` does not reach the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The task's output is a `T`, its state has join interest, and the caller passes a reference
    /// on.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self {
            raw,
            _output: PhantomData,
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: T1: the handle has a reference.
        unsafe { self.raw.as_ref() }
    }

    /// Requests the cancellation of the task.
    ///
    /// The runtime drops the task's future at the next opportunity, at the latest when it next
    /// returns from a poll; awaiting the handle then returns an error for which
    /// [`is_cancelled`](JoinError::is_cancelled) is true. A task that completes before that is not
    /// cancelled and returns its output. A closure of
    /// [`spawn_blocking`](crate::task::spawn_blocking) that has started runs to its end.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: T1: the handle has a reference.
        unsafe { raw::abort(self.raw) };
    }

    /// Returns whether the task is over: its future is gone and its output, if any, is available.
    ///
    /// An aborted task is over only once its future has been dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(async {});
    /// assert!(!handle.is_finished());
    /// zokio::task::yield_now().await;
    /// assert!(handle.is_finished());
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.header().state.load().is_complete()
    }

    /// Returns a handle that can abort the task and does not keep its output.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(std::future::pending::<()>());
    /// let abort = handle.abort_handle();
    /// abort.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        self.header().state.ref_inc();
        // SAFETY: the reference was just made.
        unsafe { AbortHandle::from_raw(self.raw) }
    }

    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(async { zokio::task::id() });
    /// let id = handle.id();
    /// assert_eq!(handle.await.unwrap(), id);
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.header().id
    }

    /// Returns whether the task is over; if not, `waker`, and no earlier one, is woken when it is.
    /// Spends no budget.
    pub(crate) fn poll_finished(&mut self, waker: &Waker) -> bool {
        // SAFETY: T4: this is the handle, held exclusively.
        unsafe { poll_complete(self.header(), waker) }
    }

    /// Takes the result if the task is over. Spends no budget.
    ///
    /// # Panics
    ///
    /// Panics if the result was taken before.
    #[track_caller]
    pub(crate) fn try_take(&mut self) -> Option<Result<T, JoinError>> {
        // SAFETY: T3: this is the handle of a complete task.
        self.is_finished().then(|| unsafe { self.take() })
    }

    /// # Safety
    ///
    /// T3: the task is complete.
    #[track_caller]
    unsafe fn take(&mut self) -> Result<T, JoinError> {
        let mut result = MaybeUninit::<Result<T, JoinError>>::uninit();
        let dst = NonNull::from(&mut result).cast();
        // SAFETY: T3: this is the handle of a complete task, and its output is a `T`.
        unsafe { (self.header().vtable.take_output)(self.raw, dst) };
        // SAFETY: `take_output` wrote it.
        unsafe { result.assume_init() }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(budget::poll_proceed(cx));
        if !self.poll_finished(cx.waker()) {
            record::waits(Wait::Join, || self.id().as_u64());
            return Poll::Pending;
        }
        unit.made_progress();
        // SAFETY: T3: the task is complete.
        Poll::Ready(unsafe { self.take() })
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        match self.header().state.drop_join() {
            DropJoin::Nothing => return,
            // SAFETY: that was the last reference.
            DropJoin::Free => return unsafe { (self.header().vtable.free)(self.raw) },
            // SAFETY: T4: `JOIN_WAKER` was cleared before the task completed: the slot is ours.
            DropJoin::DropWaker => unsafe { drop_waker(self.header()) },
            // SAFETY: T3: this is the handle of a complete task.
            DropJoin::DropOutput => unsafe { (self.header().vtable.drop_output)(self.raw) },
        }
        // SAFETY: T1: the handle's reference, released once.
        unsafe { raw::drop_ref(self.raw) };
    }
}

impl<T> fmt::Debug for JoinHandle<T>
where
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish()
    }
}

/// Returns whether the task is complete; if not, `waker` is in the slot and will be woken.
///
/// # Safety
///
/// The caller is the task's `JoinHandle`, held exclusively.
unsafe fn poll_complete(header: &Header, waker: &Waker) -> bool {
    let state = &header.state;
    let now = state.load();
    if now.is_complete() {
        return true;
    }
    if now.has_join_waker() {
        // SAFETY: T4: the slot holds a waker which no thread changes. The completer may be
        // consuming it at the same time, which leaves its bytes as they are; they are compared and
        // not dereferenced.
        let same = header
            .join_slot
            .with(|slot| unsafe { (*slot).assume_init_ref() }.will_wake(waker));
        if same {
            return false;
        }
        if state.unset_join_waker().is_err() {
            return true;
        }
        // SAFETY: T4: the slot is ours again.
        unsafe { drop_waker(header) };
    }
    let waker = waker.clone();
    header
        .join_slot
        // SAFETY: T4: `JOIN_WAKER` is clear, so the slot is ours, and it is empty.
        .with_mut(|slot| unsafe { (*slot).write(waker) });
    if state.set_join_waker().is_err() {
        // SAFETY: T4: the slot stayed ours.
        unsafe { drop_waker(header) };
        return true;
    }
    false
}

/// Empties the slot.
///
/// # Safety
///
/// T4: the slot holds a waker and belongs to the caller.
unsafe fn drop_waker(header: &Header) {
    // SAFETY: the caller's promise. The waker is dropped outside the cell's accesses, since that
    // may run any code.
    let waker = header
        .join_slot
        .with(|slot| unsafe { (*slot).assume_init_read() });
    wake::drop_waker(waker);
}

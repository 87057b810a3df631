//! The runtime's own handles of a task: [`Task`], [`Notified`], [`UnownedTask`].
//!
//! Each holds one reference.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::Schedule;
use super::header::{Header, front};
use super::id::Id;
use super::raw;
use crate::util::budget;

/// A task, as its owner's list holds it.
pub(crate) struct Task<S: 'static> {
    raw: NonNull<Header>,
    _scheduler: PhantomData<S>,
}

// SAFETY: a handle reaches the future only by `shutdown`. For a future that is not `Send`, the code
// that bound it promised that its list's thread alone does that (`OwnedTasks::bind_local`).
unsafe impl<S: Schedule> Send for Task<S> {}
// SAFETY: nothing is done with a `&Task` but to compare it.
unsafe impl<S: Schedule> Sync for Task<S> {}

impl<S: 'static> Task<S> {
    /// # Safety
    ///
    /// The task has a scheduler `S`, and the caller passes a reference on.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self {
            raw,
            _scheduler: PhantomData,
        }
    }

    pub(super) fn as_raw(&self) -> NonNull<Header> {
        self.raw
    }

    fn header(&self) -> &Header {
        // SAFETY: T1: the handle has a reference.
        unsafe { self.raw.as_ref() }
    }

    /// Cancels the task: drops its future and completes it, unless it is complete, or a thread is
    /// polling it, which then does so after the poll.
    pub(crate) fn shutdown(self) {
        let raw = ManuallyDrop::new(self).raw;
        // SAFETY: T1: the handle's reference is passed on. The thread is the right one: see `Send`.
        unsafe { raw::shutdown(raw) };
    }
}

impl<S: 'static> Drop for Task<S> {
    fn drop(&mut self) {
        if self.header().state.ref_dec(1) {
            // SAFETY: that was the last reference.
            unsafe { (self.header().vtable.free)(self.raw) };
        }
    }
}

impl<S: 'static> fmt::Debug for Task<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header();
        // SAFETY: T1: the handle has a reference.
        let origin = &unsafe { front(self.raw) }.origin;
        f.debug_struct("Task")
            .field("id", &header.id)
            .field("origin", origin)
            .finish()
    }
}

/// A task that must be polled; there is at most one per task.
///
/// Dropping it loses a wake-up: only a scheduler whose tasks were shut down may do that.
#[must_use = "a notification that is not run is lost"]
pub(crate) struct Notified<S: 'static>(Task<S>);

impl<S: Schedule> Notified<S> {
    /// Polls the task once with a full budget; returns it if it was woken during the poll.
    ///
    /// It then belongs at the back of the queue: a task that wakes itself must not starve others.
    #[must_use = "a notification that is not run is lost"]
    #[inline]
    pub(crate) fn run(self) -> Option<Self> {
        let raw = self.into_raw();
        // SAFETY: T1: the notification's reference is passed on, and comes back with `true`.
        let again = budget::with_budget(|| unsafe { raw::run(raw) });
        // SAFETY: see above.
        again.then(|| unsafe { Self::from_raw(raw) })
    }

    /// Converts the task to a pointer, for an atomic slot.
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0.raw
    }

    /// Converts a pointer that [`into_raw`](Self::into_raw) returned back to the task.
    ///
    /// # Safety
    ///
    /// The pointer came out of `into_raw` of a `Notified<S>` and is used once.
    pub(crate) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        // SAFETY: T1: the notification has a reference.
        Self(unsafe { Task::from_raw(raw) })
    }
}

impl<S: 'static> fmt::Debug for Notified<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notified").field(&self.0).finish()
    }
}

/// A task that is in no list and runs exactly once: a closure of the blocking pool.
///
/// Dropping it cancels it.
#[must_use = "a task that is not run is cancelled"]
pub(crate) struct UnownedTask {
    raw: NonNull<Header>,
}

// SAFETY: only `blocking_task` makes one, of a closure and an output that are `Send`.
unsafe impl Send for UnownedTask {}
// SAFETY: a `&UnownedTask` allows access to nothing but the id.
unsafe impl Sync for UnownedTask {}

impl UnownedTask {
    /// # Safety
    ///
    /// The task is notified, the caller passes its reference on, the future and its output are
    /// `Send`, and the future never returns `Pending`.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self { raw }
    }

    /// Returns the id of the task.
    fn id(&self) -> Id {
        // SAFETY: T1: the handle has a reference.
        unsafe { self.raw.as_ref() }.id
    }

    /// Runs the closure on this thread, without a budget, unless the task was aborted.
    pub(crate) fn run(self) {
        let raw = ManuallyDrop::new(self).raw;
        // SAFETY: T1: the handle's reference is passed on; a ready future is not notified again.
        let again = unsafe { raw::run(raw) };
        debug_assert!(!again, "a blocking task runs once");
    }
}

impl Drop for UnownedTask {
    fn drop(&mut self) {
        // SAFETY: T1: the handle's reference is passed on.
        unsafe { raw::shutdown(self.raw) };
    }
}

impl fmt::Debug for UnownedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnownedTask").field(&self.id()).finish()
    }
}

//! [`LocalOwnedTasks`]: the tasks of a scheduler that lives on one thread.

use std::future::Future;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::birth::Birth;
use super::handles::{Notified, Task};
use super::header::{Cell, Header};
use super::join::JoinHandle;
use super::list::{self, List};
use super::{Schedule, harness};
use crate::loom::cell::UnsafeCell;
use crate::loom::thread;

/// The tasks of a scheduler that lives on one thread, which need not be `Send`.
///
/// Any thread may hold it. Unless documented otherwise, every method panics on a thread other than
/// the one that created it.
pub(crate) struct LocalOwnedTasks<S: 'static> {
    owner: thread::Number,
    /// T5: only the owner accesses this, and no reference into it is ever held across other code.
    /// Its address is the owner of its tasks.
    inner: Box<UnsafeCell<Inner>>,
    _scheduler: PhantomData<fn() -> S>,
}

struct Inner {
    list: List,
    closed: bool,
}

// SAFETY: T5: every access checks that it comes from the owner's thread, and dropping it elsewhere
// drops no task.
unsafe impl<S> Send for LocalOwnedTasks<S> {}
// SAFETY: as above.
unsafe impl<S> Sync for LocalOwnedTasks<S> {}

impl<S: Schedule> LocalOwnedTasks<S> {
    /// Creates a list that belongs to the calling thread.
    pub(crate) fn new() -> Self {
        Self {
            owner: thread::number(),
            inner: Box::new(UnsafeCell::new(Inner {
                list: List::new(),
                closed: false,
            })),
            _scheduler: PhantomData,
        }
    }

    /// Returns whether the calling thread is the one that created the list. Any thread may call
    /// this.
    pub(crate) fn is_owner(&self) -> bool {
        self.owner == thread::number()
    }

    fn with_inner<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        assert!(
            self.is_owner(),
            "a local task's list is used on its own thread only"
        );
        // SAFETY: T5: this is the only thread, and `f` (all of them are below) calls nothing that
        // calls this function.
        self.inner.with_mut(|inner| f(unsafe { &mut *inner }))
    }

    /// Creates a task from `future`. The caller queues the notification.
    ///
    /// There is none if the list is closed: the task is then already cancelled.
    ///
    /// # Safety
    ///
    /// The scheduler runs notifications of this task, including later ones, on this thread or
    /// never.
    pub(crate) unsafe fn bind<F, O>(
        &self,
        future: F,
        scheduler: S,
        birth: Birth<O>,
    ) -> (JoinHandle<F::Output>, Option<Notified<S>>)
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        assert!(
            self.is_owner(),
            "a local task is spawned on its own thread only"
        );
        // One reference each for the list, the notification, and the handle.
        let raw = Cell::allocate(future, scheduler, birth, harness::vtable::<F, S>(), 3);
        // SAFETY: T1: one reference is the handle's, and the others are `insert`'s. No one else
        // knows the task.
        unsafe { (JoinHandle::from_raw(raw), self.insert(raw)) }
    }

    /// Puts a new task into the list.
    ///
    /// # Safety
    ///
    /// T1: of the references to the task, two are passed on. No one else knows it.
    unsafe fn insert(&self, raw: NonNull<Header>) -> Option<Notified<S>> {
        // SAFETY: T1: the two references go to these two.
        let (notified, task) = unsafe { (Notified::from_raw(raw), Task::<S>::from_raw(raw)) };
        let owner = self.address();
        let pushed = self.with_inner(|inner| {
            if !inner.closed {
                // SAFETY: T5: no one else knows the task; the reference of `task` is passed on.
                unsafe { inner.list.push(raw, owner) };
            }
            !inner.closed
        });
        if pushed {
            std::mem::forget(task);
            Some(notified)
        } else {
            drop(notified);
            task.shutdown();
            None
        }
    }

    /// Takes a task out of the list; returns `None` if it is not, or no longer, in the list.
    pub(crate) fn remove(&self, task: &Task<S>) -> Option<Task<S>> {
        let raw = task.as_raw();
        // SAFETY: the caller has the task.
        if unsafe { list::owner(raw) } != self.address() {
            return None;
        }
        // SAFETY: T5: the task was put into this list, and `task` keeps it.
        let removed = self.with_inner(|inner| unsafe { inner.list.remove(raw) });
        // SAFETY: T1: the list's reference comes back.
        removed.then(|| unsafe { Task::from_raw(raw) })
    }

    /// Closes the list to new tasks and shuts down all tasks in it.
    pub(crate) fn close_and_shutdown_all(&self) {
        self.with_inner(|inner| inner.closed = true);
        while let Some(raw) = self.with_inner(|inner| inner.list.pop()) {
            // SAFETY: T1: the list's reference.
            unsafe { Task::<S>::from_raw(raw) }.shutdown();
        }
    }

    /// Returns whether there are no tasks.
    pub(crate) fn is_empty(&self) -> bool {
        self.with_inner(|inner| inner.list.len() == 0)
    }

    fn address(&self) -> *const () {
        std::ptr::from_ref(&*self.inner).cast()
    }
}

impl<S: 'static> Drop for LocalOwnedTasks<S> {
    fn drop(&mut self) {
        // SAFETY: T5: no one else has the list any more.
        let len = self.inner.with(|inner| unsafe { (*inner).list.len() });
        if len > 0 {
            // T5: the address stays that of a list while a task compares itself to it.
            let empty = Inner {
                list: List::new(),
                closed: true,
            };
            std::mem::forget(std::mem::replace(
                &mut self.inner,
                Box::new(UnsafeCell::new(empty)),
            ));
        }
    }
}

//! The slot for the task that a worker runs next.
//!
//! Only the owner puts a task in. The owner takes it out to run it; another worker takes it when
//! the owner's polls are slow, and the monitor when the owner is stuck. The slot owns the task in
//! it, and every exchange of the pointer transfers that ownership.

use std::marker::PhantomData;
use std::ptr;

use crate::loom::sync::atomic::{AtomicPtr, Ordering};
use crate::scheduler::task::{Header, Notified, Schedule};

/// Holds one runnable task or none.
pub(crate) struct LifoSlot<S: Schedule> {
    task: AtomicPtr<Header>,
    scheduler: PhantomData<S>,
}

impl<S: Schedule> LifoSlot<S> {
    pub(crate) fn new() -> LifoSlot<S> {
        LifoSlot {
            task: AtomicPtr::new(ptr::null_mut()),
            scheduler: PhantomData,
        }
    }

    /// Puts `task` in and returns the one that was there.
    pub(crate) fn put(&self, task: Notified<S>) -> Option<Notified<S>> {
        let task = task.into_raw().as_ptr();
        Self::from_raw(self.task.swap(task, Ordering::AcqRel))
    }

    /// Takes the task out.
    #[inline]
    pub(crate) fn take(&self) -> Option<Notified<S>> {
        if self.is_empty() {
            return None;
        }
        Self::from_raw(self.task.swap(ptr::null_mut(), Ordering::AcqRel))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.task.load(Ordering::Relaxed).is_null()
    }

    fn from_raw(task: *mut Header) -> Option<Notified<S>> {
        // SAFETY: a pointer that is not null came from `Notified::<S>::into_raw` in `put`, and
        // the exchange that brought it here took it out of the slot, so it is used once.
        ptr::NonNull::new(task).map(|task| unsafe { Notified::from_raw(task) })
    }
}

impl<S: Schedule> Drop for LifoSlot<S> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<S: Schedule> std::fmt::Debug for LifoSlot<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LifoSlot")
            .field("is_empty", &self.is_empty())
            .finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::LifoSlot;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicUsize, Ordering};
    use crate::scheduler::task::testing::{scheduler, spawn};

    /// The owner puts two tasks in and takes one out, a thief takes: each task runs once.
    #[test]
    fn loom_owner_and_thief_run_each_task_once() {
        loom::model(|| {
            let runs = Arc::new(AtomicUsize::new(0));
            let queue = scheduler();
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    let runs = runs.clone();
                    drop(spawn(&queue, async move {
                        runs.fetch_add(1, Ordering::SeqCst);
                    }));
                    queue.next().expect("just queued")
                })
                .collect();
            let slot = Arc::new(LifoSlot::new());
            let s = slot.clone();
            let thief = loom::thread::spawn(move || {
                if let Some(task) = s.take() {
                    assert!(task.run().is_none());
                }
            });
            for task in tasks {
                if let Some(overtaken) = slot.put(task) {
                    assert!(overtaken.run().is_none());
                }
            }
            if let Some(task) = slot.take() {
                assert!(task.run().is_none());
            }
            thief.join().unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), 2);
            assert_eq!(queue.owned.len(), 0);
        });
    }
}

//! Which tasks a scheduler has, and how each is woken.

use std::panic::Location;
use std::ptr::NonNull;

use super::super::Schedule;
use super::super::handles::Task;
use super::super::header::{Header, front};
use super::super::id::Id;
use super::super::owned::OwnedTasks;

/// What a dump tells about a task beside its trace.
#[derive(Clone, Debug)]
pub(crate) struct DumpedTask {
    pub(crate) id: Id,
    pub(crate) name: Option<Box<str>>,
    pub(crate) spawned_at: &'static Location<'static>,
}

/// A task that is to be woken.
pub(super) struct Listed<S: 'static>(Task<S>);

impl<S: Schedule> Listed<S> {
    /// Wakes the task. One that runs is polled again.
    pub(super) fn wake(self) {
        let task = self.0.as_raw();
        // SAFETY: T1: the handle has a reference.
        let header = unsafe { task.as_ref() };
        if header.state.wake_by_ref() {
            // SAFETY: a reference was made for the notification, and the handle keeps its own.
            unsafe { (header.vtable.schedule)(task) };
        }
    }
}

impl<S: Schedule> OwnedTasks<S> {
    /// Calls `note` with each task, and returns them all. `note` is called while the task cannot
    /// leave the list, so that what it notes is there when the task ends.
    pub(super) fn list(&self, mut note: impl FnMut(DumpedTask)) -> Vec<Listed<S>> {
        let mut listed = Vec::with_capacity(self.len());
        for shard in &self.shards.0 {
            let list = shard.list.lock();
            let mut next = list.head;
            while let Some(task) = next {
                // SAFETY: T5: the lock is held, so the task is in the list, which has a reference.
                let header = unsafe { task.as_ref() };
                // SAFETY: T5: as above.
                next = header.links.with(|links| unsafe { (*links).next });
                // SAFETY: T1: as above.
                note(unsafe { about(task) });
                header.state.ref_inc();
                // SAFETY: T1: the reference that was just made. A task of this list has this type
                // of scheduler.
                listed.push(Listed(unsafe { Task::from_raw(task) }));
            }
        }
        listed
    }
}

/// # Safety
///
/// T1: the caller keeps the cell.
unsafe fn about(task: NonNull<Header>) -> DumpedTask {
    // SAFETY: the caller's promise.
    let front = unsafe { front(task) };
    DumpedTask {
        id: front.header.id,
        name: front.origin.name().map(Box::from),
        spawned_at: front.origin.location(),
    }
}

//! The intrusive list of a scheduler's tasks, without a lock.
//!
//! `owned.rs` and `local_owned.rs` wrap it in a safe interface.

use std::ptr::NonNull;

use super::header::Header;

/// A task's neighbors; a task that is in no list has none and is not a head.
pub(crate) struct Links {
    prev: Option<NonNull<Header>>,
    pub(super) next: Option<NonNull<Header>>,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            prev: None,
            next: None,
        }
    }
}

/// A list of tasks that holds one reference to each. Dropping it leaks the references.
pub(super) struct List {
    pub(super) head: Option<NonNull<Header>>,
    len: usize,
}

// SAFETY: the list holds tasks, which may be reached from any thread; what must not move between
// threads (the future of a local task) is guarded by the code that inserts it
// (`OwnedTasks::bind_local`, `LocalOwnedTasks`).
unsafe impl Send for List {}

impl List {
    pub(super) const fn new() -> Self {
        Self { head: None, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts a task at the front and takes over a reference to it.
    ///
    /// # Safety
    ///
    /// The task is alive, never was in any list, and no one else knows it yet. `owner` is the
    /// address that identifies this list.
    pub(super) unsafe fn push(&mut self, task: NonNull<Header>, owner: *const ()) {
        let head = self.head.replace(task);
        self.len += 1;
        // SAFETY: the caller promises that it is alive.
        let header = unsafe { task.as_ref() };
        // SAFETY: no one else knows the task.
        header.owner.with_mut(|to| unsafe { *to = owner });
        // SAFETY: no one else knows the task.
        header
            .links
            .with_mut(|links| unsafe { (*links).next = head });
        if let Some(head) = head {
            // SAFETY: T5: a task in the list is alive, and its links are guarded by `&mut self`.
            unsafe { head.as_ref() }
                .links
                .with_mut(|links| unsafe { (*links).prev = Some(task) });
        }
    }

    /// Takes out the task that was put in last, with the list's reference.
    pub(super) fn pop(&mut self) -> Option<NonNull<Header>> {
        let task = self.head?;
        // SAFETY: a head is in the list.
        unsafe { self.unlink(task) };
        Some(task)
    }

    /// Takes `task` out, with the list's reference; returns `false` if it is no longer in the list.
    ///
    /// # Safety
    ///
    /// The task is alive and was put into this list (see [`owner`]).
    pub(super) unsafe fn remove(&mut self, task: NonNull<Header>) -> bool {
        // SAFETY: T5: the links of a task of this list are guarded by `&mut self`.
        let linked = unsafe { task.as_ref() }
            .links
            .with(|links| unsafe { (*links).prev.is_some() || (*links).next.is_some() });
        if !linked && self.head != Some(task) {
            return false;
        }
        // SAFETY: it is in the list.
        unsafe { self.unlink(task) };
        true
    }

    /// # Safety
    ///
    /// The task is in this list.
    unsafe fn unlink(&mut self, task: NonNull<Header>) {
        // SAFETY: T5: links of tasks in the list are guarded by `&mut self`, and they are alive.
        let (prev, next) = unsafe { task.as_ref() }
            .links
            .with_mut(|links| unsafe { ((*links).prev.take(), (*links).next.take()) });
        match prev {
            // SAFETY: as above.
            Some(prev) => unsafe { prev.as_ref() }
                .links
                .with_mut(|links| unsafe { (*links).next = next }),
            None => self.head = next,
        }
        if let Some(next) = next {
            // SAFETY: as above.
            unsafe { next.as_ref() }
                .links
                .with_mut(|links| unsafe { (*links).prev = prev });
        }
        self.len -= 1;
    }
}

/// Returns the list that a task was put into; null if none.
///
/// # Safety
///
/// The task is alive.
pub(super) unsafe fn owner(task: NonNull<Header>) -> *const () {
    // SAFETY: the caller promises that it is alive.
    let header = unsafe { task.as_ref() };
    // SAFETY: T5: written before any other thread knew the task, and never again.
    header.owner.with(|owner| unsafe { *owner })
}

//! Task ids, and the task that the calling thread runs.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many ids a thread takes from the common counter at a time.
const BLOCK: u64 = 64;

/// The first id that no thread has taken. The ids are not part of any protocol, so the counter is
/// `std`'s even under loom.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CURRENT: Cell<Option<Id>> = const { Cell::new(None) };
    /// The next id of this thread's block; a multiple of `BLOCK` plus one means that the block is
    /// used up.
    static NEXT: Cell<u64> = const { Cell::new(1) };
}

/// The id of a task: no two tasks that exist in a process at the same time have the same id.
///
/// Ids are not assigned in any order, and do not identify a runtime. An id may be used again once
/// its task is gone.
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
#[derive(Clone, Copy, Debug, Hash, Eq, Ord, PartialEq, PartialOrd)]
pub struct Id(NonZeroU64);

impl Id {
    /// Returns an id that no task has.
    #[inline]
    pub(crate) fn next() -> Self {
        NEXT.with(|next| {
            let mut id = next.get();
            if id % BLOCK == 1 {
                id = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
            }
            next.set(id + 1);
            Self(NonZeroU64::new(id).expect("2^64 ids are never used up"))
        })
    }

    pub(crate) fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// Returns the block that the id comes from: ids that one thread created in a row share it.
    pub(super) fn block(self) -> usize {
        (self.0.get() / BLOCK) as usize
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the task that the calling thread polls or drops, if any.
#[inline]
pub(crate) fn current() -> Option<Id> {
    CURRENT.with(Cell::get)
}

/// Sets the task that the calling thread runs and returns the former one.
#[inline]
fn set_current(id: Option<Id>) -> Option<Id> {
    CURRENT.with(|current| current.replace(id))
}

/// Sets the task that the calling thread runs until the guard is dropped.
#[inline]
pub(super) fn enter(id: Id) -> Entered {
    Entered(set_current(Some(id)))
}

/// Restores the former task when it is dropped; returned by [`enter`].
pub(super) struct Entered(Option<Id>);

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        set_current(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Id, current, enter};
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_over_threads_and_blocks() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..BLOCK * 5).map(|_| Id::next()).collect::<Vec<_>>()))
            .collect();
        let mut seen = HashSet::new();
        for thread in threads {
            for id in thread.join().unwrap() {
                assert!(seen.insert(id), "{id} twice");
            }
        }
    }

    #[test]
    fn enter_nests() {
        let (outer, inner) = (Id::next(), Id::next());
        assert_eq!(current(), None);
        let outer_guard = enter(outer);
        {
            let _inner_guard = enter(inner);
            assert_eq!(current(), Some(inner));
        }
        assert_eq!(current(), Some(outer));
        drop(outer_guard);
        assert_eq!(current(), None);
    }
}

//! Operations that are handed to a ring at the same time.
//!
//! Pushed one by one, the first of several operations wakes the ring's thread, which enters the
//! kernel with it while the others are still on their way. A [`Batch`] holds them back until the last
//! one is there. The thread takes them all, and hands them to the kernel in one call as far as the
//! submission queue has room.
//!
//! It is local to one poll, in which no code of the user runs but its wakers' clones, so nothing is
//! held back for longer (I9).
#![forbid(unsafe_code)]

use std::sync::Arc;

use super::Submitted;
use super::uring::Ring;
use crate::blocking::pool::SpawnError;
use crate::loom::sync::Mutex;

/// Why there is no thread for an operation, if there is none.
pub(crate) enum Missing {
    /// There is one.
    Nothing,
    Now(SpawnError),
    /// Where the reason is left by the time at which the operation has ended.
    Later(RefusedLater),
}

type RefusedLater = Arc<Mutex<Option<SpawnError>>>;

impl From<Option<SpawnError>> for Missing {
    fn from(refused: Option<SpawnError>) -> Missing {
        refused.map_or(Missing::Nothing, Missing::Now)
    }
}

impl Missing {
    /// Returns the reason, once, for an operation that has ended.
    pub(crate) fn take(&mut self) -> Option<SpawnError> {
        match std::mem::replace(self, Missing::Nothing) {
            Missing::Nothing => None,
            Missing::Now(refused) => Some(refused),
            Missing::Later(later) => later.lock().take(),
        }
    }
}

/// See the file's documentation. Dropping it hands the operations over.
#[derive(Default)]
pub(crate) struct Batch {
    /// The ring of all of them.
    ring: Option<Arc<Ring>>,
    operations: Vec<(Submitted, RefusedLater)>,
}

impl Batch {
    pub(super) fn add(&mut self, ring: &Arc<Ring>, operation: Submitted) -> RefusedLater {
        if let Some(other) = self.ring.take_if(|other| !Arc::ptr_eq(other, ring)) {
            self.hand_over(&other);
        }
        self.ring.get_or_insert_with(|| ring.clone());
        let refused = RefusedLater::default();
        self.operations.push((operation, refused.clone()));
        refused
    }

    fn hand_over(&mut self, ring: &Arc<Ring>) {
        let operations = self.operations.iter();
        let refused = ring.submit_all(operations.map(|(operation, _)| operation.clone()));
        for (operation, reason) in refused {
            let mut all = self.operations.iter();
            // Others are those of threads that submitted at the same time.
            if let Some((_, later)) = all.find(|(it, _)| Arc::ptr_eq(it, &operation)) {
                *later.lock() = Some(reason);
            }
        }
        self.operations.clear();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(ring) = self.ring.take() {
            self.hand_over(&ring);
        }
    }
}

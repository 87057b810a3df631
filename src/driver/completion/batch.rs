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
use crate::driver::uring::Ring;

/// See the file's documentation. Dropping it hands the operations over.
#[derive(Default)]
pub(crate) struct Batch {
    /// The ring of all of them.
    ring: Option<Arc<Ring>>,
    operations: Vec<Submitted>,
}

impl Batch {
    pub(super) fn add(&mut self, ring: &Arc<Ring>, operation: Submitted) {
        if let Some(other) = self.ring.take_if(|other| !Arc::ptr_eq(other, ring)) {
            self.hand_over(&other);
        }
        self.ring.get_or_insert_with(|| ring.clone());
        self.operations.push(operation);
    }

    fn hand_over(&mut self, ring: &Arc<Ring>) {
        ring.submit_all(self.operations.drain(..));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(ring) = self.ring.take() {
            self.hand_over(&ring);
        }
    }
}

//! How many operations are in flight.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::driver::wake::Wake;

/// Counts operations from their submission until their task has been woken. A paused clock stands
/// still while there are any.
#[derive(Debug)]
pub(super) struct Count {
    operations: AtomicUsize,
    /// Whether the driver's wait is to end when the count reaches zero: set before the count is
    /// read, and read after it has become zero.
    awaited: AtomicBool,
    wake: Arc<Wake>,
}

impl Count {
    pub(super) fn new(wake: Arc<Wake>) -> Arc<Count> {
        Arc::new(Count {
            operations: AtomicUsize::new(0),
            awaited: AtomicBool::new(false),
            wake,
        })
    }

    /// Counts one operation, until the guard is dropped.
    pub(super) fn one(self: &Arc<Count>) -> Counted {
        self.operations.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    /// Returns `false` if no operation is in flight. Otherwise the end of the last one ends the
    /// driver's wait.
    pub(super) fn await_zero(&self) -> bool {
        self.awaited.store(true, Ordering::SeqCst);
        let busy = self.operations.load(Ordering::SeqCst) > 0;
        if !busy {
            self.awaited.store(false, Ordering::SeqCst);
        }
        busy
    }

    #[cfg(test)]
    pub(super) fn get(&self) -> usize {
        self.operations.load(Ordering::SeqCst)
    }
}

/// One operation, from its submission until its task has been woken.
#[derive(Debug)]
pub(super) struct Counted(Arc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        let former = self.0.operations.fetch_sub(1, Ordering::SeqCst);
        if former == 1 && self.0.awaited.swap(false, Ordering::SeqCst) {
            self.0.wake.wake();
        }
    }
}

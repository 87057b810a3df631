//! The index of the worker that runs on the current thread.
//!
//! A scheduler sets it when a thread starts and stops running a worker. It selects what a runtime
//! keeps once per worker, such as the timers.
#![forbid(unsafe_code)]

use std::cell::Cell;

thread_local! {
    static WORKER: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Returns the index of the worker that runs on this thread, if one does.
pub(crate) fn local_worker() -> Option<usize> {
    WORKER.try_with(Cell::get).ok().flatten()
}

/// Sets which worker runs on this thread from now on.
pub(crate) fn set_local_worker(worker: Option<usize>) {
    // A thread whose locals are destroyed no longer runs a worker, so there is nothing to record.
    let _ = WORKER.try_with(|cell| cell.set(worker));
}

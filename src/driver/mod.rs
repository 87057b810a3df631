//! The kernel, behind one contract.
//!
//! A runtime has one driver. It answers two questions. *Completion*: "do this and tell me how it
//! went"; an operation owns its file descriptors and its buffers, is submitted once and ends in
//! exactly one completion. *Readiness*: "tell me when this file descriptor may make progress".
//! Both are waited for in one place.
//!
//! # Invariants
//!
//! - **I1** Memory and file descriptors that the kernel may touch belong to the in-flight entry,
//!   never to a future.
//! - **I2** Every submitted operation yields exactly one final completion; cancelling is a
//!   request, not a release.
//! - **I3** A result that is a resource (a file descriptor) is wrapped in an owning type before
//!   it leaves the driver, so an orphaned open closes it.
//! - **I4** In-flight keys carry a generation: a late completion never reaches a reused slot.
//! - **I5** An operation that nobody cancelled and that ends with `ECANCELED` (its submitting
//!   thread exited) is submitted again; `EAGAIN` from the kernel's poll loop is armed again;
//!   `EINTR` is retried. None of them reach the user.
//! - **I6** A full submission queue is flushed and retried, never dropped. A completion queue
//!   overflow is drained; a multishot operation that ends without `MORE` is armed again.
//! - **I7** Teardown cancels, drains to empty, and leaks what it cannot drain. It never frees
//!   memory that the kernel may still write.
//! - **I8** Dropping a future cancels its operation and returns at once. What that does to bytes
//!   and file descriptors is written in the `# Cancel safety` section of the function.

use std::cell::Cell;
use std::fmt;
use std::io;

#[cfg(not(loom))]
pub(crate) mod buffer;
#[cfg(not(loom))]
pub(crate) mod completion;
pub(crate) mod inflight;
#[cfg(not(loom))]
pub(crate) mod mounts;
#[cfg(not(loom))]
pub(crate) mod nowait;
#[cfg(not(loom))]
pub(crate) mod op;
#[cfg(not(loom))]
pub(crate) mod pool;
#[cfg(not(loom))]
pub(crate) mod probe;
pub(crate) mod readiness;
#[cfg(not(loom))]
pub(crate) mod shard;
#[cfg(not(loom))]
pub(crate) mod stopwatch;
#[cfg(not(loom))]
pub(crate) mod uring;
#[cfg(not(loom))]
mod wait;
#[cfg(not(loom))]
mod wake;
#[cfg(not(loom))]
pub(crate) mod watch;

#[cfg(not(loom))]
pub(crate) use wait::{Config, Driver, Turn, Waited};

#[cfg(all(test, not(loom)))]
mod conformance;

thread_local! {
    static LOCAL_RING: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The index of the worker that runs on this thread: which ring and which timer shard is its own.
pub(crate) fn local_ring() -> Option<usize> {
    LOCAL_RING.try_with(Cell::get).ok().flatten()
}

/// Says which worker runs on this thread from now on.
pub(crate) fn set_local_ring(worker: Option<usize>) {
    // A thread whose locals are gone runs no worker any more, so there is nothing to record.
    let _ = LOCAL_RING.try_with(|cell| cell.set(worker));
}

#[derive(Debug)]
struct ShutDown;

impl fmt::Display for ShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("A Tokio 1.x context was found, but it is being shutdown.")
    }
}

impl std::error::Error for ShutDown {}

/// The error of an operation whose runtime has been shut down.
pub(crate) fn shutdown_error() -> io::Error {
    io::Error::other(ShutDown)
}

/// Whether `error` was made by [`shutdown_error`].
pub(crate) fn is_shutdown_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ShutDown>())
}

//! [`Completions`]: selects how each operation is carried out.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::count::Count;
use super::in_flight::InFlight;
use super::op::Op;
use super::operation::Operation;
use super::probe::{Backend, Choice, Kind, decide};
use super::threads;
use super::uring::{self, Ring};
use crate::blocking::Pool;
use crate::driver::wake::Wake;
use crate::error::Error;

/// Submission queue entries of a ring.
const ENTRIES: u32 = 128;

/// The parts of a [`Completions`].
pub(crate) struct Config {
    /// The back-end to use.
    pub(crate) choice: Choice,
    /// Threads for operations alone.
    pub(crate) threads: Pool,
    /// Ends the driver's wait.
    pub(crate) wake: Arc<Wake>,
}

/// The completion half of a driver; see the folder's documentation.
pub(crate) struct Completions {
    /// `None` where there is no io_uring.
    ring: Option<Arc<Ring>>,
    threads: Pool,
    backend: Backend,
    closed: AtomicBool,
    count: Arc<Count>,
}

impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completions")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl Completions {
    /// Chooses the back-end. Threads are started when they are first needed.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        Completions::with_entries(config, ENTRIES)
    }

    /// Like [`new`](Completions::new), with a ring of `entries` submission queue entries.
    pub(crate) fn with_entries(config: Config, entries: u32) -> Result<Completions, Error> {
        let backend = decide(config.choice)?;
        let ring = (backend.kind == Kind::Ring)
            .then(|| Arc::new(Ring::new(entries, config.threads.clone())));
        Ok(Completions {
            ring,
            threads: config.threads,
            backend,
            closed: AtomicBool::new(false),
            count: Count::new(config.wake),
        })
    }

    /// Returns the back-end in use and why it was chosen.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Returns the threads that carry out operations and other calls of the runtime's own that may
    /// wait.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    /// Submits `op`. May be called from any thread.
    pub(crate) fn submit(&self, op: Op) -> InFlight {
        if self.is_closed() {
            return InFlight::refused(op);
        }
        let ring = self.ring.as_ref().filter(|_| uring::suits(&op));
        let kind = threads::kind(&op);
        let operation = Arc::new(Operation::new((op, self.count.one())));
        match ring {
            Some(ring) => ring.submit(operation.clone()),
            None => threads::submit(&self.threads, operation.clone(), kind),
        }
        InFlight::submitted(operation, ring.cloned())
    }

    /// Returns whether new operations are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Returns whether an operation is in flight, or has a task that was not woken yet. If so, the
    /// driver's wait ends when that changes.
    pub(crate) fn await_quiet(&self) -> bool {
        self.count.await_zero()
    }

    /// Returns how many operations are in flight, or have a task that was not woken yet.
    #[cfg(test)]
    pub(crate) fn in_flight(&self) -> usize {
        self.count.get()
    }

    /// Refuses new operations and cancels those on the ring, whose futures resolve with the
    /// cancellation; waits for that until `deadline`, or without a limit. Those on threads continue
    /// until their pool is shut down.
    pub(crate) fn shutdown(&self, deadline: Option<Instant>) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(ring) = &self.ring {
            ring.close();
            if !ring.wait_until_gone(deadline) {
                log::debug!("zokio: operations did not end in time, the ring's thread stays");
            }
        }
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        // A caller that wants to wait for the end has called `shutdown` before.
        self.shutdown(Some(Instant::now()));
    }
}

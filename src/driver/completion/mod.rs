//! The completion half of the driver: submit an operation, be told how it went.
//!
//! [`Completions::submit`] takes an [`Op`](op::Op), from any thread, and returns an [`InFlight`],
//! the future of its outcome. Between the two there is one [`Operation`], shared by the future and
//! by what carries it out. There are two ways to do that:
//!
//! - the **ring** ([`uring`]), for what io_uring really does without a thread: reads that wait for a
//!   device or for the other end of a pipe;
//! - **threads** ([`threads`]), for everything else, and for all of it where there is no io_uring.
//!
//! (A third, *inline*, is tried before an operation is submitted: `driver/nowait.rs`.) Which way an
//! operation goes is decided here, for each by itself; above this folder nothing asks. Neither way
//! needs a thread that runs tasks: not to begin, not to go on, not to complete, not to wake the task
//! (I9).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use crate::blocking::Pool;
use crate::driver::wake::Wake;
use crate::error::Error;
use crate::util::wake::drop_waker;

pub(crate) mod op;
pub(crate) mod operation;
pub(crate) mod probe;
mod threads;
mod uring;

use op::{Completed, Op};
use operation::{Abandoned, Operation};
use probe::{Backend, Choice, Kind, decide};
use uring::Ring;

/// Submission queue entries of a ring.
const ENTRIES: u32 = 128;

/// What an operation owns until it has begun.
type Payload = (Op, Counted);

/// An operation that was submitted, as its future and what carries it out share it.
type Submitted = Arc<Operation<Payload, Completed>>;

/// What a [`Completions`] is made of.
pub(crate) struct Config {
    /// Which back-end.
    pub(crate) choice: Choice,
    /// Threads for operations alone.
    pub(crate) threads: Pool,
    /// Ends the driver's wait.
    pub(crate) wake: Arc<Wake>,
}

/// See the module's documentation.
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

    /// Like [`new`](Completions::new), with a ring of that many submission queue entries.
    pub(crate) fn with_entries(config: Config, entries: u32) -> Result<Completions, Error> {
        let backend = decide(config.choice)?;
        let ring = (backend.kind == Kind::Uring)
            .then(|| Arc::new(Ring::new(entries, config.threads.clone())));
        Ok(Completions {
            ring,
            threads: config.threads,
            backend,
            closed: AtomicBool::new(false),
            count: Arc::new(Count {
                operations: AtomicUsize::new(0),
                awaited: AtomicBool::new(false),
                wake: config.wake,
            }),
        })
    }

    /// Which back-end is in force and why.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The threads that carry out operations and other calls of the runtime's own that may wait.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    /// Submits `op`, from any thread. It is on its way when this returns.
    pub(crate) fn submit(&self, op: Op) -> InFlight {
        if self.is_closed() {
            return InFlight(State::Refused(Box::new(op)));
        }
        let ring = self.ring.as_ref().filter(|_| uring::entry::suits(&op));
        let kind = threads::kind(&op);
        let operation = Arc::new(Operation::new((op, Counted::new(&self.count))));
        match ring {
            Some(ring) => ring.submit(operation.clone()),
            None => threads::submit(&self.threads, operation.clone(), kind),
        }
        InFlight(State::Submitted {
            operation,
            ring: ring.cloned(),
        })
    }

    /// Whether new operations are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Whether an operation is in flight, or its task not woken yet. If so, the driver's wait ends
    /// when that changes.
    pub(crate) fn await_quiet(&self) -> bool {
        self.count.awaited.store(true, Ordering::SeqCst);
        let busy = self.count.operations.load(Ordering::SeqCst) > 0;
        if !busy {
            self.count.awaited.store(false, Ordering::SeqCst);
        }
        busy
    }

    /// How many operations are in flight, or have a task that was not woken yet.
    #[cfg(test)]
    pub(crate) fn in_flight(&self) -> usize {
        self.count.operations.load(Ordering::SeqCst)
    }

    /// Refuses new operations and ends those on the ring, whose futures learn that they were
    /// cancelled; waits for that until `deadline`, or without a limit. Those on threads go on until
    /// their pool is shut down.
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
        // Whoever wants to wait for the end has called it before.
        self.shutdown(Some(Instant::now()));
    }
}

/// Counts operations that are in flight.
#[derive(Debug)]
struct Count {
    operations: AtomicUsize,
    /// The wait of the driver is to end when the count is zero.
    awaited: AtomicBool,
    wake: Arc<Wake>,
}

/// One operation, from its submission until its task has been woken.
#[derive(Debug)]
struct Counted(Arc<Count>);

impl Counted {
    fn new(count: &Arc<Count>) -> Counted {
        count.operations.fetch_add(1, Ordering::SeqCst);
        Counted(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let former = self.0.operations.fetch_sub(1, Ordering::SeqCst);
        if former == 1 && self.0.awaited.swap(false, Ordering::SeqCst) {
            self.0.wake.wake();
        }
    }
}

/// A submitted operation.
///
/// Dropping it cancels the operation and returns at once (I8).
#[must_use]
pub(crate) struct InFlight(State);

enum State {
    Submitted {
        operation: Submitted,
        /// The ring, if the operation went there.
        ring: Option<Arc<Ring>>,
    },
    /// The driver was closed.
    Refused(Box<Op>),
    Done,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            State::Submitted { .. } => "submitted",
            State::Refused(_) => "refused",
            State::Done => "done",
        };
        f.debug_tuple("InFlight").field(&state).finish()
    }
}

impl InFlight {
    /// The outcome, once it is there. A refused operation ends as a cancelled one does.
    ///
    /// # Panics
    ///
    /// Panics if the outcome was fetched before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Completed> {
        if let State::Submitted { operation, .. } = &self.0 {
            let polled = operation.poll(cx);
            if polled.is_ready() {
                self.0 = State::Done;
            }
            return polled;
        }
        match std::mem::replace(&mut self.0, State::Done) {
            State::Refused(op) => Poll::Ready(op.refuse()),
            State::Submitted { .. } | State::Done => {
                panic!("an operation was polled after its outcome")
            }
        }
    }

    /// Stops waiting for the operation without cancelling it.
    pub(crate) fn detach(mut self) {
        self.abandon(false);
    }

    fn abandon(&mut self, cancel: bool) {
        let State::Submitted { operation, ring } = std::mem::replace(&mut self.0, State::Done)
        else {
            return;
        };
        match operation.abandon(cancel) {
            Abandoned::NeverBegun(payload) => drop(payload),
            Abandoned::Completed(completed) => drop(completed),
            Abandoned::GoesOn(waker) => {
                drop_waker(waker);
                if cancel && let Some(ring) = ring {
                    ring.cancel(operation);
                }
            }
            Abandoned::Over => {}
        }
    }
}

impl Future for InFlight {
    type Output = Completed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Completed> {
        InFlight::poll(&mut self, cx)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.abandon(true);
    }
}

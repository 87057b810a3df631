//! [`Completions`] hands operations to threads; [`InFlight`] is the future of an outcome.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use super::batch::Batch;
use super::op::{Completed, Op};
use super::operation::{Count, Counted, Detached, Operation};
use super::{Submitted, jobs};
use crate::blocking::Pool;
use crate::blocking::pool::SpawnError;
use crate::driver::backend::{Backend, Choice};
use crate::driver::uring::probe::{Decision, decide};
use crate::driver::wake::Wake;
use crate::error::Error;
use crate::record::Journal;
use crate::util::trace_mode;
use crate::util::wake::drop_waker;

/// The parts of a [`Completions`].
pub(crate) struct Config {
    /// The back-end to use.
    pub(crate) choice: Choice,
    /// Threads that carry out operations.
    pub(crate) threads: Pool,
    /// Ends the driver's wait when the last operation has ended.
    pub(crate) wake: Arc<Wake>,
    /// Where operations are recorded.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// The completion half of a driver; see the folder's documentation.
pub(crate) struct Completions {
    threads: Pool,
    decision: Decision,
    /// No operation is accepted any more.
    closed: AtomicBool,
    count: Arc<Count>,
}

impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completions")
            .field("decision", &self.decision)
            .finish_non_exhaustive()
    }
}

/// A job for one operation that a worker keeps: there is none.
#[derive(Debug)]
pub(crate) enum KeptJob {}

impl KeptJob {
    pub(crate) fn perform(self, _then: &mut dyn FnMut(&mut dyn FnMut())) {
        match self {}
    }
}

impl Completions {
    /// Fails only for an io_uring that is forced. Threads are started when they are first needed.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        let count = Count::new(move || config.wake.wake()).recorded(config.journal);
        Ok(Completions {
            threads: config.threads,
            decision: decide(config.choice)?,
            closed: AtomicBool::new(false),
            count: Arc::new(count),
        })
    }

    /// Returns the back-end that was chosen and why.
    pub(crate) fn backend(&self) -> Backend {
        self.decision.backend()
    }

    /// The same: there is nothing to try out.
    pub(crate) fn backend_so_far(&self) -> Option<Backend> {
        self.decision.backend_so_far()
    }

    /// Returns the threads that carry out operations.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    /// Submits `op`. After a shutdown the operation ends as cancelled, and so does one for which there is
    /// no thread; only for the latter also returns why.
    pub(crate) fn submit(&self, op: Op) -> (InFlight, Option<SpawnError>) {
        if self.is_closed() {
            return (InFlight::refused(op), None);
        }
        let (in_flight, submitted) = self.push(op);
        let refused = match submitted {
            Ok(()) | Err(SpawnError::Closed) => None,
            Err(refused) => Some(refused),
        };
        (in_flight, refused)
    }

    /// Like [`submit`](Completions::submit), but also returns why `op` was not accepted, also after a
    /// shutdown. Nothing is kept.
    pub(crate) fn submit_or_keep(
        &self,
        op: Op,
        _keep: impl FnOnce(KeptJob) -> Result<(), KeptJob>,
    ) -> (InFlight, Option<SpawnError>) {
        if self.is_closed() {
            return (InFlight::refused(op), Some(SpawnError::Closed));
        }
        let (in_flight, submitted) = self.push(op);
        (in_flight, submitted.err())
    }

    pub(crate) fn perform(&self, job: KeptJob) {
        match job {}
    }

    /// Like [`submit`](Completions::submit): nothing is gained by a batch.
    pub(crate) fn submit_in(&self, op: Op, _batch: &mut Batch) -> (InFlight, Option<SpawnError>) {
        self.submit(op)
    }

    fn push(&self, op: Op) -> (InFlight, Result<(), SpawnError>) {
        let kind = jobs::kind(&op);
        let counted = Counted::new(&self.count, op.number());
        let operation: Submitted = Arc::new(Operation::new((op, counted)));
        self.count.hands_to_thread();
        let submitted = jobs::submit(&self.threads, operation.clone(), kind);
        (InFlight(State::Submitted(operation)), submitted)
    }

    /// Returns 0: there is no ring.
    pub(crate) fn ring_entries(&self) -> u32 {
        0
    }

    /// Returns 0: no operation makes use of registered memory.
    pub(crate) fn registered_transfers(&self) -> u64 {
        0
    }

    /// Returns whether no operation is accepted any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Returns whether operations are in flight. If so, the end of the last one ends the driver's wait.
    pub(crate) fn await_quiet(&self) -> bool {
        self.count.await_zero()
    }

    /// Accepts no operation any more. The threads continue until their pool is shut down.
    pub(crate) fn shutdown(&self, _deadline: Option<Instant>) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

/// The future of an operation's outcome. Dropping it cancels the operation, unless that has begun.
#[must_use]
pub(crate) struct InFlight(State);

enum State {
    Submitted(Submitted),
    /// The runtime was shut down before.
    Refused(Box<Op>),
    Done,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            State::Submitted(_) => "submitted",
            State::Refused(_) => "refused",
            State::Done => "done",
        };
        f.debug_tuple("InFlight").field(&state).finish()
    }
}

impl InFlight {
    fn refused(op: Op) -> InFlight {
        InFlight(State::Refused(Box::new(op)))
    }

    /// Polls for the outcome.
    ///
    /// # Panics
    /// Panics if polled after it has returned the outcome.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Completed> {
        ready!(trace_mode::poll_leaf(cx));
        let completed = match std::mem::replace(&mut self.0, State::Done) {
            State::Submitted(operation) => match operation.poll(cx) {
                Poll::Ready(completed) => completed,
                Poll::Pending => {
                    self.0 = State::Submitted(operation);
                    return Poll::Pending;
                }
            },
            State::Refused(op) => op.refuse(),
            State::Done => panic!("an operation was polled after its outcome"),
        };
        Poll::Ready(completed)
    }

    /// Lets the operation continue without anything that waits for it.
    pub(crate) fn detach(mut self) {
        self.leave(false);
    }

    fn leave(&mut self, cancel: bool) {
        let State::Submitted(operation) = std::mem::replace(&mut self.0, State::Done) else {
            return;
        };
        match operation.detach(cancel) {
            Detached::NeverBegun(payload) => drop(payload),
            Detached::Completed(completed) => drop(completed),
            Detached::Continues(waker) => drop_waker(waker),
            Detached::Over => {}
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
        self.leave(true);
    }
}

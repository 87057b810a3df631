//! [`Completions`] selects how each operation is carried out; [`InFlight`] is the future of its
//! outcome.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use super::batch::Batch;
use super::op::{Completed, Op, ReadFrom};
use super::operation::{Count, Counted, Detached, Operation};
use super::{KeptJob, Submitted, threads};
use crate::blocking::Pool;
use crate::blocking::pool::{Kind, SpawnError};
use crate::driver::backend::{Backend, BackendKind, Choice};
use crate::driver::uring::Ring;
use crate::driver::uring::probe::{Decision, decide};
use crate::driver::wake::Wake;
use crate::error::Error;
use crate::record::{self, Journal, Wait};
use crate::util::status_flags::status_flags;
use crate::util::trace_mode;
use crate::util::wake::drop_waker;

/// Submission queue entries of a ring.
const ENTRIES: u32 = 128;

/// The largest transfer of lent memory that a ring takes. Bytes that are in memory are copied by the
/// ring's thread, when it submits, and the operations behind it wait for that. (The reads of `fs`
/// are no larger, unless a file's `max_buf_size` was raised.)
const MOST_ON_RING: usize = 2 * 1024 * 1024;

/// The parts of a [`Completions`].
pub(crate) struct Config {
    /// The back-end to use.
    pub(crate) choice: Choice,
    /// Threads for operations alone.
    pub(crate) threads: Pool,
    /// Ends the driver's wait.
    pub(crate) wake: Arc<Wake>,
    /// Where operations are recorded, if they are.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// The completion half of a driver; see the folder's documentation.
pub(crate) struct Completions {
    /// `None` where a ring is not wanted. See [`ring`](Completions::ring).
    ring: Option<Arc<Ring>>,
    threads: Pool,
    decision: Decision,
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

impl Completions {
    /// Creates the half that `config` asks for. Threads are started when they are first needed.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        Completions::with_entries(config, ENTRIES)
    }

    /// Like [`new`](Completions::new), with a ring of `entries` submission queue entries.
    pub(crate) fn with_entries(config: Config, entries: u32) -> Result<Completions, Error> {
        let decision = decide(config.choice)?;
        let new_ring = || Arc::new(Ring::new(entries, config.threads.clone()));
        let ring = decision.allows_ring().then(new_ring);
        Ok(Completions {
            ring,
            threads: config.threads,
            decision,
            closed: AtomicBool::new(false),
            count: Arc::new(Count::new(move || config.wake.wake()).recorded(config.journal)),
        })
    }

    /// Returns the back-end in use and why it is. Tries io_uring out if nothing has yet.
    pub(crate) fn backend(&self) -> Backend {
        self.lost_ring().unwrap_or_else(|| self.decision.backend())
    }

    /// Like [`backend`](Completions::backend), or `None` if io_uring would have to be tried for that.
    pub(crate) fn backend_so_far(&self) -> Option<Backend> {
        self.lost_ring().or_else(|| self.decision.backend_so_far())
    }

    fn lost_ring(&self) -> Option<Backend> {
        let reason = self.ring.as_ref()?.lost()?;
        Some(Backend {
            kind: BackendKind::Threads,
            reason: reason.to_owned(),
        })
    }

    /// Returns the ring, unless there is no io_uring. A ring whose thread has yet to find that out
    /// passes its operations to threads.
    fn ring(&self) -> Option<&Arc<Ring>> {
        self.ring.as_ref().filter(|_| self.decision.allows_ring())
    }

    /// Returns how many entries the submission queue of the ring has; 0 if there is none.
    pub(crate) fn ring_entries(&self) -> u32 {
        self.ring().map_or(0, |ring| ring.entries())
    }

    /// Returns how many transfers from or to registered memory have succeeded.
    pub(crate) fn registered_transfers(&self) -> u64 {
        let ring = self.ring.as_ref();
        ring.map_or(0, |ring| ring.registered_transfers())
    }

    /// Returns the threads that carry out operations and other calls of the runtime's own that may
    /// wait.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    /// Submits `op`. May be called from any thread. After a shutdown the operation ends as cancelled,
    /// and so does one for which there is no thread; only for the latter also returns why.
    pub(crate) fn submit(&self, op: Op) -> (InFlight, Option<SpawnError>) {
        if self.is_closed() {
            return (InFlight(Submission::Refused(Box::new(op))), None);
        }
        let number = op.number();
        let ring = self.ring().filter(|_| suits_ring(&op));
        let (operation, submitted) = match ring {
            Some(ring) => {
                let operation = self.operation(op);
                let submitted = ring.submit(&operation);
                (operation, submitted)
            }
            None => {
                let kind = threads::kind(&op);
                let operation = self.operation(op);
                self.count.hands_to_thread();
                let submitted = threads::submit(&self.threads, operation.clone(), kind);
                (operation, submitted)
            }
        };
        let refused = match submitted {
            Ok(()) | Err(SpawnError::Closed) => None,
            Err(refused) => Some(refused),
        };
        (InFlight::new(operation, ring.cloned(), number), refused)
    }

    /// Like [`submit`](Completions::submit), for an operation that usually ends in microseconds and
    /// changes something: `keep` may keep the job, which it then performs or passes to
    /// [`perform`](Completions::perform) soon, or return it to have a thread perform it. One that was
    /// not accepted has ended as cancelled; also returns why.
    pub(crate) fn submit_or_keep(
        &self,
        op: Op,
        keep: impl FnOnce(KeptJob) -> Result<(), KeptJob>,
    ) -> (InFlight, Option<SpawnError>) {
        if self.is_closed() {
            let refused = InFlight(Submission::Refused(Box::new(op)));
            return (refused, Some(SpawnError::Closed));
        }
        debug_assert_eq!(threads::kind(&op), Kind::Ordinary);
        let number = op.number();
        let operation = self.operation(op);
        self.count.hands_to_thread();
        let pushed = match keep(KeptJob::new(operation.clone())) {
            Ok(()) => Ok(()),
            Err(job) => {
                job.return_operation();
                threads::submit(&self.threads, operation.clone(), Kind::Ordinary)
            }
        };
        (InFlight::new(operation, None, number), pushed.err())
    }

    /// Has a thread perform a job that was kept. If there is none, its operation ends with the reason.
    /// After a shutdown this thread performs it: what was accepted before happens.
    pub(crate) fn perform(&self, job: KeptJob) {
        job.pass_on(&self.threads);
    }

    /// Like [`submit`](Completions::submit), but an operation that suits the ring
    /// is handed over together with the others of `batch`, and ends with the reason.
    pub(crate) fn submit_in(&self, op: Op, batch: &mut Batch) -> (InFlight, Option<SpawnError>) {
        let suits = |_: &&Arc<Ring>| !self.is_closed() && suits_ring(&op);
        let Some(ring) = self.ring().filter(suits) else {
            return self.submit(op);
        };
        let number = op.number();
        let operation = self.operation(op);
        batch.add(ring, operation.clone());
        (InFlight::new(operation, Some(ring.clone()), number), None)
    }

    fn operation(&self, op: Op) -> Submitted {
        let counted = Counted::new(&self.count, op.number());
        Arc::new(Operation::new((op, counted)))
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

/// Returns whether a ring carries `op` out without a thread of the kernel. It does so for reads
/// that wait for a device or for the other end of a pipe, and for most direct writes.
///
/// Everything else would be handed to such a thread, one hop further than a thread of ours
/// (`REQ_F_FORCE_ASYNC` in io_uring/{fs,sync,truncate}.c; a buffered write of ext4 and an open that
/// creates return `EAGAIN` to the first attempt). Reads and writes at the position of an open file
/// are not submitted to a ring, because it takes the position without the lock that read(2) and
/// write(2) hold (I12). Nor are reads of non-blocking descriptors, for which it would wait all the
/// same.
fn suits_ring(op: &Op) -> bool {
    match op {
        Op::Read { fd, from, .. } => match from {
            ReadFrom::Position => false,
            ReadFrom::Offset(_) => true,
            ReadFrom::Stream => status_flags(fd).is_ok_and(|flags| flags & libc::O_NONBLOCK == 0),
        },
        // As an offset, the kernel takes the greatest numbers for something else.
        Op::ReadAt {
            offset,
            into: lent,
            on_ring,
            ..
        }
        | Op::WriteAt {
            offset,
            from: lent,
            on_ring,
            synced: None,
            ..
        } => *on_ring && i64::try_from(*offset).is_ok() && lent.parts().len() <= MOST_ON_RING,
        Op::Open { .. }
        | Op::Write { .. }
        | Op::WriteAt {
            synced: Some(_), ..
        }
        | Op::Allocate { .. }
        | Op::Close { .. }
        | Op::Sync { .. }
        | Op::Truncate { .. }
        | Op::Rename { .. }
        | Op::Unlink { .. }
        | Op::MakeDirectory { .. }
        | Op::Link { .. }
        | Op::Symlink { .. }
        | Op::Transfer(_) => false,
    }
}

/// A submitted operation.
///
/// Dropping it cancels the operation and returns at once (I8). After [`detach`](InFlight::detach)
/// the operation continues.
#[must_use]
pub(crate) struct InFlight(Submission);

enum Submission {
    Submitted {
        operation: Submitted,
        /// The ring, if the operation was submitted to it.
        ring: Option<Arc<Ring>>,
        /// The operation's place among the names.
        number: u8,
    },
    /// The driver was closed.
    Refused(Box<Op>),
    Done,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            Submission::Submitted { .. } => "submitted",
            Submission::Refused(_) => "refused",
            Submission::Done => "done",
        };
        f.debug_tuple("InFlight").field(&state).finish()
    }
}

impl InFlight {
    fn new(operation: Submitted, ring: Option<Arc<Ring>>, number: u8) -> InFlight {
        InFlight(Submission::Submitted {
            operation,
            ring,
            number,
        })
    }

    /// Polls for the operation's outcome. A refused operation ends like a cancelled one.
    ///
    /// # Panics
    ///
    /// Panics if the outcome was fetched before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Completed> {
        ready!(trace_mode::poll_leaf(cx));
        if let Submission::Submitted {
            operation, number, ..
        } = &self.0
        {
            let polled = operation.poll(cx);
            match polled.is_ready() {
                true => self.0 = Submission::Done,
                false => record::waits(Wait::File, || u64::from(*number)),
            }
            return polled;
        }
        match std::mem::replace(&mut self.0, Submission::Done) {
            Submission::Refused(op) => Poll::Ready(op.refuse()),
            Submission::Submitted { .. } | Submission::Done => {
                panic!("an operation was polled after its outcome")
            }
        }
    }

    /// Asks for the end of the operation, and continues to wait for its outcome. One that has not
    /// begun ends at once, one that is on the ring when the kernel has cancelled it, and one that a
    /// thread carries out when the thread is done.
    pub(crate) fn cancel(&self) {
        let Submission::Submitted {
            operation, ring, ..
        } = &self.0
        else {
            return;
        };
        match (operation.cancel(), ring) {
            (Some((op, counted)), _) => threads::finish(operation, counted, op.refuse()),
            (None, Some(ring)) => ring.cancel(operation.clone()),
            (None, None) => {}
        }
    }

    /// Stops waiting for the operation without cancelling it.
    pub(crate) fn detach(mut self) {
        self.leave(false);
    }

    fn leave(&mut self, cancel: bool) {
        let Submission::Submitted {
            operation, ring, ..
        } = std::mem::replace(&mut self.0, Submission::Done)
        else {
            return;
        };
        match operation.detach(cancel) {
            Detached::NeverBegun(payload) => drop(payload),
            Detached::Completed(completed) => drop(completed),
            Detached::Continues(waker) => {
                drop_waker(waker);
                if let Some(ring) = ring.filter(|_| cancel) {
                    ring.cancel(operation);
                }
            }
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

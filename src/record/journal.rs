//! [`Journal`]: where the threads of one runtime write what happens.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::sync::Arc;

use super::clock::Clock;
use super::event::Event;
use super::here;
use super::operations::Operations;
use super::outside::Outside;
use super::ring::{Copied, Ring};
use super::slot::Slot;
use super::system::ThreadOf;
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicU64, Ordering};
use crate::util::cache_padded::CachePadded;

/// How many events of a worker are kept: half a mebibyte.
const EVENTS: usize = 1 << 15;
/// How many events of other threads are kept: the second ring and the next are for threads that meet.
const OUTSIDE: [usize; 4] = [EVENTS, EVENTS / 8, EVENTS / 8, EVENTS / 8];

#[derive(Debug)]
pub(crate) struct Journal {
    pub(super) clock: Clock,
    pub(super) workers: Box<[Arc<CachePadded<WorkerJournal>>]>,
    outside: Outside,
    pub(super) operations: Operations,
}

/// What a worker writes.
#[derive(Debug)]
pub(super) struct WorkerJournal {
    pub(super) slot: Slot,
    /// The ticks that the clock was read at last, or zero if it is to be read again. Only the worker's
    /// thread uses this.
    now: AtomicU64,
    pub(super) ring: Ring,
    /// The thread that runs the worker. Stored by that thread.
    pub(super) thread: Mutex<Option<ThreadOf>>,
}

/// An operation that is in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submission {
    /// Its place in [`OPERATIONS`](super::OPERATIONS).
    operation: u8,
    /// When it was submitted, in ticks.
    at: NonZeroU64,
}

impl WorkerJournal {
    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_now(&self, now: u64) -> u64 {
        self.now.store(now, Ordering::Relaxed);
        now
    }
}

impl Journal {
    pub(super) fn new(workers: usize) -> Journal {
        let worker = |_| {
            Arc::new(CachePadded::new(WorkerJournal {
                slot: Slot::new(),
                now: AtomicU64::new(0),
                ring: Ring::new(EVENTS),
                thread: Mutex::new(None),
            }))
        };
        Journal {
            clock: Clock::new(),
            workers: (0..workers).map(worker).collect(),
            outside: Outside::new(&OUTSIDE),
            operations: Operations::new(),
        }
    }

    /// Writes an event, for the worker that this thread has or else for threads without one. Returns
    /// when it happened.
    #[inline(always)]
    pub(super) fn write(&self, event: Event) -> u64 {
        here::write(self, event).unwrap_or_else(|| self.write_outside(event))
    }

    /// Records that an operation with this place in [`OPERATIONS`](super::OPERATIONS) is submitted.
    #[cold]
    pub(crate) fn submit(&self, operation: u8) -> Submission {
        self.operations.submit(operation);
        let at = self.write(Event::Submit(operation));
        Submission {
            operation,
            at: NonZeroU64::new(at).unwrap_or(NonZeroU64::MIN),
        }
    }

    /// Records that a thread is to carry an operation out.
    #[cold]
    pub(crate) fn hand_to_thread(&self) {
        self.operations.hand_to_thread();
    }

    /// Records that an operation has completed.
    #[cold]
    pub(crate) fn complete(&self, submission: Submission) {
        let Submission { operation, at } = submission;
        let ticks = self.clock.ticks().saturating_sub(at.get());
        let latency_ns = self.clock.duration(ticks);
        // Who finds that nothing is in flight finds the event, too.
        self.write(Event::Complete {
            operation,
            latency_ns,
        });
        self.operations.complete(operation, latency_ns);
    }

    /// Writes an event of a thread without a worker; returns when it happened.
    #[inline(never)]
    pub(super) fn write_outside(&self, event: Event) -> u64 {
        self.outside.write(&self.clock, event)
    }

    /// Copies the events of threads without a worker.
    pub(super) fn copy_outside(&self) -> Copied {
        self.outside.copy(&self.clock)
    }
}

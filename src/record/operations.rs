//! [`Operations`]: counters of the driver's operations, by name.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use super::event::{Event, OPERATIONS};
use super::journal::Journal;

/// How many buckets the latencies have: one for each number of bits of nanoseconds, up to 17 s.
const BUCKETS: usize = 35;

/// Written by any thread, and only statistics, so the atomics are those of `std`.
#[derive(Debug)]
pub(super) struct Operations {
    submitted: [AtomicU64; OPERATIONS.len()],
    completed: [AtomicU64; OPERATIONS.len()],
    handed_to_threads: AtomicU64,
    latencies: [AtomicU64; BUCKETS],
    latency_sum: AtomicU64,
}

/// An operation that is in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submission {
    /// Its place in [`OPERATIONS`].
    operation: u8,
    /// When it was submitted, in ticks.
    at: NonZeroU64,
}

/// The counters, as a reader finds them.
#[derive(Clone, Debug)]
pub(crate) struct OperationsSeen {
    /// How many operations are in flight, in the order of [`OPERATIONS`].
    pub(crate) in_flight: [u64; OPERATIONS.len()],
    /// How many have been submitted, in all.
    pub(crate) submitted: u64,
    /// How many have completed, in all.
    pub(crate) completed: u64,
    /// How many of them threads carry out, or have.
    pub(crate) handed_to_threads: u64,
    /// How many took less than 2^n nanoseconds and at least half of that, by n. The last bucket has
    /// those that took longer, too.
    pub(crate) latencies: [u64; BUCKETS],
    /// How long they took in all, in nanoseconds.
    pub(crate) latency_sum_ns: u64,
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

impl Operations {
    pub(super) fn new() -> Operations {
        Operations {
            submitted: zeros(),
            completed: zeros(),
            handed_to_threads: AtomicU64::new(0),
            latencies: zeros(),
            latency_sum: AtomicU64::new(0),
        }
    }

    pub(super) fn seen(&self) -> OperationsSeen {
        let load = |counters: &[AtomicU64]| -> Vec<u64> {
            let counters = counters.iter();
            counters.map(|it| it.load(Ordering::Relaxed)).collect()
        };
        // An operation is submitted before it completes, so it is looked at in the other order.
        let completed = load(&self.completed);
        let submitted = load(&self.submitted);
        OperationsSeen {
            in_flight: std::array::from_fn(|it| submitted[it].saturating_sub(completed[it])),
            submitted: submitted.iter().sum(),
            completed: completed.iter().sum(),
            handed_to_threads: self.handed_to_threads.load(Ordering::Relaxed),
            latencies: std::array::from_fn(|it| self.latencies[it].load(Ordering::Relaxed)),
            latency_sum_ns: self.latency_sum.load(Ordering::Relaxed),
        }
    }
}

impl Journal {
    /// Records that an operation with this place in [`OPERATIONS`] is submitted.
    pub(crate) fn submit(&self, operation: u8) -> Submission {
        self.operations.submitted[usize::from(operation)].fetch_add(1, Ordering::Relaxed);
        Submission {
            operation,
            at: NonZeroU64::new(self.write(Event::Submit(operation))).unwrap_or(NonZeroU64::MIN),
        }
    }

    /// Records that a thread is to carry an operation out.
    pub(crate) fn hand_to_thread(&self) {
        let counter = &self.operations.handed_to_threads;
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that an operation has completed.
    pub(crate) fn complete(&self, submission: Submission) {
        let Submission { operation, at } = submission;
        let now = self.clock.ticks();
        let latency_ns = self.clock.duration(now.saturating_sub(at.get()));
        let operations = &self.operations;
        operations.completed[usize::from(operation)].fetch_add(1, Ordering::Relaxed);
        let bucket = (64 - latency_ns.leading_zeros()) as usize;
        operations.latencies[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
        operations
            .latency_sum
            .fetch_add(latency_ns, Ordering::Relaxed);
        self.write(Event::Complete {
            operation,
            latency_ns,
        });
    }
}

//! [`Operations`]: counters of the driver's operations, by name.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::operation_names::OPERATIONS;

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

    /// Counts an operation that is submitted.
    pub(super) fn submit(&self, operation: u8) {
        self.submitted[usize::from(operation)].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an operation that a thread is to carry out.
    pub(super) fn hand_to_thread(&self) {
        self.handed_to_threads.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an operation that has completed. Who sees that sees what was stored before, too.
    pub(super) fn complete(&self, operation: u8, latency_ns: u64) {
        let bucket = (64 - latency_ns.leading_zeros()) as usize;
        self.latencies[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
        self.latency_sum.fetch_add(latency_ns, Ordering::Relaxed);
        self.completed[usize::from(operation)].fetch_add(1, Ordering::Release);
    }

    pub(super) fn seen(&self) -> OperationsSeen {
        // An operation is submitted before it completes, so it is looked at in the other order.
        let mut completed = [0; OPERATIONS.len()];
        load(&self.completed, &mut completed);
        fence(Ordering::Acquire);
        let mut submitted = [0; OPERATIONS.len()];
        load(&self.submitted, &mut submitted);
        let mut latencies = [0; BUCKETS];
        load(&self.latencies, &mut latencies);
        OperationsSeen {
            in_flight: std::array::from_fn(|it| submitted[it].saturating_sub(completed[it])),
            submitted: submitted.iter().sum(),
            completed: completed.iter().sum(),
            handed_to_threads: self.handed_to_threads.load(Ordering::Relaxed),
            latencies,
            latency_sum_ns: self.latency_sum.load(Ordering::Relaxed),
        }
    }
}

/// Loads counters. One loop for all of them: where their number is known, it would be unrolled.
#[inline(never)]
fn load(counters: &[AtomicU64], values: &mut [u64]) {
    for (counter, value) in counters.iter().zip(values) {
        *value = counter.load(Ordering::Relaxed);
    }
}

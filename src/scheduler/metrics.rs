//! Counters of one worker, written by the worker alone and read by anybody.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One worker's counters.
#[derive(Debug, Default)]
pub(crate) struct WorkerMetrics {
    parks: AtomicU64,
    park_unparks: AtomicU64,
    busy_nanos: AtomicU64,
}

impl WorkerMetrics {
    /// Times the worker went to sleep.
    pub(crate) fn parks(&self) -> u64 {
        self.parks.load(Ordering::Relaxed)
    }

    /// Times the worker went to sleep or woke up: odd while it sleeps.
    pub(crate) fn park_unparks(&self) -> u64 {
        self.park_unparks.load(Ordering::Relaxed)
    }

    /// Time spent awake.
    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy_nanos.load(Ordering::Relaxed))
    }
}

/// The worker's side: knows since when it is awake.
#[derive(Debug)]
pub(crate) struct BusyClock {
    since: Instant,
}

impl BusyClock {
    pub(crate) fn start() -> BusyClock {
        BusyClock {
            since: Instant::now(),
        }
    }

    /// How long the worker, which is awake, has been so since the start.
    pub(crate) fn awake(&self, metrics: &WorkerMetrics) -> Duration {
        metrics.busy() + self.since.elapsed()
    }

    /// The worker goes to sleep, or ends.
    pub(crate) fn pause(&self, metrics: &WorkerMetrics) {
        let awake = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        add(&metrics.busy_nanos, awake);
    }

    /// Counts the step into sleep.
    pub(crate) fn park(&self, metrics: &WorkerMetrics) {
        self.pause(metrics);
        add(&metrics.parks, 1);
        add(&metrics.park_unparks, 1);
    }

    /// Counts the step out of it.
    pub(crate) fn unpark(&mut self, metrics: &WorkerMetrics) {
        self.resume();
        add(&metrics.park_unparks, 1);
    }

    /// The worker goes on after [`pause`](BusyClock::pause).
    pub(crate) fn resume(&mut self) {
        self.since = Instant::now();
    }
}

/// Only the worker writes, so a load and a store are enough.
fn add(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

//! Counters of one worker, written by the worker alone and read by any thread.
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
    /// Returns how many times the worker went to sleep.
    pub(crate) fn parks(&self) -> u64 {
        self.parks.load(Ordering::Relaxed)
    }

    /// Returns how many times the worker went to sleep or woke up: odd while it sleeps.
    pub(crate) fn park_unparks(&self) -> u64 {
        self.park_unparks.load(Ordering::Relaxed)
    }

    /// Returns the time that the worker spent awake.
    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy_nanos.load(Ordering::Relaxed))
    }
}

/// The worker's side, which records since when it is awake.
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

    /// Returns how long the worker, which must be awake, has been awake in total.
    pub(crate) fn awake(&self, metrics: &WorkerMetrics) -> Duration {
        metrics.busy() + self.since.elapsed()
    }

    /// Records that the worker goes to sleep, or ends.
    pub(crate) fn pause(&self, metrics: &WorkerMetrics) {
        let awake = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        add(&metrics.busy_nanos, awake);
    }

    /// Counts a park.
    pub(crate) fn park(&self, metrics: &WorkerMetrics) {
        self.pause(metrics);
        add(&metrics.parks, 1);
        add(&metrics.park_unparks, 1);
    }

    /// Counts an unpark.
    pub(crate) fn unpark(&mut self, metrics: &WorkerMetrics) {
        self.resume();
        add(&metrics.park_unparks, 1);
    }

    /// Records that the worker continues after [`pause`](BusyClock::pause).
    pub(crate) fn resume(&mut self) {
        self.since = Instant::now();
    }
}

/// Adds to a counter. Only the worker writes, so a load and a store are enough.
fn add(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

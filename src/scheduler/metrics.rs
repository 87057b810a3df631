//! Counters of one worker, written by the worker alone and read by any thread.
//!
//! Since only the thread that runs the worker writes, a load and a store add. What happens at every
//! poll or wake, a worker that has to leave something out counts in a [`Tally`] of its own, and stores
//! the sums here now and then. No clock is read for any of this, unless a histogram is on.
#![forbid(unsafe_code)]

mod histogram;
mod log_histogram;
mod tally;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crate::loom::sync::Mutex;

pub(crate) use histogram::Histogram;
pub use histogram::{HistogramConfiguration, HistogramScale};
pub use log_histogram::{InvalidHistogramConfiguration, LogHistogram, LogHistogramBuilder};
pub(crate) use tally::{PollTimer, Tally};

/// One worker's counters.
#[derive(Debug)]
pub(crate) struct WorkerMetrics {
    parks: AtomicU64,
    park_unparks: AtomicU64,
    noops: AtomicU64,
    /// How many polls there had been when the worker went to sleep last.
    parked: AtomicU64,
    busy_nanos: AtomicU64,
    polls: AtomicU64,
    mean_poll_nanos: AtomicU64,
    local_schedules: AtomicU64,
    overflows: AtomicU64,
    steals: AtomicU64,
    stolen: AtomicU64,
    /// Only on a current-thread runtime: other queues can be read by any thread.
    queued: AtomicUsize,
    /// The thread that runs the worker, or was the last to. Stored by each thread that begins to.
    thread: Mutex<Option<ThreadId>>,
    poll_times: Option<Histogram>,
    schedule_latencies: Option<Histogram>,
}

impl WorkerMetrics {
    /// Creates the counters of a worker, with the histograms that are wanted: of the time of polls, and
    /// of the time in queues.
    pub(crate) fn new(
        poll_times: Option<&HistogramConfiguration>,
        schedule_latencies: Option<&HistogramConfiguration>,
    ) -> WorkerMetrics {
        WorkerMetrics {
            parks: AtomicU64::new(0),
            park_unparks: AtomicU64::new(0),
            noops: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            busy_nanos: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            mean_poll_nanos: AtomicU64::new(0),
            local_schedules: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
            steals: AtomicU64::new(0),
            stolen: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            thread: Mutex::new(None),
            poll_times: poll_times.map(Histogram::new),
            schedule_latencies: schedule_latencies.map(Histogram::new),
        }
    }

    /// Returns how many times the worker went to sleep.
    pub(crate) fn parks(&self) -> u64 {
        self.parks.load(Ordering::Relaxed)
    }

    /// Returns how many times the worker went to sleep or woke up: odd while it sleeps.
    pub(crate) fn park_unparks(&self) -> u64 {
        self.park_unparks.load(Ordering::Relaxed)
    }

    /// Returns how many times the worker went to sleep without having polled a task since it began
    /// or woke up.
    pub(crate) fn noops(&self) -> u64 {
        self.noops.load(Ordering::Relaxed)
    }

    /// Returns the time that the worker spent awake.
    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy_nanos.load(Ordering::Relaxed))
    }

    /// Returns how many tasks the worker has polled, without those that followed another one out of
    /// the LIFO slot.
    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// Returns how long such a poll has taken lately.
    pub(crate) fn mean_poll_time(&self) -> Duration {
        Duration::from_nanos(self.mean_poll_nanos.load(Ordering::Relaxed))
    }

    /// Returns how many times a task was queued by what ran on this worker.
    pub(crate) fn local_schedules(&self) -> u64 {
        self.local_schedules.load(Ordering::Relaxed)
    }

    /// Returns how many times the worker's queue had no room.
    pub(crate) fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    /// Returns how many times the worker stole tasks.
    pub(crate) fn steals(&self) -> u64 {
        self.steals.load(Ordering::Relaxed)
    }

    /// Returns how many tasks the worker stole.
    pub(crate) fn stolen(&self) -> u64 {
        self.stolen.load(Ordering::Relaxed)
    }

    /// Returns the length of a current-thread runtime's queue when it was recorded last.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Returns the thread that runs the worker, or was the last to.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        *self.thread.lock()
    }

    /// Returns the histogram of the time of polls.
    pub(crate) fn poll_times(&self) -> Option<&Histogram> {
        self.poll_times.as_ref()
    }

    /// Returns the histogram of the time in queues.
    pub(crate) fn schedule_latencies(&self) -> Option<&Histogram> {
        self.schedule_latencies.as_ref()
    }

    /// Records how long the task that is about to be polled has been queued, if there is a histogram of
    /// that.
    pub(crate) fn record_schedule_latency(&self, latency: Duration) {
        if let Some(latencies) = &self.schedule_latencies {
            latencies.record(latency);
        }
    }

    /// Records that the calling thread runs the worker from now on.
    pub(crate) fn runs_here(&self) {
        *self.thread.lock() = Some(std::thread::current().id());
    }

    /// Counts an overflow of the queue.
    pub(crate) fn overflowed(&self) {
        add(&self.overflows, 1);
    }

    /// Counts a theft of this many tasks.
    pub(crate) fn stole(&self, tasks: usize) {
        add(&self.steals, 1);
        add(&self.stolen, tasks as u64);
    }

    /// Counts a task that was queued here, on a worker without a [`Tally`].
    #[inline]
    pub(crate) fn scheduled(&self) {
        add(&self.local_schedules, 1);
    }

    /// Counts polls, on a worker without a [`Tally`].
    #[inline]
    pub(crate) fn polled(&self, tasks: u32) {
        add(&self.polls, u64::from(tasks));
    }

    /// Records the length of a current-thread runtime's queue.
    #[inline]
    pub(crate) fn queue_has(&self, tasks: usize) {
        self.queued.store(tasks, Ordering::Relaxed);
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

    /// Counts a park, before which the polls have been counted.
    pub(crate) fn park(&self, metrics: &WorkerMetrics) {
        self.pause(metrics);
        add(&metrics.parks, 1);
        add(&metrics.park_unparks, 1);
        let polls = metrics.polls();
        if polls == metrics.parked.load(Ordering::Relaxed) {
            add(&metrics.noops, 1);
        } else {
            metrics.parked.store(polls, Ordering::Relaxed);
        }
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
#[inline]
fn add(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

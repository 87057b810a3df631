//! What both schedulers share: the driver, the timers, the blocking pool and the options.
#![forbid(unsafe_code)]

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::blocking::Pool;
use crate::blocking::pool::Callback;
use crate::driver::Driver;
use crate::record::Recorder;
use crate::scheduler::context;
use crate::scheduler::metrics::HistogramConfiguration;
use crate::scheduler::task::{TaskHooks, UnhandledPanic};
use crate::timer::{Clock, Timers};
use crate::util::budget;
use crate::util::rng_seed::Seeds;

/// How long the shutdown of a runtime waits for the kernel to finish operations that were
/// cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);

/// The parts of a runtime that do not run tasks.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) driver: Arc<Driver>,
    /// Whether sockets may be registered (`Builder::enable_io`).
    pub(crate) io_enabled: bool,
    /// `None` without `Builder::enable_time`.
    pub(crate) timers: Option<Arc<Timers>>,
    pub(crate) clock: Clock,
    pub(crate) pool: Pool,
    pub(crate) options: Options,
    pub(crate) id: NonZeroU64,
    pub(crate) name: Option<String>,
    /// `None` unless the runtime is observed.
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// How many polls had to end because they had spent their budgets. Added to by any thread.
    pub(crate) budget_yields: AtomicU64,
}

/// Options that a scheduler reads while it runs.
pub(crate) struct Options {
    /// Task polls between two checks of the injection queue; `None` lets the scheduler choose.
    pub(crate) global_queue_interval: Option<u32>,
    /// Task polls between two polls of the driver.
    pub(crate) event_interval: u32,
    /// What the panic of a task does to the runtime.
    pub(crate) unhandled_panic: UnhandledPanic,
    /// Whether a worker has a slot for the task that it runs next.
    pub(crate) lifo_slot: bool,
    /// `None` without `Builder::rng_seed`.
    pub(crate) seeds: Option<Seeds>,
    /// The buckets of each worker's histogram of the time of polls, if there is to be one.
    pub(crate) poll_times: Option<HistogramConfiguration>,
    /// The same for the time that tasks wait in queues.
    pub(crate) schedule_latencies: Option<HistogramConfiguration>,
    pub(crate) before_park: Option<Callback>,
    pub(crate) after_unpark: Option<Callback>,
    /// `None` if no task is asked about.
    pub(crate) hooks: Option<Box<TaskHooks>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("global_queue_interval", &self.global_queue_interval)
            .field("event_interval", &self.event_interval)
            .field("hooks", &self.hooks)
            .field("unhandled_panic", &self.unhandled_panic)
            .field("lifo_slot", &self.lifo_slot)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}

impl Services {
    /// Prepares the process for its first runtime.
    pub(crate) fn prepare_process() {
        budget::set_defer(context::spent);
    }

    /// Returns a number that no other runtime of this process has.
    pub(crate) fn next_id() -> NonZeroU64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed))
            .expect("a process does not start 2^64 runtimes")
    }

    pub(crate) fn before_park(&self) {
        if let Some(callback) = &self.options.before_park {
            callback();
        }
    }

    pub(crate) fn after_unpark(&self) {
        if let Some(callback) = &self.options.after_unpark {
            callback();
        }
    }

    /// Shuts the driver and the timers down: every wait for them ends. Waits for operations that
    /// the kernel has begun on the ring, at most for [`CANCEL_PATIENCE`] and `limit`.
    pub(crate) fn shutdown(&self, limit: Duration) {
        if let Some(timers) = &self.timers {
            timers.shutdown();
        }
        self.driver
            .shutdown(Instant::now().checked_add(limit.min(CANCEL_PATIENCE)));
    }
}

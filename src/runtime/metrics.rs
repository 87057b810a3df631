//! Counters of a runtime.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::scheduler;

/// Reads a runtime's counters.
///
/// Each call reads anew. Counters that several threads change are read one by one, so figures
/// of one moment need not fit together exactly.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let metrics = zokio::runtime::Handle::current().metrics();
/// assert_eq!(metrics.num_workers(), 1);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    handle: scheduler::Handle,
}

impl RuntimeMetrics {
    pub(super) fn new(handle: scheduler::Handle) -> RuntimeMetrics {
        RuntimeMetrics { handle }
    }

    /// How many worker threads the runtime has; always 1 for a current-thread runtime.
    pub fn num_workers(&self) -> usize {
        self.handle.workers()
    }

    /// How many tasks have been spawned and have not ended.
    pub fn num_alive_tasks(&self) -> usize {
        self.handle.alive_tasks()
    }

    /// How many runnable tasks wait in the injection queue, where threads that are not workers
    /// put them.
    pub fn global_queue_depth(&self) -> usize {
        self.handle.injected()
    }

    /// How long a worker has been awake in total, up to the last time it went to sleep.
    ///
    /// # Panics
    ///
    /// When `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.handle.worker_metrics(worker).busy()
    }

    /// How often a worker has gone to sleep.
    ///
    /// # Panics
    ///
    /// When `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).parks()
    }

    /// How often a worker has gone to sleep or got up: odd while it sleeps.
    ///
    /// # Panics
    ///
    /// When `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).park_unparks()
    }
}

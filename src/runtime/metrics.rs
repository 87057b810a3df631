//! Counters of a runtime.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::scheduler;

/// Reads a runtime's counters.
///
/// Each call reads the current value. Counters that several threads change are read one by one, so
/// they need not be exactly consistent with each other.
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

    /// Returns the number of worker threads; always 1 for a current-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(3).build()?;
    /// assert_eq!(rt.metrics().num_workers(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn num_workers(&self) -> usize {
        self.handle.workers()
    }

    /// Returns how many tasks have been spawned and have not ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let task = rt.spawn(async {});
    /// assert_eq!(rt.metrics().num_alive_tasks(), 1);
    /// rt.block_on(task)?;
    /// assert_eq!(rt.metrics().num_alive_tasks(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn num_alive_tasks(&self) -> usize {
        self.handle.alive_tasks()
    }

    /// Returns how many runnable tasks wait in the injection queue, where threads that are not
    /// workers put them.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// // This thread is not inside `block_on`, so the task is injected.
    /// let task = rt.spawn(async {});
    /// assert_eq!(rt.metrics().global_queue_depth(), 1);
    /// rt.block_on(task)?;
    /// assert_eq!(rt.metrics().global_queue_depth(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn global_queue_depth(&self) -> usize {
        self.handle.injected()
    }

    /// Returns how long a worker has been awake in total.
    ///
    /// Time is added when the worker goes to sleep or ends, when `block_in_place` moves it to
    /// another thread, and on a current-thread runtime when `block_on` returns.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let busy = Duration::from_millis(2);
    /// rt.block_on(async { thread::sleep(busy) });
    /// assert!(rt.metrics().worker_total_busy_duration(0) >= busy);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.handle.worker_metrics(worker).busy()
    }

    /// Returns how many times a worker has gone to sleep.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// assert_eq!(rt.metrics().worker_park_count(0), 0);
    /// rt.block_on(async { sleep(Duration::from_secs(60)).await });
    /// assert!(rt.metrics().worker_park_count(0) > 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).parks()
    }

    /// Returns how many times a worker has gone to sleep or woken up: odd while it sleeps.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// rt.block_on(async { sleep(Duration::from_secs(60)).await });
    /// // The worker has woken up as often as it went to sleep.
    /// let metrics = rt.metrics();
    /// assert_eq!(metrics.worker_park_unpark_count(0), 2 * metrics.worker_park_count(0));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).park_unparks()
    }
}

//! Counters of one worker.
#![forbid(unsafe_code)]

use std::thread::ThreadId;
use std::time::Duration;

use super::RuntimeMetrics;

impl RuntimeMetrics {
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

    /// Returns how many times a worker has gone to sleep without having polled a task since it began or
    /// woke up.
    ///
    /// A worker may be woken for a task that another one then takes, for an event that no task waits for,
    /// or for the future of `block_on`, which is no task.
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
    /// assert!(rt.metrics().worker_noop_count(0) > 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).noops()
    }

    /// Returns the thread that runs a worker now, or was the last to run it.
    ///
    /// A current-thread runtime is at first on the thread that built it, and moves with each `block_on`. A
    /// worker of a multi-thread runtime moves when a task of it calls
    /// [`block_in_place`](crate::task::block_in_place). Returns `None` until its first thread has started.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async {});
    /// assert_eq!(rt.metrics().worker_thread_id(0), Some(std::thread::current().id()));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_thread_id(&self, worker: usize) -> Option<ThreadId> {
        self.handle.worker_metrics(worker).thread()
    }

    /// Returns how many times a worker has polled a task.
    ///
    /// A task that is woken by the one that runs, and polled right after it, is part of the same poll, as on
    /// tokio; there are up to three of these in a row.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async { zokio::spawn(async {}).await })?;
    /// assert_eq!(rt.metrics().worker_poll_count(0), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).polls()
    }

    /// Returns how long a [poll](RuntimeMetrics::worker_poll_count) of a worker takes on average: a moving
    /// average of the time that the worker is awake, by the number of polls.
    ///
    /// So it includes what the worker does between polls. No clock is read for it, but when the worker goes to
    /// sleep and every few polls. It is zero for a worker that has polled nothing, and, as on tokio, on a
    /// current-thread runtime.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    /// use zokio::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(1).build()?;
    /// let metrics = rt.metrics();
    /// let millisecond = Duration::from_millis(1);
    /// rt.block_on(rt.spawn(async move { thread::sleep(millisecond) }))?;
    /// drop(rt);
    /// assert!(metrics.worker_mean_poll_time(0) >= millisecond);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        self.handle.worker_metrics(worker).mean_poll_time()
    }

    /// Returns how many tasks a worker has taken from other workers' queues.
    ///
    /// Always zero on a current-thread runtime. Tasks that come by way of the injection queue, when a queue is
    /// full or its worker stuck, do not count.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// assert_eq!(rt.metrics().worker_steal_count(0), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).stolen()
    }

    /// Returns how many times a worker has taken tasks from another worker's queue, of which it may take
    /// several at a time.
    ///
    /// Always zero on a current-thread runtime.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(2).build()?;
    /// let metrics = rt.metrics();
    /// for worker in 0..metrics.num_workers() {
    ///     let operations = metrics.worker_steal_operations(worker);
    ///     assert!(operations <= metrics.worker_steal_count(worker));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).steals()
    }

    /// Returns how many times a task was spawned or woken on a worker's thread, and queued there.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async { zokio::spawn(async {}).await })?;
    /// assert_eq!(rt.metrics().worker_local_schedule_count(0), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_local_schedule_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).local_schedules()
    }

    /// Returns how many times a worker's queue was full, so that half of it, which is 128 tasks, went to the
    /// injection queue.
    ///
    /// Always zero on a current-thread runtime, whose queue grows.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(1).build()?;
    /// let metrics = rt.metrics();
    /// rt.block_on(rt.spawn(async move {
    ///     for _ in 0..300 {
    ///         zokio::spawn(async {});
    ///     }
    ///     assert_eq!(metrics.worker_overflow_count(0), 1);
    /// }))?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.handle.worker_metrics(worker).overflows()
    }

    /// Returns how many tasks wait in a worker's queue.
    ///
    /// The task that it runs next, because it was woken last, is not in the queue of a multi-thread runtime.
    ///
    /// # Panics
    ///
    /// Panics if `worker` is not below [`num_workers`](RuntimeMetrics::num_workers).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, Handle};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// rt.block_on(async {
    ///     for _ in 0..10 {
    ///         zokio::spawn(async {});
    ///     }
    ///     assert_eq!(Handle::current().metrics().worker_local_queue_depth(0), 10);
    /// });
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.handle.queued(worker)
    }
}

//! Counters of a runtime: those of the runtime as a whole. Those of one worker are in `workers.rs`,
//! histograms in `histograms.rs`.
#![forbid(unsafe_code)]

mod histograms;
mod workers;

use std::sync::atomic::Ordering;

use crate::scheduler;

/// Reads a runtime's counters.
///
/// Each call reads the current value. Counters that several threads change are read one by one, so
/// they need not be exactly consistent with each other. All counters begin at zero with the runtime,
/// and can be read after its end.
///
/// What a worker counts at every poll or wake, it adds up for itself: polls, their mean time, and
/// tasks that are queued by tasks. Others see these sums before the worker sleeps, when it ends, and
/// every few polls while it is awake.
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

    /// Renamed to [`num_alive_tasks`](RuntimeMetrics::num_alive_tasks).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[expect(deprecated)]
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let _task = rt.spawn(async {});
    /// assert_eq!(rt.metrics().active_tasks_count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "renamed to `num_alive_tasks`")]
    pub fn active_tasks_count(&self) -> usize {
        self.num_alive_tasks()
    }

    /// Renamed to [`global_queue_depth`](RuntimeMetrics::global_queue_depth).
    #[deprecated(note = "renamed to `global_queue_depth`")]
    #[doc(hidden)]
    pub fn injection_queue_depth(&self) -> usize {
        self.global_queue_depth()
    }

    /// Returns how many tasks have been spawned.
    ///
    /// Closures of [`spawn_blocking`](crate::task::spawn_blocking) and tasks of a
    /// [`LocalSet`](crate::task::LocalSet) do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async { zokio::spawn(async {}).await })?;
    /// assert_eq!(rt.metrics().spawned_tasks_count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawned_tasks_count(&self) -> u64 {
        self.handle.spawned()
    }

    /// Returns how many times a task was spawned or woken by a thread that runs no worker of this
    /// runtime, and therefore had to go through the injection queue.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// // This thread is not inside `block_on`.
    /// let _task = rt.spawn(async {});
    /// assert_eq!(rt.metrics().remote_schedule_count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn remote_schedule_count(&self) -> u64 {
        self.handle.injections()
    }

    /// Returns how many polls had to end because the task had spent its
    /// [budget](crate::task::coop).
    ///
    /// A poll in which several futures find nothing left counts once.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::coop::consume_budget;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async {
    ///     for _ in 0..1_000 {
    ///         consume_budget().await;
    ///     }
    /// });
    /// assert!(rt.metrics().budget_forced_yield_count() > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn budget_forced_yield_count(&self) -> u64 {
        let yields = &self.handle.services().budget_yields;
        yields.load(Ordering::Relaxed)
    }

    /// Returns how many threads there are for closures that may block, idle ones included.
    ///
    /// These run [`spawn_blocking`](crate::task::spawn_blocking) closures. Workers do not count, nor
    /// do the threads that the driver has for operations on files where these do not run on io_uring.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::spawn_blocking;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(rt.metrics().num_blocking_threads(), 0);
    /// rt.block_on(async { spawn_blocking(|| {}).await })?;
    /// assert_eq!(rt.metrics().num_blocking_threads(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn num_blocking_threads(&self) -> usize {
        self.handle.services().pool.threads()
    }

    /// Returns how many of the [threads for closures](RuntimeMetrics::num_blocking_threads) wait for
    /// one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::spawn_blocking;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// rt.block_on(async { spawn_blocking(|| {}).await })?;
    /// let metrics = rt.metrics();
    /// assert!(metrics.num_idle_blocking_threads() <= metrics.num_blocking_threads());
    /// # Ok(())
    /// # }
    /// ```
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.handle.services().pool.idle_threads()
    }

    /// Returns how many [`spawn_blocking`](crate::task::spawn_blocking) closures wait for a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().max_blocking_threads(1).build()?;
    /// let (begun, has_begun) = mpsc::channel();
    /// let (release, released) = mpsc::channel::<()>();
    /// rt.spawn_blocking(move || {
    ///     begun.send(()).unwrap();
    ///     let _ = released.recv();
    /// });
    /// has_begun.recv().unwrap();
    /// rt.spawn_blocking(|| {});
    /// assert_eq!(rt.metrics().blocking_queue_depth(), 1);
    /// drop(release);
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking_queue_depth(&self) -> usize {
        self.handle.services().pool.queued()
    }

    /// Returns how many descriptors have been registered with the driver to be told when they are
    /// ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    /// use zokio::runtime::Handle;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let metrics = Handle::current().metrics();
    ///     let before = metrics.io_driver_fd_registered_count();
    ///     let _socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     assert!(metrics.io_driver_fd_registered_count() > before);
    ///     Ok(())
    /// }
    /// ```
    pub fn io_driver_fd_registered_count(&self) -> u64 {
        self.handle.services().driver.readiness().registered()
    }

    /// Returns how many of the
    /// [registered descriptors](RuntimeMetrics::io_driver_fd_registered_count) have been deregistered.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    /// use zokio::runtime::Handle;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let metrics = Handle::current().metrics();
    ///     let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let before = metrics.io_driver_fd_deregistered_count();
    ///     drop(socket);
    ///     assert!(metrics.io_driver_fd_deregistered_count() > before);
    ///     Ok(())
    /// }
    /// ```
    pub fn io_driver_fd_deregistered_count(&self) -> u64 {
        self.handle.services().driver.readiness().deregistered()
    }

    /// Returns how many times the kernel has told the driver that a registered descriptor is ready.
    ///
    /// Operations that end on io_uring do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    /// use zokio::runtime::Handle;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     socket.writable().await?;
    ///     assert!(Handle::current().metrics().io_driver_ready_count() > 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn io_driver_ready_count(&self) -> u64 {
        self.handle.services().driver.readiness().events()
    }
}

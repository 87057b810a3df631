//! The owner of a runtime.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::monitor::{Membership, ViewRequest};
use super::{Builder, EnterGuard, Handle, RuntimeMetrics};
use crate::scheduler::current_thread::CurrentThread;
use crate::scheduler::task::{self, Birth, JoinHandle, TaskKind};
use crate::scheduler::{self, context, multi_thread};
use crate::util::enter;
use crate::util::large::is_large;
use crate::util::park::{self, PollOnce};

/// Runs tasks, waits for I/O and fires timers.
///
/// The [module](crate::runtime) describes the schedulers and their guarantees, and how a runtime is
/// [shared](crate::runtime#sharing-a-runtime).
///
/// # Shutdown
///
/// Dropping the runtime shuts it down. Each task is dropped at the `.await` where it is, or when
/// its current poll returns. The drop waits for every worker, and for every closure of
/// `spawn_blocking` and every file operation that was accepted, however long that takes. It does
/// not wait for reads of files, nor for opens that neither create nor truncate, except for up to
/// 2 s until a read on io_uring is cancelled.
/// [`shutdown_timeout`] limits the wait, and [`shutdown_background`] does not wait at all.
///
/// After that, remaining timers and sockets of this runtime are unusable: a timer panics when it is
/// polled, and waiting for a socket fails with an error for which
/// [`is_rt_shutdown_err`](super::is_rt_shutdown_err) returns true.
///
/// # Panics
///
/// The drop panics in asynchronous code, where it must not block the thread. Call
/// [`shutdown_background`] there.
///
/// [`shutdown_timeout`]: Runtime::shutdown_timeout
/// [`shutdown_background`]: Runtime::shutdown_background
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let rt = zokio::runtime::Runtime::new()?;
/// let task = rt.spawn(async { 1 + 1 });
/// assert_eq!(rt.block_on(task)?, 2);
/// let endless = rt.spawn(std::future::pending::<()>());
/// drop(rt);
/// assert!(endless.is_finished());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Runtime {
    /// Until the runtime has ended it is one of those that can be shown. The first field, since the
    /// others are to be the last to refer to the scheduler.
    _membership: Membership,
    kind: OwnedScheduler,
    handle: Handle,
    ended: bool,
}

/// The scheduler, as its owner has it.
#[derive(Debug)]
pub(super) enum OwnedScheduler {
    CurrentThread(CurrentThread),
    MultiThread(Arc<multi_thread::MultiThreadShared>),
}

impl UnwindSafe for Runtime {}
impl RefUnwindSafe for Runtime {}

impl Runtime {
    /// Creates a multi-thread runtime with everything enabled and the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// assert_eq!(rt.block_on(async { 1 + 1 }), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().enable_all().build()
    }

    pub(super) fn from_scheduler(kind: OwnedScheduler, view: Option<ViewRequest>) -> Runtime {
        let scheduler = match &kind {
            OwnedScheduler::CurrentThread(scheduler) => scheduler.handle(),
            OwnedScheduler::MultiThread(shared) => scheduler::Handle::MultiThread(shared.clone()),
        };
        Runtime {
            _membership: Membership::new(scheduler.clone(), view),
            kind,
            handle: Handle { scheduler },
            ended: false,
        }
    }

    /// Returns a handle to this runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// let handle = rt.handle().clone();
    /// let sum = std::thread::spawn(move || handle.block_on(async { 1 + 1 })).join();
    /// assert_eq!(sum.unwrap(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task on this runtime; see [`crate::task::spawn`].
    ///
    /// On a current-thread runtime it runs while some thread is inside
    /// [`block_on`](Runtime::block_on).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// // It runs on a worker, without `block_on`.
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// rt.spawn(async move { tx.send(1 + 1) });
    /// assert_eq!(rx.recv(), Ok(2));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Task);
        if const { is_large::<F>() } {
            return self.handle.spawn_with(Box::pin(future), birth);
        }
        self.handle.spawn_with(future, birth)
    }

    /// Runs a closure that may block on this runtime's blocking pool; see
    /// [`crate::task::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// let sum = rt.spawn_blocking(|| (1..=1_000_u64).sum::<u64>());
    /// assert_eq!(rt.block_on(sum)?, 500_500);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Blocking);
        if const { is_large::<F>() } {
            return self.handle.spawn_blocking_with(Box::new(func), birth);
        }
        self.handle.spawn_blocking_with(func, birth)
    }

    /// Runs a future to completion on this thread.
    ///
    /// On a current-thread runtime this thread also runs the tasks, unless another thread already
    /// does; it then takes over when that thread's future is done. On a multi-thread runtime the
    /// future runs here and the tasks run on the workers. Tasks that are not done when the future
    /// is stay in the runtime.
    ///
    /// # Panics
    ///
    /// Panics if the future panics, or if this thread already drives a runtime: asynchronous code
    /// awaits a future instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// let answer = rt.block_on(async { zokio::spawn(async { 42 }).await });
    /// assert_eq!(answer.unwrap(), 42);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if const { is_large::<F>() } {
            return self.drive(task::block_on::<_, F>(Box::pin(future)));
        }
        self.drive(task::block_on::<_, F>(future))
    }

    #[track_caller]
    fn drive<F: Future>(&self, future: F) -> F::Output {
        let block_in_place = matches!(self.kind, OwnedScheduler::MultiThread(_));
        // Outlives the future, which may need the runtime when it is dropped.
        let _drives = context::enter_to_drive(&self.handle.scheduler, block_in_place);
        let place = Location::caller();
        park::output_of(future, |poll| self.poll_until_ready(place, poll))
    }

    fn poll_until_ready(&self, place: &'static Location<'static>, poll: &mut PollOnce<'_>) {
        let handle = &self.handle.scheduler;
        handle.block_on(place, poll, |poll| match &self.kind {
            OwnedScheduler::CurrentThread(scheduler) => scheduler.block_on(poll),
            OwnedScheduler::MultiThread(_) => park::park_until(poll),
        });
    }

    /// Makes this runtime the current one of this thread; see [`Handle::enter`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let guard = rt.enter();
    /// let task = zokio::spawn(async { 1 + 1 });
    /// drop(guard);
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Returns the runtime's counters.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(rt.metrics().num_workers(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Shuts the runtime down and waits at most `duration` for its threads.
    ///
    /// Closures of the blocking pool that are queued or running then continue to their end; nothing
    /// waits for them.
    ///
    /// # Panics
    ///
    /// Panics if called in asynchronous code, where waiting would stall the thread, unless
    /// `duration` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::{Duration, Instant};
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// let (finish, finished) = mpsc::channel();
    /// rt.spawn_blocking(move || finished.recv());
    /// rt.shutdown_timeout(Duration::from_millis(1));
    /// // The closure still waits for this.
    /// assert!(finish.send(()).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.end(Some(duration));
    }

    /// Shuts the runtime down without waiting for anything, so that asynchronous code may call it
    /// too.
    ///
    /// On a current-thread runtime the tasks are dropped before this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use zokio::runtime::Builder;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let other = Builder::new_current_thread().build()?;
    ///     let task = other.spawn(pending::<()>());
    ///     other.shutdown_background();
    ///     assert!(task.await.unwrap_err().is_cancelled());
    ///     Ok(())
    /// }
    /// ```
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }

    /// Shuts the runtime down, once; with `None` it waits without a limit.
    pub(super) fn end(&mut self, timeout: Option<Duration>) {
        if self.ended {
            return;
        }
        self.ended = true;
        let start = Instant::now();
        let may_wait = timeout == Some(Duration::ZERO) || !enter::in_async_context();
        match &self.kind {
            OwnedScheduler::CurrentThread(scheduler) => {
                scheduler.shutdown(timeout.unwrap_or(Duration::MAX));
            }
            OwnedScheduler::MultiThread(shared) => {
                // The driver's idle threads end at the same time as the workers.
                shared.services().driver.completions().threads().retire();
                // The workers' threads do not wait for another job.
                shared.close(|| shared.services().pool.close());
            }
        }
        let services = self.handle.scheduler.services();
        let limit = if may_wait {
            timeout
        } else {
            Some(Duration::ZERO)
        };
        services.pool.shutdown(limit);
        // This comes after the workers, whose tasks may have left accepted writes behind.
        let left = limit.map(|limit| limit.saturating_sub(start.elapsed()));
        services.driver.completions().threads().shutdown(left);
        if may_wait {
            return;
        }
        if !std::thread::panicking() {
            panic!(
                "Cannot drop a runtime in a context where blocking is not allowed. This happens \
                 when a runtime is dropped from within an asynchronous context. Use \
                 `shutdown_background`, or drop it on another thread."
            );
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end(None);
    }
}

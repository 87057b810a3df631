//! A handle to a runtime.
#![forbid(unsafe_code)]

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::{DriverInfo, Id, RuntimeFlavor, RuntimeMetrics, TryCurrentError};
use crate::blocking::pool::SpawnError;
use crate::driver::Driver;
use crate::scheduler;
use crate::scheduler::context::{self, SetCurrent};
use crate::scheduler::task::{self, Birth, JoinHandle, TaskKind};
use crate::timer::{Clock, Timers};
use crate::util::large::is_large;
use crate::util::park;

const NO_IO: &str = "A Tokio 1.x context was found, but IO is disabled. Call `enable_io` on the \
                     runtime builder to enable IO.";
const NO_TIME: &str = "A Tokio 1.x context was found, but timers are disabled. Call \
                       `enable_time` on the runtime builder to enable timers.";

/// A reference to a runtime; clones refer to the same one.
///
/// A handle does not keep the runtime running. Once the [`Runtime`](super::Runtime) has been
/// dropped, tasks spawned through a handle are cancelled at once and I/O fails.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let rt = zokio::runtime::Builder::new_current_thread().build()?;
/// let handle = rt.handle().clone();
/// // Any thread may hand work to the runtime.
/// let task = std::thread::spawn(move || handle.spawn(async { 1 + 1 })).join().unwrap();
/// assert_eq!(rt.block_on(task)?, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) scheduler: scheduler::Handle,
}

impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

/// Keeps a runtime entered; see [`Handle::enter`].
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, Handle};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().build()?;
/// let guard = rt.enter();
/// assert!(Handle::try_current().is_ok());
/// drop(guard);
/// assert!(Handle::try_current().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the runtime is left when the guard is dropped"]
pub struct EnterGuard<'a> {
    _current: Option<SetCurrent>,
    _handle: PhantomData<&'a Handle>,
}

impl Handle {
    /// Makes this runtime the current one of this thread until the guard is dropped.
    ///
    /// Functions that need a runtime (`spawn`, timers, sockets) then use this one. Guards nest.
    ///
    /// # Panics
    ///
    /// Dropping the guard panics if guards are not dropped in the reverse order of their creation.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let _guard = rt.handle().enter();
    /// zokio::spawn(async {});
    /// # Ok(())
    /// # }
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard {
            _current: context::set_current(&self.scheduler),
            _handle: PhantomData,
        }
    }

    /// Returns the handle of the runtime that this thread has entered.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime. Call it inside `block_on`, in a task, on a thread of the
    /// blocking pool, or under an [`enter`](Handle::enter) guard.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, Handle};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// let current = rt.block_on(async { Handle::current() });
    /// assert_eq!(current.id(), rt.handle().id());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn current() -> Self {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the handle of the runtime that this thread has entered, if any.
    ///
    /// # Errors
    ///
    /// Returns an error if this thread has entered no runtime, or is ending.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, Handle};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// assert!(Handle::try_current().is_err());
    /// let rt = Builder::new_current_thread().build()?;
    /// assert!(rt.block_on(async { Handle::try_current().is_ok() }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_current() -> Result<Self, TryCurrentError> {
        match scheduler::Handle::current() {
            Ok(scheduler) => Ok(Handle { scheduler }),
            Err(reason) => Err(TryCurrentError::new(reason)),
        }
    }

    /// Spawns a task on this runtime; see [`crate::task::spawn`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// let task = rt.handle().spawn(async { 1 + 1 });
    /// assert_eq!(rt.block_on(task)?, 2);
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
            return self.spawn_with(Box::pin(future), birth);
        }
        self.spawn_with(future, birth)
    }

    pub(crate) fn spawn_with<F, O>(&self, future: F, birth: Birth<O>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.scheduler.spawn(future, birth)
    }

    /// Runs a closure that may block on this runtime's blocking pool; see
    /// [`crate::task::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Runtime::new()?;
    /// let sum = rt.handle().spawn_blocking(|| (1..=1_000_u64).sum::<u64>());
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
            return self.spawn_blocking_with(Box::new(func), birth);
        }
        self.spawn_blocking_with(func, birth)
    }

    #[track_caller]
    pub(crate) fn spawn_blocking_with<F, R, O>(&self, func: F, birth: Birth<O>) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.scheduler.spawn_blocking(func, birth)
    }

    /// Like [`spawn_blocking_with`](Handle::spawn_blocking_with), but returns an error if the runtime
    /// is being shut down or there is no thread for the closure.
    pub(crate) fn try_spawn_blocking_with<F, R, O>(
        &self,
        func: F,
        birth: Birth<O>,
    ) -> Result<JoinHandle<R>, SpawnError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.scheduler.try_spawn_blocking(func, birth)
    }

    /// Like [`spawn_blocking`](Handle::spawn_blocking), but returns an error if the runtime is being
    /// shut down or there is no thread.
    #[track_caller]
    pub(crate) fn try_spawn_blocking<F, R>(&self, func: F) -> Result<JoinHandle<R>, SpawnError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.try_spawn_blocking_with(func, Birth::<F>::here(TaskKind::Blocking))
    }

    /// Runs a future to completion on this thread, with this runtime as the current one.
    ///
    /// On a current-thread runtime this runs neither tasks nor the driver: a future that waits
    /// for a task, a socket or a timer of that runtime waits until another thread is inside
    /// [`Runtime::block_on`](super::Runtime::block_on).
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
    /// let handle = rt.handle().clone();
    /// let sum = std::thread::spawn(move || handle.block_on(async { 1 + 1 })).join();
    /// assert_eq!(sum.unwrap(), 2);
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
        // Outlives the future, which may need the runtime when it is dropped.
        let _drives = context::enter_to_drive(&self.scheduler, true);
        let place = Location::caller();
        park::output_of(future, |poll| {
            self.scheduler.block_on(place, poll, park::park_until);
        })
    }

    /// Returns what the runtime records, if it is observed.
    #[cfg(test)]
    pub(crate) fn recorder(&self) -> Option<&Arc<crate::record::Recorder>> {
        self.scheduler.services().recorder.as_ref()
    }

    /// Returns which scheduler the runtime has.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, RuntimeFlavor};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// assert_eq!(rt.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
    /// # Ok(())
    /// # }
    /// ```
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match &self.scheduler {
            scheduler::Handle::CurrentThread(_) => RuntimeFlavor::CurrentThread,
            scheduler::Handle::MultiThread(_) => RuntimeFlavor::MultiThread,
        }
    }

    /// Returns the id of the runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let clone = rt.handle().clone();
    /// assert_eq!(rt.handle().id(), clone.id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        Id(self.scheduler.services().id)
    }

    /// Returns the name of the runtime, if [`Builder::name`](super::Builder::name) set one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let named = Builder::new_current_thread().name("uploads").build()?;
    /// assert_eq!(named.handle().name(), Some("uploads"));
    /// let nameless = Builder::new_current_thread().build()?;
    /// assert_eq!(nameless.handle().name(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.scheduler.services().name.as_deref()
    }

    /// Returns the runtime's counters.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(rt.handle().metrics().num_workers(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.scheduler.clone())
    }

    /// Returns which back-end the runtime's driver has, why, and how much copies moved
    /// within the kernel.
    ///
    /// If neither the builder nor the environment forces a back-end, and io_uring has not been used
    /// in this process, it is tried out, which takes a fraction of a millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// println!("driver: {}", rt.handle().driver_info());
    /// # Ok(())
    /// # }
    /// ```
    pub fn driver_info(&self) -> DriverInfo {
        DriverInfo::of(self.driver())
    }

    /// Returns the driver. Sockets use [`io_driver`](Handle::io_driver).
    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.scheduler.services().driver
    }

    /// Returns the driver, to register a descriptor with its readiness half.
    #[track_caller]
    pub(crate) fn io_driver(&self) -> &Arc<Driver> {
        assert!(self.scheduler.services().io_enabled, "{NO_IO}");
        self.driver()
    }

    /// Returns the timers.
    #[track_caller]
    pub(crate) fn timers(&self) -> &Arc<Timers> {
        match &self.scheduler.services().timers {
            Some(timers) => timers,
            None => panic!("{NO_TIME}"),
        }
    }

    /// Returns whether the runtime has timers.
    pub(crate) fn has_timers(&self) -> bool {
        self.scheduler.services().timers.is_some()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.scheduler.services().clock
    }

    /// Returns whether this is the thread of the `LocalRuntime`; `None` if this is not the handle
    /// of one.
    pub(crate) fn is_local(&self) -> Option<bool> {
        self.scheduler.is_local()
    }

    /// Spawns a future that is not `Send` on a `LocalRuntime`.
    ///
    /// # Panics
    ///
    /// Panics if this is not the handle of a `LocalRuntime`, or if called on another thread.
    #[track_caller]
    pub(crate) fn spawn_local<F, O>(&self, future: F, birth: Birth<O>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match &self.scheduler {
            scheduler::Handle::CurrentThread(shared) => shared.spawn_local(future, birth),
            scheduler::Handle::MultiThread(_) => {
                panic!("local tasks can only be spawned on a `LocalRuntime`")
            }
        }
    }
}

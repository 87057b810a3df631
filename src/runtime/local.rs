//! A runtime that is tied to one thread.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use super::{Builder, EnterGuard, Handle, Runtime, RuntimeMetrics};
use crate::scheduler::task::{Birth, JoinHandle, TaskKind};
use crate::util::large::is_large;

/// Options of a [`LocalRuntime`]; there are none yet.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, LocalOptions};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().build_local(LocalOptions::default())?;
/// assert_eq!(rt.block_on(async { 1 + 1 }), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Default, Debug)]
#[non_exhaustive]
pub struct LocalOptions {
    // A runtime's options are chosen on its own thread.
    _not_send: PhantomData<*mut u8>,
}

/// A current-thread runtime that stays on the thread that created it.
///
/// Because it cannot move, it runs futures that are not `Send`:
/// [`task::spawn_local`](crate::task::spawn_local) works in its tasks without a
/// [`LocalSet`](crate::task::LocalSet). Other threads may spawn `Send` tasks on it through its
/// [`Handle`].
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
///
/// # fn main() -> std::io::Result<()> {
/// let rt = zokio::runtime::LocalRuntime::new()?;
/// let sum = rt.block_on(async {
///     let one = Rc::new(1);
///     zokio::task::spawn_local(async move { *one + 1 }).await
/// });
/// assert_eq!(sum.unwrap(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    inner: Runtime,
    _not_send: PhantomData<*mut u8>,
}

impl UnwindSafe for LocalRuntime {}
impl RefUnwindSafe for LocalRuntime {}

impl LocalRuntime {
    /// Creates a runtime for this thread, with everything enabled and the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::LocalRuntime;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = LocalRuntime::new()?;
    /// rt.block_on(async { sleep(Duration::from_millis(1)).await });
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> io::Result<LocalRuntime> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }

    pub(super) fn from_inner(inner: Runtime) -> LocalRuntime {
        LocalRuntime {
            inner,
            _not_send: PhantomData,
        }
    }

    /// Returns a handle to this runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::LocalRuntime::new()?;
    /// let handle = rt.handle().clone();
    /// // The runtime stays here, but its handle may go to another thread.
    /// let task = std::thread::spawn(move || handle.spawn(async { 1 + 1 })).join().unwrap();
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle(&self) -> &Handle {
        self.inner.handle()
    }

    /// Spawns a task, which need not be `Send`, and which runs inside
    /// [`block_on`](LocalRuntime::block_on).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use zokio::runtime::LocalRuntime;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = LocalRuntime::new()?;
    /// let one = Rc::new(1);
    /// let task = rt.spawn_local(async move { *one + 1 });
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Local);
        if const { is_large::<F>() } {
            return self.handle().spawn_local(Box::pin(future), birth);
        }
        self.handle().spawn_local(future, birth)
    }

    /// Runs a closure that may block on this runtime's blocking pool; see
    /// [`crate::task::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::LocalRuntime::new()?;
    /// let here = std::thread::current().id();
    /// let there = rt.spawn_blocking(|| std::thread::current().id());
    /// assert_ne!(rt.block_on(there)?, here);
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
            return self.handle().spawn_blocking_with(Box::new(func), birth);
        }
        self.handle().spawn_blocking_with(func, birth)
    }

    /// Runs a future to completion on this thread, and the runtime's tasks in between; see
    /// [`Runtime::block_on`].
    ///
    /// # Panics
    ///
    /// Panics where [`Runtime::block_on`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::LocalRuntime::new()?;
    /// let here = std::thread::current().id();
    /// let task = rt.block_on(async { zokio::spawn(async { std::thread::current().id() }).await });
    /// assert_eq!(task?, here);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if const { is_large::<F>() } {
            return self.inner.block_on(Box::pin(future));
        }
        self.inner.block_on(future)
    }

    /// Makes this runtime the current one of this thread; see [`Handle::enter`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use zokio::runtime::LocalRuntime;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = LocalRuntime::new()?;
    /// let guard = rt.enter();
    /// let one = Rc::new(1);
    /// let task = zokio::task::spawn_local(async move { *one + 1 });
    /// drop(guard);
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.inner.enter()
    }

    /// Returns the runtime's counters.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::LocalRuntime::new()?;
    /// let task = rt.spawn_local(async {});
    /// assert_eq!(rt.metrics().num_alive_tasks(), 1);
    /// rt.block_on(task)?;
    /// assert_eq!(rt.metrics().num_alive_tasks(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        self.inner.metrics()
    }

    /// Shuts the runtime down and waits for its blocking threads; see
    /// [`Runtime::shutdown_timeout`].
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
    /// use std::time::Duration;
    /// use zokio::runtime::LocalRuntime;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = LocalRuntime::new()?;
    /// let (finish, finished) = mpsc::channel();
    /// rt.spawn_blocking(move || finished.recv());
    /// rt.shutdown_timeout(Duration::from_millis(1));
    /// // The closure still waits for this.
    /// assert!(finish.send(()).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.inner.end(Some(duration));
    }

    /// Shuts the runtime down without waiting; see [`Runtime::shutdown_background`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use zokio::runtime::LocalRuntime;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let other = LocalRuntime::new()?;
    ///     let task = other.spawn_local(pending::<()>());
    ///     other.shutdown_background();
    ///     assert!(task.await.unwrap_err().is_cancelled());
    ///     Ok(())
    /// }
    /// ```
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        self.inner.end(None);
    }
}

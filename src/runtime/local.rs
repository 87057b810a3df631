//! A runtime that is tied to one thread.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use super::{Builder, EnterGuard, Handle, Runtime, RuntimeMetrics};
use crate::scheduler::task::JoinHandle;

/// Options of a [`LocalRuntime`]; there are none yet.
#[derive(Default, Debug)]
#[non_exhaustive]
pub struct LocalOptions {
    // A runtime's options are chosen on its own thread.
    _not_send: PhantomData<*mut u8>,
}

/// A current-thread runtime that stays on the thread that made it.
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
    /// Makes a runtime for this thread, with everything enabled and the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
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

    /// A handle to this runtime.
    pub fn handle(&self) -> &Handle {
        self.inner.handle()
    }

    /// Spawns a task, which may be not `Send`, and which runs inside
    /// [`block_on`](LocalRuntime::block_on).
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.handle().spawn_local(future)
    }

    /// Runs a closure that may block on this runtime's blocking pool; see
    /// [`crate::task::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.inner.spawn_blocking(func)
    }

    /// Runs a future to completion on this thread, and the tasks beside it; see
    /// [`Runtime::block_on`].
    ///
    /// # Panics
    ///
    /// As [`Runtime::block_on`].
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.block_on(future)
    }

    /// Makes this runtime the current one of this thread; see [`Handle::enter`].
    pub fn enter(&self) -> EnterGuard<'_> {
        self.inner.enter()
    }

    /// The runtime's counters.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.inner.metrics()
    }

    /// Ends the runtime and waits for its blocking threads; see [`Runtime::shutdown_timeout`].
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.inner.end(Some(duration));
    }

    /// Ends the runtime without waiting; see [`Runtime::shutdown_background`].
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        self.inner.end(None);
    }
}

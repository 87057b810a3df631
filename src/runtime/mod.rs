//! Runtimes: what runs tasks, waits for I/O and turns timers.
//!
//! A [`Runtime`] owns its threads, its driver and its timers; a [`Handle`] refers to it from
//! anywhere. The attribute macros `#[zokio::main]` and `#[zokio::test]` build one with the
//! defaults of [`Builder`].
//!
//! Two schedulers exist. The *multi-thread* one has worker threads that take work from each
//! other; `block_on` runs its own future on the calling thread and waits. The *current-thread*
//! one has none: its tasks run while some thread is inside `block_on`. [`LocalRuntime`] is a
//! current-thread runtime that is tied to one thread, and can run futures that are not `Send`.
//!
//! The driver waits for sockets by readiness (mio). File operations are completed inline, on
//! io_uring where the kernel and the sandbox allow it, or on a pool of threads.
//! [`Handle::driver_info`] returns whether io_uring is used, and why; [`Builder::driver`] and the
//! environment variable `ZOKIO_DRIVER=uring|mio` force it.
#![forbid(unsafe_code)]

mod builder;
pub(crate) mod context;
mod driver_info;
mod error;
mod handle;
mod id;
mod local;
mod metrics;
mod owner;
pub(crate) mod signal_socket;

pub use self::builder::Builder;
pub use self::driver_info::{DriverInfo, DriverKind};
pub use self::error::TryCurrentError;
pub use self::handle::{EnterGuard, Handle};
pub use self::id::Id;
pub use self::local::{LocalOptions, LocalRuntime};
pub use self::metrics::RuntimeMetrics;
pub use self::owner::Runtime;

/// The two kinds of runtime.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, RuntimeFlavor};
///
/// /// `block_in_place` needs other workers that go on.
/// fn may_block_in_place() -> bool {
///     Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     assert!(!may_block_in_place());
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Tasks run on the thread inside `block_on`.
    CurrentThread,
    /// Tasks run on worker threads.
    MultiThread,
}

/// The number of the worker that this thread is, counted from 0.
///
/// `None` on a thread that runs no tasks: outside of a runtime, on the blocking pool, inside
/// `block_in_place`, and in the `block_on` of a multi-thread runtime. The one worker of a
/// current-thread runtime is the thread inside [`Runtime::block_on`] that runs its tasks.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, worker_index};
///
/// # fn main() -> std::io::Result<()> {
/// assert_eq!(worker_index(), None);
/// let rt = Builder::new_current_thread().build()?;
/// assert_eq!(rt.block_on(async { worker_index() }), Some(0));
/// # Ok(())
/// # }
/// ```
pub fn worker_index() -> Option<usize> {
    crate::scheduler::context::worker_index()
}

/// Whether an I/O error reports that the runtime of the operation has been shut down.
///
/// # Examples
///
/// ```
/// use std::io;
/// assert!(!zokio::runtime::is_rt_shutdown_err(&io::Error::other("something else")));
/// ```
pub fn is_rt_shutdown_err(err: &std::io::Error) -> bool {
    crate::driver::is_shutdown_error(err)
}

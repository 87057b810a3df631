//! [`spawn_blocking`] and [`block_in_place`].
#![forbid(unsafe_code)]

use std::io;

use super::JoinHandle;
use crate::scheduler::task::{Birth, TaskKind};
use crate::scheduler::{self, context};
use crate::util::large::is_large;

/// Runs a closure that may block on a thread where that stalls no task.
///
/// The runtime has a pool of such threads, which grows on demand up to
/// [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads); beyond that, closures
/// wait for a thread. A closure that has started cannot be aborted: `abort` only keeps one from
/// starting, and the runtime's shutdown waits for those that run or wait for a thread (or does not,
/// with [`shutdown_timeout`](crate::runtime::Runtime::shutdown_timeout)). For work that never ends,
/// use a thread of your own; for pure computation, a pool with as many threads as cores.
///
/// # Cancel safety
///
/// Dropping the handle neither aborts the closure nor keeps it from starting: it is *detached*, and
/// its result is dropped. `&mut JoinHandle` is cancel safe.
///
/// # Panics
///
/// Panics if called outside a runtime, or if the operating system can start no thread and there is
/// none that the closure can wait for.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn_blocking(|| std::fs::read_to_string("/proc/version"));
/// println!("{}", handle.await.unwrap().unwrap_or_default());
/// # });
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let birth = Birth::<F>::here(TaskKind::Blocking);
    if const { is_large::<F>() } {
        return spawn_blocking_with(Box::new(f), birth);
    }
    spawn_blocking_with(f, birth)
}

/// The same as [`spawn_blocking`] for a closure that is not large, or on the heap.
#[track_caller]
pub(super) fn spawn_blocking_with<F, R, O>(f: F, birth: Birth<O>) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match context::with_current(|handle| handle.spawn_blocking(f, birth)) {
        Ok(join) => join,
        Err(error) => panic!("{error}"),
    }
}

/// Like [`spawn_blocking_with`], but returns an error if the runtime is being shut down or there is no
/// thread for the closure.
#[track_caller]
pub(super) fn try_spawn_blocking_with<F, R, O>(f: F, birth: Birth<O>) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match context::with_current(|handle| handle.try_spawn_blocking(f, birth)) {
        Ok(spawned) => spawned.map_err(io::Error::from),
        Err(error) => panic!("{error}"),
    }
}

/// Runs a closure that may block on this thread, after the runtime has moved its other tasks to
/// another one.
///
/// Unlike [`spawn_blocking`] it needs no `'static` closure and starts at once. But it also stops
/// everything else in this task: the other branches of a `select!` or a `join!` wait for the
/// closure. It cannot be cancelled. In the closure nothing counts against the
/// [budget](crate::task::coop), and `Handle::block_on` may be called.
///
/// At most as many calls as [`max_blocking_threads`] allows have their workers replaced at a time.
/// Further ones hold up the tasks of their workers until a call returns.
///
/// Outside a runtime it just calls `f`.
///
/// [`max_blocking_threads`]: crate::runtime::Builder::max_blocking_threads
///
/// # Panics
///
/// Panics if called on a current-thread runtime, or inside a [`LocalSet`](super::LocalSet).
///
/// # Examples
///
/// ```
/// use zokio::{runtime::Handle, task};
///
/// # zokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(async {
/// let sum = task::spawn(async {
///     task::block_in_place(|| Handle::current().block_on(async { 1 + 1 }))
/// });
/// assert_eq!(sum.await.unwrap(), 2);
/// # });
/// ```
#[track_caller]
pub fn block_in_place<F, R>(f: F) -> R
where
    F: FnOnce() -> R,
{
    scheduler::block_in_place(f)
}

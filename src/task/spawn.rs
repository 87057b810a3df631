//! [`spawn`], [`spawn_local`], [`id`] and [`try_id`].
#![forbid(unsafe_code)]

use std::future::Future;

use super::local_set;
use super::{Id, JoinHandle};
use crate::runtime::{Handle, context};
use crate::scheduler::task::{LocalScheduler, current_id};
use crate::util::large::is_large;

/// Spawns a task on the current runtime.
///
/// The task starts to run at once, whether or not its [`JoinHandle`] is awaited; on a runtime with
/// several threads it may run on another one. When the runtime shuts down it drops the task at
/// its next `.await`.
///
/// # Panics
///
/// Outside of a runtime.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if const { is_large::<F>() } {
        return spawn_sized(Box::pin(future));
    }
    spawn_sized(future)
}

/// [`spawn`] for a future that is not large, or on the heap.
#[track_caller]
fn spawn_sized<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match context::with_current(|handle| handle.spawn(future, Id::next())) {
        Ok(join) => join,
        Err(error) => panic!("{error}"),
    }
}

/// Spawns a task that stays on this thread, so that its future need not be `Send`.
///
/// It goes to the [`LocalSet`](super::LocalSet) that this code runs in or has
/// [entered](super::LocalSet::enter), else to the current
/// [`LocalRuntime`](crate::runtime::LocalRuntime).
///
/// # Panics
///
/// Where there is neither, and on a thread other than the `LocalRuntime`'s.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use zokio::task;
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// task::LocalSet::new()
///     .run_until(async {
///         let name = Rc::new("ada");
///         let handle = task::spawn_local(async move { name.len() });
///         assert_eq!(handle.await.unwrap(), 3);
///     })
///     .await;
/// # });
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if const { is_large::<F>() } {
        return spawn_local_sized(Box::pin(future));
    }
    spawn_local_sized(future)
}

/// [`spawn_local`] for a future that is not large, or on the heap.
#[track_caller]
fn spawn_local_sized<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(set) = local_set::current() {
        return LocalScheduler::spawn(&set, future, Id::next());
    }
    if let Ok(handle) = Handle::try_current() {
        match handle.is_local() {
            Some(true) => return handle.spawn_local(future),
            Some(false) => panic!(
                "Local tasks can only be spawned on a LocalRuntime from the thread the runtime \
                 was created on"
            ),
            None => {}
        }
    }
    panic!(
        "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`: call \
         it inside `LocalSet::run_until` or on a `LocalRuntime`"
    )
}

/// The id of the task that this code runs in.
///
/// It is also there while the task's future or its output is dropped by the runtime.
///
/// # Panics
///
/// Outside of a task, also directly in `block_on`; [`try_id`] does not panic.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn(async { zokio::task::id() });
/// let id = handle.id();
/// assert_eq!(handle.await.unwrap(), id);
/// # });
/// ```
#[track_caller]
pub fn id() -> Id {
    match try_id() {
        Some(id) => id,
        None => panic!("Can't get a task id when not inside a task: `try_id` does not panic"),
    }
}

/// The id of the task that this code runs in, if it runs in one.
///
/// # Examples
///
/// ```
/// assert_eq!(zokio::task::try_id(), None);
/// ```
#[track_caller]
pub fn try_id() -> Option<Id> {
    current_id()
}

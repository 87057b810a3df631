//! [`spawn`], [`spawn_local`], [`id`] and [`try_id`].
#![forbid(unsafe_code)]

use std::future::Future;

use super::local_set;
use super::{Id, JoinHandle};
use crate::runtime::Handle;
use crate::scheduler::context;
use crate::scheduler::task::{Birth, LocalScheduler, TaskKind, current_id};
use crate::util::large::is_large;

/// Spawns a task on the current runtime.
///
/// The task is scheduled right away and runs concurrently with the code that spawned it, whether or
/// not its [`JoinHandle`] is awaited. Awaiting the handle returns the task's output, or a
/// [`JoinError`](super::JoinError) if the task panicked or was [aborted](JoinHandle::abort). A
/// panic ends the task and nothing else. Dropping the handle *detaches* the task: it continues, and
/// its output is dropped.
///
/// `spawn` only queues the task and never polls it, so it may be called while a lock is held that
/// the task is going to acquire.
///
/// On a multi-thread runtime the task may run on any worker, and may change workers at every
/// `.await`. On a current-thread runtime it runs while a thread is inside
/// [`block_on`](crate::runtime::Runtime::block_on).
///
/// A task is not guaranteed to run to completion. When the runtime shuts down, it drops the task at
/// the `.await` where it is. With [`#[zokio::main]`](macro@crate::main) that happens as soon as
/// `main` returns, so await the handle of a task that has to complete. On a runtime that has been
/// shut down already, the task is cancelled before `spawn` returns.
///
/// # Cancel safety
///
/// Dropping the handle does not cancel the task, so a task is the place for work that has to
/// survive the `select!` or the timeout around its caller. Awaiting `&mut JoinHandle` is cancel
/// safe.
///
/// # Panics
///
/// Panics if called outside of a runtime. Call it inside
/// [`block_on`](crate::runtime::Runtime::block_on), in a task, in a closure of
/// [`spawn_blocking`](super::spawn_blocking), or while a guard of
/// [`Handle::enter`](crate::runtime::Handle::enter) is alive. Elsewhere, use
/// [`Handle::spawn`](crate::runtime::Handle::spawn).
///
/// # Examples
///
/// Two tasks that run concurrently:
///
/// ```
/// use zokio::time::{Duration, sleep};
///
/// async fn answer() -> u32 {
///     sleep(Duration::from_millis(5)).await;
///     42
/// }
///
/// #[zokio::main]
/// async fn main() {
///     let first = zokio::spawn(answer());
///     let second = zokio::spawn(answer());
///     let sum = first.await.expect("no panic") + second.await.expect("no panic");
///     assert_eq!(sum, 84);
/// }
/// ```
///
/// A task owns what it uses, since it may outlive the function that spawns it: its future has to be
/// `'static`. `async move` moves variables into the task, and an [`Arc`](std::sync::Arc) shares
/// them:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// #[zokio::main]
/// async fn main() {
///     let hits = Arc::new(AtomicU32::new(0));
///     let mut tasks = Vec::new();
///     for _ in 0..3 {
///         let hits = hits.clone();
///         tasks.push(zokio::spawn(async move { hits.fetch_add(1, Ordering::Relaxed) }));
///     }
///     for task in tasks {
///         task.await.expect("no panic");
///     }
///     assert_eq!(hits.load(Ordering::Relaxed), 3);
/// }
/// ```
///
/// To run several futures that borrow from the current function, use [`join!`](crate::join)
/// instead. To keep track of many tasks, use a [`JoinSet`](super::JoinSet).
///
/// # "Future cannot be sent between threads safely"
///
/// That is how the compiler rejects a task whose future is not `Send`. A task may change threads
/// while it waits, so every value that its future holds across an `.await` has to be `Send`. A
/// value that is dropped before the `.await` does not matter. [`Rc`](std::rc::Rc) is not `Send`,
/// and neither is the guard of a [`std::sync::Mutex`]. This does not compile:
///
/// ```compile_fail
/// use std::rc::Rc;
///
/// #[zokio::main]
/// async fn main() {
///     zokio::spawn(async {
///         let name = Rc::new("ada");
///         zokio::task::yield_now().await;
///         println!("{name}");
///     });
/// }
/// ```
///
/// The compiler's message names the value and the `.await`. There are four remedies.
///
/// **Drop the value before the `.await`**, at the end of a block or by calling [`drop`]. A
/// temporary in the head of a `match`, `if let` or `while let` lives as long as the body, so bind
/// what you need of it to a variable first:
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// #[zokio::main]
/// async fn main() {
///     let total = Arc::new(Mutex::new(0));
///     let shared = total.clone();
///     let task = zokio::spawn(async move {
///         {
///             let mut total = shared.lock().expect("no panic");
///             *total += 1;
///         } // The guard ends here.
///         zokio::task::yield_now().await;
///     });
///     task.await.expect("no panic");
///     assert_eq!(*total.lock().expect("no panic"), 1);
/// }
/// ```
///
/// **Use a type that is `Send`**: [`Arc`](std::sync::Arc) for `Rc`, a [`Mutex`](std::sync::Mutex)
/// or an atomic for `RefCell` and `Cell`, [`zokio::sync::Mutex`](crate::sync::Mutex) for a lock
/// that has to be held across an `.await`, and `Box<dyn Error + Send + Sync>` for `Box<dyn Error>`.
/// A trait object is `Send` only if its type includes `+ Send`.
///
/// **Keep the task on one thread**, with [`spawn_local`] inside a [`LocalSet`](super::LocalSet) or
/// a [`LocalRuntime`](crate::runtime::LocalRuntime):
///
/// ```
/// use std::rc::Rc;
///
/// #[zokio::main(flavor = "local")]
/// async fn main() {
///     let task = zokio::task::spawn_local(async {
///         let name = Rc::new("ada");
///         zokio::task::yield_now().await;
///         name.len()
///     });
///     assert_eq!(task.await.expect("no panic"), 3);
/// }
/// ```
///
/// **Keep the value on a thread of its own**, if its type belongs to a library and cannot be
/// changed, and send requests to that thread over a [channel](crate::sync::mpsc).
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let birth = Birth::<F>::here(TaskKind::Task);
    if const { is_large::<F>() } {
        return spawn_with(Box::pin(future), birth);
    }
    spawn_with(future, birth)
}

/// The same as [`spawn`] for a future that is not large, or on the heap.
#[track_caller]
pub(super) fn spawn_with<F, O>(future: F, birth: Birth<O>) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match context::with_current(|handle| handle.spawn(future, birth)) {
        Ok(join) => join,
        Err(error) => panic!("{error}"),
    }
}

/// Spawns a task that stays on this thread, so that its future need not be `Send`.
///
/// The task belongs to the [`LocalSet`](super::LocalSet) that this code runs in or has
/// [entered](super::LocalSet::enter), and otherwise to the current
/// [`LocalRuntime`](crate::runtime::LocalRuntime).
///
/// # Cancel safety
///
/// Dropping the handle does not cancel the task; see [`spawn`].
///
/// # Panics
///
/// Panics if called outside of both, or on another thread than the `LocalRuntime`'s.
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
    let birth = Birth::<F>::here(TaskKind::Local);
    if const { is_large::<F>() } {
        return spawn_local_with(Box::pin(future), birth);
    }
    spawn_local_with(future, birth)
}

/// The same as [`spawn_local`] for a future that is not large, or on the heap.
#[track_caller]
pub(super) fn spawn_local_with<F, O>(future: F, birth: Birth<O>) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(set) = local_set::current() {
        return LocalScheduler::spawn(&set, future, context::recorded(birth));
    }
    if let Ok(handle) = Handle::try_current() {
        match handle.is_local() {
            Some(true) => return handle.spawn_local(future, birth),
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

/// Returns the id of the task that this code runs in.
///
/// The id is also available while the runtime drops the task's future or its output.
///
/// # Panics
///
/// Panics if called outside a task, which includes code directly in `block_on`; [`try_id`] does not
/// panic.
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

/// Returns the id of the task that this code runs in, or `None` outside a task.
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

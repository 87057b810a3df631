//! [`LocalSet`]: tasks that stay on one thread, inside any future of that thread.
//!
//! Their scheduler is `scheduler/task/local_scheduler.rs`; this file polls it, and tracks which set
//! is current.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::JoinHandle;
use crate::loom::sync::Arc;
use crate::runtime::{self, Runtime, UnhandledPanic};
use crate::scheduler::context;
use crate::scheduler::task::{Birth, LocalScheduler, TaskKind};
use crate::util::large::is_large;
use crate::util::trace_mode;

thread_local! {
    static CURRENT: Cell<Option<Arc<LocalScheduler>>> = const { Cell::new(None) };
}

/// A set of tasks that are all polled on one thread, so that they need not be `Send`.
///
/// The tasks run while the set is polled: in [`run_until`](Self::run_until), in
/// [`block_on`](Self::block_on), or when the set itself is awaited, which ends when all tasks have
/// ended. They are scheduled together with the other tasks of the thread. Inside the set,
/// [`spawn_local`](super::spawn_local) adds to it, and [`spawn`](fn@super::spawn) still spawns on
/// the runtime. The set cannot be polled inside a spawned task that may change threads, because it
/// is not `Send`; a [`LocalRuntime`](crate::runtime::LocalRuntime) needs no set at all.
///
/// The tasks may be woken, aborted and joined from any thread.
///
/// Dropping the set cancels its tasks, on this thread, with the set as the current one.
///
/// # Cancel safety
///
/// As a future the set may be dropped as `&mut LocalSet` at any time; its tasks continue when it is
/// polled again.
/// polled again.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use zokio::task::{self, LocalSet};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let counter = Rc::new(Cell::new(0));
/// let local = LocalSet::new();
/// for _ in 0..3 {
///     let counter = counter.clone();
///     local.spawn_local(async move {
///         task::yield_now().await;
///         counter.set(counter.get() + 1);
///     });
/// }
/// local.await;
/// assert_eq!(counter.get(), 3);
/// # });
/// ```
pub struct LocalSet {
    queue: Arc<LocalScheduler>,
    id: runtime::Id,
    _not_send: PhantomData<Rc<()>>,
}

/// Makes a [`LocalSet`] the current one while it exists. Created by [`LocalSet::enter`].
///
/// # Examples
///
/// ```
/// use zokio::task::{LocalEnterGuard, LocalSet, spawn_local};
///
/// let local = LocalSet::new();
/// let guard: LocalEnterGuard = local.enter();
/// spawn_local(async {});
/// drop(guard);
/// ```
#[must_use = "the set is current while the guard exists"]
pub struct LocalEnterGuard {
    former: Option<Arc<LocalScheduler>>,
    _not_send: PhantomData<Rc<()>>,
}

/// Returns the set that this code runs in, or has entered.
pub(super) fn current() -> Option<Arc<LocalScheduler>> {
    CURRENT
        .try_with(|current| {
            let queue = current.take();
            current.set(queue.clone());
            queue
        })
        .ok()
        .flatten()
}

fn enter(queue: Arc<LocalScheduler>) -> LocalEnterGuard {
    LocalEnterGuard {
        // A thread whose locals are destroyed has no current set, and gets none.
        former: CURRENT
            .try_with(|current| current.replace(Some(queue)))
            .ok()
            .flatten(),
        _not_send: PhantomData,
    }
}

impl LocalSet {
    /// Creates an empty set that belongs to the calling thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let local = zokio::task::LocalSet::new();
    /// # drop(local);
    /// ```
    pub fn new() -> LocalSet {
        LocalSet {
            queue: LocalScheduler::new(),
            id: runtime::Id::next(),
            _not_send: PhantomData,
        }
    }

    /// Sets what the set does when one of its tasks panics; by default it continues.
    ///
    /// With [`UnhandledPanic::ShutdownRuntime`], no other task of the set runs after the one that
    /// panicked, even if its [`JoinHandle`] exists. All of them are cancelled, and so is at once
    /// what is added later. What polls the set panics then: an `.await` of the set,
    /// [`run_until`](Self::run_until) or [`block_on`](Self::block_on), unless the future that is
    /// given to these is ready when it is polled. Other tasks of the runtime are not affected.
    ///
    /// The panic of the drop of a task that was cancelled has no such effect.
    ///
    /// # Examples
    ///
    /// ```should_panic
    /// use std::future::pending;
    /// use zokio::runtime::UnhandledPanic;
    /// use zokio::task::{LocalSet, spawn_local};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut local = LocalSet::new();
    ///     local.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    ///     local
    ///         .run_until(async {
    ///             spawn_local(async { panic!("the set ends here") });
    ///             pending::<()>().await
    ///         })
    ///         .await;
    /// }
    /// ```
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        self.queue.set_unhandled_panic(behavior);
        self
    }

    /// Makes this set the current one: until the guard is dropped,
    /// [`spawn_local`](super::spawn_local) on this thread adds to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::{LocalSet, spawn_local};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let handle = {
    ///     let _guard = local.enter();
    ///     spawn_local(async { 1 })
    /// };
    /// assert_eq!(local.run_until(handle).await.unwrap(), 1);
    /// # });
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        enter(self.queue.clone())
    }

    /// Adds a task to the set. It runs when the set is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the task, which runs until it completes or the set is
    /// dropped. `&mut JoinHandle` is cancel safe.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::LocalSet;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let handle = local.spawn_local(async { 1 });
    /// local.await;
    /// assert_eq!(handle.await.unwrap(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Local);
        if const { is_large::<F>() } {
            return self.spawn_with(Box::pin(future), birth);
        }
        self.spawn_with(future, birth)
    }

    pub(super) fn spawn_with<F, O>(&self, future: F, birth: Birth<O>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        LocalScheduler::spawn(&self.queue, future, context::recorded(birth))
    }

    /// Runs `future` on `rt` and this thread, together with the tasks of the set.
    ///
    /// It returns when `future` does; tasks that have not ended then stay in the set.
    ///
    /// # Panics
    ///
    /// Panics if called inside a runtime, as [`Runtime::block_on`] does: await
    /// [`run_until`](Self::run_until) there. Also panics if `future` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::{runtime::Runtime, task};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Runtime::new()?;
    /// let local = task::LocalSet::new();
    /// let sum = local.block_on(&rt, async {
    ///     task::spawn_local(async { 1 + 1 }).await.unwrap()
    /// });
    /// assert_eq!(sum, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn block_on<F>(&self, rt: &Runtime, future: F) -> F::Output
    where
        F: Future,
    {
        if const { is_large::<F>() } {
            let future = Box::pin(future);
            return rt.block_on(RunUntil { set: self, future });
        }
        rt.block_on(RunUntil { set: self, future })
    }

    /// Polls `future` in the set, together with the tasks of the set, until it is ready.
    ///
    /// Tasks that have not ended then stay in the set.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops `future`; the tasks stay in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::{LocalSet, spawn_local};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let sum = local.run_until(async { spawn_local(async { 1 + 1 }).await.unwrap() }).await;
    /// assert_eq!(sum, 2);
    /// # });
    /// ```
    pub async fn run_until<F>(&self, future: F) -> F::Output
    where
        F: Future,
    {
        if const { is_large::<F>() } {
            let future = Box::pin(future);
            return RunUntil { set: self, future }.await;
        }
        RunUntil { set: self, future }.await
    }

    /// Returns a number that tells this set apart from other sets and from runtimes.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::LocalSet;
    ///
    /// assert_ne!(LocalSet::new().id(), LocalSet::new().id());
    /// ```
    pub fn id(&self) -> runtime::Id {
        self.id
    }

    /// Calls `f` as code of the set, in a poll that is woken by the set's tasks.
    fn poll_within<R>(&self, cx: &mut Context<'_>, f: impl FnOnce() -> R) -> R {
        self.queue.register(cx.waker());
        let _entered = self.enter();
        // The tasks cannot follow another thread that `block_in_place` would hand the worker to.
        let _in_place = context::disallow_block_in_place();
        self.queue.polling(f)
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(trace_mode::poll_leaf(cx));
        if self.poll_within(cx, || self.queue.tick()) {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else if self.queue.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Default for LocalSet {
    fn default() -> LocalSet {
        LocalSet::new()
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        let _entered = self.enter();
        let _in_place = context::disallow_block_in_place();
        self.queue.polling(|| self.queue.close());
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").finish()
    }
}

impl Drop for LocalEnterGuard {
    fn drop(&mut self) {
        let former = self.former.take();
        let left = CURRENT.try_with(|current| current.replace(former));
        // The last reference to a set may be dropped here, outside of the thread-local's access.
        drop(left);
    }
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish()
    }
}

pin_project! {
    /// Polls a future, then the tasks of the set.
    struct RunUntil<'a, F> {
        set: &'a LocalSet,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let set = *this.set;
        let waker = cx.waker().clone();
        set.poll_within(cx, || {
            let polled = this.future.poll(&mut Context::from_waker(&waker));
            if polled.is_pending() && set.queue.tick() {
                waker.wake_by_ref();
            }
            polled
        })
    }
}

//! A collection of tasks that are awaited in the order in which they complete: [`JoinSet`].
#![forbid(unsafe_code)]

mod builder;

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use slab::Slab;

pub use self::builder::Builder;
use super::blocking::spawn_blocking_with;
use super::spawn::{spawn_local_with, spawn_with};
use super::{AbortHandle, Id, JoinError, JoinHandle, LocalSet};
use crate::loom::sync::Mutex;
use crate::record::{self, Wait};
use crate::runtime::Handle;
use crate::scheduler::task::{Birth, TaskKind};
use crate::util::large::is_large;
use crate::util::{budget, wake};

/// A collection of tasks with the same output type, awaited in the order in which they complete.
///
/// Dropping the set aborts its tasks.
///
/// # Examples
///
/// ```
/// use zokio::task::JoinSet;
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut set = JoinSet::new();
/// for n in 0..10 {
///     set.spawn(async move { n });
/// }
/// let mut sum = 0;
/// while let Some(result) = set.join_next().await {
///     sum += result.unwrap();
/// }
/// assert_eq!(sum, 45);
/// # });
/// ```
pub struct JoinSet<T> {
    tasks: Slab<JoinHandle<T>>,
    /// Keys of completed tasks, in order; taken out of `shared` all at once. A key may be stale, or
    /// its slot may have a new task: so the task is asked.
    over: VecDeque<usize>,
    shared: Arc<Ready>,
}

/// The part that the tasks' wakers reach.
#[derive(Default)]
struct Ready(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    over: VecDeque<usize>,
    /// The waker of the task that awaits the set.
    waker: Option<Waker>,
}

/// The waker in the join slot of one task. It puts the task's key into the set's queue, so a poll
/// looks only at tasks that have completed.
struct Entry {
    shared: Arc<Ready>,
    key: usize,
}

impl<T> JoinSet<T> {
    /// Creates an empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = zokio::task::JoinSet::<()>::new();
    /// assert!(set.is_empty());
    /// ```
    pub fn new() -> Self {
        Self {
            tasks: Slab::new(),
            over: VecDeque::new(),
            shared: Arc::default(),
        }
    }

    /// Returns the number of tasks, including completed ones that have not been joined.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(async {});
    /// assert_eq!(set.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Returns `true` if there are no tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(zokio::task::JoinSet::<()>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Returns a builder of a task in the set, for a task with a name.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.build_task().name("one").spawn(async { 1 })?;
    /// assert_eq!(set.join_all().await, [1]);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder::new(self)
    }

    /// Spawns a task on the current runtime; it starts to run at once.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// let abort = set.spawn(std::future::pending::<()>());
    /// abort.abort();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::here(TaskKind::Task);
        if const { is_large::<F>() } {
            return self.insert(spawn_with(Box::pin(task), birth));
        }
        self.insert(spawn_with(task, birth))
    }

    /// Spawns a task on the runtime of `handle`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::JoinSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let mut set = JoinSet::new();
    /// set.spawn_on(async { 1 }, rt.handle());
    /// assert_eq!(rt.block_on(set.join_next()).unwrap().unwrap(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::here(TaskKind::Task);
        if const { is_large::<F>() } {
            return self.insert(handle.spawn_with(Box::pin(task), birth));
        }
        self.insert(handle.spawn_with(task, birth))
    }

    /// Spawns a task that stays on this thread; see [`spawn_local`](super::spawn_local).
    ///
    /// # Panics
    ///
    /// Panics if called neither inside a [`LocalSet`] nor on a
    /// [`LocalRuntime`](crate::runtime::LocalRuntime).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use zokio::task::{JoinSet, LocalSet};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// LocalSet::new()
    ///     .run_until(async {
    ///         let mut set = JoinSet::new();
    ///         let name = Rc::new("ada");
    ///         set.spawn_local(async move { name.len() });
    ///         assert_eq!(set.join_next().await.unwrap().unwrap(), 3);
    ///     })
    ///     .await;
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Local);
        if const { is_large::<F>() } {
            return self.insert(spawn_local_with(Box::pin(task), birth));
        }
        self.insert(spawn_local_with(task, birth))
    }

    /// Spawns a task on `local_set`, which runs it when it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::{JoinSet, LocalSet};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let mut set = JoinSet::new();
    /// set.spawn_local_on(async { 1 }, &local);
    /// let joined = local.run_until(set.join_next()).await;
    /// assert_eq!(joined.unwrap().unwrap(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let birth = Birth::<F>::here(TaskKind::Local);
        if const { is_large::<F>() } {
            return self.insert(local_set.spawn_with(Box::pin(task), birth));
        }
        self.insert(local_set.spawn_with(task, birth))
    }

    /// Runs a closure on the current runtime's blocking pool; see
    /// [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn_blocking(|| std::fs::metadata("/").is_ok());
    /// assert!(set.join_next().await.unwrap().unwrap());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::here(TaskKind::Blocking);
        if const { is_large::<F>() } {
            return self.insert(spawn_blocking_with(Box::new(f), birth));
        }
        self.insert(spawn_blocking_with(f, birth))
    }

    /// Runs a closure on the blocking pool of the runtime of `handle`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::JoinSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let mut set = JoinSet::new();
    /// set.spawn_blocking_on(|| 1, rt.handle());
    /// assert_eq!(rt.block_on(set.join_next()).unwrap().unwrap(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::here(TaskKind::Blocking);
        if const { is_large::<F>() } {
            return self.insert(handle.spawn_blocking_with(Box::new(f), birth));
        }
        self.insert(handle.spawn_blocking_with(f, birth))
    }

    /// Waits for the next task to complete and removes it from the set; `None` if the set is empty.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. A task is removed only together with its result.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
    /// assert!(set.join_next().await.is_none());
    /// # });
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// Like [`join_next`](Self::join_next), and returns the task's id. In an error it is
    /// [`JoinError::id`].
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. A task is removed only together with its result.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// let spawned = set.spawn(async { 1 }).id();
    /// let (id, output) = set.join_next_with_id().await.unwrap().unwrap();
    /// assert_eq!((id, output), (spawned, 1));
    /// # });
    /// ```
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// Removes the next completed task from the set; `None` if there is none right now.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// assert!(set.try_join_next().is_none());
    /// zokio::task::yield_now().await;
    /// assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
    /// # });
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.take_next().map(|(_, result)| result)
    }

    /// Like [`try_join_next`](Self::try_join_next), and returns the task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// let spawned = set.spawn(async { 1 }).id();
    /// zokio::task::yield_now().await;
    /// let (id, output) = set.try_join_next_with_id().unwrap().unwrap();
    /// assert_eq!((id, output), (spawned, 1));
    /// # });
    /// ```
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.take_next().map(with_id)
    }

    /// Aborts all tasks and waits for their end, whatever it is. The set is then empty.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The tasks stay aborted, and those that have not completed stay
    /// in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.shutdown().await;
    /// assert!(set.is_empty());
    /// # });
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all tasks and returns their outputs in the order in which they completed.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: the future owns the set, and dropping it aborts the tasks
    /// and drops the outputs.
    ///
    /// # Panics
    ///
    /// Panics if a task panicked, with the task's panic, or was cancelled. The other tasks are then
    /// aborted. [`join_next`](Self::join_next) returns the errors instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let set: zokio::task::JoinSet<_> = (0..3).map(|n| async move { n }).collect();
    /// let mut outputs = set.join_all().await;
    /// outputs.sort();
    /// assert_eq!(outputs, [0, 1, 2]);
    /// # });
    /// ```
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next().await {
            match result.map_err(JoinError::try_into_panic) {
                Ok(output) => outputs.push(output),
                Err(Ok(payload)) => panic::resume_unwind(payload),
                Err(Err(cancelled)) => {
                    panic!("`JoinSet::join_all` has no output for every task: {cancelled}")
                }
            }
        }
        outputs
    }

    /// Aborts all tasks. They stay in the set until they are joined.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.abort_all();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_all(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }

    /// Removes all tasks from the set and lets them continue.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(async {});
    /// set.detach_all();
    /// assert!(set.is_empty());
    /// # });
    /// ```
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        self.over.clear();
    }

    /// Polls for the next completed task; `Ready(None)` if the set is empty.
    ///
    /// Spends one unit of the [budget](crate::task::coop) when it returns a task.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. After `Pending` the waker of this poll, and no earlier one, is
    /// woken when a task completes.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// let joined = std::future::poll_fn(|cx| set.poll_join_next(cx)).await;
    /// assert_eq!(joined.unwrap().unwrap(), 1);
    /// # });
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let next = ready!(self.poll_next(cx));
        Poll::Ready(next.map(|(_, result)| result))
    }

    /// Like [`poll_join_next`](Self::poll_join_next), and returns the task's id.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. After `Pending` the waker of this poll, and no earlier one, is
    /// woken when a task completes.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = zokio::task::JoinSet::new();
    /// let spawned = set.spawn(async { 1 }).id();
    /// let joined = std::future::poll_fn(|cx| set.poll_join_next_with_id(cx)).await;
    /// assert_eq!(joined.unwrap().unwrap(), (spawned, 1));
    /// # });
    /// ```
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let next = ready!(self.poll_next(cx));
        Poll::Ready(next.map(with_id))
    }

    fn insert(&mut self, task: JoinHandle<T>) -> AbortHandle {
        let abort = task.abort_handle();
        let slot = self.tasks.vacant_entry();
        let waker = Waker::from(Arc::new(Entry {
            shared: self.shared.clone(),
            key: slot.key(),
        }));
        if slot.insert(task).poll_finished(&waker) {
            waker.wake();
        }
        abort
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Id, Result<T, JoinError>)>> {
        if self.tasks.is_empty() {
            return Poll::Ready(None);
        }
        let unit = ready!(budget::poll_proceed(cx));
        loop {
            if let Some(next) = self.take_next() {
                unit.made_progress();
                return Poll::Ready(Some(next));
            }
            if self.shared.register(cx.waker()) {
                record::waits(Wait::Join, || 0);
                return Poll::Pending;
            }
        }
    }

    /// Returns the next completed task, if there is one.
    fn take_next(&mut self) -> Option<(Id, Result<T, JoinError>)> {
        loop {
            while let Some(key) = self.over.pop_front() {
                let Some(task) = self.tasks.get_mut(key) else {
                    continue;
                };
                if let Some(result) = task.try_take() {
                    return Some((self.tasks.remove(key).id(), result));
                }
            }
            let mut queue = self.shared.0.lock();
            if queue.over.is_empty() {
                return None;
            }
            mem::swap(&mut self.over, &mut queue.over);
        }
    }
}

impl Ready {
    /// Wakes `waker` when a task completes; returns `false` if one is there already.
    fn register(&self, waker: &Waker) -> bool {
        let registers = |queue: &Queue| match &queue.waker {
            _ if !queue.over.is_empty() => Some(false),
            Some(known) if known.will_wake(waker) => Some(true),
            _ => None,
        };
        if let Some(registered) = registers(&self.0.lock()) {
            return registered;
        }
        // Cloning and dropping a waker may run anything, so neither is done with the lock held.
        let mut waker = Some(waker.clone());
        let mut queue = self.0.lock();
        if queue.over.is_empty() {
            mem::swap(&mut queue.waker, &mut waker);
            drop(queue);
            wake::drop_waker(waker);
            true
        } else {
            drop(queue);
            wake::drop_waker(waker);
            false
        }
    }
}

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waker = {
            let mut queue = self.shared.0.lock();
            queue.over.push_back(self.key);
            queue.waker.take()
        };
        wake::wake_some(waker);
    }
}

fn with_id<T>((id, result): (Id, Result<T, JoinError>)) -> Result<(Id, T), JoinError> {
    result.map(|output| (id, output))
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Spawns every future of the iterator on the current runtime.
///
/// # Panics
///
/// Panics if called outside a runtime, unless the iterator is empty.
impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(iter: I) -> Self {
        let mut set = Self::new();
        set.extend(iter);
        set
    }
}

/// Spawns every future of the iterator on the current runtime.
///
/// # Panics
///
/// Panics if called outside a runtime, unless the iterator is empty.
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, iter: I) {
        for task in iter {
            self.spawn(task);
        }
    }
}

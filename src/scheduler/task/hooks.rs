//! [`TaskHooks`]: the functions that a runtime calls with the [`TaskMeta`] of its tasks.
//!
//! A runtime without hooks, whose tasks are not recorded either, has no `TaskHooks`. In one that has
//! some for more than the spawn, or a recorder, every task has
//! [`Details`](super::origin::Details), so the bit for these in a task's origin is all that is looked
//! at before a poll, a wake or an end.
//!
//! A hook is user code that runs where the runtime happens to be, so its panic is contained: the
//! panic hook reports it, and the task and the runtime go on as if it had returned.
#![forbid(unsafe_code)]

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::id::Id;
use super::origin::Origin;
use crate::record::Recorder;
use crate::util::unwind::contain;

/// A function of the user's.
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

/// What is called for the tasks of a runtime.
#[derive(Clone, Default)]
pub(crate) struct TaskHooks {
    pub(crate) spawn: Option<TaskHook>,
    pub(crate) before_poll: Option<TaskHook>,
    pub(crate) after_poll: Option<TaskHook>,
    pub(crate) terminate: Option<TaskHook>,
    /// Whether tasks note when they are queued, so that the latency of their polls is known.
    pub(crate) schedule_latency: bool,
    /// Notes each task, if the runtime is observed.
    pub(crate) recorder: Option<Arc<Recorder>>,
}

/// What a hook of the runtime is told about a task.
///
/// See [`Builder::on_task_spawn`](crate::runtime::Builder::on_task_spawn) and the methods after it.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use zokio::runtime::{Builder, TaskMeta};
///
/// # fn main() -> std::io::Result<()> {
/// let lines = Arc::new(Mutex::new(Vec::new()));
/// let spawned = lines.clone();
/// let rt = Builder::new_current_thread()
///     .on_task_spawn(move |task: &TaskMeta<'_>| {
///         spawned.lock().expect("no panic").push(task.spawned_at().line());
///     })
///     .build()?;
/// rt.spawn(async {});
/// assert_eq!(*lines.lock().expect("no panic"), [line!() - 1]);
/// # Ok(())
/// # }
/// ```
pub struct TaskMeta<'a> {
    id: Id,
    origin: &'a Origin,
    schedule_latency: Option<Duration>,
}

impl TaskHooks {
    /// Returns the hooks for a runtime, or `None` if nothing is asked for.
    pub(crate) fn for_runtime(&self) -> Option<Box<TaskHooks>> {
        let asks = self.spawn.is_some() || self.asks_later() || self.recorder.is_some();
        asks.then(|| Box::new(self.clone()))
    }

    /// Returns whether there is more to call than at the spawn.
    fn asks_later(&self) -> bool {
        self.before_poll.is_some()
            || self.after_poll.is_some()
            || self.terminate.is_some()
            || self.schedule_latency
    }

    /// Called by the thread that spawns a task, before the task exists. Returns its origin with
    /// details.
    #[cold]
    pub(super) fn spawned(&self, id: Id, mut origin: Origin) -> Origin {
        call(self.spawn.as_ref(), &TaskMeta::new(id, &origin, None));
        if self.asks_later() {
            origin.watch(self.schedule_latency);
        }
        if let Some(recorder) = &self.recorder {
            origin.record(id, recorder);
        }
        origin
    }

    /// Called by the thread that is about to poll a task; `latency` is how long the task was queued.
    pub(super) fn before_poll(&self, id: Id, origin: &Origin, latency: Option<Duration>) {
        call(
            self.before_poll.as_ref(),
            &TaskMeta::new(id, origin, latency),
        );
    }

    /// Called by the thread that has polled a task, with what
    /// [`before_poll`](TaskHooks::before_poll) was called with.
    pub(super) fn after_poll(&self, id: Id, origin: &Origin, latency: Option<Duration>) {
        call(
            self.after_poll.as_ref(),
            &TaskMeta::new(id, origin, latency),
        );
    }

    /// Called by the thread that ends a task, before its joiner is woken.
    #[cold]
    pub(super) fn terminated(&self, id: Id, origin: &Origin) {
        call(self.terminate.as_ref(), &TaskMeta::new(id, origin, None));
    }
}

fn call(hook: Option<&TaskHook>, meta: &TaskMeta<'_>) {
    if let Some(hook) = hook {
        contain(|| hook(meta));
    }
}

impl fmt::Debug for TaskHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHooks")
            .field("spawn", &self.spawn.is_some())
            .field("before_poll", &self.before_poll.is_some())
            .field("after_poll", &self.after_poll.is_some())
            .field("terminate", &self.terminate.is_some())
            .field("schedule_latency", &self.schedule_latency)
            .field("recorder", &self.recorder.is_some())
            .finish()
    }
}

impl<'a> TaskMeta<'a> {
    fn new(id: Id, origin: &'a Origin, schedule_latency: Option<Duration>) -> Self {
        Self {
            id,
            origin,
            schedule_latency,
        }
    }

    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let ids = Arc::new(Mutex::new(Vec::new()));
    /// let spawned = ids.clone();
    /// let rt = Builder::new_current_thread()
    ///     .on_task_spawn(move |task| spawned.lock().expect("no panic").push(task.id()))
    ///     .build()?;
    /// let task = rt.spawn(async {});
    /// assert_eq!(*ids.lock().expect("no panic"), [task.id()]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }

    /// Returns the place in the program where the task was spawned: that of the call of
    /// [`spawn`](fn@crate::task::spawn) or of another function that spawns.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .on_task_terminate(|task| println!("the task of {} has ended", task.spawned_at()))
    ///     .build()?;
    /// rt.block_on(rt.spawn(async {}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.origin.location()
    }

    /// Returns the name of the task, which a [`task::Builder`](crate::task::Builder) can set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use zokio::runtime::Builder;
    /// use zokio::task;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let names = Arc::new(Mutex::new(Vec::new()));
    /// let spawned = names.clone();
    /// let rt = Builder::new_current_thread()
    ///     .on_task_spawn(move |task| {
    ///         let name = task.name().map(str::to_owned);
    ///         spawned.lock().expect("no panic").push(name);
    ///     })
    ///     .build()?;
    /// rt.spawn(async {});
    /// task::Builder::new().name("ada").spawn_on(async {}, rt.handle())?;
    /// assert_eq!(*names.lock().expect("no panic"), [None, Some("ada".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.origin.name()
    }

    /// Returns how long the task was queued before this poll: from when it was spawned, woken, or
    /// had yielded, to when a thread was about to poll it.
    ///
    /// Returns `None` in a hook that is not about a poll, and on a runtime that does not keep track
    /// of that.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .on_before_task_poll(|task| assert_eq!(task.schedule_latency(), None))
    ///     .build()?;
    /// rt.block_on(rt.spawn(async {}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule_latency(&self) -> Option<Duration> {
        self.schedule_latency
    }
}

impl fmt::Debug for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMeta")
            .field("id", &self.id)
            .field("name", &self.name())
            .field("spawned_at", &self.spawned_at())
            .field("schedule_latency", &self.schedule_latency)
            .finish_non_exhaustive()
    }
}

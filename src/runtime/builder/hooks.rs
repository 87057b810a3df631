//! The functions that a runtime calls for its tasks.
#![forbid(unsafe_code)]

use std::sync::Arc;

use super::Builder;
use crate::scheduler::task::TaskMeta;

/// # Hooks for tasks
///
/// A runtime can call functions when a task is spawned, before and after each of its polls, and when
/// it ends. They are told which task that is by a [`TaskMeta`]. The tasks are those of
/// [`spawn`](fn@crate::task::spawn), and of [`spawn_local`](crate::task::spawn_local) on a
/// [`LocalRuntime`](super::LocalRuntime). Closures of the blocking pool, the future of `block_on` and
/// tasks of a [`LocalSet`](crate::task::LocalSet) are not among them.
///
/// A function is called on the thread where it happens, outside of the task:
/// [`task::try_id`](crate::task::try_id) does not return the task's id. It should be quick, since it
/// holds up the task, and whatever else waits for the thread. If it panics, the panic hook reports
/// that, and nothing else happens: the task is spawned, polled or ended all the same.
///
/// Each method replaces the function that was set by an earlier call. A runtime without such
/// functions spends no time on them.
impl Builder {
    /// Sets a function that is called when a task is spawned.
    ///
    /// The thread that spawns the task calls it, before the task can be polled. If the runtime has been
    /// shut down, the task ends right after.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let spawned = Arc::new(AtomicUsize::new(0));
    /// let count = spawned.clone();
    /// let rt = Builder::new_multi_thread()
    ///     .on_task_spawn(move |_| {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// rt.spawn(async {});
    /// rt.spawn(async {});
    /// assert_eq!(spawned.load(Ordering::Relaxed), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_task_spawn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.task_hooks.spawn = Some(Arc::new(f));
        self
    }

    /// Sets a function that is called before each poll of a task.
    ///
    /// It is not called for a task that is dropped instead of polled, because it was aborted or the
    /// runtime is being shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use zokio::runtime::Builder;
    /// use zokio::task;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let polls = Arc::new(AtomicUsize::new(0));
    /// let count = polls.clone();
    /// let rt = Builder::new_current_thread()
    ///     .on_before_task_poll(move |_| {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// rt.block_on(rt.spawn(async { task::yield_now().await }))?;
    /// assert_eq!(polls.load(Ordering::Relaxed), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_before_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.task_hooks.before_poll = Some(Arc::new(f));
        self
    }

    /// Sets a function that is called after each poll of a task, on the thread that has polled it.
    ///
    /// It is called as often as that of [`on_before_task_poll`](Builder::on_before_task_poll), also
    /// after a poll that panicked. When the poll was the task's last, it is called before the
    /// function of [`on_task_terminate`](Builder::on_task_terminate).
    ///
    /// # Examples
    ///
    /// The time that the polls of all tasks take:
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::Instant;
    /// use zokio::runtime::Builder;
    ///
    /// thread_local! {
    ///     static START: Cell<Option<Instant>> = const { Cell::new(None) };
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let busy_nanos = Arc::new(AtomicU64::new(0));
    /// let sum = busy_nanos.clone();
    /// let rt = Builder::new_multi_thread()
    ///     .on_before_task_poll(|_| START.set(Some(Instant::now())))
    ///     .on_after_task_poll(move |_| {
    ///         let start = START.take().expect("set before the poll");
    ///         sum.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// rt.block_on(rt.spawn(async { (1..=1_000).sum::<u64>() }))?;
    /// assert!(busy_nanos.load(Ordering::Relaxed) > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_after_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.task_hooks.after_poll = Some(Arc::new(f));
        self
    }

    /// Sets a function that is called when a task has ended: it completed, it panicked, or it was
    /// cancelled.
    ///
    /// Its future has been dropped by then, and its [`JoinHandle`](crate::task::JoinHandle) has not yet
    /// been woken. The function is called once for each task, on the thread that ends it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let ended = Arc::new(AtomicUsize::new(0));
    /// let count = ended.clone();
    /// let rt = Builder::new_multi_thread()
    ///     .on_task_terminate(move |_| {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// rt.block_on(rt.spawn(async {}))?;
    /// assert_eq!(ended.load(Ordering::Relaxed), 1);
    /// rt.spawn(std::future::pending::<()>());
    /// drop(rt);
    /// assert_eq!(ended.load(Ordering::Relaxed), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_task_terminate<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.task_hooks.terminate = Some(Arc::new(f));
        self
    }
}

//! [`Builder`]: tasks with a name.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;

use super::blocking::try_spawn_blocking_with;
use super::spawn::{spawn_local_with, spawn_with};
use super::{JoinHandle, LocalSet};
use crate::runtime::Handle;
use crate::scheduler::task::{Birth, TaskKind};
use crate::util::large::is_large;

/// Spawns a task with a name.
///
/// A name is for those who look at the tasks of a program: the hooks of a runtime are told it
/// ([`TaskMeta::name`](crate::runtime::TaskMeta::name)). Several tasks may have the same name. The
/// builder copies it into the task.
///
/// Apart from the name, a task is the same as one of [`spawn`](fn@super::spawn),
/// [`spawn_local`](super::spawn_local) or [`spawn_blocking`](super::spawn_blocking).
///
/// # Examples
///
/// ```
/// use zokio::task::Builder;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let task = Builder::new().name("answer").spawn(async { 42 })?;
///     assert_eq!(task.await?, 42);
///     Ok(())
/// }
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it spawns a task"]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

impl<'a> Builder<'a> {
    /// Creates a builder of a task without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let task = Builder::new().spawn(async { 1 })?;
    /// assert_eq!(task.await?, 1);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a builder of a task with this name.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let name = format!("connection {}", 7);
    /// let task = Builder::new().name(&name).spawn(async { 1 })?;
    /// assert_eq!(task.await?, 1);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn name(&self, name: &'a str) -> Self {
        Self { name: Some(name) }
    }

    /// Spawns a task on the current runtime; see [`spawn`](fn@super::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the task.
    ///
    /// # Errors
    ///
    /// Never returns an error today: a task takes no resource of the system.
    ///
    /// # Panics
    ///
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let task = Builder::new().name("sum").spawn(async { 1 + 1 })?;
    /// assert_eq!(task.await?, 2);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn<Fut>(self, future: Fut) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let birth = Birth::<Fut>::named(TaskKind::Task, self.name);
        if const { is_large::<Fut>() } {
            return Ok(spawn_with(Box::pin(future), birth));
        }
        Ok(spawn_with(future, birth))
    }

    /// Spawns a task on the runtime of `handle`; see
    /// [`Handle::spawn`](crate::runtime::Handle::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the task.
    ///
    /// # Errors
    ///
    /// Never returns an error today, as [`spawn`](Self::spawn) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let task = Builder::new().name("sum").spawn_on(async { 1 + 1 }, rt.handle())?;
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_on<Fut>(self, future: Fut, handle: &Handle) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let birth = Birth::<Fut>::named(TaskKind::Task, self.name);
        if const { is_large::<Fut>() } {
            return Ok(handle.spawn_with(Box::pin(future), birth));
        }
        Ok(handle.spawn_with(future, birth))
    }

    /// Spawns a task that stays on this thread; see [`spawn_local`](super::spawn_local).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the task.
    ///
    /// # Errors
    ///
    /// Never returns an error today, as [`spawn`](Self::spawn) does not.
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
    /// use zokio::task::Builder;
    ///
    /// #[zokio::main(flavor = "local")]
    /// async fn main() -> std::io::Result<()> {
    ///     let name = Rc::new("ada");
    ///     let task = Builder::new().name("length").spawn_local(async move { name.len() })?;
    ///     assert_eq!(task.await?, 3);
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn spawn_local<Fut>(self, future: Fut) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + 'static,
        Fut::Output: 'static,
    {
        let birth = Birth::<Fut>::named(TaskKind::Local, self.name);
        if const { is_large::<Fut>() } {
            return Ok(spawn_local_with(Box::pin(future), birth));
        }
        Ok(spawn_local_with(future, birth))
    }

    /// Adds a task to `local_set`, which runs it when it is polled; see [`LocalSet::spawn_local`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the task.
    ///
    /// # Errors
    ///
    /// Never returns an error today, as [`spawn`](Self::spawn) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::{Builder, LocalSet};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let task = Builder::new().name("sum").spawn_local_on(async { 1 + 1 }, &local)?;
    /// local.await;
    /// assert_eq!(task.await?, 2);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_local_on<Fut>(
        self,
        future: Fut,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<Fut::Output>>
    where
        Fut: Future + 'static,
        Fut::Output: 'static,
    {
        let birth = Birth::<Fut>::named(TaskKind::Local, self.name);
        if const { is_large::<Fut>() } {
            return Ok(local_set.spawn_with(Box::pin(future), birth));
        }
        Ok(local_set.spawn_with(future, birth))
    }

    /// Runs a closure on the current runtime's blocking pool; see
    /// [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the closure.
    ///
    /// # Errors
    ///
    /// Returns an error, and drops the closure, if the runtime is being shut down, or if the operating
    /// system can start no thread and there is none that the closure can wait for.
    ///
    /// # Panics
    ///
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let root = Builder::new().name("root").spawn_blocking(|| std::fs::metadata("/"))?;
    /// assert!(root.await??.is_dir());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_blocking<Function, Output>(
        self,
        function: Function,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        let birth = Birth::<Function>::named(TaskKind::Blocking, self.name);
        if const { is_large::<Function>() } {
            return try_spawn_blocking_with(Box::new(function), birth);
        }
        try_spawn_blocking_with(function, birth)
    }

    /// Runs a closure on the blocking pool of the runtime of `handle`; see
    /// [`Handle::spawn_blocking`](crate::runtime::Handle::spawn_blocking).
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle does not cancel the closure.
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`spawn_blocking`](Self::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let task = Builder::new().name("sum").spawn_blocking_on(|| 1 + 1, rt.handle())?;
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<Function, Output>(
        self,
        function: Function,
        handle: &Handle,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        let birth = Birth::<Function>::named(TaskKind::Blocking, self.name);
        if const { is_large::<Function>() } {
            return Ok(handle.try_spawn_blocking_with(Box::new(function), birth)?);
        }
        Ok(handle.try_spawn_blocking_with(function, birth)?)
    }
}

//! [`Builder`]: tasks with a name, in a set.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;

use super::JoinSet;
use crate::runtime::Handle;
use crate::scheduler::task::{Birth, TaskKind};
use crate::task::blocking::try_spawn_blocking_with;
use crate::task::spawn::{spawn_local_with, spawn_with};
use crate::task::{AbortHandle, LocalSet};
use crate::util::large::is_large;

/// Spawns a task with a name in a [`JoinSet`]. Created by [`JoinSet::build_task`].
///
/// See [`task::Builder`](crate::task::Builder) for what a name is for.
///
/// # Examples
///
/// ```
/// use zokio::task::JoinSet;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let mut set = JoinSet::new();
///     for n in 0..3 {
///         set.build_task().name("worker").spawn(async move { n })?;
///     }
///     let mut outputs = set.join_all().await;
///     outputs.sort();
///     assert_eq!(outputs, [0, 1, 2]);
///     Ok(())
/// }
/// ```
#[must_use = "a builder does nothing until it spawns a task"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    name: Option<&'a str>,
}

impl<'a, T> Builder<'a, T> {
    pub(super) fn new(set: &'a mut JoinSet<T>) -> Self {
        Self { set, name: None }
    }

    /// Sets the name of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::JoinSet;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = JoinSet::new();
    /// set.build_task().name("one").spawn(async { 1 })?;
    /// assert_eq!(set.join_all().await, [1]);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn name(self, name: &'a str) -> Self {
        let name = Some(name);
        Self { name, ..self }
    }
}

impl<T: 'static> Builder<'_, T> {
    /// Spawns a task on the current runtime; see [`JoinSet::spawn`].
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
    /// use zokio::task::JoinSet;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = JoinSet::new();
    /// set.build_task().name("one").spawn(async { 1 })?;
    /// assert_eq!(set.join_all().await, [1]);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::named(TaskKind::Task, self.name);
        if const { is_large::<F>() } {
            return Ok(self.set.insert(spawn_with(Box::pin(future), birth)));
        }
        Ok(self.set.insert(spawn_with(future, birth)))
    }

    /// Spawns a task on the runtime of `handle`; see [`JoinSet::spawn_on`].
    ///
    /// # Errors
    ///
    /// Never returns an error today, as [`spawn`](Self::spawn) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::JoinSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let mut set = JoinSet::new();
    /// set.build_task().name("one").spawn_on(async { 1 }, rt.handle())?;
    /// assert_eq!(rt.block_on(set.join_all()), [1]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::named(TaskKind::Task, self.name);
        if const { is_large::<F>() } {
            return Ok(self.set.insert(handle.spawn_with(Box::pin(future), birth)));
        }
        Ok(self.set.insert(handle.spawn_with(future, birth)))
    }

    /// Spawns a task that stays on this thread; see [`JoinSet::spawn_local`].
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
    /// use zokio::task::JoinSet;
    ///
    /// #[zokio::main(flavor = "local")]
    /// async fn main() -> std::io::Result<()> {
    ///     let name = Rc::new("ada");
    ///     let mut set = JoinSet::new();
    ///     set.build_task().name("length").spawn_local(async move { name.len() })?;
    ///     assert_eq!(set.join_all().await, [3]);
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let birth = Birth::<F>::named(TaskKind::Local, self.name);
        if const { is_large::<F>() } {
            return Ok(self.set.insert(spawn_local_with(Box::pin(future), birth)));
        }
        Ok(self.set.insert(spawn_local_with(future, birth)))
    }

    /// Spawns a task on `local_set`, which runs it when it is polled; see
    /// [`JoinSet::spawn_local_on`].
    ///
    /// # Errors
    ///
    /// Never returns an error today, as [`spawn`](Self::spawn) does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::{JoinSet, LocalSet};
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let mut set = JoinSet::new();
    /// set.build_task().name("one").spawn_local_on(async { 1 }, &local)?;
    /// assert_eq!(local.run_until(set.join_all()).await, [1]);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let birth = Birth::<F>::named(TaskKind::Local, self.name);
        if const { is_large::<F>() } {
            return Ok(self
                .set
                .insert(local_set.spawn_with(Box::pin(future), birth)));
        }
        Ok(self.set.insert(local_set.spawn_with(future, birth)))
    }

    /// Runs a closure on the current runtime's blocking pool; see [`JoinSet::spawn_blocking`].
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
    /// use zokio::task::JoinSet;
    ///
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = JoinSet::new();
    /// set.build_task().name("root").spawn_blocking(|| std::fs::metadata("/").is_ok())?;
    /// assert_eq!(set.join_all().await, [true]);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::named(TaskKind::Blocking, self.name);
        if const { is_large::<F>() } {
            return Ok(self
                .set
                .insert(try_spawn_blocking_with(Box::new(f), birth)?));
        }
        Ok(self.set.insert(try_spawn_blocking_with(f, birth)?))
    }

    /// Runs a closure on the blocking pool of the runtime of `handle`; see
    /// [`JoinSet::spawn_blocking_on`].
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`spawn_blocking`](Self::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::task::JoinSet;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = zokio::runtime::Builder::new_current_thread().build()?;
    /// let mut set = JoinSet::new();
    /// set.build_task().name("one").spawn_blocking_on(|| 1, rt.handle())?;
    /// assert_eq!(rt.block_on(set.join_all()), [1]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, f: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let birth = Birth::<F>::named(TaskKind::Blocking, self.name);
        if const { is_large::<F>() } {
            return Ok(self
                .set
                .insert(handle.try_spawn_blocking_with(Box::new(f), birth)?));
        }
        Ok(self.set.insert(handle.try_spawn_blocking_with(f, birth)?))
    }
}

impl<T> fmt::Debug for Builder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("join_set::Builder")
            .field("set", &self.set)
            .field("name", &self.name)
            .finish()
    }
}

//! A handle to either scheduler.
#![forbid(unsafe_code)]

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::blocking::Pool;
use crate::blocking::pool::{SpawnError, Work};
use crate::driver::completion::KeptJob;
use crate::record::SeenKind;
use crate::scheduler::metrics::WorkerMetrics;
use crate::scheduler::services::Services;
use crate::scheduler::task::{self, Birth, Id, JoinHandle, TaskKind, UnownedTask};
use crate::scheduler::{context, current_thread, multi_thread};
use crate::util::park::PollOnce;

/// Refers to a runtime without keeping it running.
#[derive(Clone, Debug)]
pub(crate) enum Handle {
    CurrentThread(Arc<current_thread::CurrentThreadShared>),
    MultiThread(Arc<multi_thread::MultiThreadShared>),
}

impl Handle {
    /// Returns the handle of the runtime that this thread has entered.
    pub(crate) fn current() -> Result<Handle, context::NoHandle> {
        context::with_current(Handle::clone)
    }

    pub(crate) fn services(&self) -> &Services {
        match self {
            Handle::CurrentThread(shared) => shared.services(),
            Handle::MultiThread(shared) => shared.services(),
        }
    }

    pub(crate) fn spawn<F, O>(&self, future: F, birth: Birth<O>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Handle::CurrentThread(shared) => shared.spawn(future, birth),
            Handle::MultiThread(shared) => shared.spawn(future, birth),
        }
    }

    /// Runs `f` on the blocking pool, with this runtime as the current one.
    ///
    /// # Panics
    ///
    /// Panics if the pool needs a thread and the operating system cannot start one.
    #[track_caller]
    pub(crate) fn spawn_blocking<F, R, O>(&self, f: F, birth: Birth<O>) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_on(&self.services().pool, f, birth)
    }

    /// Runs `f`, a closure of the runtime's own, on the driver's threads, which no user closure
    /// holds up.
    ///
    /// # Panics
    ///
    /// Panics if a thread is needed and the operating system cannot start one.
    #[track_caller]
    pub(crate) fn spawn_on_driver<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_on(
            self.services().driver.completions().threads(),
            f,
            Birth::<F>::here(TaskKind::Blocking),
        )
    }

    fn recorded<O>(&self, birth: Birth<O>) -> Birth<O> {
        match &self.services().recorder {
            Some(recorder) => birth.recorded(recorder),
            None => birth,
        }
    }

    /// Calls `until_ready` with `poll`, which polls a future that the caller at `place` blocks on, and
    /// notes that as a task if the runtime is observed.
    pub(crate) fn block_on(
        &self,
        place: &'static Location<'static>,
        poll: &mut PollOnce<'_>,
        until_ready: impl FnOnce(&mut PollOnce<'_>),
    ) {
        let Some(recorder) = &self.services().recorder else {
            return until_ready(poll);
        };
        let id = Id::next().as_u64();
        let entry = recorder.enter(id, SeenKind::BlockOn, place, None);
        until_ready(&mut |cx| entry.poll(|| poll(cx)));
    }

    #[track_caller]
    fn spawn_on<F, R, O>(&self, pool: &Pool, f: F, birth: Birth<O>) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (task, join_handle) = task::blocking_task(f, self.recorded(birth));
        self.run_on(pool, task);
        join_handle
    }

    /// Runs `task` on `pool`. If it is refused, it is dropped, and its handle reports it as
    /// cancelled.
    #[track_caller]
    fn run_on(&self, pool: &Pool, task: UnownedTask) {
        match pool.spawn(self.blocking_work(task)) {
            Ok(()) | Err(SpawnError::Closed) => {}
            Err(refused @ SpawnError::NoThread(_)) => panic!("{refused}"),
        }
    }

    /// Like [`spawn_blocking`](Handle::spawn_blocking), but returns an error, and drops `f`, if the
    /// pool is shut down or there is no thread for it.
    pub(crate) fn try_spawn_blocking<F, R, O>(
        &self,
        f: F,
        birth: Birth<O>,
    ) -> Result<JoinHandle<R>, SpawnError>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (task, join_handle) = task::blocking_task(f, self.recorded(birth));
        self.services().pool.spawn(self.blocking_work(task))?;
        Ok(join_handle)
    }

    /// Has this thread perform `job` when its current poll has ended, if it is a worker of this
    /// runtime that can, and if `is_brief` expects the job to take microseconds; otherwise returns
    /// the job as an error.
    pub(crate) fn keep(
        &self,
        job: KeptJob,
        is_brief: impl FnOnce() -> bool,
    ) -> Result<(), KeptJob> {
        match self {
            // No other thread could take the tasks over if it takes long.
            Handle::CurrentThread(_) => Err(job),
            Handle::MultiThread(shared) => shared.keep(job, is_brief),
        }
    }

    /// Wraps a closure for the blocking pool.
    fn blocking_work(&self, task: UnownedTask) -> Work {
        let at_work = AtWork::new(self.clone());
        Box::new(move || {
            let _current = context::set_current(&at_work.0);
            task.run();
            // The closure counts as running until the joiner has been woken.
            drop(at_work);
        })
    }

    /// Wakes a runtime whose paused clock may have waited for a closure that has just ended.
    fn wake_paused(&self) {
        let services = self.services();
        if services.clock.is_paused() {
            services.driver.wake();
        }
    }

    pub(crate) fn is_local(&self) -> Option<bool> {
        match self {
            Handle::CurrentThread(shared) => shared.local(),
            Handle::MultiThread(_) => None,
        }
    }

    pub(crate) fn workers(&self) -> usize {
        match self {
            Handle::CurrentThread(_) => 1,
            Handle::MultiThread(shared) => shared.workers(),
        }
    }

    // No hot path asks for the counters, so these functions are in a program once.

    /// Returns the counters of worker number `worker`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such worker.
    #[track_caller]
    pub(crate) fn worker_metrics(&self, worker: usize) -> &WorkerMetrics {
        assert!(
            worker < self.workers(),
            "there is no worker {worker}: this runtime has {} of them",
            self.workers()
        );
        match self {
            Handle::CurrentThread(shared) => shared.worker_metrics(),
            Handle::MultiThread(shared) => shared.worker_metrics(worker),
        }
    }

    /// Returns the length of a worker's queue.
    ///
    /// # Panics
    ///
    /// Panics if there is no such worker.
    #[track_caller]
    #[inline(never)]
    pub(crate) fn queued(&self, worker: usize) -> usize {
        // There is such a worker, or this panics.
        self.worker_metrics(worker);
        match self {
            Handle::CurrentThread(shared) => shared.queued(),
            Handle::MultiThread(shared) => shared.queued(worker),
        }
    }

    /// Returns how many tasks threads other than workers have queued.
    #[inline(never)]
    pub(crate) fn injections(&self) -> u64 {
        match self {
            Handle::CurrentThread(shared) => shared.injections(),
            Handle::MultiThread(shared) => shared.injections(),
        }
    }

    /// Returns how many tasks have been spawned.
    #[inline(never)]
    pub(crate) fn spawned(&self) -> u64 {
        match self {
            Handle::CurrentThread(shared) => shared.spawned(),
            Handle::MultiThread(shared) => shared.spawned(),
        }
    }

    #[inline(never)]
    pub(crate) fn alive_tasks(&self) -> usize {
        match self {
            Handle::CurrentThread(shared) => shared.alive_tasks(),
            Handle::MultiThread(shared) => shared.alive_tasks(),
        }
    }

    #[inline(never)]
    pub(crate) fn injected(&self) -> usize {
        match self {
            Handle::CurrentThread(shared) => shared.injected(),
            Handle::MultiThread(shared) => shared.injected(),
        }
    }
}

/// A closure that is queued or running. A paused clock does not advance past it.
struct AtWork(Handle);

impl AtWork {
    fn new(handle: Handle) -> AtWork {
        handle.services().clock.inhibit();
        AtWork(handle)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.services().clock.allow();
        self.0.wake_paused();
    }
}

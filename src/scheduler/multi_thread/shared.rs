//! The part of a multi-thread scheduler that every thread may hold.
#![forbid(unsafe_code)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::idle::Idle;
use super::kept::Kept;
use super::lifo::LifoSlot;
use super::monitor::Monitor;
use super::parker::Parker;
use super::progress::Progress;
use super::queue::{Queue, Stealer};
use super::worker::{Context, Core, Worker};
use crate::driver::completion::KeptJob;
use crate::loom::sync::Mutex;
use crate::scheduler::inject::Inject;
use crate::scheduler::metrics::WorkerMetrics;
use crate::scheduler::services::Services;
use crate::scheduler::task::{Birth, JoinHandle, Notified, OwnedTasks, Schedule, Task, TaskHooks};
use crate::util::cache_padded::CachePadded;

/// A runnable task of this scheduler.
pub(super) type Runnable = Notified<Arc<MultiThreadShared>>;

/// The part of the scheduler that handles, wakers and tasks refer to.
///
/// Frequently written fields have cache lines of their own, so the lines that every push and every
/// I/O call reads stay shared. The padded fields raise the struct's alignment to that of the
/// padding, which also keeps the counts of its `Arc` apart.
#[derive(Debug)]
pub(crate) struct MultiThreadShared {
    // Read by every thread, and not written while the runtime is working.
    services: Services,
    pub(super) remotes: Vec<CachePadded<Remote>>,
    pub(in crate::scheduler) owned: OwnedTasks<Arc<MultiThreadShared>>,
    /// Set once, by the thread that ends the runtime; read by each worker after each task.
    closed: AtomicBool,
    /// How many threads have lost their cores to an operation that they still perform. Written by
    /// those threads and by the ones that pick the cores up; read by workers that could keep another.
    pub(super) held_up: AtomicUsize,
    /// Cores that their workers have put down for good.
    pub(super) done: Mutex<Vec<Core>>,
    // Written by every thread.
    pub(super) inject: CachePadded<Inject<Runnable>>,
    pub(super) idle: CachePadded<Idle>,
    pub(super) monitor: CachePadded<Monitor>,
}

/// The part of a worker that other threads may access.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) stealer: Stealer<Runnable>,
    pub(super) lifo: LifoSlot<Arc<MultiThreadShared>>,
    pub(super) progress: Progress,
    pub(super) parker: Parker,
    /// Deferred wakers, which the worker puts here before it runs a task. Taken by the worker, or by
    /// the monitor if that task does not end.
    pub(super) deferred: CachePadded<Mutex<Vec<Waker>>>,
    /// What the worker performs when its current poll has ended.
    pub(super) kept: Kept<KeptJob, Arc<Worker>>,
    pub(super) metrics: CachePadded<WorkerMetrics>,
}

impl MultiThreadShared {
    pub(super) fn new(services: Services, workers: usize) -> (MultiThreadShared, Vec<Core>) {
        let mut remotes = Vec::with_capacity(workers);
        let mut cores = Vec::with_capacity(workers);
        let options = &services.options;
        for index in 0..workers {
            let (queue, stealer) = Queue::new();
            remotes.push(CachePadded::new(Remote {
                stealer,
                lifo: LifoSlot::new(),
                progress: Progress::default(),
                parker: Parker::new(),
                deferred: CachePadded::new(Mutex::new(Vec::new())),
                kept: Kept::new(),
                metrics: CachePadded::new(WorkerMetrics::new(
                    options.poll_times.as_ref(),
                    options.schedule_latencies.as_ref(),
                )),
            }));
            cores.push(Core::new(index, queue, options));
        }
        let shared = MultiThreadShared {
            services,
            remotes,
            owned: OwnedTasks::new(workers),
            closed: AtomicBool::new(false),
            held_up: AtomicUsize::new(0),
            done: Mutex::new(Vec::with_capacity(workers)),
            inject: CachePadded::new(Inject::new()),
            idle: CachePadded::new(Idle::new(workers)),
            monitor: CachePadded::new(Monitor::new(workers)),
        };
        (shared, cores)
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn workers(&self) -> usize {
        self.remotes.len()
    }

    pub(crate) fn worker_metrics(&self, worker: usize) -> &WorkerMetrics {
        &self.remotes[worker].metrics
    }

    /// Returns the number of tasks that have been spawned and have not ended.
    pub(crate) fn alive_tasks(&self) -> usize {
        self.owned.len()
    }

    /// Returns the number of tasks in the injection queue.
    pub(crate) fn injected(&self) -> usize {
        self.inject.len()
    }

    /// Returns how many tasks threads other than workers have injected.
    pub(crate) fn injections(&self) -> u64 {
        self.inject.pushes()
    }

    /// Returns how many tasks have been spawned.
    pub(crate) fn spawned(&self) -> u64 {
        self.owned.spawned()
    }

    /// Returns the length of a worker's queue.
    pub(crate) fn queued(&self, worker: usize) -> usize {
        self.remotes[worker].stealer.len()
    }

    pub(crate) fn spawn<F, O>(self: &Arc<Self>, future: F, birth: Birth<O>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (handle, task) = self.owned.bind(future, self.clone(), birth);
        if let Some(task) = task {
            self.schedule(task);
        }
        handle
    }

    /// Signals every worker to end. `close_pool` refuses further jobs to the pool that the workers run
    /// on: after the cores that are lent have been passed on, and before a worker ends.
    pub(crate) fn close(&self, close_pool: impl FnOnce()) {
        let was_closed = self.closed.swap(true, Ordering::SeqCst);
        if !was_closed {
            self.monitor.end();
            self.pass_on();
        }
        close_pool();
        if !was_closed {
            self.wake_all();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn wake_all(&self) {
        for worker in 0..self.workers() {
            self.unpark(worker);
        }
    }

    /// Wakes a worker, in either place where it may sleep.
    pub(super) fn unpark(&self, worker: usize) {
        if self.remotes[worker].parker.unpark() {
            self.services.driver.wake();
        }
    }

    /// Wakes a sleeping worker to look for work that was just pushed, if that is worth it.
    pub(super) fn wake_one(&self) {
        let waits_for_driver = |worker: usize| self.remotes[worker].parker.is_in_driver();
        if let Some(worker) = self.idle.to_wake(waits_for_driver) {
            self.unpark(worker);
        }
    }

    /// Called by the last searcher, which threads have relied on: wakes a worker to continue the
    /// search if there is work. Otherwise that worker would only go to sleep again.
    pub(super) fn wake_one_if_work_is_left(&self) {
        if !self.inject.is_empty() || self.remotes.iter().any(|it| it.has_work_for_others()) {
            self.wake_one();
            // There may be more than one task. This call finds that worker searching, and so relies
            // on it.
            self.wake_one();
        }
    }

    /// Calls `f` with this thread's context if it is one of this scheduler's workers.
    pub(super) fn with_context<R>(&self, f: impl FnOnce(Option<&Context>) -> R) -> R {
        Context::with(|context| f(context.filter(|context| context.is_of(self))))
    }

    /// Queues a task that was woken while it ran: behind all others, so that it does not starve
    /// them.
    pub(super) fn yield_now(&self, task: Runnable) {
        self.push(task, true);
    }

    fn push(&self, task: Runnable, is_yield: bool) {
        let remote = self.with_context(|context| match context {
            Some(context) => context.push(task, is_yield).err(),
            None => Some(task),
        });
        if let Some(task) = remote {
            match self.inject.push(task) {
                Ok(()) => self.wake_one(),
                // The runtime is gone: the task has been shut down or is about to be.
                Err(task) => drop(task),
            }
        }
    }

    /// Moves tasks of a worker that is stuck, or has no room for them, into the injection queue.
    pub(super) fn inject_all(&self, tasks: Vec<Runnable>) {
        // The queue is closed once the workers are gone, as above.
        drop(self.inject.push_all(tasks));
    }
}

impl Remote {
    /// Returns whether a searching worker would find a task here.
    pub(super) fn has_work_for_others(&self) -> bool {
        !self.stealer.is_empty() || self.progress.is_slow() && !self.lifo.is_empty()
    }

    /// Moves the tasks that wait for this worker, the next one first, to `tasks`.
    pub(super) fn take_all(&self, tasks: &mut Vec<Runnable>) {
        if let Some(next) = self.lifo.take() {
            tasks.push(next);
        }
        self.stealer.steal_all(tasks);
    }
}

impl Schedule for Arc<MultiThreadShared> {
    fn schedule(&self, task: Notified<Self>) {
        self.push(task, false);
    }

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.owned.remove(task)
    }

    fn hooks(&self) -> Option<&TaskHooks> {
        self.services.options.hooks.as_deref()
    }

    fn polls_after(&self, latency: Duration) {
        self.with_context(|context| {
            let context = context.expect("a task is polled by a worker");
            let metrics = &context.remote().metrics;
            metrics.record_schedule_latency(latency);
        });
    }
}

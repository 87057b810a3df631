//! The part of a current-thread scheduler that every thread may hold.
#![forbid(unsafe_code)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::thread::ThreadId;
use std::time::Duration;

use super::core::Context;
use crate::scheduler::inject::Inject;
use crate::scheduler::metrics::WorkerMetrics;
use crate::scheduler::services::Services;
use crate::scheduler::task::{Birth, JoinHandle, Notified, OwnedTasks, Schedule, Task, TaskHooks};
use crate::util::cache_padded::CachePadded;

/// The part of the scheduler that handles, wakers and tasks refer to.
#[derive(Debug)]
pub(crate) struct CurrentThreadShared {
    services: Services,
    pub(in crate::scheduler) owned: OwnedTasks<Arc<CurrentThreadShared>>,
    pub(super) inject: Inject<Notified<Arc<CurrentThreadShared>>>,
    // The running thread writes it after each task; the other fields are read and written by all.
    pub(super) metrics: CachePadded<WorkerMetrics>,
    /// Whether the future of `block_on` was woken.
    woken: AtomicBool,
    /// The thread of a `LocalRuntime`; `None` for other runtimes.
    local_thread: Option<ThreadId>,
}

impl CurrentThreadShared {
    pub(super) fn new(services: Services, local: bool) -> CurrentThreadShared {
        let options = &services.options;
        let metrics = WorkerMetrics::new(
            options.poll_times.as_ref(),
            options.schedule_latencies.as_ref(),
        );
        metrics.runs_here();
        CurrentThreadShared {
            services,
            owned: OwnedTasks::new(1),
            inject: Inject::new(),
            metrics: CachePadded::new(metrics),
            woken: AtomicBool::new(false),
            local_thread: local.then(|| std::thread::current().id()),
        }
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn worker_metrics(&self) -> &WorkerMetrics {
        &self.metrics
    }

    /// Returns the number of tasks that have been spawned and have not ended.
    pub(crate) fn alive_tasks(&self) -> usize {
        self.owned.len()
    }

    /// Returns the number of tasks in the injection queue.
    pub(crate) fn injected(&self) -> usize {
        self.inject.len()
    }

    /// Returns how many tasks have been injected.
    pub(crate) fn injections(&self) -> u64 {
        self.inject.pushes()
    }

    /// Returns the length of the queue; for other threads than the one that runs the tasks, it is the
    /// length as the current poll began.
    pub(crate) fn queued(&self) -> usize {
        let here = self.with_context(|context| context?.queued());
        here.unwrap_or_else(|| self.metrics.queued())
    }

    /// Returns how many tasks have been spawned.
    pub(crate) fn spawned(&self) -> u64 {
        self.owned.spawned()
    }

    /// Returns whether this is the thread of the `LocalRuntime`; `None` if this is not a
    /// `LocalRuntime`.
    pub(crate) fn local(&self) -> Option<bool> {
        let thread = self.local_thread?;
        Some(thread == std::thread::current().id())
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

    /// Takes the flag that records a wake of `block_on`'s future.
    pub(super) fn take_woken(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    pub(super) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    /// Calls `f` with this thread's context if it runs this scheduler's tasks.
    fn with_context<R>(&self, f: impl FnOnce(Option<&Context>) -> R) -> R {
        Context::with(
            |context| f(context.filter(|context| std::ptr::eq(&**context.shared(), self))),
        )
    }
}

impl Schedule for Arc<CurrentThreadShared> {
    fn schedule(&self, task: Notified<Self>) {
        let remote = self.with_context(|context| match context {
            Some(context) => context.push(task).err(),
            None => Some(task),
        });
        if let Some(task) = remote {
            match self.inject.push(task) {
                Ok(()) => self.services.driver.wake(),
                // The runtime is gone: the task has been shut down or is about to be.
                Err(task) => drop(task),
            }
        }
    }

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.owned.remove(task)
    }

    fn hooks(&self) -> Option<&TaskHooks> {
        self.services.options.hooks.as_deref()
    }

    fn polls_after(&self, latency: Duration) {
        self.metrics.record_schedule_latency(latency);
    }

    fn panicked(&self) {
        if self.services.options.unhandled_panic.ends_the_runtime() {
            self.with_context(|context| {
                context
                    .expect("a task is polled by the thread that has the core")
                    .note_panic();
            });
        }
    }
}

/// Wakes the future of `block_on`.
impl Wake for CurrentThreadShared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        // The thread that runs this scheduler checks the flag before it sleeps.
        if self.with_context(|context| context.is_none()) {
            self.services.driver.wake();
        }
    }
}

//! The thread that has the core: its run loop and where its tasks are queued.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::rounds::Rounds;
use super::shared::CurrentThreadShared;
use crate::record::{self, Here};
use crate::scheduler::context::{self, Deferred, RunsTasks};
use crate::scheduler::metrics::{BusyClock, Histogram};
use crate::scheduler::park;
use crate::scheduler::task::Notified;
use crate::timer::clock::ever_paused;
use crate::util::local_worker::{local_worker, set_local_worker};
use crate::util::scoped::{Scoped, with_local};
use crate::util::shrink::shrink_if_empty;

/// Task polls between two checks of the injection queue, unless the builder sets another number.
const GLOBAL_QUEUE_INTERVAL: u32 = 31;

thread_local! {
    /// The context of this thread, if it runs tasks of a current-thread runtime.
    static CONTEXT: Scoped<Context> = const { Scoped::new() };
}

type Runnable = Notified<Arc<CurrentThreadShared>>;

/// The state that belongs to the one thread that runs tasks.
#[derive(Debug)]
pub(super) struct Core {
    queue: VecDeque<Runnable>,
    tick: u32,
    /// Whether a task has panicked and the runtime is to be shut down for that. No task runs from
    /// then on.
    panicked: bool,
}

/// A task has panicked, and the runtime is to be shut down for that.
#[derive(Debug)]
pub(super) struct TaskPanicked;

/// The scheduler context of the thread that has the core.
#[derive(Debug)]
pub(crate) struct Context {
    shared: Arc<CurrentThreadShared>,
    core: RefCell<Option<Box<Core>>>,
    deferred: Deferred,
    busy: RefCell<BusyClock>,
    /// Those after which only tasks that yielded can run.
    rounds: Rounds,
    former_worker: Option<usize>,
    /// Records what the thread does, if the runtime is observed.
    here: Option<Here>,
}

impl Core {
    pub(super) fn new() -> Core {
        Core {
            queue: VecDeque::new(),
            tick: 0,
            panicked: false,
        }
    }

    fn next(&mut self, shared: &CurrentThreadShared) -> Option<Runnable> {
        let interval = shared
            .services()
            .options
            .global_queue_interval
            .unwrap_or(GLOBAL_QUEUE_INTERVAL);
        let mut local = || {
            let task = self.queue.pop_front()?;
            shared.metrics.queue_has(self.queue.len());
            Some(task)
        };
        if self.tick % interval == 0 {
            shared.inject.pop().or_else(local)
        } else {
            local().or_else(|| shared.inject.pop())
        }
    }
}

impl RunsTasks for Context {
    fn defer(&self, waker: &Waker) -> bool {
        self.deferred.push(waker);
        true
    }

    fn worker_index(&self) -> Option<usize> {
        self.core.borrow().as_ref().map(|_| 0)
    }
}

impl Context {
    pub(super) fn new(shared: Arc<CurrentThreadShared>, core: Box<Core>) -> Context {
        let former_worker = local_worker();
        set_local_worker(Some(0));
        shared.metrics.runs_here();
        let recorder = shared.services().recorder.as_ref();
        Context {
            here: recorder.map(|recorder| recorder.here(0)),
            shared,
            core: RefCell::new(Some(core)),
            deferred: Deferred::default(),
            busy: RefCell::new(BusyClock::start()),
            rounds: Rounds::new(),
            former_worker,
        }
    }

    /// Wakes everything that was deferred, and returns the core.
    pub(super) fn leave(&self) -> Option<Box<Core>> {
        self.deferred.wake_all();
        set_local_worker(self.former_worker);
        let metrics = &self.shared.metrics;
        self.busy.borrow().pause(metrics);
        self.with_core(|core| metrics.queue_has(core.queue.len()));
        self.core.take()
    }

    /// Runs `f` with this context as the thread's context.
    pub(super) fn enter<R>(&self, f: impl FnOnce(&Context) -> R) -> R {
        let run = || CONTEXT.with(|slot| slot.set(self, || context::run_tasks(self, || f(self))));
        record::enter(self.here.as_ref(), run)
    }

    /// Calls `f` with the context of this thread, if it runs tasks of a current-thread runtime.
    #[inline]
    pub(super) fn with<R>(f: impl FnOnce(Option<&Context>) -> R) -> R {
        with_local(&CONTEXT, f)
    }

    pub(super) fn shared(&self) -> &Arc<CurrentThreadShared> {
        &self.shared
    }

    /// Queues a task; returns it as an error if the core is gone.
    pub(super) fn push(&self, task: Runnable) -> Result<(), Runnable> {
        match &mut *self.core.borrow_mut() {
            Some(core) => {
                core.queue.push_back(task);
                self.shared.metrics.scheduled();
                Ok(())
            }
            None => Err(task),
        }
    }

    /// Returns the length of the queue, if the core is here.
    pub(super) fn queued(&self) -> Option<usize> {
        self.core.borrow().as_ref().map(|core| core.queue.len())
    }

    /// Ends the run of tasks after the current one.
    pub(super) fn note_panic(&self) {
        self.with_core(|core| core.panicked = true);
    }

    /// Polls the main future whenever it is woken, and tasks in between, until it is ready.
    pub(super) fn run(&self, poll_main: &mut dyn FnMut() -> Poll<()>) -> Result<(), TaskPanicked> {
        match self.shared.metrics.poll_times() {
            None => self.run_with(poll_main, Notified::run),
            Some(times) => self.run_timed(poll_main, times),
        }
    }

    /// Like [`run`](Self::run), and records how long polls take. That is apart, so that it costs
    /// nothing in a runtime without a histogram.
    #[cold]
    fn run_timed(
        &self,
        poll_main: &mut dyn FnMut() -> Poll<()>,
        times: &Histogram,
    ) -> Result<(), TaskPanicked> {
        self.run_with(poll_main, |task| {
            let begun = Instant::now();
            let again = task.run();
            times.record(begun.elapsed());
            again
        })
    }

    /// Does what [`run`](Self::run) does, with what runs a task.
    fn run_with(
        &self,
        poll_main: &mut dyn FnMut() -> Poll<()>,
        run_task: impl Fn(Runnable) -> Option<Runnable>,
    ) -> Result<(), TaskPanicked> {
        let event_interval = self.shared.services().options.event_interval;
        // How many tasks may run before the driver is polled.
        let mut left = event_interval;
        let mut main_is_due = true;
        loop {
            if self.shared.take_woken() || main_is_due {
                main_is_due = false;
                if poll_main().is_ready() {
                    return Ok(());
                }
            }
            left -= self.run_tasks(left, &run_task);
            if self.with_core(|core| core.panicked) {
                return Err(TaskPanicked);
            }
            if left == 0 {
                self.poll_driver();
            } else if self.deferred.is_empty() && !self.shared.is_woken() {
                self.park();
            } else if ever_paused() || self.rounds.end(Instant::now) {
                // A test that has paused the clock expects that of each yield.
                self.poll_driver();
            } else {
                self.deferred.wake_all();
                continue;
            }
            left = event_interval;
        }
    }

    /// Runs up to `most` tasks, and returns how many.
    #[inline]
    fn run_tasks(&self, most: u32, run_task: impl Fn(Runnable) -> Option<Runnable>) -> u32 {
        let metrics = &self.shared.metrics;
        for count in 0..most {
            let task = self.with_core(|core| {
                core.tick = core.tick.wrapping_add(1);
                match core.panicked {
                    false => core.next(&self.shared),
                    true => None,
                }
            });
            let Some(task) = task else {
                self.with_core(|core| shrink_if_empty(&mut core.queue));
                metrics.polled(count);
                return count;
            };
            if let Some(again) = run_task(task) {
                self.with_core(|core| core.queue.push_back(again));
                metrics.scheduled();
            }
        }
        metrics.polled(most);
        most
    }

    fn with_core<R>(&self, f: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.core.borrow_mut();
        f(core
            .as_mut()
            .expect("the core is here while its thread runs"))
    }

    /// Sleeps until something happens.
    // Each of the two loops calls it in one place.
    #[inline(always)]
    fn park(&self) {
        let services = self.shared.services();
        services.before_park();
        // The callback may have made a task runnable. The driver is polled all the same, so that
        // such a callback cannot prevent that.
        let idle = self.with_core(|core| core.queue.is_empty())
            && self.shared.inject.is_empty()
            && self.deferred.is_empty()
            && !self.shared.is_woken();
        if idle {
            let metrics = &self.shared.metrics;
            self.busy.borrow().park(metrics);
            if let Some(here) = &self.here {
                here.park();
            }
            park::wait(services, &mut services.driver.turn(), None);
            self.busy.borrow_mut().unpark(metrics);
            if let Some(here) = &self.here {
                here.unpark();
            }
            self.deferred.wake_all();
        } else {
            self.poll_driver();
        }
        services.after_unpark();
    }

    /// Polls the driver without waiting.
    fn poll_driver(&self) {
        if let Some(here) = &self.here {
            here.time_passes();
        }
        let services = self.shared.services();
        park::wait(services, &mut services.driver.turn(), Some(Duration::ZERO));
        self.deferred.wake_all();
    }

    /// Drops every task.
    pub(super) fn shutdown(&self) {
        self.shared.owned.close_and_shutdown_all();
        // The queued notifications refer to tasks that have just been shut down. Dropping a
        // reference may run a waker's destructor, so it happens outside the borrow.
        loop {
            let queued = self.with_core(|core| std::mem::take(&mut core.queue));
            self.shared.metrics.queue_has(0);
            if queued.is_empty() {
                break;
            }
            drop(queued);
        }
        drop(self.shared.inject.close());
    }
}

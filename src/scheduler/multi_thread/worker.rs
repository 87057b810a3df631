//! A worker: its core, its run loop, and where tasks that it wakes are queued.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::kept::Patience;
use super::pace::Pace;
use super::queue::Queue;
use super::shared::{MultiThreadShared, Remote, Runnable};
use crate::blocking::pool::SpawnError;
use crate::loom::sync::Mutex;
use crate::record::{self, Here};
use crate::scheduler::Handle;
use crate::scheduler::context::{self, Deferred, RunsTasks};
use crate::scheduler::metrics::{BusyClock, PollTimer, Tally, WorkerMetrics};
use crate::scheduler::services::Options;
use crate::util::local_worker::set_local_worker;
use crate::util::rng::Rng;
use crate::util::scoped::{Scoped, with_local};

/// How many tasks in a row may come from the LIFO slot.
const LIFO_RUNS: u32 = 3;

/// After how many polls a worker that has tasks to run looks whether the runtime has ended. As on
/// tokio, what was spawned shortly before the end is usually polled once.
const MORE_POLLS: u32 = 61;

thread_local! {
    /// The context of this thread, if it runs, or ran, a worker.
    static CONTEXT: Scoped<Context> = const { Scoped::new() };
}

/// The state that belongs to the one thread that runs this worker.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) index: usize,
    pub(super) queue: Queue<Runnable>,
    tick: u32,
    pub(super) pace: Pace,
    /// Tasks in a row that came from the LIFO slot.
    lifo_runs: u32,
    /// How many there may be: none without the slot.
    most_lifo_runs: u32,
    /// Whether it counts as searching in `Idle`.
    pub(super) searching: bool,
    /// While it searches: whether the worker that it has stolen a task from has more.
    found_more: bool,
    /// Whether the monitor has been notified that this worker is awake.
    pub(super) noticed: bool,
    rng: Rng,
    /// From which the generators of the threads that run it are split, in a runtime with a seed.
    rng_of_threads: Option<Rng>,
    pub(super) busy: BusyClock,
    pub(super) tally: Tally,
    /// The value of `tick` at which a poll continues no other, whatever its task comes from.
    apart: u32,
    /// Whether the next poll continues the one before.
    continues: bool,
    /// Times polls, if there is a histogram of that.
    timer: Option<PollTimer>,
    /// Whether it keeps operations.
    pub(super) patience: Patience,
}

/// The scheduler context of a thread that runs, or ran, a worker.
#[derive(Debug)]
pub(crate) struct Context {
    pub(super) worker: Arc<Worker>,
    /// Present while a task runs and while the worker sleeps; gone once `block_in_place` has put it
    /// down and another thread has picked it up.
    pub(super) core: RefCell<Option<Box<Core>>>,
    /// Wakers that no other thread sees. A task that yields while its worker has nothing else to
    /// run leaves its waker here, and costs no lock.
    deferred: Deferred,
    /// Whether deferred wakers may be where the monitor finds them ([`Remote::deferred`]).
    exposed: Cell<bool>,
    /// Whether the worker is in its wait, where it checks its queue before it continues to sleep.
    pub(super) waiting: Cell<bool>,
    /// Whether the worker itself is running, not a task: the core stays.
    pub(super) held: Cell<bool>,
    /// Whether the task that runs is inside `block_in_place`.
    pub(super) blocking: Cell<bool>,
    /// Whether the task that runs has left a job in [`Remote::kept`].
    pub(super) has_kept: Cell<bool>,
    /// Records what the worker does, if the runtime is observed.
    pub(super) here: Option<Here>,
}

/// A worker, from which a thread picks the core up.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Arc<MultiThreadShared>,
    pub(super) index: usize,
    pub(super) core: Mutex<Option<Box<Core>>>,
    /// Whether the pool has a job that will run the worker and has not begun. Set by the thread that
    /// hands the worker over, after it has put the core down; cleared by the job, before it picks the
    /// core up.
    is_queued: AtomicBool,
}

/// A job of the pool that has not begun.
struct Queued(Arc<Worker>);

impl Drop for Queued {
    fn drop(&mut self) {
        // A thread that relies on this job has put the core down before.
        self.0.is_queued.swap(false, Ordering::SeqCst);
    }
}

/// The core has been picked up by another thread; this one has nothing left to run.
#[derive(Debug)]
pub(super) struct CoreGone;

/// Starts a thread for `core`.
pub(super) fn launch(shared: Arc<MultiThreadShared>, core: Box<Core>) -> Result<(), SpawnError> {
    let worker = Arc::new(Worker {
        shared,
        index: core.index,
        core: Mutex::new(Some(core)),
        is_queued: AtomicBool::new(false),
    });
    hand_over(&worker)
}

/// Has a thread of the pool run the worker, unless one is about to. The core has been put down.
pub(super) fn hand_over(worker: &Arc<Worker>) -> Result<(), SpawnError> {
    if worker.is_queued.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let queued = Queued(worker.clone());
    let begin = move || {
        let worker = queued.0.clone();
        drop(queued);
        run(worker);
    };
    worker.shared.services().pool.spawn_worker(Box::new(begin))
}

/// Has a thread of the pool pick up the core of a worker that has lent it and is held up.
pub(super) fn pass_on(worker: &Arc<Worker>) {
    if let Err(refused) = hand_over(worker) {
        log::debug!("zokio: no other thread for a worker that is held up: {refused}");
    }
}

/// Runs the worker on this thread until the runtime ends or another thread takes the core.
fn run(worker: Arc<Worker>) {
    let Some(mut core) = worker.pick_core_up() else {
        return;
    };
    /// A worker that panics loses its core, and what waits for it would wait forever.
    struct AbortOnPanic;
    impl Drop for AbortOnPanic {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("a worker of the runtime panicked outside of tasks: the process ends");
                std::process::abort();
            }
        }
    }
    let _abort = AbortOnPanic;
    core.busy.resume();
    worker.shared.remotes[worker.index].metrics.runs_here();
    let shared = worker.shared.clone();
    let handle = Handle::MultiThread(shared.clone());
    set_local_worker(Some(worker.index));
    let recorder = shared.services().recorder.as_ref();
    let context = Context {
        here: recorder.map(|recorder| recorder.here(worker.index)),
        worker,
        core: RefCell::new(None),
        deferred: Deferred::default(),
        exposed: Cell::new(false),
        waiting: Cell::new(false),
        held: Cell::new(false),
        blocking: Cell::new(false),
        has_kept: Cell::new(false),
    };
    let rng = core.rng_of_threads.as_mut().map(Rng::split);
    let drives = context::enter_to_run(&handle, true, rng);
    context.enter(|| {
        if let Ok(core) = context.run(core) {
            context.put_down_for_good(*core);
        }
        // Another thread may have owned the core since a waker was deferred here.
        context.wake_deferred();
    });
    drop(drives);
    set_local_worker(None);
}

impl Core {
    pub(super) fn new(index: usize, queue: Queue<Runnable>, options: &Options) -> Core {
        let seeds = options.seeds.as_ref();
        Core {
            index,
            queue,
            tick: 0,
            pace: Pace::new(options.global_queue_interval),
            lifo_runs: 0,
            most_lifo_runs: if options.lifo_slot { LIFO_RUNS } else { 0 },
            searching: false,
            found_more: false,
            noticed: false,
            rng: seeds.map_or_else(Rng::random, |seeds| seeds.of_worker(index)),
            rng_of_threads: seeds.map(|seeds| seeds.of_threads(index)),
            busy: BusyClock::start(),
            tally: Tally::default(),
            apart: 1,
            continues: false,
            timer: options.poll_times.as_ref().map(|_| PollTimer::default()),
            patience: Patience::new(),
        }
    }
}

impl Core {
    /// Stores what has been counted, and measures the polls if it is known how long the worker has
    /// been awake.
    pub(super) fn store_counts(&mut self, awake: Option<Duration>, metrics: &WorkerMetrics) {
        self.tally.store(self.pace.counted(), metrics);
        if let Some(awake) = awake {
            self.tally.measure(awake, metrics);
        }
    }

    /// Records that no poll continues the last one.
    pub(super) fn end_poll(&mut self, metrics: &WorkerMetrics) {
        self.apart = self.tick.wrapping_add(1);
        if let Some(timer) = &mut self.timer {
            timer.record(metrics.poll_times());
        }
    }

    /// Ends a poll for the counters whose task keeps the thread without the core.
    pub(super) fn leave_poll(&mut self, metrics: &WorkerMetrics) {
        if let Some(timer) = &mut self.timer {
            timer.end();
        }
        self.end_poll(metrics);
    }

    /// Counts a poll of the task from the LIFO slot.
    fn polls_lifo(&mut self) {
        self.lifo_runs += 1;
        if self.tick != self.apart {
            self.tally.continues();
            self.continues = true;
        }
    }
}

impl RunsTasks for Context {
    fn defer(&self, waker: &Waker) -> bool {
        let has_core = self.core.borrow().is_some();
        if has_core {
            self.deferred.push(waker);
        }
        has_core
    }

    fn worker_index(&self) -> Option<usize> {
        // The poll that has lost its core in `block_in_place` is still one of this worker.
        (!self.blocking.get()).then_some(self.worker.index)
    }
}

impl Context {
    /// Runs `f` with this context as the thread's context.
    fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let run = || CONTEXT.with(|slot| slot.set(self, || context::run_tasks(self, f)));
        record::enter(self.here.as_ref(), run)
    }

    /// Calls `f` with the context of this thread, if it runs, or ran, a worker.
    #[inline]
    pub(super) fn with<R>(f: impl FnOnce(Option<&Context>) -> R) -> R {
        with_local(&CONTEXT, f)
    }

    pub(super) fn has_deferred(&self) -> bool {
        self.exposed.get() || !self.deferred.is_empty()
    }

    /// Moves the deferred wakers to where the monitor finds them. Called before a task is run, which
    /// may take long.
    #[inline]
    pub(super) fn expose_deferred(&self) {
        if !self.deferred.is_empty() {
            self.deferred.append_to(&mut self.remote().deferred.lock());
            self.exposed.set(true);
        }
    }

    /// Wakes all deferred wakers, each of which may defer another.
    pub(super) fn wake_deferred(&self) {
        if self.exposed.replace(false) {
            self.deferred
                .prepend_from(&mut self.remote().deferred.lock());
        }
        self.deferred.wake_all();
    }

    pub(super) fn shared(&self) -> &Arc<MultiThreadShared> {
        &self.worker.shared
    }

    pub(super) fn is_of(&self, shared: &MultiThreadShared) -> bool {
        std::ptr::eq(&*self.worker.shared, shared)
    }

    pub(super) fn remote(&self) -> &Remote {
        &self.worker.shared.remotes[self.worker.index]
    }

    /// Queues a task on this worker; returns it as an error if the core is gone.
    ///
    /// Another worker is woken if that helps the task. This one takes one task as soon as the
    /// current poll ends: two tasks that wake each other at every quick poll would wake a worker
    /// that comes too late each time, but even the next task should not wait behind a slow poll.
    /// Two slow tasks that alternate, each waking the other at the end of its poll, do wake a
    /// worker in vain.
    #[inline]
    pub(super) fn push(&self, task: Runnable, is_yield: bool) -> Result<(), Runnable> {
        let core = self.core.borrow();
        let Some(core) = &*core else {
            return Err(task);
        };
        core.tally.scheduled();
        // After a yield, the worker continues with what it has.
        let waits = is_yield || core.lifo_runs >= core.most_lifo_runs;
        let queued = if waits {
            Some(task)
        } else {
            self.remote().lifo.put(task)
        };
        let needs_help = if let Some(task) = queued {
            if let Err(overflow) = core.queue.push(task) {
                self.remote().metrics.overflowed();
                self.shared().inject_all(overflow);
            }
            !waits || !is_yield && !core.pace.is_quick() || self.has_to_share(core)
        } else {
            // The worker's own code, outside of tasks, does not take long.
            core.pace.is_slow() && !self.held.get()
        };
        // A worker in its wait checks its queue afterwards.
        if needs_help && !self.waiting.get() {
            self.shared().wake_one();
        }
        Ok(())
    }

    fn run(&self, mut core: Box<Core>) -> Result<Box<Core>, CoreGone> {
        let shared = self.shared();
        let event_interval = shared.services().options.event_interval;
        // A worker whose thread starts only when the runtime has ended still runs once: metrics
        // report every worker, and a `park` callback is called on each.
        loop {
            core.tick = core.tick.wrapping_add(1);
            let Core { pace, busy, .. } = &mut *core;
            let mut measured = None;
            let due = pace.is_due(|| {
                let awake = busy.awake(&self.remote().metrics);
                measured = Some(awake);
                awake
            });
            let looks = core.tick % event_interval == 0;
            let mut may_end = core.tick % MORE_POLLS == 0;
            if due || looks {
                core.store_counts(measured, &self.remote().metrics);
                self.remote().progress.step(core.pace.is_slow());
                shared.monitor.first_tick(shared);
            }
            if looks {
                core = self.poll_driver(core);
                core.apart = core.tick;
            } else if due {
                self.share_work(&core);
            }
            if let Some(task) = self.next_task(&mut core, due) {
                core = self.run_task(task, core)?;
            } else {
                core.lifo_runs = 0;
                if let Some(task) = self.search(&mut core) {
                    core = self.run_task(task, core)?;
                } else {
                    core.end_poll(&self.remote().metrics);
                    core = if self.has_deferred() {
                        self.poll_driver(core)
                    } else {
                        self.park(core)
                    };
                    may_end = true;
                }
            }
            if may_end && shared.is_closed() {
                return Ok(core);
            }
        }
    }

    fn next_task(&self, core: &mut Core, due: bool) -> Option<Runnable> {
        if due {
            if let Some(task) = self.shared().inject.pop() {
                return Some(task);
            }
        }
        if core.lifo_runs < core.most_lifo_runs {
            if let Some(task) = self.remote().lifo.take() {
                core.polls_lifo();
                return Some(task);
            }
        }
        if let Some(task) = core.queue.pop() {
            core.lifo_runs = 0;
            return Some(task);
        }
        if let Some(task) = self.remote().lifo.take() {
            core.lifo_runs = 1;
            return Some(task);
        }
        self.next_injected(core)
    }

    /// Takes this worker's share of the injection queue.
    pub(super) fn next_injected(&self, core: &Core) -> Option<Runnable> {
        let inject = &self.shared().inject;
        let injected = inject.len();
        if injected == 0 {
            return None;
        }
        let share = injected / self.shared().workers();
        let most = share.min(127).min(core.queue.space());
        inject.pop_batch(most, |tasks| core.queue.extend(tasks))
    }

    /// Searches the other workers for work.
    fn search(&self, core: &mut Core) -> Option<Runnable> {
        let shared = self.shared();
        if !core.searching {
            core.searching = shared.idle.try_search();
            if !core.searching {
                return None;
            }
        }
        if let Some(here) = &self.here {
            here.search();
        }
        self.steal(core)
            .or_else(|| self.next_injected(core))
            .or_else(|| self.steal_from_slow(core))
    }

    /// Takes up to half of another worker's queue, in one batch.
    pub(super) fn steal(&self, core: &mut Core) -> Option<Runnable> {
        let remotes = &self.shared().remotes;
        let workers = remotes.len();
        let start = core.rng.below(workers as u32) as usize;
        for offset in 0..workers {
            let victim = (start + offset) % workers;
            if victim == core.index {
                continue;
            }
            if let Some((task, count)) = remotes[victim].stealer.steal_into(&core.queue) {
                self.note_stolen(count);
                core.found_more = remotes[victim].has_work_for_others();
                return Some(task);
            }
        }
        None
    }

    /// Takes a task that a worker with slow polls would run next.
    fn steal_from_slow(&self, core: &Core) -> Option<Runnable> {
        let remotes = self.shared().remotes.iter().enumerate();
        let task = remotes
            .filter(|(index, remote)| *index != core.index && remote.progress.is_slow())
            .find_map(|(_, remote)| remote.lifo.take())?;
        self.note_stolen(1);
        Some(task)
    }

    fn note_stolen(&self, count: usize) {
        self.remote().metrics.stole(count);
        if let Some(here) = &self.here {
            here.steal(count);
        }
    }

    fn run_task(&self, task: Runnable, mut core: Box<Core>) -> Result<Box<Core>, CoreGone> {
        if core.searching {
            core.searching = false;
            let relied_on = self.shared().idle.stop_search();
            let found_more = std::mem::take(&mut core.found_more) || !core.queue.is_empty();
            if relied_on {
                self.shared().wake_one_if_work_is_left();
            } else if found_more || !self.shared().inject.is_empty() {
                self.shared().wake_one();
            }
        }
        if !core.noticed {
            core.noticed = true;
            self.remote().progress.step(core.pace.is_slow());
            self.shared().monitor.notice(self.shared());
        }
        self.expose_deferred();
        core.pace.count();
        if let Some(timer) = &mut core.timer {
            let continues = std::mem::take(&mut core.continues);
            timer.begin(continues, self.remote().metrics.poll_times());
        }
        *self.core.borrow_mut() = Some(core);
        if let Some(again) = task.run() {
            self.shared().yield_now(again);
        }
        let mut core = self.core.borrow_mut().take().ok_or(CoreGone)?;
        if let Some(timer) = &mut core.timer {
            timer.end();
        }
        if self.has_kept.get() {
            core.end_poll(&self.remote().metrics);
            return self.perform_kept(core);
        }
        Ok(core)
    }
}

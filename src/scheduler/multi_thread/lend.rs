//! How a worker keeps a job of the driver's, and lends its core while it performs it; the protocol is
//! in [`kept`](super::kept).
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::shared::MultiThreadShared;
use super::worker::{self, Context, Core, CoreGone, Worker};
use crate::driver::completion::KeptJob;
use crate::util::local_worker::set_local_worker;
use crate::util::system::voluntary_switches;

impl MultiThreadShared {
    /// Has this thread perform `job` when its current poll has ended, if it runs a worker of this
    /// scheduler, and if `is_brief` expects the job to take microseconds; otherwise returns the job
    /// as an error.
    pub(crate) fn keep(
        &self,
        job: KeptJob,
        is_brief: impl FnOnce() -> bool,
    ) -> Result<(), KeptJob> {
        self.with_context(|context| match context {
            Some(context) => context.keep(job, is_brief),
            None => Err(job),
        })
    }

    /// Returns whether a worker may keep an operation, which may hold it up. Until one is held up, each
    /// of the others may have kept one as well, and there must be other threads for all of them (I11).
    fn may_keep(&self) -> bool {
        self.held_up.load(Ordering::SeqCst) == 0
            && self.services().pool.max_workers() / 2 >= self.workers()
    }

    /// Has threads of the driver's perform what the workers have kept, and threads of the pool pick
    /// up the cores that they have lent. Called when the runtime is being closed, after the flag was
    /// set.
    pub(super) fn pass_on(&self) {
        for remote in &self.remotes {
            if let Some(job) = remote.kept.take() {
                self.services().driver.completions().perform(job);
            }
            if let Some(worker) = remote.kept.lent() {
                worker::pass_on(&worker);
            }
        }
    }
}

impl Worker {
    /// Picks the core up, if it is down. A thread that has lent it is left with its operation.
    pub(super) fn pick_core_up(&self) -> Option<Box<Core>> {
        let mut place = self.core.lock();
        let mut core = place.take()?;
        if self.shared.remotes[self.index].kept.end() {
            // Under the lock: the thread with the operation subtracts it once it finds no core.
            self.shared.held_up.fetch_add(1, Ordering::SeqCst);
            core.patience.lost();
        }
        Some(core)
    }
}

impl Context {
    fn keep(&self, job: KeptJob, is_brief: impl FnOnce() -> bool) -> Result<(), KeptJob> {
        let shared = self.shared();
        // A worker that runs its own code, and not a task, has no poll that ends. And a poll that has
        // begun one before has not ended since: it may be waiting for it.
        let keeps = !self.held.get()
            && !self.has_kept.get()
            && shared.may_keep()
            && shared.monitor.ticks()
            && match &mut *self.core.borrow_mut() {
                Some(core) => core.patience.keeps(),
                None => false,
            };
        if !keeps || !is_brief() {
            return Err(job);
        }
        let kept = &self.remote().kept;
        kept.keep(job)?;
        // The thread that closes the runtime has set the flag before it looks here.
        if let Some(job) = shared.is_closed().then(|| kept.take()).flatten() {
            return Err(job);
        }
        self.has_kept.set(true);
        Ok(())
    }

    /// Has a thread of the driver's perform what this worker has kept: its core is about to go.
    pub(super) fn give_kept_up(&self) {
        if !self.has_kept.replace(false) {
            return;
        }
        if let Some(job) = self.remote().kept.take() {
            self.shared().services().driver.completions().perform(job);
        }
    }

    /// Performs what this worker has kept, with its core lent. Returns an error if another thread has
    /// picked the core up.
    pub(super) fn perform_kept(&self, mut core: Box<Core>) -> Result<Box<Core>, CoreGone> {
        let (shared, remote) = (self.shared(), self.remote());
        self.has_kept.set(false);
        // A thread that picks the core up does not know of them.
        core = self.with_core_here(core, || self.wake_deferred());
        // Once the core is down, any thread that was asked to run this worker may pick it up, however
        // long ago that was. It must find no job here.
        let Some(job) = remote.kept.begin(self.worker.clone()) else {
            core.patience.lost();
            return Ok(core);
        };
        if self.has_work(&core) {
            shared.wake_one();
        }
        remote.progress.step(core.pace.is_slow());
        core.busy.pause(&remote.metrics);
        let watched = core.patience.watches().then(voluntary_switches);
        let begun = Instant::now();
        if let Some(here) = &self.here {
            here.lend();
        }
        *self.worker.core.lock() = Some(core);
        let mut took_back = Err(CoreGone);
        let mut take_back = |complete: &mut dyn FnMut()| {
            took_back = self.take_core_back(begun, watched, complete);
        };
        if shared.is_closed() {
            // It could hold up the end of the runtime.
            shared.services().driver.completions().perform(job);
            take_back(&mut || {});
        } else {
            job.perform(&mut take_back);
        }
        took_back
    }

    /// Takes the core back that was lent at `begun` for an operation, and calls `complete`. Returns an
    /// error if another thread has picked the core up.
    fn take_core_back(
        &self,
        begun: Instant,
        watched: Option<i64>,
        complete: &mut dyn FnMut(),
    ) -> Result<Box<Core>, CoreGone> {
        let (shared, remote) = (self.shared(), self.remote());
        let Some(back) = self.worker.core.lock().take() else {
            let held_up = shared.held_up.fetch_sub(1, Ordering::SeqCst);
            debug_assert_ne!(held_up, 0);
            set_local_worker(None);
            complete();
            return Err(CoreGone);
        };
        let mut core = back;
        remote.kept.end();
        core.busy.resume();
        if let Some(here) = &self.here {
            here.take_back();
        }
        let waited = watched.map(|before| voluntary_switches() != before);
        core.patience.took(begun.elapsed(), waited);
        Ok(self.with_core_here(core, complete))
    }
}

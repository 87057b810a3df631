//! How a worker waits for work.
//!
//! The worker first counts itself among the sleepers. Then it takes the driver's turn and waits
//! there if the turn is free, otherwise it waits on its parker. It stops sleeping when its wait
//! made a task runnable, when another thread removed it from the sleepers, or at the end of the
//! runtime. After any other wake-up it chooses its place again, which is how the monitor makes it
//! take a turn that has become free.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::worker::{Context, Core};
use crate::driver::Turn;
use crate::scheduler::park;

impl Context {
    /// Sleeps until there is work.
    pub(super) fn park(&self, core: Box<Core>) -> Box<Core> {
        let shared = self.shared();
        let index = core.index;
        let mut core = self.with_core_here(core, || shared.services().before_park());
        // The callback may have made a task runnable.
        if self.has_work(&core) || self.has_deferred() {
            return self.with_core_here(core, || shared.services().after_unpark());
        }
        let relied_on = shared.idle.sleep(index, core.searching);
        core.searching = false;
        core.noticed = false;
        // A task may have been injected while all workers were awake and none searched, so none was
        // woken.
        if relied_on || !shared.inject.is_empty() {
            shared.wake_one_if_work_is_left();
        }
        let metrics = &self.remote().metrics;
        core.store_counts(None, metrics);
        core.busy.park(metrics);
        if let Some(here) = &self.here {
            here.park();
        }
        core.tally.measure(metrics.busy(), metrics);
        loop {
            core = self.sleep_once(core);
            if shared.is_closed() {
                shared.idle.stop_sleeping(index);
                break;
            }
            if !shared.idle.sleeps(index) {
                core.searching = true;
                break;
            }
            if self.has_work(&core) {
                core.searching = !shared.idle.stop_sleeping(index);
                break;
            }
        }
        core.busy.unpark(&self.remote().metrics);
        if let Some(here) = &self.here {
            here.unpark();
        }
        let core = self.with_core_here(core, || {
            self.wake_deferred();
            shared.services().after_unpark();
        });
        self.share_work(&core);
        core
    }

    /// Sleeps once: in the driver's wait if no other thread is there, otherwise on the parker.
    fn sleep_once(&self, mut core: Box<Core>) -> Box<Core> {
        let parker = &self.remote().parker;
        let limit = self.shared().monitor.first_tick(self.shared());
        if let Some(mut turn) = self.shared().services().driver.try_turn() {
            if parker.enter_driver() {
                core = self.wait(core, &mut turn, limit);
            }
            drop(turn);
            parker.leave();
        } else {
            if let Some(here) = &self.here {
                here.time_passes();
            }
            parker.park(limit);
        }
        core
    }

    /// Waits for the driver, with the core in place for tasks that are woken.
    fn wait(&self, core: Box<Core>, turn: &mut Turn<'_>, limit: Option<Duration>) -> Box<Core> {
        self.waiting.set(true);
        if let Some(here) = &self.here {
            here.time_passes();
        }
        let core = self.with_core_here(core, || {
            park::wait(self.shared().services(), turn, limit);
        });
        self.waiting.set(false);
        core
    }

    /// Runs `f` with the core in place for tasks that are woken.
    pub(super) fn with_core_here(&self, core: Box<Core>, f: impl FnOnce()) -> Box<Core> {
        *self.core.borrow_mut() = Some(core);
        self.held.set(true);
        f();
        self.held.set(false);
        let core = self.core.borrow_mut().take();
        core.expect("only a running task gives the core away")
    }

    /// Polls the driver without waiting, unless another worker is there.
    pub(super) fn poll_driver(&self, mut core: Box<Core>) -> Box<Core> {
        if let Some(mut turn) = self.shared().services().driver.try_turn() {
            core = self.wait(core, &mut turn, Some(Duration::ZERO));
        }
        core = self.with_core_here(core, || self.wake_deferred());
        self.share_work(&core);
        core
    }

    pub(super) fn has_work(&self, core: &Core) -> bool {
        !core.queue.is_empty() || !self.remote().lifo.is_empty()
    }

    /// Wakes another worker if this one has received more than it can run at once by other means
    /// than a push.
    pub(super) fn share_work(&self, core: &Core) {
        if !core.searching && self.has_to_share(core) {
            self.shared().wake_one();
        }
    }

    /// Returns whether this worker has more to run than the one task that it takes itself.
    pub(super) fn has_to_share(&self, core: &Core) -> bool {
        let lifo = usize::from(!self.remote().lifo.is_empty());
        core.queue.len() + lifo > 1
    }
}

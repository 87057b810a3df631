//! How a worker waits for something to do.
//!
//! The worker goes on the list of sleepers first. Then it takes the driver's turn if that is
//! free, else the watch if nobody is on it, else it waits on its parker. It gets up when its wait
//! left it something to run, when somebody took it off the list, or at the end of the runtime.
//! Everything else, such as the turn having become free, only makes it choose its place anew.
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::parker::Place;
use super::worker::{Context, Core};
use crate::driver::{Turn, Waited};
use crate::scheduler::park;

impl Context {
    /// Sleeps until there is something to do.
    pub(super) fn park(&self, core: Box<Core>) -> Box<Core> {
        let shared = self.shared();
        let index = core.index;
        let mut core = self.with_core_here(core, || {
            shared.common().before_park();
            // Whoever has the turn sleeps already and will not look at this worker's ring.
            shared.common().driver.tick(index);
        });
        // Either may have made something runnable.
        if self.has_work(&core) || !self.deferred.is_empty() {
            return self.with_core_here(core, || shared.common().after_unpark());
        }
        let was_last = shared.idle.sleep(index, core.searching);
        core.searching = false;
        // A task may have been injected while all were awake and none searched: nobody was woken.
        if was_last || !shared.inject.is_empty() {
            shared.wake_one_if_work_is_left();
        }
        core.busy.park(&self.remote().metrics);
        loop {
            let watched;
            (core, watched) = self.sleep_once(core);
            if shared.is_closed() {
                shared.idle.get_up(index);
                break;
            }
            if watched {
                self.watch_if_others_are_awake();
                self.take_over(&mut core);
            }
            if !shared.idle.sleeps(index) {
                core.searching = true;
                break;
            }
            if self.has_work(&core) {
                core.searching = !shared.idle.get_up(index);
                break;
            }
        }
        core.busy.unpark(&self.remote().metrics);
        // Whoever left the watch while this worker was getting up may have passed it to this one.
        if shared.on_watch.load(Ordering::SeqCst) == 0 {
            self.pass_the_watch(index);
        }
        self.watch_if_others_sleep();
        let core = self.with_core_here(core, || {
            self.deferred.wake_all();
            shared.common().after_unpark();
        });
        self.share_work(&core);
        core
    }

    /// One sleep in whichever place is free; the flag says that the watch timer ended it.
    fn sleep_once(&self, mut core: Box<Core>) -> (Box<Core>, bool) {
        let shared = self.shared();
        let driver = &shared.common().driver;
        let parker = &self.remote().parker;
        let mut fired = false;
        if let Some(mut turn) = driver.try_turn() {
            let limit = (!parker.enter(Place::Driver)).then_some(Duration::ZERO);
            self.watch_if_others_are_awake();
            let waited;
            (core, waited) = self.wait(core, &mut turn, limit);
            fired = waited.watch && driver.watch().acknowledge();
            drop(turn);
            parker.leave();
        } else if self.go_on_watch(core.index) {
            if parker.enter(Place::Watch) {
                self.watch_if_others_are_awake();
                fired = driver.watch().sleep();
            }
            parker.leave();
            shared.on_watch.store(0, Ordering::SeqCst);
            self.pass_the_watch(core.index);
        } else {
            // This one may have taken an alarm that nobody else will see.
            self.watch_if_others_are_awake();
            parker.park();
        }
        (core, fired)
    }

    /// A worker that found the watch taken while it was just being left sleeps on its parker, and
    /// is told to choose again.
    fn pass_the_watch(&self, index: usize) {
        let shared = self.shared();
        if shared.idle.sleeping() == 0 {
            return;
        }
        let remotes = &shared.remotes;
        let other = (0..remotes.len()).find(|&other| {
            other != index && remotes[other].parker.reluctance() == 0 && shared.idle.sleeps(other)
        });
        if let Some(other) = other {
            shared.unpark(other);
        }
    }

    /// Arms the watch timer if some worker is awake. One that got up while an alarm was being
    /// acknowledged found the timer armed and left it so.
    fn watch_if_others_are_awake(&self) {
        if self.shared().idle.awake() > 0 {
            self.shared().common().driver.watch().arm();
        }
    }

    fn go_on_watch(&self, index: usize) -> bool {
        self.shared()
            .on_watch
            .compare_exchange(0, index + 1, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// The watch timer fired: takes over what stuck workers have left behind in their queues and in
    /// their LIFO slots. Their rings are looked at, too; the driver's turn comes when this worker
    /// sleeps again and takes it if it is free.
    fn take_over(&self, core: &mut Core) {
        let shared = self.shared();
        for (index, remote) in shared.remotes.iter().enumerate() {
            if index == core.index || !remote.pulse.has_stopped() {
                continue;
            }
            if let Some(task) = remote.lifo.take() {
                core.queue.push(task);
            }
            while remote.stealer.steal_batch(&core.queue).is_retry() {}
        }
        // A worker with nothing to do helps those that are well, too.
        if !self.has_work(core)
            && let Some(task) = self.next_injected(core).or_else(|| self.steal(core))
        {
            core.queue.push(task);
        }
    }

    /// Waits for the driver with the core where tasks that are woken find it.
    fn wait(
        &self,
        core: Box<Core>,
        turn: &mut Turn<'_>,
        limit: Option<Duration>,
    ) -> (Box<Core>, Waited) {
        let mut waited = Waited::default();
        self.waiting.set(true);
        let core = self.with_core_here(core, || {
            waited = park::wait(self.shared().common(), turn, limit);
        });
        self.waiting.set(false);
        (core, waited)
    }

    /// Runs `f` with the core where tasks that are woken find it.
    pub(super) fn with_core_here(&self, core: Box<Core>, f: impl FnOnce()) -> Box<Core> {
        *self.core.borrow_mut() = Some(core);
        self.held.set(true);
        f();
        self.held.set(false);
        let core = self.core.borrow_mut().take();
        core.expect("only a running task gives the core away")
    }

    /// Looks at the driver without waiting, unless another worker is there.
    pub(super) fn poll_driver(&self, mut core: Box<Core>) -> Box<Core> {
        let shared = self.shared();
        match shared.common().driver.try_turn() {
            Some(mut turn) => {
                let waited;
                (core, waited) = self.wait(core, &mut turn, Some(Duration::ZERO));
                // Whoever sleeps on watch finds the timer drained then, and sleeps on.
                let alarmed = waited.watch && shared.common().driver.watch().acknowledge();
                drop(turn);
                if alarmed {
                    self.watch_if_others_sleep();
                    self.take_over(&mut core);
                }
            }
            None => {
                let index = core.index;
                core = self.with_core_here(core, || shared.common().driver.tick(index));
            }
        }
        core = self.with_core_here(core, || self.deferred.wake_all());
        self.share_work(&core);
        core
    }

    /// This worker is awake; if another sleeps, it must be called should this one get stuck.
    fn watch_if_others_sleep(&self) {
        if self.shared().idle.sleeping() > 0 {
            self.shared().common().driver.watch().arm();
        }
    }

    fn has_work(&self, core: &Core) -> bool {
        !core.queue.is_empty() || !self.remote().lifo.is_empty()
    }

    /// Wakes another worker if this one has got more than it can run at once, without a push that
    /// calls for help.
    pub(super) fn share_work(&self, core: &Core) {
        if !core.searching && self.has_to_share(core) {
            self.shared().wake_one();
        }
    }

    /// Whether this worker has more to run than the one task that it takes up itself.
    pub(super) fn has_to_share(&self, core: &Core) -> bool {
        let lifo = usize::from(!self.remote().lifo.is_empty());
        core.queue.len() + lifo > 1
    }
}

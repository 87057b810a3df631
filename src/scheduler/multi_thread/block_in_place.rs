//! `block_in_place`: the thread puts its core down, and another picks it up.
#![forbid(unsafe_code)]

use super::worker::{self, Context};
use crate::blocking::pool::SpawnError;
use crate::record::{self, Wait};
use crate::util::budget::{self, Budget};
use crate::util::enter::{self, Entered};
use crate::util::local_worker::set_local_worker;

/// Runs `f`, which may block, on this thread, while another thread runs this worker's tasks.
///
/// # Panics
///
/// Panics if called on a thread that drives a current-thread runtime or a `LocalSet`, whose tasks
/// no other thread could run.
#[track_caller]
pub(crate) fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    match enter::entered() {
        Entered::No => return f(),
        Entered::Yes {
            allow_block_in_place: false,
        } => panic!("can call blocking only when running on the multi-threaded runtime"),
        Entered::Yes {
            allow_block_in_place: true,
        } => {}
    }
    /// Picks the core up again if no other thread has, even if `f` panics.
    struct PickUp;
    impl Drop for PickUp {
        fn drop(&mut self) {
            record::waits_no_more(Wait::BlockInPlace, || 0);
            with_context(Context::pick_up);
        }
    }
    /// Has the thread be a worker's again, even if `f` panics.
    struct Blocking(bool);
    impl Drop for Blocking {
        fn drop(&mut self) {
            with_context(|context| context.blocking.set(self.0));
        }
    }
    let _blocking = with_context(|context| Blocking(context.blocking.replace(true)));
    let put_down = with_context(Context::put_down).unwrap_or(false);
    // Created only if the core was put down: dropping it takes the core back.
    let _pick_up = put_down.then(|| PickUp);
    let _may_block = enter::exit();
    budget::with(Budget::UNCONSTRAINED, f)
}

fn with_context<R>(f: impl FnOnce(&Context) -> R) -> Option<R> {
    Context::with(|context| context.map(f))
}

impl Context {
    /// Puts the core down for another thread; returns `false` if there is no core or no thread for
    /// it.
    fn put_down(&self) -> bool {
        if self.held.get() {
            // The worker itself called a callback or a waker.
            return false;
        }
        let Some(mut core) = self.core.borrow_mut().take() else {
            return false;
        };
        self.give_kept_up();
        if let Some(here) = &self.here {
            here.block_in_place();
        }
        let metrics = &self.remote().metrics;
        core.busy.pause(metrics);
        core.store_counts(Some(metrics.busy()), metrics);
        core.leave_poll(metrics);
        *self.worker.core.lock() = Some(core);
        let refused = worker::hand_over(&self.worker);
        set_local_worker(None);
        self.wake_deferred();
        if matches!(refused, Err(SpawnError::Closed)) {
            self.end_worker();
        }
        // If there is no thread for it, the core waits until this thread is back.
        true
    }

    /// Ends the worker, since the runtime ends and no other thread will do so. The event that this
    /// thread waits for may come only when all workers have ended.
    fn end_worker(&self) {
        if let Some(mut core) = self.worker.pick_core_up() {
            core.busy.resume();
            self.put_down_for_good(*core);
        }
    }

    /// Takes the core back if no other thread has taken it yet.
    fn pick_up(&self) {
        if let Some(mut core) = self.worker.pick_core_up() {
            set_local_worker(Some(core.index));
            self.remote().metrics.runs_here();
            core.busy.resume();
            if let Some(here) = &self.here {
                here.pick_up();
            }
            *self.core.borrow_mut() = Some(core);
        }
    }
}

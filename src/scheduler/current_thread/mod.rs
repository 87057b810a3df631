//! The scheduler that runs every task on the thread inside `block_on`.
//!
//! # Protocol
//!
//! The *core* (the run queue and the counters) belongs to one thread at a time. `block_on` takes
//! it; a thread that finds it taken polls only its own future, and waits until its future is woken
//! or the core is put back. The thread that puts the core back wakes these threads.
//!
//! A task made runnable on the core's thread goes to the core's queue. From another thread, or
//! when no thread has the core, it goes to the injection queue, and the driver is woken. The future
//! of `block_on` itself is represented by the flag `woken`, which is set before the driver is
//! woken and taken before the future is polled.
//!
//! The driver is polled every `event_interval` polls, and when there is nothing to run. Deferred
//! wakers (`yield_now`) are woken after that; if there are some, and tasks take next to no time, they
//! are woken several times in between ([`Rounds`](rounds::Rounds)).
//!
//! A task's panic shuts the runtime down if [`UnhandledPanic`](crate::runtime::UnhandledPanic) says
//! so. The core notes it, no further task runs, and every `block_on` that then finds its future
//! pending panics, the first one after it has closed the task list.
//!
//! Shutdown takes the core, closes the task list, which drops every future with this runtime as the
//! current one, then drops the queued notifications, and then shuts the driver down.

mod core;
mod local;
mod rounds;
mod shared;

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::loom::sync::Mutex;
use crate::scheduler::context;
use crate::scheduler::{Handle, services::Services};
use crate::util::park::{self, PollOnce};
use crate::util::{budget, wake};

use self::core::{Context, Core, TaskPanicked};
pub(crate) use self::shared::CurrentThreadShared;

/// The owner's side of the scheduler; [`CurrentThreadShared`] is the side that all threads may use.
#[derive(Debug)]
pub(crate) struct CurrentThread {
    shared: Arc<CurrentThreadShared>,
    core: Mutex<Option<Box<Core>>>,
    /// Threads inside `block_on` that wait for the core; woken when it is put back.
    waiting: Mutex<Vec<Waker>>,
}

/// Owns the core until it is dropped.
struct Guard<'a> {
    scheduler: &'a CurrentThread,
    context: Context,
}

impl CurrentThread {
    pub(crate) fn new(services: Services, local: bool) -> CurrentThread {
        CurrentThread {
            shared: Arc::new(CurrentThreadShared::new(services, local)),
            core: Mutex::new(Some(Box::new(Core::new()))),
            waiting: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle::CurrentThread(self.shared.clone())
    }

    /// Calls `poll` until it is ready, and runs tasks in between. The thread has entered the runtime
    /// to drive it.
    ///
    /// # Panics
    ///
    /// Panics if a task has panicked and the runtime is to be shut down for that.
    pub(crate) fn block_on(&self, poll: &mut PollOnce<'_>) {
        loop {
            if let Some(guard) = self.take_core() {
                // The core has been put back by then, so that other threads end likewise.
                if let Err(TaskPanicked) = guard.block_on(poll) {
                    panic!(
                        "a spawned task panicked and the runtime is configured to shut down on \
                         unhandled panic"
                    );
                }
                return;
            }
            if self.wait_for_core(poll) {
                return;
            }
        }
    }

    /// Calls `poll` without the core until it is ready; returns `false` when the core has been put
    /// back before.
    fn wait_for_core(&self, poll: &mut PollOnce<'_>) -> bool {
        let mut is_ready = false;
        park::park_until(&mut |cx| {
            is_ready = poll(cx).is_ready();
            if is_ready {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.lock();
            if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                waiting.push(cx.waker().clone());
            }
            drop(waiting);
            // The core is checked after the waker has been stored, and put back before the wakers
            // are taken, so that one of the two sides sees the other.
            match self.core.lock().is_some() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        is_ready
    }

    fn take_core(&self) -> Option<Guard<'_>> {
        let core = self.core.lock().take()?;
        Some(Guard {
            scheduler: self,
            context: Context::new(self.shared.clone(), core),
        })
    }

    /// Shuts the scheduler down: drops every task, and then shuts the driver down, waiting for it
    /// at most for `patience`.
    pub(crate) fn shutdown(&self, patience: Duration) {
        // No thread is inside `block_on`, which borrows the runtime, so the core is here unless an
        // earlier shutdown has taken it.
        let Some(guard) = self.take_core() else {
            return;
        };
        let _current = context::set_current(&self.handle());
        guard.context.enter(Context::shutdown);
        self.shared.services().shutdown(patience);
    }
}

impl Guard<'_> {
    fn block_on(self, poll: &mut PollOnce<'_>) -> Result<(), TaskPanicked> {
        self.context.enter(|context| {
            let _driving = context.shared().services().driver.drive();
            let waker = Waker::from(context.shared().clone());
            let mut cx = std::task::Context::from_waker(&waker);
            // The first poll needs no wake.
            let result = context.run(&mut || budget::with_budget(|| poll(&mut cx)));
            if result.is_err() {
                context.shutdown();
            }
            result
        })
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(core) = self.context.leave() {
            *self.scheduler.core.lock() = Some(core);
            let waiting = std::mem::take(&mut *self.scheduler.waiting.lock());
            waiting.into_iter().for_each(wake::wake);
        }
    }
}

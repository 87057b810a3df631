//! Wakers that are called after the driver has been polled, as those of tasks that yield are.
//!
//! They are kept where no other thread looks: a task that yields, and finds nothing else to run on
//! its worker, costs no lock. When the worker runs another task first, which may take long, it moves
//! them to where the monitor finds them ([`Remote::put_off`](super::shared::Remote)).
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::task::Waker;

use crate::loom::sync::Mutex;
use crate::scheduler::context::Deferred;
use crate::util::wake;

/// What one thread knows of the wakers that it has put off.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    /// Those that no other thread sees.
    own: Deferred,
    /// Others may be where the monitor finds them.
    shown: Cell<bool>,
    /// The allocation that the shown ones are taken out with.
    spare: RefCell<Vec<Waker>>,
}

impl PutOff {
    pub(super) fn is_empty(&self) -> bool {
        !self.shown.get() && self.own.is_empty()
    }

    pub(super) fn push(&self, waker: &Waker) {
        self.own.push(waker);
    }

    /// Shows the wakers to the monitor, in `shown`. For a worker that is about to run a task.
    #[inline]
    pub(super) fn show(&self, shown: &Mutex<Vec<Waker>>) {
        if !self.own.is_empty() {
            self.own.append_to(&mut shown.lock());
            self.shown.set(true);
        }
    }

    /// Calls all wakers, of which each may put off another.
    pub(super) fn wake_all(&self, shown: &Mutex<Vec<Waker>>) {
        if self.shown.replace(false) {
            let mut wakers = self.spare.take();
            std::mem::swap(&mut wakers, &mut *shown.lock());
            wakers.drain(..).for_each(wake::wake);
            self.spare.replace(wakers);
        }
        self.own.wake_all();
    }
}

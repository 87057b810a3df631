//! Wakers that are called after the driver has been polled, such as the wakers of tasks that yield.
//!
//! They are kept where no other thread looks, so a task that yields while its worker has nothing
//! else to run costs no lock. When the worker runs another task first, which may take long, it
//! moves them to where the monitor finds them ([`Remote::put_off`](super::shared::Remote)).
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::task::Waker;

use crate::loom::sync::Mutex;
use crate::scheduler::context::Deferred;
use crate::util::wake;

/// One thread's record of the wakers that it has put off.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    /// The wakers that no other thread sees.
    own: Deferred,
    /// Whether other wakers may be where the monitor finds them.
    shown: Cell<bool>,
    /// The allocation used to take the shown wakers out.
    spare: RefCell<Vec<Waker>>,
}

impl PutOff {
    pub(super) fn is_empty(&self) -> bool {
        !self.shown.get() && self.own.is_empty()
    }

    pub(super) fn push(&self, waker: &Waker) {
        self.own.push(waker);
    }

    /// Moves the wakers to `shown`, where the monitor finds them. Called by a worker that is about
    /// to run a task.
    #[inline]
    pub(super) fn show(&self, shown: &Mutex<Vec<Waker>>) {
        if !self.own.is_empty() {
            self.own.append_to(&mut shown.lock());
            self.shown.set(true);
        }
    }

    /// Calls all wakers, each of which may put off another.
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

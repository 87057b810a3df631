//! Waiting for a future by parking the thread.
//!
//! The blocking halves of `sync` (`blocking_lock`, `blocking_recv`, …) are their asynchronous
//! counterparts under [`block_on`]. The thread's parker is its own and not `std::thread::park`'s
//! token, which user code may be waiting for on the same thread. It runs no tasks: a runtime's
//! `block_on` is elsewhere.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::loom::sync::atomic::{AtomicU8, Ordering};
use crate::loom::sync::{Condvar, Mutex};
use crate::util::{budget, enter};

thread_local! {
    /// Taken out while in use, so that a nested wait has a parker of its own and cannot take the
    /// token of the outer one.
    static PARKER: Cell<Option<(Arc<Parker>, Waker)>> = const { Cell::new(None) };
}

/// Polls `future` to completion, parking the thread while it is pending.
///
/// # Panics
/// Panics if the thread drives asynchronous tasks: parking it would stall them.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    enter::forbid_blocking();
    drive(future)
}

/// Like [`block_on`], for a runtime that has already checked that the thread may park.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    output_of(future, |poll| park_until(poll))
}

/// Polls a future whose output is kept elsewhere.
pub(crate) type PollOnce<'a> = dyn FnMut(&mut Context<'_>) -> Poll<()> + 'a;

/// Returns the output of `future`, which `until_ready` polls until it is ready.
///
/// The future's code can be large, and here is its only copy: loops around it are functions of
/// their own, which a program does not compile for each future.
pub(crate) fn output_of<F: Future>(
    future: F,
    until_ready: impl FnOnce(&mut PollOnce<'_>),
) -> F::Output {
    let mut future = pin!(future);
    let mut output = None;
    until_ready(&mut |cx| match future.as_mut().poll(cx) {
        Poll::Ready(ready) => {
            output = Some(ready);
            Poll::Ready(())
        }
        Poll::Pending => Poll::Pending,
    });
    output.expect("the future was ready")
}

/// Calls `poll`, parking the thread in between, until it is ready.
pub(crate) fn park_until(poll: &mut PollOnce<'_>) {
    let (parker, waker) = PARKER
        .try_with(Cell::take)
        .ok()
        .flatten()
        .unwrap_or_else(new_parker);
    let mut context = Context::from_waker(&waker);
    while budget::with_budget(|| poll(&mut context)).is_pending() {
        parker.park();
    }
    // A leftover token makes the next wait poll once too often. A thread whose locals are destroyed
    // keeps nothing.
    let _ = PARKER.try_with(|cell| cell.set(Some((parker, waker))));
}

fn new_parker() -> (Arc<Parker>, Waker) {
    let parker = Arc::new(Parker::new());
    let waker = Waker::from(parker.clone());
    (parker, waker)
}

const EMPTY: u8 = 0;
const PARKED: u8 = 1;
const NOTIFIED: u8 = 2;

/// One token: `unpark` makes it, `park` waits for it and takes it.
#[derive(Debug)]
pub(crate) struct Parker {
    state: AtomicU8,
    lock: Mutex<()>,
    unparked: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            lock: Mutex::new(()),
            unparked: Condvar::new(),
        }
    }

    /// Waits until the token is there and takes it. Only one thread parks on a parker.
    pub(crate) fn park(&self) {
        if self.take_token() {
            return;
        }
        let mut guard = self.lock.lock();
        let parking =
            self.state
                .compare_exchange(EMPTY, PARKED, Ordering::AcqRel, Ordering::Acquire);
        if parking.is_err() {
            // The token came between the first look and the lock.
            self.state.swap(EMPTY, Ordering::AcqRel);
            return;
        }
        loop {
            guard = self.unparked.wait(guard);
            if self.take_token() {
                return;
            }
        }
    }

    /// Makes the token, and wakes the thread that waits for it.
    pub(crate) fn unpark(&self) {
        if self.state.swap(NOTIFIED, Ordering::AcqRel) == PARKED {
            // The parked thread holds the lock from its announcement until it sleeps: passing
            // through the lock makes sure that the notification does not come in between.
            drop(self.lock.lock());
            self.unparked.notify_one();
        }
    }

    fn take_token(&self) -> bool {
        self.state
            .compare_exchange(NOTIFIED, EMPTY, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::{Parker, block_on};
    use crate::util::enter;
    use std::sync::Arc;
    use std::task::Poll;
    use std::thread;

    #[test]
    fn a_token_before_the_park_is_kept() {
        let parker = Parker::new();
        parker.unpark();
        parker.unpark();
        parker.park();
        let parker = Arc::new(parker);
        let other = parker.clone();
        let thread = thread::spawn(move || other.unpark());
        parker.park();
        thread.join().unwrap();
    }

    #[test]
    fn polls_again_after_a_wake() {
        let mut polls = 0;
        let woken_elsewhere = std::future::poll_fn(|cx| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(polls);
            }
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        });
        assert_eq!(block_on(woken_elsewhere), 3);
    }

    #[test]
    #[should_panic(expected = "Cannot block the current thread from within a runtime")]
    fn panics_where_tasks_run() {
        let _entered = enter::enter(true).expect("not entered yet");
        block_on(async {});
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Parker;
    use crate::loom::thread;
    use std::sync::Arc;

    #[test]
    fn loom_no_wake_is_lost() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let other = parker.clone();
            let thread = thread::spawn(move || other.unpark());
            parker.park();
            thread.join().unwrap();
        });
    }
}

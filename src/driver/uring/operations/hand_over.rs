//! How requests reach the ring's thread, and how that thread sleeps, ends and is restarted.
//!
//! A list behind a lock that is held briefly, and a flag that is set while the thread sleeps in the
//! kernel.
//!
//! - A submitter adds its request under the lock, releases the lock, and then clears the flag. If
//!   the flag was set, it writes to the thread's eventfd.
//! - The thread looks at the list under the lock and, if it is empty, sets the flag before it
//!   releases the lock. Then it enters the kernel and waits for a completion, which may be the
//!   eventfd's.
//!
//! The thread sees every request that was added before that look. One that is added later comes
//! from a submitter that took the lock later, and therefore sees the flag. So no request is left
//! behind, and a thread that is awake costs its submitters no system call. Closing works the same
//! way.
//!
//! A thread that has had nothing to do for a while ends: it looks at the list under the lock once
//! more and notes there that it is gone. The next submitter sees that and starts a new one.
#![forbid(unsafe_code)]

use std::time::Instant;

use crate::loom::sync::atomic::{AtomicBool, Ordering};
use crate::loom::sync::{Condvar, Mutex, MutexGuard};
use crate::util::wait_while::wait_while;

/// The meeting point of submitters and the ring's thread.
#[derive(Debug)]
pub(super) struct HandOver<T> {
    state: Mutex<HandOverState<T>>,
    /// Whether the thread waits in the kernel, or is about to. Set by the thread, under the lock;
    /// the submitter that clears it wakes the thread.
    asleep: AtomicBool,
    /// Notified when the thread is gone.
    gone: Condvar,
}

#[derive(Debug)]
struct HandOverState<T> {
    requests: Vec<T>,
    /// Whether a thread serves the list, or one is being started.
    served: bool,
    /// Whether requests are refused. The thread then ends once nothing is in flight.
    closed: bool,
}

/// What a submitter has to do after [`HandOver::push`].
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Pushed {
    /// Nothing: the thread is awake.
    Done,
    /// Write to the thread's eventfd.
    Wake,
    /// Start a thread.
    Start,
}

/// Requests are refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl<T> HandOver<T> {
    pub(super) fn new() -> HandOver<T> {
        HandOver {
            state: Mutex::new(HandOverState {
                requests: Vec::new(),
                served: false,
                closed: false,
            }),
            asleep: AtomicBool::new(false),
            gone: Condvar::new(),
        }
    }

    /// Adds a request; returns it as an error once the hand-over is closed.
    pub(super) fn push(&self, request: T) -> Result<Pushed, T> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(request);
        }
        state.requests.push(request);
        Ok(self.announce(state))
    }

    /// Returns what a submitter has to do that has added requests.
    fn announce(&self, mut state: MutexGuard<'_, HandOverState<T>>) -> Pushed {
        if !state.served {
            state.served = true;
            return Pushed::Start;
        }
        drop(state);
        self.rouse()
    }

    /// Adds several requests, of which the thread sees all or none. Leaves them where they are once
    /// the hand-over is closed.
    pub(super) fn push_all(&self, requests: &mut Vec<T>) -> Result<Pushed, Closed> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Closed);
        }
        state.requests.append(requests);
        Ok(self.announce(state))
    }

    /// Adds a request that is of interest only to a thread that serves, and starts none; returns it as
    /// an error if no thread serves, or once the hand-over is closed.
    pub(super) fn push_if_served(&self, request: T) -> Result<Pushed, T> {
        let mut state = self.state.lock();
        if state.closed || !state.served {
            return Err(request);
        }
        state.requests.push(request);
        drop(state);
        Ok(self.rouse())
    }

    fn rouse(&self) -> Pushed {
        if self.asleep.swap(false, Ordering::SeqCst) {
            Pushed::Wake
        } else {
            Pushed::Done
        }
    }

    /// Called by the thread: moves all requests to `into`, which is empty; returns whether the
    /// hand-over is closed.
    pub(super) fn take(&self, into: &mut Vec<T>) -> bool {
        let mut state = self.state.lock();
        std::mem::swap(&mut state.requests, into);
        state.closed
    }

    /// Called by the thread: announces its sleep. Returns `false` if it must not sleep: there are
    /// requests, or the hand-over was closed and the thread has not seen that (`closed`).
    pub(super) fn sleep(&self, closed: bool) -> bool {
        let state = self.state.lock();
        let idle = state.requests.is_empty() && state.closed == closed;
        if idle {
            self.asleep.store(true, Ordering::SeqCst);
        }
        idle
    }

    /// Called by the thread when it is back from the kernel.
    pub(super) fn wake_up(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// Called by the thread: records its end, unless a request has come; returns whether it may
    /// end.
    pub(super) fn end(&self) -> bool {
        let mut state = self.state.lock();
        if !state.requests.is_empty() {
            return false;
        }
        // Frees the memory of a peak.
        state.requests = Vec::new();
        state.served = false;
        drop(state);
        self.gone.notify_all();
        true
    }

    /// Called for a thread that cannot serve, or that could not be started: returns the requests.
    /// The next submitter starts a thread; with `for_good` none is started, and requests are
    /// refused.
    pub(super) fn give_up(&self, for_good: bool) -> Vec<T> {
        let mut state = self.state.lock();
        state.served = false;
        state.closed |= for_good;
        let requests = std::mem::take(&mut state.requests);
        drop(state);
        self.gone.notify_all();
        requests
    }

    /// Refuses requests from now on.
    pub(super) fn close(&self) -> Pushed {
        self.state.lock().closed = true;
        self.rouse()
    }

    /// Waits until no thread serves, at most until `deadline` (`None`: without a limit); returns
    /// whether none does.
    pub(super) fn wait_until_gone(&self, deadline: Option<Instant>) -> bool {
        wait_while(&self.gone, self.state.lock(), deadline, |state| {
            state.served
        })
        .1
    }
}

#[cfg(test)]
mod tests {
    use super::HandOver;

    /// A submitter may have looked before the end of the runtime.
    #[test]
    fn what_comes_after_the_close_is_the_senders() {
        let requests = HandOver::new();
        let _ = requests.close();
        let mut several = vec![1, 2];
        assert!(requests.push_all(&mut several).is_err());
        assert_eq!(several, [1, 2]);
        assert_eq!(requests.push_if_served(3).unwrap_err(), 3);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{HandOver, Pushed};
    use crate::loom::sync::atomic::{AtomicUsize, Ordering};
    use crate::loom::sync::{Arc, Condvar, Mutex};
    use crate::loom::thread;

    /// Stands in for the eventfd and the wait in the kernel.
    struct Alarm {
        raised: Mutex<bool>,
        changed: Condvar,
    }

    impl Alarm {
        fn raise(&self) {
            *self.raised.lock() = true;
            self.changed.notify_one();
        }

        fn wait(&self) {
            let mut raised = self.raised.lock();
            while !*raised {
                raised = self.changed.wait(raised);
            }
            *raised = false;
        }
    }

    struct Rig {
        hand_over: HandOver<usize>,
        alarm: Alarm,
        served: AtomicUsize,
        started: AtomicUsize,
    }

    fn rig() -> Arc<Rig> {
        Arc::new(Rig {
            hand_over: HandOver::new(),
            alarm: Alarm {
                raised: Mutex::new(false),
                changed: Condvar::new(),
            },
            served: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
        })
    }

    /// Serves until closed, or until `most` requests were served and the list is empty.
    fn serve(rig: &Arc<Rig>, most: usize) {
        let mut requests = Vec::new();
        loop {
            let closed = rig.hand_over.take(&mut requests);
            for request in requests.drain(..) {
                rig.served.fetch_add(request, Ordering::SeqCst);
            }
            let done = closed || rig.served.load(Ordering::SeqCst) >= most;
            if done && rig.hand_over.end() {
                return;
            }
            if rig.hand_over.sleep(closed) {
                rig.alarm.wait();
            }
            rig.hand_over.wake_up();
        }
    }

    fn submit(rig: &Arc<Rig>, most: usize) -> Option<thread::JoinHandle<()>> {
        match rig.hand_over.push(1).unwrap() {
            Pushed::Done => None,
            Pushed::Wake => {
                rig.alarm.raise();
                None
            }
            Pushed::Start => {
                rig.started.fetch_add(1, Ordering::SeqCst);
                let rig = rig.clone();
                Some(thread::spawn(move || serve(&rig, most)))
            }
        }
    }

    /// Two submitters and a thread that sleeps whenever it finds nothing: every request is served.
    #[test]
    fn loom_no_request_is_left_behind() {
        loom::model(|| {
            let rig = rig();
            let other = {
                let rig = rig.clone();
                thread::spawn(move || submit(&rig, 2))
            };
            let mine = submit(&rig, 2);
            let theirs = other.join().unwrap();
            for thread in [mine, theirs].into_iter().flatten() {
                thread.join().unwrap();
            }
            assert_eq!(rig.served.load(Ordering::SeqCst), 2);
        });
    }

    /// A thread that ends as soon as it finds nothing, and a second request: the ending thread
    /// takes it along, or it starts another thread.
    #[test]
    fn loom_a_thread_that_ends_leaves_nothing_behind() {
        loom::model(|| {
            let rig = rig();
            let first = submit(&rig, 0).expect("the first request starts a thread");
            let second = submit(&rig, 0);
            first.join().unwrap();
            if let Some(second) = second {
                second.join().unwrap();
            }
            assert_eq!(rig.served.load(Ordering::SeqCst), 2);
            assert!(rig.started.load(Ordering::SeqCst) <= 2);
        });
    }

    /// A thread that ends as soon as it finds nothing, and a request that starts none: it is served,
    /// or comes back because there is no thread any more.
    #[test]
    fn loom_a_request_to_a_thread_that_ends_is_served_or_comes_back() {
        loom::model(|| {
            let rig = rig();
            let first = submit(&rig, 0).expect("the first request starts a thread");
            let accepted = match rig.hand_over.push_if_served(10) {
                Ok(Pushed::Wake) => {
                    rig.alarm.raise();
                    10
                }
                Ok(pushed) => {
                    assert_eq!(pushed, Pushed::Done);
                    10
                }
                Err(back) => {
                    assert_eq!(back, 10);
                    assert_eq!(rig.served.load(Ordering::SeqCst), 1);
                    0
                }
            };
            first.join().unwrap();
            assert_eq!(rig.served.load(Ordering::SeqCst), 1 + accepted);
        });
    }

    /// Closing wakes the thread, which ends; what came before is served, and what comes later is
    /// refused.
    #[test]
    fn loom_closing_ends_the_thread() {
        loom::model(|| {
            let rig = rig();
            let thread = submit(&rig, usize::MAX).expect("the first request starts a thread");
            if rig.hand_over.close() == Pushed::Wake {
                rig.alarm.raise();
            }
            assert_eq!(rig.hand_over.push(1), Err(1));
            assert!(rig.hand_over.wait_until_gone(None));
            thread.join().unwrap();
            assert_eq!(rig.served.load(Ordering::SeqCst), 1);
        });
    }
}

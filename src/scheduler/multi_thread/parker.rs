//! How one worker sleeps and is woken.
//!
//! A word says where the worker is: nowhere, or in one of three places. A waker writes
//! `NOTIFIED` and then reaches the place it replaced; so a wake that comes before the sleep is
//! seen by the sleeper, which enters its place with a compare-and-exchange from `EMPTY`.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::{AtomicU8, Ordering};
use crate::loom::sync::{Condvar, Mutex};

const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const ON_CONDVAR: u8 = 2;
const ON_WATCH: u8 = 3;
const ON_DRIVER: u8 = 4;

/// Where a worker sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It waits for the driver.
    Driver,
    /// It waits for the watch timer.
    Watch,
}

#[derive(Debug)]
pub(super) struct Parker {
    state: AtomicU8,
    lock: Mutex<()>,
    unparked: Condvar,
}

impl Parker {
    pub(super) fn new() -> Parker {
        Parker {
            state: AtomicU8::new(EMPTY),
            lock: Mutex::new(()),
            unparked: Condvar::new(),
        }
    }

    /// Says that the worker is about to sleep in `place`; false when a wake came first.
    pub(super) fn enter(&self, place: Place) -> bool {
        let state = match place {
            Place::Driver => ON_DRIVER,
            Place::Watch => ON_WATCH,
        };
        self.change_from_empty(state)
    }

    /// Takes the wake, if one came, and says that the worker is up.
    pub(super) fn leave(&self) {
        self.state.swap(EMPTY, Ordering::SeqCst);
    }

    /// Sleeps until [`unpark`](Parker::unpark); returns at once if it came first.
    pub(super) fn park(&self) {
        let mut guard = self.lock.lock();
        if self.change_from_empty(ON_CONDVAR) {
            while self.state.load(Ordering::SeqCst) == ON_CONDVAR {
                guard = self.unparked.wait(guard);
            }
        }
        self.leave();
    }

    fn change_from_empty(&self, state: u8) -> bool {
        self.state
            .compare_exchange(EMPTY, state, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Wakes the worker, or keeps it from falling asleep. Where it sleeps in a place of the
    /// driver's, the caller has to reach it there.
    #[must_use]
    pub(super) fn unpark(&self) -> Option<Place> {
        match self.state.swap(NOTIFIED, Ordering::SeqCst) {
            ON_CONDVAR => {
                // The worker holds the lock from before it says ON_CONDVAR until it waits.
                drop(self.lock.lock());
                self.unparked.notify_one();
                None
            }
            ON_WATCH => Some(Place::Watch),
            ON_DRIVER => Some(Place::Driver),
            _ => None,
        }
    }

    /// How unwelcome it is to wake this worker for work: the one that holds the driver's turn is
    /// the last choice, the one on watch the last but one.
    pub(super) fn reluctance(&self) -> u8 {
        match self.state.load(Ordering::Relaxed) {
            ON_DRIVER => 2,
            ON_WATCH => 1,
            _ => 0,
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Parker, Place};
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, Ordering};

    /// A wake is never lost: the worker sees it before it sleeps, or is woken, in any place.
    #[test]
    fn loom_a_wake_reaches_every_place() {
        for place in [None, Some(Place::Watch), Some(Place::Driver)] {
            loom::model(move || {
                let parker = Arc::new(Parker::new());
                // Stands for the eventfd of the place, which keeps a write until it is read.
                let bell = Arc::new(AtomicBool::new(false));
                let (p, b) = (parker.clone(), bell.clone());
                let waker = loom::thread::spawn(move || {
                    if let Some(reached) = p.unpark() {
                        assert_eq!(Some(reached), place);
                        b.store(true, Ordering::SeqCst);
                    }
                });
                match place {
                    None => parker.park(),
                    Some(place) => {
                        if parker.enter(place) {
                            while !bell.load(Ordering::SeqCst) {
                                loom::thread::yield_now();
                            }
                        }
                        parker.leave();
                    }
                }
                waker.join().unwrap();
            });
        }
    }

    /// Two wakes are one, and none is left over for the sleep after the next.
    #[test]
    fn loom_wakes_are_coalesced() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let p = parker.clone();
            let waker = loom::thread::spawn(move || {
                let _ = p.unpark();
                let _ = p.unpark();
            });
            parker.park();
            waker.join().unwrap();
            let left = parker.enter(Place::Driver);
            parker.leave();
            assert!(
                left || parker.enter(Place::Driver),
                "one wake lasted for two sleeps"
            );
        });
    }
}

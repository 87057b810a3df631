//! How one worker sleeps and is woken.
//!
//! A word records where the worker is: awake, in the driver's wait, or on the parker's condition
//! variable. A waker writes `NOTIFIED` and then wakes the worker in the place that it replaced. The
//! worker enters its place with a compare-and-exchange from `EMPTY`, so it sees a wake-up that
//! comes before the sleep.
#![forbid(unsafe_code)]

use std::time::Duration;

use crate::loom::sync::atomic::{AtomicU8, Ordering};
use crate::loom::sync::{Condvar, Mutex};

const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const ON_CONDVAR: u8 = 2;
const IN_DRIVER: u8 = 3;

#[derive(Debug)]
pub(super) struct Parker {
    /// Written by the worker and by its wakers.
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

    /// Announces that the worker is about to wait for the driver. Returns `false` if a wake-up came
    /// first and it must not sleep there.
    pub(super) fn enter_driver(&self) -> bool {
        self.change_from_empty(IN_DRIVER)
    }

    /// Takes the wake-up, if one came, and records that the worker is awake.
    pub(super) fn leave(&self) {
        self.state.swap(EMPTY, Ordering::SeqCst);
    }

    /// Sleeps until [`unpark`](Parker::unpark), at most for `limit`, or until a spurious wake-up;
    /// returns at once if `unpark` came first.
    pub(super) fn park(&self, limit: Option<Duration>) {
        let mut guard = self.lock.lock();
        if self.change_from_empty(ON_CONDVAR) {
            if let Some(limit) = limit {
                guard = self.unparked.wait_timeout(guard, limit).0;
            } else {
                while self.state.load(Ordering::SeqCst) == ON_CONDVAR {
                    guard = self.unparked.wait(guard);
                }
            }
        }
        drop(guard);
        self.leave();
    }

    fn change_from_empty(&self, state: u8) -> bool {
        self.state
            .compare_exchange(EMPTY, state, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Wakes the worker, or keeps it from falling asleep. Returns `true` if it waits for the
    /// driver: then the caller has to end that wait.
    #[must_use]
    pub(super) fn unpark(&self) -> bool {
        let former = self.state.swap(NOTIFIED, Ordering::SeqCst);
        if former == ON_CONDVAR {
            // The worker holds the lock from before it writes ON_CONDVAR until it waits.
            drop(self.lock.lock());
            self.unparked.notify_one();
        }
        former == IN_DRIVER
    }

    /// Returns whether the worker waits for the driver, where waking it is most expensive.
    pub(super) fn is_in_driver(&self) -> bool {
        self.state.load(Ordering::Relaxed) == IN_DRIVER
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Parker;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, Ordering};

    /// A wake-up is never lost: the worker sees it before it sleeps, or is woken, in both places.
    #[test]
    fn loom_a_wake_reaches_both_places() {
        for in_driver in [false, true] {
            loom::model(move || {
                let parker = Arc::new(Parker::new());
                // Stands in for the driver's eventfd, which keeps a write until the wait sees it.
                let eventfd = Arc::new(AtomicBool::new(false));
                let (p, e) = (parker.clone(), eventfd.clone());
                let waker = loom::thread::spawn(move || {
                    if p.unpark() {
                        assert!(in_driver);
                        e.store(true, Ordering::SeqCst);
                    }
                });
                if !in_driver {
                    parker.park(None);
                } else {
                    if parker.enter_driver() {
                        while !eventfd.load(Ordering::SeqCst) {
                            loom::thread::yield_now();
                        }
                    }
                    parker.leave();
                }
                waker.join().unwrap();
            });
        }
    }

    /// Two wake-ups count as one, and none is left over for the sleep after the next.
    #[test]
    fn loom_wakes_are_coalesced() {
        loom::model(|| {
            let parker = Arc::new(Parker::new());
            let p = parker.clone();
            let waker = loom::thread::spawn(move || {
                let _ = p.unpark();
                let _ = p.unpark();
            });
            parker.park(None);
            waker.join().unwrap();
            let left = parker.enter_driver();
            parker.leave();
            assert!(
                left || parker.enter_driver(),
                "one wake-up lasted for two sleeps"
            );
        });
    }
}

//! How one worker sleeps and is woken.
//!
//! A word says where the worker is: nowhere, or in one of three places. A waker writes
//! `NOTIFIED` and then reaches the place it replaced; so a wake that comes before the sleep is
//! seen by the sleeper, which enters its place with a compare-and-exchange from `EMPTY`.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

use crate::driver::Driver;
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

#[derive(Debug, Default)]
pub(super) struct Parker {
    state: AtomicU8,
    lock: Mutex<()>,
    unparked: Condvar,
}

impl Parker {
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

    /// Wakes the worker wherever it sleeps, or keeps it from falling asleep.
    pub(super) fn unpark(&self, driver: &Driver) {
        match self.state.swap(NOTIFIED, Ordering::SeqCst) {
            ON_CONDVAR => {
                // The worker holds the lock from before it says ON_CONDVAR until it waits.
                drop(self.lock.lock());
                self.unparked.notify_one();
            }
            ON_WATCH => driver.watch().ring(),
            ON_DRIVER => driver.wake(),
            _ => {}
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

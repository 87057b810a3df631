//! One shard of a runtime's timers, behind a lock.
//!
//! A shard is a wheel behind a mutex, the words that record which timers have fired, and the next
//! deadline, which any thread may read without the lock. Wakers are always dropped and woken after
//! the lock is released, because they are foreign code that may call back into the shard. Read
//! `timers.rs` next.
#![forbid(unsafe_code)]

use std::task::Waker;

use crate::loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::loom::sync::{Mutex, MutexGuard};
use crate::timer::TICKS_PER_MS;
use crate::timer::due::{DueWord, Expire};
use crate::timer::wheel::{Key, NEVER, Wheel};
use crate::timer::words::Words;
use crate::util::wake;
use crate::util::wake_list::wake_in_batches;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Shard {
    wheel: Mutex<Wheel>,
    words: Words,
    /// The wheel's next deadline; `u64::MAX` for none. Written under the lock.
    next: AtomicU64,
    closed: AtomicBool,
}

/// The state of a timer that was armed.
#[derive(Debug)]
pub(crate) enum Armed {
    /// It is in the wheel. `earliest`: no other timer of the shard is due before it.
    Pending { key: Key, earliest: bool },
    /// Its deadline has passed already: there is no entry.
    Due,
}

/// The state of a timer that was reset to another deadline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    /// It is in the wheel. `earliest`: no other timer of the shard is due before it.
    Pending { earliest: bool },
    /// The deadline has passed already: the timer has fired.
    Due,
}

/// What a shard fired at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) timers: usize,
    /// How often a thread that slept until each deadline would have woken.
    pub(crate) wakes: u64,
}

/// A thread that wakes for a deadline is late by about as much, and finds what is due by then.
const TICKS_OF_A_WAKE: u64 = TICKS_PER_MS / 16;

impl Shard {
    pub(crate) fn new() -> Self {
        Self {
            wheel: Mutex::new(Wheel::new()),
            words: Words::new(),
            next: AtomicU64::new(u64::MAX),
            closed: AtomicBool::new(false),
        }
    }

    /// Returns a tick before which no timer of this shard is due; `u64::MAX` if there is none.
    pub(crate) fn next_deadline(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Returns how many timers there are, those included that have fired.
    pub(crate) fn len(&self) -> usize {
        self.wheel.lock().len()
    }

    /// Returns whether [`Self::close`] has been called.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Adds a timer for the tick `when`. The present is at least `now`; the shard itself only knows
    /// when it was last turned.
    pub(crate) fn arm(&self, when: u64, now: u64, waker: Option<Waker>) -> Armed {
        let when = when.min(NEVER);
        let mut wheel = self.wheel.lock();
        if when <= wheel.elapsed().max(now) {
            drop(wheel);
            wake::drop_waker(waker);
            return Armed::Due;
        }
        let key = wheel.insert(when, waker);
        self.words.get_or_grow(key.index()).arm(when);
        let earliest = self.publish_added(when);
        debug_assert!(self.next_deadline() <= wheel.next_deadline().unwrap_or(u64::MAX));
        Armed::Pending { key, earliest }
    }

    /// Returns whether the timer has fired.
    #[inline]
    pub(crate) fn is_fired(&self, key: Key) -> bool {
        self.word(key).is_fired()
    }

    /// Postpones a pending timer's deadline without the lock; returns `false`, without a change, if
    /// it has fired or is due later than `when` already.
    pub(crate) fn extend(&self, key: Key, when: u64) -> bool {
        self.word(key).extend(when)
    }

    /// Resets a timer to a new deadline, whether it is pending or has fired.
    ///
    /// `waker`, if there is one, replaces the waker of the timer; otherwise a pending timer keeps
    /// the one it has. A deadline that has passed fires the timer at once: a waker that it had is
    /// woken. The present is at least `now`.
    pub(crate) fn reset(&self, key: Key, when: u64, now: u64, waker: Option<Waker>) -> Reset {
        let when = when.min(NEVER);
        let mut wheel = self.wheel.lock();
        if when <= wheel.elapsed().max(now) {
            wheel.cancel(key);
            self.word(key).fire();
            let had = wheel.take_waker(key);
            self.publish(&wheel);
            drop(wheel);
            wake::drop_waker(waker);
            wake::wake_some(had);
            return Reset::Due;
        }
        let replaced = waker.and_then(|waker| wheel.replace_waker(key, waker));
        self.word(key).arm(when);
        wheel.schedule(key, when);
        let earliest = self.publish(&wheel);
        drop(wheel);
        wake::drop_waker(replaced);
        Reset::Pending { earliest }
    }

    /// Puts a waker into a pending timer; returns `false` if it has fired.
    pub(crate) fn set_waker(&self, key: Key, waker: Waker) -> bool {
        let mut wheel = self.wheel.lock();
        if self.word(key).is_fired() {
            drop(wheel);
            wake::drop_waker(waker);
            return false;
        }
        let former = wheel.replace_waker(key, waker);
        drop(wheel);
        wake::drop_waker(former);
        true
    }

    /// Removes a timer, pending or fired.
    pub(crate) fn remove(&self, key: Key) {
        let mut wheel = self.wheel.lock();
        let waker = wheel.remove(key);
        self.publish(&wheel);
        drop(wheel);
        wake::drop_waker(waker);
    }

    /// Fires every timer that is due at `now`, in the order of the deadlines.
    pub(crate) fn fire_expired(&self, now: u64) -> Fired {
        let mut fired = Fired::default();
        // The tick at which a thread that slept until each deadline would be asleep again.
        let mut asleep = 0;
        wake_in_batches(|wakers| {
            let mut wheel = self.wheel.lock();
            let mut more = true;
            while !wakers.is_full() {
                let Some(key) = wheel.pop_expired(now) else {
                    more = false;
                    break;
                };
                match self.word(key).expire(now) {
                    Expire::Later(when) => wheel.schedule(key, when),
                    Expire::Fired => {
                        fired.timers += 1;
                        if wheel.elapsed() >= asleep {
                            asleep = wheel.elapsed() + TICKS_OF_A_WAKE;
                            fired.wakes += 1;
                        }
                        if let Some(waker) = wheel.take_waker(key) {
                            wakers.push(waker);
                        }
                    }
                }
            }
            self.publish(&wheel);
            more
        });
        fired
    }

    /// Fires every timer, due or not: nothing will turn this wheel again.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        wake_in_batches(|wakers| {
            let mut wheel = self.wheel.lock();
            while !wakers.is_full() {
                let Some(key) = wheel.pop_expired(u64::MAX) else {
                    self.publish(&wheel);
                    return false;
                };
                self.word(key).fire();
                if let Some(waker) = wheel.take_waker(key) {
                    wakers.push(waker);
                }
            }
            true
        });
    }

    /// Copies the wheel's next deadline to where it is read without the lock. Returns whether it
    /// became earlier.
    fn publish(&self, wheel: &MutexGuard<'_, Wheel>) -> bool {
        let next = wheel.next_deadline().unwrap_or(u64::MAX);
        let former = self.next.load(Ordering::Relaxed);
        if next != former {
            // The fences that order this with the thread that waits are in `timers.rs`.
            self.next.store(next, Ordering::Relaxed);
        }
        next < former
    }

    /// Like [`publish`](Shard::publish), after an entry was added that is due at `when`: the next
    /// deadline changes only if that is earlier.
    fn publish_added(&self, when: u64) -> bool {
        let is_earliest = when < self.next.load(Ordering::Relaxed).min(NEVER);
        if is_earliest {
            self.next.store(when, Ordering::Relaxed);
        }
        is_earliest
    }

    fn word(&self, key: Key) -> &DueWord {
        self.words
            .get(key.index())
            .expect("a key is made together with its word")
    }
}

#[cfg(test)]
mod tests;

//! Locks that are a bit of another type's word.
//!
//! A word that its owner updates anyway when it releases a lock can hold the lock itself: then
//! unlocking and updating are one step. The two low bits of such an `AtomicU64` belong to this
//! file, the others to its owner, which may change them at any time by read-modify-writes and,
//! while it has the lock, replace the whole word: to unlock, it clears [`LOCKED`] in a way that
//! returns the former word ([`AtomicU64::swap`], `fetch_sub`, …), and passes that to
//! [`Parking::unlocked`].
//!
//! Threads that find the bit set spin for a moment and then park; a `Parking` serves any number of
//! words, on the assumption that few threads ever park there.

use crate::loom::hint;
use crate::loom::sync::atomic::AtomicU64;
use crate::loom::sync::atomic::Ordering::{Acquire, Relaxed};
use crate::loom::sync::{Condvar, Mutex};
use crate::util::LOCK_SPINS;

/// The lock is held.
pub(crate) const LOCKED: u64 = 0b01;
/// A thread may be parked because of it. Owners leave this bit alone, or replace it when they
/// unlock.
pub(crate) const PARKED: u64 = 0b10;

/// Where threads that wait for a bit park.
#[derive(Debug)]
pub(crate) struct Parking {
    lock: Mutex<()>,
    unparked: Condvar,
}

impl Parking {
    pub(crate) fn new() -> Self {
        Self {
            lock: Mutex::new(()),
            unparked: Condvar::new(),
        }
    }

    /// Locks `word` and returns what it was before.
    #[inline]
    pub(crate) fn lock(&self, word: &AtomicU64) -> u64 {
        let state = word.load(Relaxed);
        try_lock(word, state).unwrap_or_else(|_| self.lock_slow(word))
    }

    #[cold]
    fn lock_slow(&self, word: &AtomicU64) -> u64 {
        let mut state = word.load(Relaxed);
        for _ in 0..LOCK_SPINS {
            if let Ok(former) = try_lock(word, state) {
                return former;
            }
            hint::spin_loop();
            state = word.load(Relaxed);
        }
        let mut guard = self.lock.lock();
        // Not the state seen before the lock: it may have been unlocked since, and its `PARKED`
        // handled.
        state = word.load(Relaxed);
        loop {
            match try_lock(word, state) {
                Ok(former) => return former,
                Err(now) => state = now,
            }
            if state & LOCKED == 0 {
                continue;
            }
            if state & PARKED == 0 {
                let parked = state | PARKED;
                if let Err(now) = word.compare_exchange(state, parked, Relaxed, Relaxed) {
                    state = now;
                    continue;
                }
            }
            // A thread that unlocks now finds `PARKED`, and this thread in the wait, because it
            // takes the lock that `wait` releases.
            guard = self.unparked.wait(guard);
            state = word.load(Relaxed);
        }
    }

    /// To be called after `word`, which was `former`, was unlocked.
    #[inline]
    pub(crate) fn unlocked(&self, word: &AtomicU64, former: u64) {
        if former & PARKED != 0 {
            self.unpark(word);
        }
    }

    #[cold]
    fn unpark(&self, word: &AtomicU64) {
        let guard = self.lock.lock();
        word.fetch_and(!PARKED, Relaxed);
        drop(guard);
        // Threads that do not get the lock now, or wait for another word, park again.
        self.unparked.notify_all();
    }
}

/// Sets `LOCKED` in the unlocked `state`; otherwise returns the current word.
#[inline]
fn try_lock(word: &AtomicU64, state: u64) -> Result<u64, u64> {
    if state & LOCKED != 0 {
        return Err(state);
    }
    word.compare_exchange(state, state | LOCKED, Acquire, Relaxed)
}

#[cfg(test)]
mod tests {
    use super::{LOCKED, Parking};
    use crate::loom::sync::atomic::AtomicU64;
    use crate::loom::sync::atomic::Ordering::{Relaxed, Release};
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn locks_exclude_each_other() {
        const STEP: u64 = 4;
        let shared = Arc::new((Parking::new(), AtomicU64::new(0), AtomicU64::new(0)));
        let threads: Vec<_> = (0..4)
            .map(|index| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let (parking, word, count) = &*shared;
                    for round in 0..2000 {
                        parking.lock(word);
                        let seen = count.load(Relaxed);
                        if round % 500 == index {
                            // Long enough for the others to park.
                            thread::sleep(Duration::from_millis(1));
                        }
                        count.store(seen + 1, Relaxed);
                        let former = word.fetch_add(STEP - LOCKED, Release);
                        parking.unlocked(word, former);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.2.load(Relaxed), 8000);
        assert_eq!(shared.1.load(Relaxed) / STEP, 8000);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{LOCKED, PARKED, Parking};
    use crate::loom::cell::UnsafeCell;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::AtomicU64;
    use crate::loom::sync::atomic::Ordering::{Acquire, Release};
    use crate::loom::thread;

    const STEP: u64 = 4;

    struct Guarded {
        parking: Parking,
        word: AtomicU64,
        value: UnsafeCell<u32>,
    }

    // SAFETY: the value is touched under the lock.
    unsafe impl Sync for Guarded {}
    // SAFETY: as above.
    unsafe impl Send for Guarded {}

    #[test]
    fn loom_exclusive_and_nobody_stays_parked() {
        loom::model(|| {
            let guarded = Arc::new(Guarded {
                parking: Parking::new(),
                word: AtomicU64::new(0),
                value: UnsafeCell::new(0),
            });
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let guarded = guarded.clone();
                    thread::spawn(move || {
                        guarded.parking.lock(&guarded.word);
                        // SAFETY: under the lock.
                        guarded.value.with_mut(|value| unsafe { *value += 1 });
                        let former = guarded.word.fetch_sub(LOCKED, Release);
                        guarded.parking.unlocked(&guarded.word, former);
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            // SAFETY: the threads are gone.
            guarded.value.with(|value| assert_eq!(unsafe { *value }, 2));
        });
    }

    /// Three threads at one word whose owners replace all of it when they unlock, and a second word
    /// that parks in the same place: no thread takes another's wake-up. A thread once relied on a
    /// `PARKED` that it had seen before it took the lock, and slept forever.
    #[test]
    fn loom_nobody_stays_parked_behind_a_replaced_word() {
        loom::model(|| {
            let shared = Arc::new((Parking::new(), AtomicU64::new(0), AtomicU64::new(0)));
            let lock_and_replace = |shared: &(Parking, AtomicU64, AtomicU64), word: &AtomicU64| {
                let former = shared.0.lock(word) & !PARKED;
                let former = word.swap(former + STEP, Release);
                shared.0.unlocked(word, former);
            };
            let one = shared.clone();
            let other = shared.clone();
            let threads = [
                thread::spawn(move || lock_and_replace(&one, &one.1)),
                thread::spawn(move || {
                    lock_and_replace(&other, &other.1);
                    lock_and_replace(&other, &other.2);
                }),
            ];
            lock_and_replace(&shared, &shared.2);
            lock_and_replace(&shared, &shared.1);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(shared.1.load(Acquire) & !PARKED, 3 * STEP);
            assert_eq!(shared.2.load(Acquire) & !PARKED, 2 * STEP);
        });
    }
}

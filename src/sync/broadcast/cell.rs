//! One slot of the ring: a value, its number, and how many receivers have yet to see it.
//!
//! The word of a slot has a lock bit (`util/bit_lock.rs`) and the count. The holder of the lock may
//! touch the value: a sender that stores another one, and one receiver at a time, because `T` need
//! not be `Sync` and is cloned in place. There is a value exactly while the count is not zero: the
//! receiver that brings it to zero takes the value out.

use std::mem::MaybeUninit;

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::AtomicU64;
use crate::loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::util::bit_lock::{LOCKED, PARKED, Parking};

/// The count is in the bits from here on.
const ONE_UNSEEN: u64 = 4;

/// The number that stands for "no value".
const NONE: u64 = u64::MAX;

pub(super) struct Slot<T> {
    word: AtomicU64,
    /// The number of the value that is, or was last, here. Written under the lock.
    number: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is touched under the lock only, by one thread at a time: `T: Send` suffices.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            number: AtomicU64::new(NONE),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Stores value `number` for `receivers` (not zero) to see and returns the one it overwrites.
    #[inline]
    pub(super) fn put(
        &self,
        parking: &Parking,
        number: u64,
        value: T,
        receivers: usize,
    ) -> Option<T> {
        let former = parking.lock(&self.word);
        self.number.store(number, Release);
        let overwritten = self.value.with_mut(|slot| {
            // SAFETY: the lock is held, and there is a value if the count is not zero.
            unsafe {
                let overwritten = (former >= ONE_UNSEEN).then(|| (*slot).assume_init_read());
                (*slot).write(value);
                overwritten
            }
        });
        let former = self.word.swap(receivers as u64 * ONE_UNSEEN, Release);
        parking.unlocked(&self.word, former);
        overwritten
    }

    /// Returns value `number`, if it is here.
    ///
    /// A receiver calls this once per number; it is one of the receivers that `put` counted.
    #[inline]
    pub(super) fn see<'a>(&'a self, parking: &'a Parking, number: u64) -> Option<Seen<'a, T>> {
        // Avoids the lock of a slot whose value has not come yet.
        if self.number.load(Acquire) != number {
            return None;
        }
        let word = parking.lock(&self.word);
        // A second receiver with this number would be a bug in the caller; it gets no value.
        if self.number.load(Relaxed) != number || word < ONE_UNSEEN {
            let former = self.word.fetch_sub(LOCKED, Release);
            parking.unlocked(&self.word, former);
            return None;
        }
        Some(Seen {
            slot: self,
            parking,
            is_last: word & !(LOCKED | PARKED) == ONE_UNSEEN,
        })
    }

    /// Returns whether there are receivers that have yet to see the value that is here.
    pub(super) fn is_unseen(&self) -> bool {
        self.word.load(Acquire) >= ONE_UNSEEN
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if self.is_unseen() {
            // SAFETY: the slot is borrowed exclusively, and the count shows that there is a value.
            self.value
                .with_mut(|slot| unsafe { (*slot).assume_init_drop() });
        }
    }
}

/// A value that its receiver is looking at. When this is dropped, the receiver has seen it.
pub(super) struct Seen<'a, T> {
    slot: &'a Slot<T>,
    parking: &'a Parking,
    /// No other receiver has yet to see the value.
    is_last: bool,
}

impl<T: Clone> Seen<'_, T> {
    /// Returns a clone of the value.
    #[inline]
    pub(super) fn value(&self) -> T {
        // SAFETY: this has the lock, and the count was not zero when it took it.
        self.slot
            .value
            .with(|slot| unsafe { (*slot).assume_init_ref() }.clone())
    }
}

impl<T> Drop for Seen<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let last = self.is_last.then(|| {
            self.slot.value.with(|slot| {
                // SAFETY: this has the lock; there is a value, and no count for it from below on.
                unsafe { (*slot).assume_init_read() }
            })
        });
        let word = &self.slot.word;
        let former = word.fetch_sub(LOCKED + ONE_UNSEEN, Release);
        self.parking.unlocked(word, former);
        // Dropping the value may run any code, so it is dropped last.
        drop(last);
    }
}

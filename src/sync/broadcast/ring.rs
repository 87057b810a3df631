//! The ring of slots that a channel keeps its last values in.
//!
//! Values are numbered from zero; value `n` is in slot `n % length` until value `n + length`
//! overwrites it. A slot also counts the receivers that have yet to see its value; the last one
//! takes the value out. `T` need not be `Sync`, so a receiver has the slot for itself while it
//! clones.
//!
//! The lock of the tail (`shared.rs`) may be held when a slot is locked, never the other way.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::loom::sync::atomic::{AtomicU64, AtomicUsize};
use crate::loom::sync::{Mutex, MutexGuard};

/// The number of no value.
const NONE: u64 = u64::MAX;

pub(super) struct Ring<T> {
    /// A power of two of them.
    slots: Box<[Slot<T>]>,
}

struct Slot<T> {
    value: Mutex<Option<T>>,
    /// The number of the value. Written under the lock.
    number: AtomicU64,
    /// Receivers that have yet to see the value. Written under the lock.
    unseen: AtomicUsize,
}

impl<T> Ring<T> {
    /// A ring for at least `capacity` values.
    #[track_caller]
    pub(super) fn new(capacity: usize) -> Self {
        assert!(
            capacity > 0,
            "broadcast channel capacity cannot be zero; use at least one"
        );
        assert!(
            capacity <= usize::MAX >> 1,
            "broadcast channel capacity may not be more than half of `usize::MAX`"
        );
        let length = capacity.next_power_of_two();
        let slots = (0..length)
            .map(|_| Slot {
                value: Mutex::new(None),
                number: AtomicU64::new(NONE),
                unseen: AtomicUsize::new(0),
            })
            .collect();
        Self { slots }
    }

    /// How many values it holds.
    pub(super) fn length(&self) -> u64 {
        self.slots.len() as u64
    }

    #[inline]
    fn slot(&self, number: u64) -> &Slot<T> {
        // The length divides the range of `usize`, so cutting the number off changes nothing.
        &self.slots[number as usize & (self.slots.len() - 1)]
    }

    /// Stores value `number` for `receivers` to see and gives the one that it overwrites.
    pub(super) fn put(&self, number: u64, value: T, receivers: usize) -> Option<T> {
        let slot = self.slot(number);
        let mut place = slot.value.lock();
        slot.number.store(number, Release);
        slot.unseen.store(receivers, Release);
        place.replace(value)
    }

    /// Value `number`, if it is there.
    #[inline]
    pub(super) fn see(&self, number: u64) -> Option<Seen<'_, T>> {
        let slot = self.slot(number);
        // Spares the lock of a slot whose value has not come yet.
        if slot.number.load(Acquire) != number {
            return None;
        }
        let place = slot.value.lock();
        if slot.number.load(Relaxed) != number {
            return None;
        }
        Some(Seen {
            slot,
            place: Some(place),
        })
    }

    /// Whether there are receivers that have yet to see value `number`, which is in the ring.
    pub(super) fn is_unseen(&self, number: u64) -> bool {
        self.slot(number).unseen.load(Acquire) > 0
    }
}

/// A value under its receiver's eyes. When this is dropped, the receiver has seen it.
pub(super) struct Seen<'a, T> {
    slot: &'a Slot<T>,
    place: Option<MutexGuard<'a, Option<T>>>,
}

impl<T: Clone> Seen<'_, T> {
    /// A clone of the value.
    #[inline]
    pub(super) fn value(&self) -> T {
        let place = self.place.as_ref().expect("it is locked until the drop");
        place
            .as_ref()
            .expect("a value stays until all its receivers have seen it")
            .clone()
    }
}

impl<T> Drop for Seen<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let mut place = self.place.take().expect("it is locked until the drop");
        let unseen = self.slot.unseen.load(Relaxed) - 1;
        self.slot.unseen.store(unseen, Release);
        let last = if unseen == 0 { place.take() } else { None };
        drop(place);
        // The value may run any code when it goes, so it goes last.
        drop(last);
    }
}

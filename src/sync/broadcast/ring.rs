//! The ring of slots that a channel keeps its last values in.
//!
//! Values are numbered from zero; value `n` is in slot `n % length` until value `n + length`
//! overwrites it. The lock of the tail (`tail.rs`) may be held when a slot is locked, never the
//! other way.
#![forbid(unsafe_code)]

use super::cell::{Seen, Slot};
use crate::util::bit_lock::Parking;

pub(super) struct Ring<T> {
    /// Their number is a power of two.
    slots: Box<[Slot<T>]>,
    parking: Parking,
}

impl<T> Ring<T> {
    /// Creates a ring for at least `capacity` values.
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
        Self {
            slots: (0..length).map(|_| Slot::new()).collect(),
            parking: Parking::new(),
        }
    }

    /// Returns the number of values it holds.
    pub(super) fn length(&self) -> u64 {
        self.slots.len() as u64
    }

    #[inline]
    fn slot(&self, number: u64) -> &Slot<T> {
        // The length divides the range of `usize`, so cutting the number off changes nothing.
        &self.slots[number as usize & (self.slots.len() - 1)]
    }

    /// Stores value `number` for `receivers` to see and returns the one that it overwrites.
    #[inline]
    pub(super) fn put(&self, number: u64, value: T, receivers: usize) -> Option<T> {
        self.slot(number)
            .put(&self.parking, number, value, receivers)
    }

    /// Returns value `number`, if it is there.
    #[inline]
    pub(super) fn see(&self, number: u64) -> Option<Seen<'_, T>> {
        self.slot(number).see(&self.parking, number)
    }

    /// Returns whether there are receivers that have yet to see value `number`, which is in the
    /// ring.
    pub(super) fn is_unseen(&self, number: u64) -> bool {
        self.slot(number).is_unseen()
    }
}

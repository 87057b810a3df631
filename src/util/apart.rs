//! Keeps what different threads write off each other's cache lines.
//!
//! It pads by size instead of by alignment, since allocators serve sizes without alignment from
//! their fastest lists.
#![forbid(unsafe_code)]

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Deref;

/// Two cache lines, since processors fetch them in pairs.
const DISTANCE: usize = 128;

/// A value that shares no cache line with the fields behind it.
#[repr(C)]
pub(crate) struct Apart<T> {
    value: T,
    padding: MaybeUninit<[u8; DISTANCE]>,
}

impl<T> Apart<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value,
            padding: MaybeUninit::uninit(),
        }
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Apart<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Apart, DISTANCE};

    #[test]
    fn neighbours_are_far_apart() {
        let pair = [Apart::new(1_u64), Apart::new(2)];
        let address = |index: usize| std::ptr::from_ref(&*pair[index]).addr();
        assert!(address(1) - address(0) >= DISTANCE);
        assert_eq!(*pair[0] + *pair[1], 3);
    }
}

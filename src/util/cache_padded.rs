//! A value with cache lines of its own, wherever it lies.
//!
//! It pads by alignment, which also keeps what precedes the value off its lines. Where only what
//! follows matters, [`Apart`](super::apart::Apart) is cheaper to allocate.
#![forbid(unsafe_code)]

use std::ops::{Deref, DerefMut};

/// A value that shares no cache line with others.
// Processors fetch lines of 64 bytes in pairs, or have lines of 128 bytes.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(T);

impl<T> CachePadded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for CachePadded<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for CachePadded<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::CachePadded;

    #[test]
    fn neighbors_share_no_line() {
        let pair = [CachePadded::new(1_u64), CachePadded::new(2)];
        let address = |index: usize| std::ptr::from_ref(&*pair[index]).addr();
        assert!(address(1) - address(0) >= 128);
        assert_eq!(address(0) % 128, 0);
    }
}

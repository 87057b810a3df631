//! Frees the memory of a peak.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

/// The largest capacity, in elements, that an empty queue or list keeps.
pub(crate) const KEEP: usize = 1024;

/// Frees the buffer of a queue that is empty and has had many elements. Growing it again costs no
/// more for each element than filling it for the first time did.
#[inline]
pub(crate) fn shrink_if_empty<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > KEEP && queue.is_empty() {
        *queue = VecDeque::new();
    }
}

//! A worker's progress, as other threads see it.
//!
//! A worker increments its counter before the first task after a sleep, and whenever it checks the
//! injection queue ([`super::pace`]) or polls the driver: some thousand times a second, unless a
//! poll takes long. A worker that is awake and has not incremented it between two ticks of the
//! monitor is stuck in a poll.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

const SLOW: u32 = 1;
const STEP: u32 = 2;

/// One worker's progress. It orders nothing: it only indicates where help is worth it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// `steps << 1 | is slow`. The worker writes it, every thread reads it.
    word: AtomicU32,
}

impl Progress {
    /// Counts a step; `slow` is whether other workers may take the task in the worker's LIFO slot.
    pub(super) fn step(&self, slow: bool) {
        let steps = self.word.load(Ordering::Relaxed) & !SLOW;
        let word = steps.wrapping_add(STEP) | u32::from(slow);
        self.word.store(word, Ordering::Relaxed);
    }

    /// Returns whether the worker's polls take long.
    pub(super) fn is_slow(&self) -> bool {
        self.word.load(Ordering::Relaxed) & SLOW != 0
    }

    /// Returns a value that differs from the last one if the worker has made a step since.
    pub(super) fn mark(&self) -> u32 {
        self.word.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn a_step_changes_the_mark_and_nothing_else_does() {
        let progress = Progress::default();
        let start = progress.mark();
        assert_eq!(progress.mark(), start);
        progress.step(false);
        let fast = progress.mark();
        assert!(fast != start && !progress.is_slow());
        progress.step(true);
        let slow = progress.mark();
        assert!(slow != fast && progress.is_slow());
        assert_eq!(progress.mark(), slow);
        progress.step(false);
        assert!(progress.mark() != slow && !progress.is_slow());
    }
}

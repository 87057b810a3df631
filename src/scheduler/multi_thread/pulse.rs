//! What others may see of a worker's progress.
//!
//! The worker tells it at each of its looks at the injection queue ([`super::pace`]) and at the
//! driver, some thousand times a second while it is well. A worker whose pulse has not changed from
//! one alarm of the watch to the next is stuck in user code, or does so little that nobody minds to
//! help it.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

const SLOW: u32 = 1;
const BEAT: u32 = 2;

/// See the module's documentation. Nothing is ordered by it: it only says where help is worth it.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// `beats << 1 | is slow`; the worker alone writes it.
    word: AtomicU32,
    /// The word at the last alarm that another worker looked after.
    seen: AtomicU32,
}

impl Pulse {
    /// The worker is well; `slow` says whether the task in its LIFO slot had better run elsewhere.
    pub(super) fn beat(&self, slow: bool) {
        let beats = self.word.load(Ordering::Relaxed) & !SLOW;
        let word = beats.wrapping_add(BEAT) | u32::from(slow);
        self.word.store(word, Ordering::Relaxed);
    }

    pub(super) fn is_slow(&self) -> bool {
        self.word.load(Ordering::Relaxed) & SLOW != 0
    }

    /// Whether there was no beat since this was asked last.
    pub(super) fn has_stopped(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        self.seen.swap(word, Ordering::Relaxed) == word
    }
}

#[cfg(test)]
mod tests {
    use super::Pulse;

    #[test]
    fn stops_when_nothing_beats() {
        let pulse = Pulse::default();
        assert!(pulse.has_stopped());
        pulse.beat(false);
        assert!(!pulse.has_stopped() && !pulse.is_slow());
        pulse.beat(true);
        assert!(!pulse.has_stopped() && pulse.is_slow());
        assert!(pulse.has_stopped() && pulse.is_slow());
        pulse.beat(false);
        assert!(!pulse.has_stopped() && !pulse.is_slow());
    }
}

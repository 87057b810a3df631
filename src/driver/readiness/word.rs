//! The atomic word of a slot: its ready flags, a tick, a generation, and the shutdown flag.
//!
//! ```text
//! 63             32  31        30       8  7      0
//! [  generation   ][ shutdown ][  tick   ][ ready  ]
//! ```
//!
//! - **ready**: the flags that were seen and that no operation has disproved since.
//! - **tick**: counts events. A thread whose operation would block clears the flags of the event
//!   that it had acted on: it names the tick it saw, and if another event has come in since,
//!   nothing is cleared. So an event between a `WouldBlock` and the clearing is never lost.
//! - **generation**: counts the registrations that used the slot. An event carries the generation
//!   it was registered with, so an event that was in flight while its registration ended has no
//!   effect on the next user of the slot.
//! - **shutdown**: the driver is gone. Never cleared.
//!
//! Where a token of the kernel has 32 bits, the generation has the upper 12 bits only, and the 20
//! below them are not used. It wraps around sooner there; an event that waits for that long could
//! show a socket ready that is not, which its next operation would find out.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::AtomicU64;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

const READY: u64 = 0xff;
const TICK_SHIFT: u32 = 8;
const TICK: u64 = 0x7f_ffff << TICK_SHIFT;
const SHUTDOWN: u64 = 1 << 31;
/// The bits of a generation, which a token has to hold beside an index.
pub(super) const GENERATION_BITS: u32 = if usize::BITS >= 64 { 32 } else { 12 };
const GENERATION_SHIFT: u32 = u64::BITS - GENERATION_BITS;
const GENERATION_ONE: u64 = 1 << GENERATION_SHIFT;

/// The value of a [`Word`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snapshot(u64);

impl Snapshot {
    pub(super) fn ready(self) -> u8 {
        (self.0 & READY) as u8
    }

    pub(super) fn tick(self) -> u32 {
        ((self.0 & TICK) >> TICK_SHIFT) as u32
    }

    pub(super) fn is_shutdown(self) -> bool {
        self.0 & SHUTDOWN != 0
    }

    pub(super) fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }

    fn with_next_tick(self) -> Snapshot {
        let tick = (self.0 + (1 << TICK_SHIFT)) & TICK;
        Snapshot(self.0 & !TICK | tick)
    }
}

/// The word itself.
#[derive(Debug)]
pub(super) struct Word(AtomicU64);

impl Word {
    pub(super) fn new() -> Word {
        Word(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Acquire))
    }

    /// Records an event for `generation`; returns `false` if that registration has ended.
    pub(super) fn record(&self, generation: u32, ready: u8) -> bool {
        self.update(|now| {
            (now.generation() == generation)
                .then(|| Snapshot(now.with_next_tick().0 | u64::from(ready)))
        })
    }

    /// Sets flags without an event: what is known or assumed of a new socket.
    pub(super) fn assume(&self, ready: u8) {
        self.0.fetch_or(u64::from(ready), AcqRel);
    }

    /// Clears `ready` unless an event came in after `tick` was seen.
    pub(super) fn clear(&self, tick: u32, ready: u8) {
        self.update(|now| (now.tick() == tick).then(|| Snapshot(now.0 & !u64::from(ready))));
    }

    pub(super) fn shut_down(&self) {
        self.0.fetch_or(SHUTDOWN, AcqRel);
    }

    /// Ends the registration: forgets its events and starts the next generation.
    pub(super) fn retire(&self) {
        self.update(|now| {
            let generation = (now.0 & !(GENERATION_ONE - 1)).wrapping_add(GENERATION_ONE);
            Some(Snapshot(generation | now.0 & SHUTDOWN))
        });
    }

    /// Replaces the value by the result of `f`; returns `false` if `f` returns `None`.
    fn update(&self, f: impl Fn(Snapshot) -> Option<Snapshot>) -> bool {
        let mut now = self.load();
        while let Some(next) = f(now) {
            match self.0.compare_exchange_weak(now.0, next.0, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(actual) => now = Snapshot(actual),
            }
        }
        false
    }

    /// Returns the generation of the current or next registration. Only for its owner.
    pub(super) fn generation(&self) -> u32 {
        Snapshot(self.0.load(Relaxed)).generation()
    }
}

#[cfg(test)]
mod tests {
    use super::{TICK, TICK_SHIFT, Word};

    #[test]
    fn an_event_after_the_snapshot_is_not_cleared() {
        let word = Word::new();
        assert!(word.record(0, 0b01));
        let seen = word.load();
        assert!(word.record(0, 0b01));
        word.clear(seen.tick(), 0b01);
        assert_eq!(word.load().ready(), 0b01);
        word.clear(word.load().tick(), 0b01);
        assert_eq!(word.load().ready(), 0);
    }

    #[test]
    fn a_late_event_does_not_reach_the_next_generation() {
        let word = Word::new();
        assert!(word.record(0, 0b11));
        word.retire();
        assert!(!word.record(0, 0b11));
        assert_eq!(word.load().ready(), 0);
        assert_eq!(word.generation(), 1);
        assert!(word.record(1, 0b10));
        assert_eq!(word.load().ready(), 0b10);
    }

    #[test]
    fn shutdown_survives_everything() {
        let word = Word::new();
        word.shut_down();
        word.record(0, 0xff);
        word.clear(word.load().tick(), 0xff);
        word.retire();
        assert!(word.load().is_shutdown());
        assert_eq!(word.load().ready(), 0);
    }

    #[test]
    fn the_tick_wraps_into_itself() {
        let word = Word::new();
        let last = (TICK >> TICK_SHIFT) as u32;
        for _ in 0..last {
            word.record(0, 0);
        }
        assert_eq!(word.load().tick(), last);
        word.record(0, 0b1);
        let now = word.load();
        assert_eq!((now.tick(), now.generation(), now.ready()), (0, 0, 0b1));
        assert!(!now.is_shutdown());
    }
}

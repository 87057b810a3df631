//! [`Coalescing`]: whether the waiting thread wakes at each deadline, or for several at a time.
//!
//! To wake a thread costs more than to fire a timer. So few timers are waited for exactly, and many
//! are collected: the thread wakes every [`COLLECTED`] ticks, which is as often as it would if a
//! tick were a millisecond and epoll_wait(2) rounded its time-out up.
//!
//! A thread that wakes for timers alone pays for each wake with [`TICKS_PER_WAKE`] of time, which
//! is enough for 1,333 wakes per second. It is exact while it owes nothing. Time that is not spent
//! is saved, up to a limit, and the debt has one too.
//!
//! While timers are collected, the wakes that this saves are paid for as well. Otherwise the
//! thread would soon be exact again, and wake more often on average.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::{AtomicU64, Ordering};
use crate::timer::TICKS_PER_MS;

/// How many ticks timers are collected for: 1.25 ms.
const COLLECTED: u64 = TICKS_PER_MS * 5 / 4;
/// An interval of a millisecond leaves a quarter of the time to other timers.
const TICKS_PER_WAKE: u64 = TICKS_PER_MS * 3 / 4;
/// What is saved at most: 64 wakes in a row.
const SAVED: u64 = 64 * TICKS_PER_WAKE;
/// What is owed at most, which is how long timers are collected after they were many.
const OWED: u64 = 64 * TICKS_PER_MS;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Coalescing {
    /// The tick until which time is spent. Written and read by the thread that waits, of which
    /// there is one at a time.
    spent_until: AtomicU64,
}

impl Coalescing {
    pub(super) fn new() -> Self {
        Self {
            spent_until: AtomicU64::new(0),
        }
    }

    /// Returns the number of ticks to a multiple of which the end of a wait is rounded up.
    pub(super) fn period(&self, now: u64) -> u64 {
        if self.spent_until.load(Ordering::Relaxed) <= now {
            1
        } else {
            COLLECTED
        }
    }

    /// Records a wake at `now` that fired timers in place of `wakes` exact ones.
    pub(super) fn pay(&self, now: u64, wakes: u64) {
        let spent_until = self.spent_until.load(Ordering::Relaxed);
        let spent_until =
            spent_until.max(now.saturating_sub(SAVED)) + wakes.max(1) * TICKS_PER_WAKE;
        self.spent_until
            .store(spent_until.min(now + OWED), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{COLLECTED, Coalescing, OWED, SAVED, TICKS_PER_WAKE};
    use crate::timer::TICKS_PER_MS;

    const TICKS: u64 = 10_000 * TICKS_PER_MS;

    /// Returns how often a thread wakes for timers that fall due every `distance` ticks, after it
    /// has spent what was saved.
    fn wakes(distance: u64) -> u64 {
        let coalescing = Coalescing::new();
        let (mut due, mut count) = (0, 0);
        for now in 1..=2 * TICKS {
            due += u64::from(now % distance == 0);
            if due > 0 && now % coalescing.period(now) == 0 {
                coalescing.pay(now, due);
                due = 0;
                count += u64::from(now > TICKS);
            }
        }
        count
    }

    #[test]
    fn few_are_exact_and_many_are_collected() {
        for distance in [100 * TICKS_PER_MS, TICKS_PER_MS, TICKS_PER_WAKE] {
            assert_eq!(wakes(distance), TICKS / distance, "{distance}");
        }
        for distance in [TICKS_PER_WAKE / 2, 7, 1] {
            assert_eq!(wakes(distance), TICKS / COLLECTED, "{distance}");
        }
    }

    #[test]
    fn what_is_saved_is_enough_for_a_burst() {
        let coalescing = Coalescing::new();
        let start = SAVED + 1;
        let mut burst = 0;
        while coalescing.period(start) == 1 {
            coalescing.pay(start, 1);
            burst += 1;
        }
        assert_eq!(burst, SAVED / TICKS_PER_WAKE + 1);
    }

    #[test]
    fn a_debt_ends() {
        let coalescing = Coalescing::new();
        coalescing.pay(100, 1_000_000);
        assert_eq!(coalescing.period(100 + OWED - 1), COLLECTED);
        assert_eq!(coalescing.period(100 + OWED), 1);
    }
}

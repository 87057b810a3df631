//! [`Clock`]: the time of what is recorded, in ticks that are cheap to read.
//!
//! The ticks are those of the processor's counter where that is a clock, and otherwise nanoseconds.
//! They become nanoseconds of CLOCK_MONOTONIC when they are read, by two pairs of readings of both
//! clocks: one of the clock's creation, and one of the [`Reading`]. What is recorded lies between the
//! two, and is converted from the later one backwards, so that recent times are as exact as a pair.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use super::tsc;
use crate::util::clock::monotonic_ns;

/// After how long the rate of the ticks is known to a millionth: a pair is exact to some 50 ns.
const RATE_KNOWN_NS: u64 = 50_000_000;

/// A source of ticks. A tick is never zero.
#[derive(Debug)]
pub(crate) struct Clock {
    counts: bool,
    first: Pair,
    /// Nanoseconds for 2^32 ticks, or zero as long as that is not known exactly. Stored by any thread,
    /// each time about the same number, so the atomic is that of `std`.
    rate: AtomicU64,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ticks: u64,
    ns: u64,
}

/// The clock at one moment, by which earlier ticks are converted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    first: Pair,
    last: Pair,
}

impl Clock {
    pub(super) fn new() -> Clock {
        let counts = tsc::is_clock();
        Clock {
            counts,
            first: Pair::read(counts),
            rate: AtomicU64::new(if counts { 0 } else { 1 << 32 }),
        }
    }

    /// Returns the ticks of now.
    #[inline]
    pub(super) fn ticks(&self) -> u64 {
        match self.counts {
            true => tsc::read(),
            false => monotonic_ns(),
        }
    }

    /// Converts a number of ticks without a reading of the clock, once the rate is known.
    pub(super) fn duration(&self, ticks: u64) -> u64 {
        let mut rate = self.rate.load(Ordering::Relaxed);
        if rate == 0 {
            let reading = self.read();
            rate = reading.duration(1 << 32);
            if reading.now() - self.first.ns > RATE_KNOWN_NS {
                self.rate.store(rate, Ordering::Relaxed);
            }
        }
        ((u128::from(ticks) * u128::from(rate)) >> 32) as u64
    }

    pub(super) fn read(&self) -> Reading {
        Reading {
            first: self.first,
            last: Pair::read(self.counts),
        }
    }
}

impl Pair {
    /// Reads both clocks. Of three attempts the one counts that was interrupted least.
    fn read(counts: bool) -> Pair {
        if !counts {
            let ns = monotonic_ns();
            return Pair { ticks: ns, ns };
        }
        let attempt = || {
            let before = tsc::read();
            let ns = monotonic_ns();
            let took = tsc::read().saturating_sub(before);
            let ticks = before + took / 2;
            (took, Pair { ticks, ns })
        };
        let attempts = [attempt(), attempt(), attempt()];
        let best = attempts.into_iter().min_by_key(|(took, _)| *took);
        best.expect("there are three").1
    }
}

impl Reading {
    /// Returns the moment of the reading, in nanoseconds of CLOCK_MONOTONIC.
    pub(crate) fn now(&self) -> u64 {
        self.last.ns
    }

    /// Converts a moment; one after the reading becomes that of the reading.
    pub(super) fn ns(&self, ticks: u64) -> u64 {
        let ago = self.last.ticks.saturating_sub(ticks);
        self.last.ns.saturating_sub(self.duration(ago))
    }

    /// Converts a number of ticks.
    pub(super) fn duration(&self, ticks: u64) -> u64 {
        let passed = self.last.ticks.saturating_sub(self.first.ticks);
        let ns = self.last.ns.saturating_sub(self.first.ns);
        if passed == 0 {
            return 0;
        }
        let ns = u128::from(ticks) * u128::from(ns) / u128::from(passed);
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Pair, Reading};
    use crate::util::clock::monotonic_ns;

    #[test]
    fn a_moment_lies_between_what_the_system_says_before_and_after() {
        let clock = Clock::new();
        // A rate is not known exactly as long as little time has passed.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let before = monotonic_ns();
        let ticks = clock.ticks();
        let after = monotonic_ns();
        let ns = clock.read().ns(ticks);
        let slack = 100_000;
        assert!(
            before - slack < ns && ns < after + slack,
            "{before} {ns} {after}"
        );
    }

    #[test]
    fn durations_are_those_of_the_system() {
        let clock = Clock::new();
        for _ in 0..3 {
            let (before, first) = (monotonic_ns(), clock.ticks());
            std::thread::sleep(std::time::Duration::from_millis(30));
            let (last, after) = (clock.ticks(), monotonic_ns());
            let ns = clock.duration(last - first);
            let slack = 100_000;
            assert!(29_000_000 < ns && ns < after - before + slack, "{ns}");
        }
    }

    #[test]
    fn a_recent_moment_is_exact_whatever_the_rate_was_before() {
        let reading = Reading {
            first: Pair { ticks: 0, ns: 50 },
            last: Pair {
                ticks: 3000,
                ns: 1050,
            },
        };
        assert_eq!(reading.now(), 1050);
        assert_eq!(
            [0, 3, 2997, 3000, 4000].map(|it| reading.ns(it)),
            [50, 51, 1049, 1050, 1050]
        );
        assert_eq!(reading.duration(30), 10);
        let unchanged = Reading {
            last: reading.first,
            ..reading
        };
        assert_eq!(unchanged.ns(7), 50);
    }
}

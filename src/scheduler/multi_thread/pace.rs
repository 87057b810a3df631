//! How long a worker's polls take, and the decisions based on it.
//!
//! The worker counts its polls and reads the clock only after a number of them, when it checks the
//! injection queue and publishes its progress ([`super::progress`]). The number follows from time,
//! not count: a task from outside should wait no longer behind slow tasks than behind fast ones. A
//! check takes a lock if the queue is not empty, so it should not come after every task. The worker
//! aims at one check per [`TARGET`] of awake time. `Builder::global_queue_interval` sets a fixed
//! count.
//!
//! The length of a poll also decides whether a task that waits for the current poll to end is worth
//! waking another worker, which costs a system call here and some microseconds there:
//! [`Pace::is_quick`], [`Pace::is_slow`].
#![forbid(unsafe_code)]

use std::time::Duration;

/// The time between two checks.
const TARGET: Duration = Duration::from_micros(200);

/// The fewest and the most polls between two checks.
const LIMITS: (u32, u32) = (2, 127);

/// The interval that is assumed until something has been measured.
const START: u32 = 61;

/// The number of polls before the first measurement.
const FIRST: u32 = 4;

/// A worker that is woken for one task starts only after several polls that are shorter than this.
/// Two tasks that wake each other alternately, and work for as long each time, were faster on two
/// workers from this length on (`how_long_does_a_pipeline_take`).
const QUICK_NANOS: f64 = 1_000.0;

/// Compared to a poll of this length a wake-up costs little, and a task that waits for its end
/// waits long.
const SLOW_NANOS: f64 = 100_000.0;

#[derive(Debug)]
pub(super) struct Pace {
    fixed: bool,
    /// The number of polls between two checks.
    interval: u32,
    /// The number of polls before the next check.
    left: u32,
    /// The number of polls in the next measurement.
    polls: u32,
    /// The number of all polls there will have been at the next check.
    counted: u64,
    /// How long the worker had been awake at the last measurement.
    measured: Duration,
    /// A moving average of the length of a poll.
    poll_nanos: f64,
}

impl Pace {
    pub(super) fn new(fixed: Option<u32>) -> Pace {
        let first = fixed.unwrap_or(FIRST);
        Pace {
            fixed: fixed.is_some(),
            interval: fixed.unwrap_or(START),
            left: first,
            polls: first,
            counted: u64::from(first),
            measured: Duration::ZERO,
            poll_nanos: TARGET.as_nanos() as f64 / f64::from(START),
        }
    }

    /// Counts a poll.
    #[inline]
    pub(super) fn count(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// Returns whether it is time for a check, by a worker that has been awake for `awake`.
    #[inline]
    pub(super) fn is_due(&mut self, awake: impl FnOnce() -> Duration) -> bool {
        if self.left > 0 {
            return false;
        }
        // With a fixed interval of one poll, the clock would be read after each.
        if !self.fixed || self.polls >= START {
            self.measure(awake());
            self.polls = 0;
        }
        self.left = self.interval;
        self.polls += self.interval;
        self.counted += u64::from(self.interval);
        true
    }

    /// Returns how many polls have been counted.
    pub(super) fn counted(&self) -> u64 {
        self.counted - u64::from(self.left)
    }

    /// Returns whether polls are so short that a waiting task runs here before a worker that is
    /// woken for it could take it.
    pub(super) fn is_quick(&self) -> bool {
        self.poll_nanos < QUICK_NANOS
    }

    /// Returns whether polls are so long that a waiting task should not wait for the end of one.
    pub(super) fn is_slow(&self) -> bool {
        self.poll_nanos > SLOW_NANOS
    }

    /// Measures the last polls of a worker that has been awake for this long.
    fn measure(&mut self, awake: Duration) {
        let passed = awake.saturating_sub(self.measured);
        self.measured = awake;
        let nanos = passed.as_nanos() as f64 / f64::from(self.polls);
        self.poll_nanos += (nanos - self.poll_nanos) / 8.0;
        if !self.fixed {
            let polls = TARGET.as_nanos() as f64 / self.poll_nanos.max(1.0);
            self.interval = (polls as u32).clamp(LIMITS.0, LIMITS.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, Pace};
    use std::time::Duration;

    /// Simulates many checks with polls of this length.
    fn settle(pace: &mut Pace, poll: Duration) {
        for _ in 0..100 {
            pace.measure(pace.measured + poll * pace.polls);
            pace.polls = pace.interval;
        }
    }

    #[test]
    fn follows_the_tasks() {
        let mut pace = Pace::new(None);
        settle(&mut pace, Duration::from_micros(50));
        assert!((3..=5).contains(&pace.interval), "{pace:?}");
        assert!(!pace.is_quick() && !pace.is_slow());
        settle(&mut pace, Duration::from_nanos(100));
        assert_eq!(pace.interval, LIMITS.1);
        assert!(pace.is_quick());
        settle(&mut pace, Duration::from_millis(1));
        assert_eq!(pace.interval, LIMITS.0);
        assert!(pace.is_slow());
    }

    #[test]
    fn every_poll_is_counted() {
        for fixed in [None, Some(1), Some(7)] {
            let mut pace = Pace::new(fixed);
            for polls in 0..1_000 {
                assert_eq!(pace.counted(), polls);
                pace.is_due(|| Duration::from_micros(polls * 5));
                assert_eq!(pace.counted(), polls);
                pace.count();
            }
        }
    }

    #[test]
    fn a_fixed_interval_stays_and_the_polls_are_measured() {
        let mut pace = Pace::new(Some(31));
        settle(&mut pace, Duration::from_millis(1));
        assert_eq!(pace.interval, 31);
        assert!(pace.is_slow());
    }
}

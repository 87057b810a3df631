//! How often a worker with tasks of its own looks at the injection queue.
//!
//! By time, not by count: a task from outside should wait no longer behind slow tasks than behind
//! fast ones. A look costs a lock when there is something, so it should not come after every
//! task. The worker aims at one look in [`TARGET`], and counts how many polls fit in there; it
//! reads the clock only when it looks. `Builder::global_queue_interval` sets a fixed count.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use crate::scheduler::metrics::BusyClock;

/// The time between two looks.
const TARGET: Duration = Duration::from_micros(200);

/// The fewest and the most polls between two looks.
const LIMITS: (u32, u32) = (2, 127);

/// The count before anything has been measured.
const START: u32 = 61;

#[derive(Debug)]
pub(super) struct Pace {
    fixed: bool,
    interval: u32,
    left: u32,
    looked: Instant,
    /// A moving average of what a poll takes.
    poll_nanos: f64,
}

impl Pace {
    pub(super) fn new(fixed: Option<u32>) -> Pace {
        let interval = fixed.unwrap_or(START);
        Pace {
            fixed: fixed.is_some(),
            interval,
            left: interval,
            looked: Instant::now(),
            poll_nanos: TARGET.as_nanos() as f64 / f64::from(START),
        }
    }

    /// Counts one poll; true when it is time for a look.
    #[inline]
    pub(super) fn is_due(&mut self, busy: &BusyClock) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        if !self.fixed {
            self.adapt(Instant::now(), busy.since());
        }
        self.left = self.interval;
        true
    }

    /// A look at `now` by a worker that is awake since `awake_since`.
    fn adapt(&mut self, now: Instant, awake_since: Instant) {
        // A sleep in between says nothing about the tasks.
        if awake_since <= self.looked {
            let nanos = (now - self.looked).as_nanos() as f64 / f64::from(self.interval);
            self.poll_nanos += (nanos - self.poll_nanos) / 8.0;
            let polls = TARGET.as_nanos() as f64 / self.poll_nanos.max(1.0);
            self.interval = (polls as u32).clamp(LIMITS.0, LIMITS.1);
        }
        self.looked = now;
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, Pace};
    use std::time::Duration;

    #[test]
    fn follows_the_tasks() {
        let mut pace = Pace::new(None);
        let start = pace.looked;
        let mut now = start;
        for _ in 0..100 {
            now += Duration::from_micros(50) * pace.interval;
            pace.adapt(now, start);
        }
        assert!((3..=5).contains(&pace.interval), "{pace:?}");
        for _ in 0..100 {
            now += Duration::from_nanos(100) * pace.interval;
            pace.adapt(now, start);
        }
        assert_eq!(pace.interval, LIMITS.1);
        for _ in 0..100 {
            now += Duration::from_millis(1) * pace.interval;
            pace.adapt(now, start);
        }
        assert_eq!(pace.interval, LIMITS.0);
    }

    #[test]
    fn a_sleep_is_not_a_slow_task() {
        let mut pace = Pace::new(None);
        let now = pace.looked + Duration::from_secs(10);
        pace.adapt(now, now - Duration::from_micros(1));
        assert_eq!(pace.interval, super::START);
    }
}

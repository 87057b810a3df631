//! When the requests of an open loop are due.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Later than this, a request was late because of the load and not because of the program.
const LATE: Duration = Duration::from_micros(100);

/// Requests at equal distances in time, whatever the program does. One that finds no free connection
/// waits for one, and its latency counts from when it was due: so a program that stalls has the
/// latency of all that it has kept waiting, not only of those that it had already taken.
pub(crate) struct Schedule {
    start: Instant,
    gap_ns: f64,
    /// How many have been due.
    made: u64,
    late: u64,
    waiting: VecDeque<Instant>,
}

impl Schedule {
    /// Begins now, with `rate` requests a second.
    pub(crate) fn new(rate: f64) -> Schedule {
        Schedule {
            start: Instant::now(),
            gap_ns: 1e9 / rate,
            made: 0,
            late: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Returns when the next request is due.
    pub(crate) fn next(&self) -> Instant {
        self.start + Duration::from_nanos((self.made as f64 * self.gap_ns) as u64)
    }

    /// Lets all that is due by `now` wait for a connection.
    pub(crate) fn advance(&mut self, now: Instant) {
        while self.next() <= now {
            let due = self.next();
            self.late += u64::from(now - due > LATE);
            self.waiting.push_back(due);
            self.made += 1;
        }
    }

    /// Takes the request that has waited longest; the value is when it was due.
    pub(crate) fn take(&mut self) -> Option<Instant> {
        self.waiting.pop_front()
    }

    /// Returns when each that waits was due.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Instant> {
        self.waiting.iter().copied()
    }

    /// Returns how many have been due so far, and how many of them the load has noticed late.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.made, self.late)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Schedule;

    #[test]
    fn requests_are_due_whatever_happens() {
        let mut schedule = Schedule::new(1000.0);
        let start = schedule.next();
        schedule.advance(start + Duration::from_micros(2050));
        assert_eq!(schedule.counts(), (3, 2));
        assert_eq!(schedule.take(), Some(start));
        assert_eq!(schedule.waiting().count(), 2);
        assert_eq!(schedule.next(), start + Duration::from_millis(3));
    }
}

//! [`Rounds`]: how often the driver is polled while all that can run are tasks that yield.
//!
//! A poll of the driver is a system call, several times as long as a task that does nothing but
//! yield. In a round each such task runs once. Several rounds pass between two polls as long as all
//! of them together are quick; when they were not, each round ends with a poll. So an event waits
//! for [`QUICK`], and for the rounds that turn out to be longer once.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long rounds without a poll may take.
const QUICK: Duration = Duration::from_micros(2);

/// The most rounds without a poll.
const MOST: u32 = 16;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Rounds {
    /// How many end with a poll: one of so many.
    each: Cell<u32>,
    /// How many have ended since the last one of these.
    ended: Cell<u32>,
    /// When that was.
    polled: Cell<Option<Instant>>,
}

impl Rounds {
    pub(super) fn new() -> Rounds {
        Rounds {
            each: Cell::new(1),
            ended: Cell::new(0),
            polled: Cell::new(None),
        }
    }

    /// Counts a round, and returns whether the driver is to be polled after it. Looks at the clock
    /// only then.
    pub(super) fn end(&self, now: impl FnOnce() -> Instant) -> bool {
        let ended = self.ended.get() + 1;
        let is_last = ended >= self.each.get();
        self.ended.set(if is_last { 0 } else { ended });
        if is_last {
            self.adapt(now());
        }
        is_last
    }

    fn adapt(&self, now: Instant) {
        let former = self.polled.replace(Some(now));
        let taken = former.map_or(Duration::MAX, |former| now.duration_since(former));
        if taken > QUICK {
            self.each.set(1);
        } else if taken <= QUICK / 2 {
            self.each.set(MOST.min(2 * self.each.get()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, QUICK, Rounds};
    use std::time::{Duration, Instant};

    /// Returns how many of 1,000 rounds that take `each` end with a poll.
    fn polls(rounds: &Rounds, now: &mut Instant, each: Duration) -> u32 {
        let mut polls = 0;
        for _ in 0..1000 {
            *now += each;
            polls += u32::from(rounds.end(|| *now));
        }
        polls
    }

    #[test]
    fn only_quick_rounds_pass_without_a_poll() {
        let (rounds, mut now) = (Rounds::new(), Instant::now());
        let quick = polls(&rounds, &mut now, QUICK / 100);
        assert!((1000 / MOST..1000 / MOST + 10).contains(&quick), "{quick}");
        // The first that are slow are as many as had been quick.
        let slow = polls(&rounds, &mut now, 2 * QUICK);
        assert!(slow > 1000 - MOST, "{slow}");
        let between = polls(&rounds, &mut now, QUICK / 4);
        assert!((200..600).contains(&between), "{between}");
    }
}

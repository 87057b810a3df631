//! [`Tally`]: what a worker counts for itself, where that is too frequent for an atomic counter; and
//! [`PollTimer`], for a histogram.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Histogram, WorkerMetrics};

/// How much of a moving average is left after a poll that takes another time.
const REMAINS: f64 = 0.9;

/// See the module's documentation. The worker stores the sums in its [`WorkerMetrics`] before it
/// sleeps or ends, and every few polls while it is awake.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many times a task was queued here.
    local_schedules: Cell<u64>,
    /// How many polls continue the one before.
    continued: u64,
    /// How many polls do not, as far as they have been counted.
    polls: u64,
    /// How many of these there had been at the last measurement.
    measured: u64,
    /// How long the worker had been awake then.
    awake: Duration,
    mean_nanos: f64,
}

impl Tally {
    /// Counts a task that was queued here.
    #[inline]
    pub(crate) fn scheduled(&self) {
        self.local_schedules
            .set(self.local_schedules.get().wrapping_add(1));
    }

    /// Counts a poll that continues the one before: its task came out of the LIFO slot right after
    /// it. tokio counts these two as one, and takes their time as one.
    #[inline]
    pub(crate) fn continues(&mut self) {
        self.continued += 1;
    }

    /// Stores the sums for a worker that has made this many polls, those that continue others
    /// included.
    pub(crate) fn store(&mut self, polls: u64, metrics: &WorkerMetrics) {
        self.polls = polls - self.continued;
        metrics.polls.store(self.polls, Ordering::Relaxed);
        let local = self.local_schedules.get();
        metrics.local_schedules.store(local, Ordering::Relaxed);
    }

    /// Measures the polls since the last measurement, by a worker that has been awake for `awake` and
    /// has just stored the sums. Time in which it polled nothing does not count.
    pub(crate) fn measure(&mut self, awake: Duration, metrics: &WorkerMetrics) {
        let passed = awake.saturating_sub(self.awake);
        let polls = self.polls - self.measured;
        self.awake = awake;
        if polls == 0 {
            return;
        }
        let nanos = passed.as_nanos() as f64 / polls as f64;
        let remains = match self.measured {
            0 => 0.0,
            _ => REMAINS.powf(polls as f64),
        };
        self.measured = self.polls;
        self.mean_nanos = nanos + (self.mean_nanos - nanos) * remains;
        // Zero is for a worker that has polled nothing.
        let mean = (self.mean_nanos as u64).max(1);
        metrics.mean_poll_nanos.store(mean, Ordering::Relaxed);
    }
}

/// Takes the time of polls, where it is not known at the end of a poll whether the next one continues
/// it.
#[derive(Debug, Default)]
pub(crate) struct PollTimer {
    /// When the last poll that has not been recorded began and ended.
    poll: Option<(Instant, Instant)>,
}

impl PollTimer {
    /// Begins a poll, which may continue the one before.
    #[cold]
    pub(crate) fn begin(&mut self, continues: bool, histogram: Option<&Histogram>) {
        if !continues || self.poll.is_none() {
            self.record(histogram);
            let now = Instant::now();
            self.poll = Some((now, now));
        }
    }

    /// Ends a poll.
    #[cold]
    pub(crate) fn end(&mut self) {
        if let Some((_, end)) = &mut self.poll {
            *end = Instant::now();
        }
    }

    /// Records the last poll: the next one does not continue it.
    pub(crate) fn record(&mut self, histogram: Option<&Histogram>) {
        if let (Some((begin, end)), Some(histogram)) = (self.poll.take(), histogram) {
            histogram.record(end.duration_since(begin));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PollTimer, Tally};
    use crate::scheduler::metrics::{BusyClock, HistogramConfiguration, WorkerMetrics};
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn polls_that_continue_others_are_not_counted() {
        let (mut tally, metrics) = (Tally::default(), WorkerMetrics::new(None, None));
        tally.continues();
        tally.continues();
        tally.scheduled();
        tally.store(5, &metrics);
        assert_eq!((metrics.polls(), metrics.local_schedules()), (3, 1));
    }

    #[test]
    fn a_sleep_without_a_poll_before_it_is_a_noop() {
        let (mut tally, metrics) = (Tally::default(), WorkerMetrics::new(None, None));
        for (polls, noops) in [(0, 1), (3, 1), (3, 2), (3, 3), (4, 3)] {
            tally.store(polls, &metrics);
            BusyClock::start().park(&metrics);
            assert_eq!(metrics.noops(), noops);
        }
    }

    #[test]
    fn the_mean_follows_the_polls_and_leaves_out_time_without_one() {
        let (mut tally, metrics) = (Tally::default(), WorkerMetrics::new(None, None));
        let (mut polls, mut awake) = (0, Duration::ZERO);
        let mut step = |more: u64, time: Duration| {
            polls += more;
            awake += time;
            tally.store(polls, &metrics);
            tally.measure(awake, &metrics);
            metrics.mean_poll_time()
        };
        assert_eq!(step(0, MS * 50), Duration::ZERO);
        assert_eq!(step(2, MS * 6), MS * 3);
        assert_eq!(step(0, MS * 900), MS * 3);
        let mean = step(1, MS * 13);
        assert_eq!(mean.as_micros(), 4_000);
        for _ in 0..20 {
            step(10, MS * 70);
        }
        assert_eq!(step(1, MS * 7).as_micros(), 6_999);
    }

    #[test]
    fn a_poll_is_recorded_with_those_that_continue_it() {
        let buckets = HistogramConfiguration::linear(MS * 10, 2);
        let metrics = WorkerMetrics::new(Some(&buckets), None);
        let mut timer = PollTimer::default();
        let counts = || [0, 1].map(|bucket| metrics.poll_times().unwrap().count(bucket));
        for continues in [false, true] {
            timer.begin(continues, metrics.poll_times());
            std::thread::sleep(MS * 6);
            timer.end();
        }
        assert_eq!(counts(), [0, 0]);
        timer.begin(false, metrics.poll_times());
        assert_eq!(counts(), [0, 1]);
        timer.end();
        timer.record(metrics.poll_times());
        timer.record(metrics.poll_times());
        assert_eq!(counts().iter().sum::<u64>(), 2);
    }
}

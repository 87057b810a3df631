//! [`Interval`] and what it does about missed ticks.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::time::Instant;
use crate::time::entry::Entry;
use crate::trace::{Op, Resource, ResourceType};

/// How late a tick may be without counting as missed. It absorbs the resolution of timers and
/// the time a task waits to run.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Creates an [`Interval`] that ticks every `period`, the first time at once.
///
/// The period is counted from tick to tick, not from when a tick was awaited: work between two
/// ticks does not shift the next. For ticks that are missed because the work takes longer than
/// the period, see [`MissedTickBehavior`].
///
/// # Panics
///
/// Panics if `period` is zero, if called outside a runtime, or in a runtime whose timers are off
/// (see [`Builder::enable_time`](crate::runtime::Builder::enable_time)).
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, interval};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let start = Instant::now();
///     let mut ticks = interval(Duration::from_millis(10));
///     for _ in 0..3 {
///         ticks.tick().await;
///     }
///     // The first tick is immediate.
///     assert!(start.elapsed() >= Duration::from_millis(20));
/// }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    Interval::new(Instant::now(), period)
}

/// Creates an [`Interval`] that ticks at `start` and then every `period`.
///
/// A `start` in the past counts as ticks that were missed: see [`MissedTickBehavior`].
///
/// # Panics
///
/// Panics if `period` is zero, if called outside a runtime, or in a runtime whose timers are off
/// (see [`Builder::enable_time`](crate::runtime::Builder::enable_time)).
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, Instant, interval_at};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let start = Instant::now() + Duration::from_millis(10);
///     let mut ticks = interval_at(start, Duration::from_millis(5));
///     assert_eq!(ticks.tick().await, start);
///     assert_eq!(ticks.tick().await, start + Duration::from_millis(5));
/// }
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    Interval::new(start, period)
}

/// What an [`Interval`] does when ticks were not awaited in time.
///
/// A tick counts as missed when it is taken more than 5 ms late. In the pictures below, ticks
/// are due every 10 ms, and the third is taken 15 ms late:
///
/// ```text
/// due     0    10    20    30    40    50    60
/// Burst   0    10          35 36    40    50    60
/// Delay   0    10          35    45    55
/// Skip    0    10          35    40    50    60
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Ticks as fast as they are awaited until all missed ones are made up for. The number of ticks
    /// is right in the long run, and they fall on multiples of the period again.
    #[default]
    Burst,
    /// The next tick comes one period after the late one was taken, and later ones follow from
    /// there. Two ticks are never less than a period apart.
    Delay,
    /// Missed ticks are skipped, and the next one falls on a multiple of the period again, counted
    /// from the start.
    Skip,
}

impl MissedTickBehavior {
    /// Returns when to tick after the tick of `due` was taken at `now`, too late.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Option<Instant> {
        match self {
            Self::Burst => due.checked_add(period),
            Self::Delay => now.checked_add(period),
            Self::Skip => {
                let late = now.saturating_duration_since(due);
                let past_multiple = late.as_nanos() % period.as_nanos();
                // More than 584 years late and a period as long: the tick is far away anyway.
                let past_multiple = u64::try_from(past_multiple).unwrap_or(u64::MAX);
                now.checked_add(period)?
                    .checked_sub(Duration::from_nanos(past_multiple))
            }
        }
    }
}

/// Ticks at a fixed period. Created by [`interval`] and [`interval_at`].
///
/// # Examples
///
/// ```
/// use zokio::time::{Duration, MissedTickBehavior, interval, sleep};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let mut ticks = interval(Duration::from_millis(10));
///     ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
///     ticks.tick().await;
///     sleep(Duration::from_millis(25)).await;
///     ticks.tick().await; // late, so it is immediate
///     ticks.tick().await; // 10 ms after that
/// }
/// ```
pub struct Interval {
    entry: Entry,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
    op: Op,
    resource: Resource,
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("entry", &self.entry)
            .field("period", &self.period)
            .field("missed_tick_behavior", &self.missed_tick_behavior)
            .finish()
    }
}

impl Interval {
    #[track_caller]
    fn new(start: Instant, period: Duration) -> Self {
        let resource = Resource::new(ResourceType::Interval);
        Self {
            entry: Entry::new(start),
            period,
            missed_tick_behavior: MissedTickBehavior::default(),
            op: resource.own_op("Interval::tick"),
            resource,
        }
    }

    /// Waits for the next tick and returns the instant at which it was due.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: the tick is taken when it is
    /// ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_millis(5));
    ///     let first = ticks.tick().await;
    ///     assert_eq!(ticks.tick().await, first + Duration::from_millis(5));
    /// }
    /// ```
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick; returns the instant at which it was due.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. While it is pending, the waker of the latest call is woken by
    /// the tick. When it is ready, no waker is kept: poll again to be woken by the tick after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::time::{Duration, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_millis(5));
    ///     let first = poll_fn(|cx| ticks.poll_tick(cx)).await;
    ///     let second = poll_fn(|cx| ticks.poll_tick(cx)).await;
    ///     assert_eq!(second, first + Duration::from_millis(5));
    /// }
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let poll = || self.entry.poll(cx);
        ready!(self.resource.poll(&self.op, "poll_tick", poll));
        let due = self.entry.deadline();
        let now = Instant::now();
        let next = if now.saturating_duration_since(due) > TOLERANCE {
            self.missed_tick_behavior.next(due, now, self.period)
        } else {
            due.checked_add(self.period)
        };
        self.entry.restart(next.unwrap_or_else(Instant::far_future));
        Poll::Ready(due)
    }

    /// Resets the interval to tick next one period from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, interval, sleep};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_millis(10));
    ///     ticks.tick().await;
    ///     sleep(Duration::from_millis(5)).await;
    ///     ticks.reset();
    ///     let reset_at = Instant::now();
    ///     ticks.tick().await;
    ///     assert!(reset_at.elapsed() >= Duration::from_millis(9));
    /// }
    /// ```
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// Resets the interval to tick next as soon as it is awaited, and one period later after that.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_secs(60));
    ///     ticks.tick().await;
    ///     ticks.reset_immediately();
    ///     let start = Instant::now();
    ///     ticks.tick().await;
    ///     assert!(start.elapsed() < Duration::from_secs(1));
    /// }
    /// ```
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Resets the interval to tick next when `after` has passed from now, and one period later
    /// after that. `after` may be shorter or longer than the period.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_secs(60));
    ///     ticks.tick().await;
    ///     let start = Instant::now();
    ///     ticks.reset_after(Duration::from_millis(5));
    ///     ticks.tick().await;
    ///     assert!(start.elapsed() >= Duration::from_millis(5));
    /// }
    /// ```
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::after(after));
    }

    /// Resets the interval to tick next at `deadline`, and one period later after that.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, Instant, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_secs(60));
    ///     ticks.tick().await;
    ///     let deadline = Instant::now() + Duration::from_millis(5);
    ///     ticks.reset_at(deadline);
    ///     assert_eq!(ticks.tick().await, deadline);
    /// }
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.entry.reset(deadline);
    }

    /// Returns what happens to ticks that are missed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, MissedTickBehavior, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let ticks = interval(Duration::from_secs(1));
    ///     assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// }
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens to ticks that are missed; [`MissedTickBehavior::Burst`] unless this is
    /// called.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, MissedTickBehavior, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let mut ticks = interval(Duration::from_secs(1));
    ///     assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
    ///     ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ///     assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Skip);
    /// }
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// Returns the time between two ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::time::{Duration, interval};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let ticks = interval(Duration::from_secs(1));
    ///     assert_eq!(ticks.period(), Duration::from_secs(1));
    /// }
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }
}

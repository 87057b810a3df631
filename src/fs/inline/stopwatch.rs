//! Which mounts let inline calls wait, found by timing the calls.
//!
//! A call that "cannot wait" does wait now and then: a program that watches the mount by fanotify
//! is asked before an open or a read continues, `RWF_NOWAIT` or not, and an overlay asks the server
//! of a lower layer. So every inline call is timed by a [`Stopwatch`]: one for each known mount,
//! one for all walks along a path, and one for all mounts that are not known.
//!
//! A mount whose call slept for more than a millisecond is not asked inline for a hundred times as
//! long, at least 1 s and at most 300 s. Then one call tries again. For calls of up to 3 s a worker
//! therefore spends at most one percent of its time waiting.
//!
//! # How a call is timed
//!
//! The clock of the kernel's ticks is read before and after (8 ns each; the exact clock takes
//! 25 ns). Mostly no tick passed. If one did, the call may have waited, or the thread was
//! preempted, which tells nothing about the mount. Only a thread that waits switches *voluntarily*,
//! and the kernel counts those switches (getrusage(2), `ru_nvcsw`). Asking for the count takes
//! 220 ns, so a thread does that at its first inline call within a tick, and again after a call in
//! which a tick passed. Three outcomes:
//!
//! - The count is unchanged: the thread was preempted, or a tick fell into a short call.
//! - It changed, was taken right before the call, and more than a millisecond passed: the mount is
//!   slow.
//! - Otherwise the thread may have slept between its inline calls, and the mount is *suspected*:
//!   the next calls on it are timed with a count of their own and the exact clock. How many they
//!   are depends on how long the suspicious call took: timing them costs 0.2 % of that.
#![cfg_attr(not(test), forbid(unsafe_code))]

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::fs::inline::calls::{Refusal, coarse_ns, tick_ns};
use crate::util::clock::monotonic_ns;
use crate::util::system::voluntary_switches;

/// Calls that wait for longer than this are slow.
const LIMIT: Duration = Duration::from_millis(1);

/// How many times as long as the slow call took the mount is not asked inline.
const REST: u32 = 100;

/// The bounds of that time.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// How many calls are timed exactly for each millisecond of a suspicious one.
const CALLS_PER_MS: u64 = 8;

/// How many calls are timed exactly once a slow mount has answered quickly.
const CALLS_AFTER_SLOW: u64 = 64;

/// Mounts whose numbers differ by a multiple of this share a stopwatch.
const SLOTS: usize = 1024;

static MOUNTS: [Stopwatch; SLOTS] = [const { Stopwatch::new() }; SLOTS];
static UNKNOWN: Stopwatch = Stopwatch::new();
static PATHS: Stopwatch = Stopwatch::new();

/// Set in the state of a slow mount; the other bits are the time until which it rests.
const SLOW: u64 = 1 << 63;

thread_local! {
    /// The tick at which this thread last asked for its count, and the count.
    static COUNTED: Cell<(u64, i64)> = const { Cell::new((0, 0)) };
}

/// Times the inline calls on one mount and decides whether any are made.
///
/// All threads of the process share it. Its state is zero (nothing is known against the mount), a
/// number of calls to be timed exactly, or [`SLOW`] and a time.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    /// Written by the thread that timed a call, read before each call. It guards no other memory.
    state: AtomicU64,
}

/// A call that is being timed.
struct Lap {
    /// The tick in which it began.
    tick: u64,
    /// The thread's count of voluntary switches, at the start of the call or earlier in the tick.
    count: i64,
    /// Whether the count was taken at the start of the call.
    counted_now: bool,
    /// The exact time at which it began, of a call on a suspected mount.
    exact: Option<u64>,
    /// The state that keeps other calls away while this one tries a slow mount.
    trial: Option<u64>,
}

/// What is known about a call in which time has passed.
#[derive(Clone, Copy, Debug)]
struct Timing {
    /// It took this long or less.
    at_most: Duration,
    /// It took this long or longer.
    at_least: Duration,
    /// Whether the thread slept since its count was taken.
    slept: bool,
    /// Whether it cannot have slept anywhere but in the call.
    certain: bool,
}

/// What follows from a [`Timing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// This many calls are to be timed exactly.
    Suspected(u64),
    /// No inline calls for this long.
    Slow(Duration),
}

impl Timing {
    fn verdict(self) -> Verdict {
        if !self.slept {
            Verdict::Fine
        } else if !self.certain {
            let ms = u64::try_from(self.at_most.as_millis()).unwrap_or(u64::MAX);
            Verdict::Suspected(ms.max(1).saturating_mul(CALLS_PER_MS).min(SLOW - 1))
        } else if self.at_least >= LIMIT {
            let rest = self.at_most.saturating_mul(REST);
            Verdict::Slow(rest.clamp(SHORTEST, LONGEST))
        } else {
            Verdict::Fine
        }
    }
}

impl Stopwatch {
    const fn new() -> Stopwatch {
        Stopwatch {
            state: AtomicU64::new(0),
        }
    }

    /// Returns the stopwatch of the mount with this number. Mounts whose number is not known share
    /// one.
    #[inline]
    pub(crate) fn of(mount: Option<u64>) -> &'static Stopwatch {
        match mount {
            Some(id) => &MOUNTS[id as usize % SLOTS],
            None => &UNKNOWN,
        }
    }

    /// Returns the stopwatch of calls that walk along a path: which mount they end on is not known
    /// before, and they may wait on any.
    #[inline]
    pub(crate) fn of_paths() -> &'static Stopwatch {
        &PATHS
    }

    /// Makes the inline call `f` and times it; refuses it if the mount is slow.
    #[inline]
    pub(crate) fn time<T>(&self, f: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        let lap = match self.state.load(Ordering::Relaxed) {
            0 => Lap::begin(),
            state => self.begin_exactly(state).ok_or(Refusal::Waits)?,
        };
        let result = f();
        let tick = coarse_ns();
        if tick != lap.tick || lap.exact.is_some() {
            self.end(&lap, tick);
        }
        result
    }

    /// Returns whether the mount turned out to be slow: an operation on it belongs on a thread that
    /// may wait.
    #[inline]
    pub(crate) fn is_slow(&self) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        state & SLOW != 0 && coarse_ns() < state & !SLOW
    }

    #[cold]
    fn begin_exactly(&self, state: u64) -> Option<Lap> {
        let tick = coarse_ns();
        let (next, trial) = if state & SLOW == 0 {
            (state - 1, None)
        } else if tick < state & !SLOW {
            return None;
        } else {
            // Other calls stay away until the result of this one is known.
            let apart = slow_until(tick, LONGEST);
            (apart, Some(apart))
        };
        let swap = self
            .state
            .compare_exchange(state, next, Ordering::Relaxed, Ordering::Relaxed);
        if trial.is_some() && swap.is_err() {
            return None;
        }
        Some(Lap::begin_exactly(tick, trial))
    }

    #[cold]
    fn end(&self, lap: &Lap, tick: u64) {
        let verdict = lap.timing(tick).verdict();
        match (verdict, lap.trial) {
            (Verdict::Slow(rest), _) => {
                log::debug!("inline calls on a mount waited; none for {rest:?}");
                let until = slow_until(tick, rest);
                match lap.trial {
                    // The time that kept other calls away may be longer than the new one.
                    Some(_) => self.state.store(until, Ordering::Relaxed),
                    // Of two threads that waited, the longer time counts.
                    None => {
                        self.state.fetch_max(until, Ordering::Relaxed);
                    }
                }
            }
            (_, Some(trial)) => {
                let _ = self.state.compare_exchange(
                    trial,
                    CALLS_AFTER_SLOW,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
            }
            (Verdict::Suspected(calls), None) => {
                // Never shortens the time of a slow mount, whose state is the greater number.
                self.state.fetch_max(calls, Ordering::Relaxed);
            }
            (Verdict::Fine, None) => {}
        }
    }
}

impl Lap {
    #[inline]
    fn begin() -> Lap {
        let tick = coarse_ns();
        let (counted_at, count) = COUNTED.get();
        let counted_now = counted_at != tick;
        Lap {
            tick,
            count: if counted_now { count_at(tick) } else { count },
            counted_now,
            exact: None,
            trial: None,
        }
    }

    fn begin_exactly(tick: u64, trial: Option<u64>) -> Lap {
        Lap {
            tick,
            count: count_at(tick),
            counted_now: true,
            exact: Some(monotonic_ns()),
            trial,
        }
    }

    fn timing(&self, tick: u64) -> Timing {
        let (at_least, at_most) = match self.exact {
            Some(begin) => {
                let took = monotonic_ns().saturating_sub(begin);
                (took, took)
            }
            None => {
                let ticks = tick.saturating_sub(self.tick);
                (ticks.saturating_sub(tick_ns()), ticks)
            }
        };
        let (at_least, at_most) = (
            Duration::from_nanos(at_least),
            Duration::from_nanos(at_most),
        );
        // The count is looked at only where the time is suspicious: it takes longer than the call.
        let long = self.exact.is_none() || at_least >= LIMIT;
        Timing {
            at_most,
            at_least,
            slept: long && count_at(tick) != self.count,
            // Where only ticks were counted, the call may have been shorter than the limit.
            certain: self.counted_now && (self.exact.is_some() || at_least >= LIMIT),
        }
    }
}

fn slow_until(now: u64, rest: Duration) -> u64 {
    let rest = u64::try_from(rest.as_nanos()).unwrap_or(u64::MAX);
    SLOW | (now.saturating_add(rest) & !SLOW)
}

/// Asks for the thread's count of voluntary switches, and records the tick in which it did.
#[cold]
fn count_at(tick: u64) -> i64 {
    let count = voluntary_switches();
    COUNTED.set((tick, count));
    count
}

#[cfg(all(test, target_os = "linux"))]
mod tests;

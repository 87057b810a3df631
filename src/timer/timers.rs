//! The timers of one runtime: a shard per worker, a clock, and the thread that waits.
//!
//! [`Timers`] is what the runtime turns: [`Timers::process`] fires what is due, and
//! [`Timers::begin_wait`] tells a thread how long it may sleep. [`TimerShard`] is what a timer
//! keeps a reference to (`time/entry.rs`); it is counted per worker, so that timers of different
//! workers share no cache line.
//!
//! # No timer is missed
//!
//! The waiting thread first publishes the tick until which it will sleep and then reads every
//! shard's next deadline; a thread that adds a timer first publishes the deadline and then reads
//! that tick. All four are sequentially consistent, so that at least one of the two sees the
//! other: the waiter shortens its wait, or the adder wakes it.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::timer::clock::{Clock, ever_paused};
use crate::timer::{Armed, Key, NEVER, Reset, Shard};
use crate::util::local_worker::local_worker;

/// `Ticker::sleeping_until` while no thread waits.
const AWAKE: u64 = 0;
/// No deadline at all.
const NO_DEADLINE: u64 = u64::MAX;
const NANOS_PER_TICK: u32 = 1_000_000;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Timers {
    shards: Vec<Arc<TimerShard>>,
    ticker: Arc<Ticker>,
}

/// One worker's timers.
#[derive(Debug)]
pub(crate) struct TimerShard {
    shard: Shard,
    ticker: Arc<Ticker>,
}

struct Ticker {
    clock: Clock,
    /// Tick zero.
    start: Instant,
    /// The tick until which the waiting thread sleeps: [`AWAKE`] if none does.
    sleeping_until: AtomicU64,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker")
            .field("clock", &self.clock)
            .field("start", &self.start)
            .field("sleeping_until", &self.sleeping_until)
            .finish_non_exhaustive()
    }
}

impl Timers {
    /// Creates timers with `shards` shards (at least one). `wake` ends the sleep of the thread that
    /// waits.
    pub(crate) fn new(shards: usize, clock: Clock, wake: Box<dyn Fn() + Send + Sync>) -> Self {
        let ticker = Arc::new(Ticker {
            start: clock.now(),
            clock,
            sleeping_until: AtomicU64::new(AWAKE),
            wake,
        });
        let shards = (0..shards.max(1))
            .map(|_| {
                Arc::new(TimerShard {
                    shard: Shard::new(),
                    ticker: ticker.clone(),
                })
            })
            .collect();
        Self { shards, ticker }
    }

    /// Returns the shard of the worker that runs on this thread, or the first shard on any other
    /// thread.
    pub(crate) fn local_shard(&self) -> &Arc<TimerShard> {
        let worker = local_worker().unwrap_or(0);
        // The thread's worker may belong to a runtime with more workers.
        self.shards.get(worker).unwrap_or(&self.shards[0])
    }

    /// Fires what is due, waking wakers with no lock held, and returns how many timers fired.
    pub(crate) fn process(&self) -> usize {
        let next = self.next_deadline();
        if next == NO_DEADLINE {
            return 0;
        }
        let now = self.ticker.now_tick();
        if next > now {
            return 0;
        }
        self.shards
            .iter()
            .filter(|shard| shard.shard.next_deadline() <= now)
            .map(|shard| shard.shard.fire_expired(now))
            .sum()
    }

    /// Returns how long the calling thread may sleep: until the next timer, zero if one is due,
    /// `None` if there is no timer. Until [`Self::end_wait`], a thread that adds a timer that is
    /// due earlier calls `wake`. Only one thread may be waiting at a time.
    ///
    /// A timer that was dropped or reset may make this too short, never too long, and no more than
    /// once: [`Self::process`] corrects it.
    pub(crate) fn begin_wait(&self) -> Option<Duration> {
        let mut until = self.next_deadline();
        loop {
            self.ticker.sleeping_until.store(until, Ordering::SeqCst);
            let next = self.next_deadline();
            if next >= until {
                return self.ticker.time_until(until);
            }
            until = next;
        }
    }

    /// The thread that waited is awake: see [`Self::begin_wait`].
    pub(crate) fn end_wait(&self) {
        self.ticker.sleeping_until.store(AWAKE, Ordering::SeqCst);
    }

    /// Ends the sleep of the thread that waits, if any: the clock was changed.
    pub(crate) fn wake_waiting(&self) {
        self.ticker.wake_if_sleeping_beyond(AWAKE);
    }

    /// Fires every timer. A timer that is polled from now on panics, as it will never be due.
    pub(crate) fn shutdown(&self) {
        for shard in &self.shards {
            shard.shard.close();
        }
    }

    fn next_deadline(&self) -> u64 {
        self.shards
            .iter()
            .map(|shard| shard.shard.next_deadline())
            .min()
            .unwrap_or(NO_DEADLINE)
    }
}

impl TimerShard {
    /// Adds a timer; returns `None` if its deadline has passed.
    pub(crate) fn arm(&self, deadline: Instant, waker: Option<Waker>) -> Option<Key> {
        let when = self.ticker.tick_of(deadline);
        match self.shard.arm(when, self.ticker.moved_to(), waker) {
            Armed::Due => None,
            Armed::Pending { key, earliest } => {
                if earliest {
                    self.ticker.wake_if_sleeping_beyond(when);
                }
                Some(key)
            }
        }
    }

    /// Moves the deadline of a pending timer to a later time without taking a lock; returns
    /// `false`, without a change, if it has fired or `deadline` is earlier than its deadline.
    pub(crate) fn extend(&self, key: Key, deadline: Instant) -> bool {
        self.shard.extend(key, self.ticker.tick_of(deadline))
    }

    /// Resets a timer to a new deadline, whether it is pending or has fired, and replaces its waker
    /// if there is a new one. Returns `false` if the deadline has passed: the timer has fired.
    pub(crate) fn reset(&self, key: Key, deadline: Instant, waker: Option<Waker>) -> bool {
        let when = self.ticker.tick_of(deadline);
        match self.shard.reset(key, when, self.ticker.moved_to(), waker) {
            Reset::Due => false,
            Reset::Pending { earliest } => {
                if earliest {
                    self.ticker.wake_if_sleeping_beyond(when);
                }
                true
            }
        }
    }

    /// Returns whether a timer has fired.
    #[inline]
    pub(crate) fn is_fired(&self, key: Key) -> bool {
        self.shard.is_fired(key)
    }

    /// Puts a waker into a pending timer; returns `false` if it has fired.
    pub(crate) fn set_waker(&self, key: Key, waker: Waker) -> bool {
        self.shard.set_waker(key, waker)
    }

    /// Removes a timer, pending or fired.
    pub(crate) fn remove(&self, key: Key) {
        self.shard.remove(key);
    }

    /// Returns whether the runtime has shut its timers down.
    #[inline]
    pub(crate) fn is_shut_down(&self) -> bool {
        self.shard.is_closed()
    }
}

impl Ticker {
    /// Returns the current tick.
    fn now_tick(&self) -> u64 {
        let elapsed = self.clock.now().saturating_duration_since(self.start);
        ticks(elapsed, 0)
    }

    /// Returns the first tick at which a deadline has passed.
    fn tick_of(&self, deadline: Instant) -> u64 {
        let after = deadline.saturating_duration_since(self.start);
        ticks(after, NANOS_PER_TICK - 1)
    }

    /// Returns the current tick if a clock may have been moved explicitly, and 0 otherwise. Shards
    /// learn the time only when they are turned, but a test expects a deadline that it has moved
    /// past to have passed.
    fn moved_to(&self) -> u64 {
        if ever_paused() { self.now_tick() } else { 0 }
    }

    fn time_until(&self, tick: u64) -> Option<Duration> {
        if tick >= NEVER {
            return None;
        }
        let deadline = self.start.checked_add(Duration::from_millis(tick))?;
        Some(deadline.saturating_duration_since(self.clock.now()))
    }

    /// Wakes the waiting thread if it would sleep past `tick`.
    fn wake_if_sleeping_beyond(&self, tick: u64) {
        let until = self.sleeping_until.load(Ordering::SeqCst);
        // The thread that resets the tick wakes, so that a sleep is ended once.
        if until > tick
            && self
                .sleeping_until
                .compare_exchange(until, AWAKE, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        {
            (self.wake)();
        }
    }
}

/// Returns the whole ticks in `duration` plus `extra` nanoseconds, which are less than a second.
fn ticks(duration: Duration, extra: u32) -> u64 {
    let below_second = u64::from((duration.subsec_nanos() + extra) / NANOS_PER_TICK);
    duration
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(below_second)
        .min(NEVER)
}

#[cfg(test)]
mod tests;

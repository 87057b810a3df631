//! The timers of one runtime: a shard per worker, a clock, and the thread that waits.
//!
//! [`Timers`] is what the runtime turns: [`Timers::process`] fires what is due, and
//! [`Timers::begin_wait`] tells a thread how long it may sleep. [`TimerShard`] is what a timer
//! keeps a reference to (`time/entry.rs`); it is counted per worker, so that timers of different
//! workers share no cache line.
//!
//! # No timer is missed
//!
//! The waiting thread first publishes the tick before which a timer ends its sleep and then reads
//! every shard's next deadline; a thread that adds a timer first publishes the deadline and then
//! reads that tick. Each has a sequentially consistent fence in between, so that at least one of
//! the two sees the other: the waiter shortens its wait, or the adder wakes it.
//!
//! # Whole milliseconds
//!
//! Under a paused clock, time goes from one whole millisecond to the next: the present is rounded
//! down and a wait is rounded up. Timers then fire as if a tick were a millisecond, also those that
//! were added before the pause. Where timers are many, a wait is rounded up in the same way
//! ([`Coalescing`]).
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::loom::sync::atomic::{AtomicU64, Ordering, fence};
use crate::timer::clock::{Clock, ever_paused};
use crate::timer::coalescing::Coalescing;
use crate::timer::shard::Fired;
use crate::timer::{Armed, Key, NEVER, Reset, Shard, TICKS_PER_MS};
use crate::util::local_worker::local_worker;

/// `Ticker::ends_sleep_before` while no thread waits.
const AWAKE: u64 = 0;
/// No deadline at all.
const NO_DEADLINE: u64 = u64::MAX;
const TICKS_PER_SECOND: u64 = 1000 * TICKS_PER_MS;
const NANOS_PER_TICK: u32 = 1_000_000_000 / TICKS_PER_SECOND as u32;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Timers {
    shards: Vec<Arc<TimerShard>>,
    ticker: Arc<Ticker>,
    coalescing: Coalescing,
}

/// One worker's timers.
pub(crate) struct TimerShard {
    shard: Shard,
    ticker: Arc<Ticker>,
    /// Whether a timer that is polled after the shutdown is ready.
    ready_after_shutdown: bool,
}

struct Ticker {
    clock: Clock,
    /// Tick zero.
    start: Instant,
    /// The tick before which a timer has to be due to end the sleep of the waiting thread:
    /// [`AWAKE`] if none sleeps. Written by that thread, and by the one that wakes it.
    ends_sleep_before: AtomicU64,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// Every future with a deadline shows one of these, so it is short.
impl fmt::Debug for TimerShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerShard").finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker")
            .field("clock", &self.clock)
            .field("start", &self.start)
            .field("ends_sleep_before", &self.ends_sleep_before)
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
            ends_sleep_before: AtomicU64::new(AWAKE),
            wake,
        });
        let shards = (0..shards.max(1))
            .map(|_| {
                Arc::new(TimerShard {
                    shard: Shard::new(),
                    ticker: ticker.clone(),
                    ready_after_shutdown: false,
                })
            })
            .collect();
        Self {
            shards,
            ticker,
            coalescing: Coalescing::new(),
        }
    }

    /// Has timers that are polled after the shutdown be ready, where they panic otherwise.
    pub(crate) fn ready_after_shutdown(mut self) -> Self {
        for shard in &mut self.shards {
            let shard = Arc::get_mut(shard).expect("no timer refers to it yet");
            shard.ready_after_shutdown = true;
        }
        self
    }

    /// Returns the shard of the worker that runs on this thread, or the first shard on any other
    /// thread.
    pub(crate) fn local_shard(&self) -> &Arc<TimerShard> {
        let worker = local_worker().unwrap_or(0);
        // The thread's worker may belong to a runtime with more workers.
        self.shards.get(worker).unwrap_or(&self.shards[0])
    }

    /// Returns how many timers there are: those that wait, and those that have fired until they are
    /// removed.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.shard.len()).sum()
    }

    /// Fires what is due, waking wakers with no lock held, and returns how many timers fired.
    pub(crate) fn process(&self) -> usize {
        self.fire_due().map_or(0, |(_, fired)| fired.timers)
    }

    /// Returns the present and what was fired, or `None` if there is no timer.
    fn fire_due(&self) -> Option<(u64, Fired)> {
        let next = self.next_deadline();
        if next == NO_DEADLINE {
            return None;
        }
        let now = self.ticker.present().tick;
        let mut fired = Fired::default();
        if next <= now {
            let due = |shard: &&Arc<TimerShard>| shard.shard.next_deadline() <= now;
            for shard in self.shards.iter().filter(due) {
                let more = shard.shard.fire_expired(now);
                fired.timers += more.timers;
                fired.wakes += more.wakes;
            }
        }
        Some((now, fired))
    }

    /// Returns how long the calling thread may sleep: until the next timer, zero if one is due,
    /// `None` if there is no timer. Until [`Self::end_wait`], a thread that adds a timer that is
    /// due earlier calls `wake`. Only one thread may be waiting at a time.
    ///
    /// The sleep is longer if the clock is paused or timers have been many: see the module's
    /// documentation.
    ///
    /// A timer that was dropped or reset may make this too short, never too long, and no more than
    /// once: [`Self::end_wait`] corrects it.
    pub(crate) fn begin_wait(&self) -> Option<Duration> {
        let mut next = self.next_deadline();
        let mut present = None;
        loop {
            let (until, ends_before) = if next >= NEVER {
                (next, next)
            } else {
                let present = present.get_or_insert_with(|| self.ticker.present());
                self.wait_for(next, present)
            };
            let ends_sleep_before = &self.ticker.ends_sleep_before;
            ends_sleep_before.store(ends_before, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            let seen = self.next_deadline();
            if seen >= ends_before {
                let deadline = self.ticker.instant_of(until)?;
                let now = match present {
                    Some(present) if !ever_paused() => present.instant,
                    // A clock that another thread moved before it looked for a sleeping one.
                    _ => self.ticker.clock.now(),
                };
                return Some(deadline.saturating_duration_since(now));
            }
            next = seen;
        }
    }

    /// Returns until when to sleep for a timer that is due at `next`, and the tick before which
    /// another has to be due to end that sleep.
    fn wait_for(&self, next: u64, present: &Present) -> (u64, u64) {
        if next <= present.tick {
            return (next, next);
        }
        let period = if present.paused {
            TICKS_PER_MS
        } else {
            self.coalescing.period(present.tick)
        };
        match next.checked_next_multiple_of(period) {
            // Any tick after the previous multiple is rounded up to the same one.
            Some(until) => (until, until - (period - 1)),
            None => (next, next),
        }
    }

    /// The thread that waited is awake: see [`Self::begin_wait`]. Fires what is due as
    /// [`Self::process`] does. `timed_out` is whether nothing but the time ended the sleep.
    pub(crate) fn end_wait(&self, timed_out: bool) -> usize {
        let ends_sleep_before = &self.ticker.ends_sleep_before;
        ends_sleep_before.store(AWAKE, Ordering::Relaxed);
        let Some((now, fired)) = self.fire_due() else {
            return 0;
        };
        if timed_out {
            self.coalescing.pay(now, fired.wakes);
        }
        fired.timers
    }

    /// Ends the sleep of the thread that waits, if any: the clock was changed.
    pub(crate) fn wake_waiting(&self) {
        self.ticker.end_sleep_for(AWAKE);
    }

    /// Fires every timer. A timer that is polled from now on panics, as it will never be due, or is
    /// ready ([`ready_after_shutdown`](Self::ready_after_shutdown)).
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
    #[inline]
    pub(crate) fn arm(&self, deadline: Instant, waker: Option<Waker>) -> Option<Key> {
        let when = self.ticker.tick_of(deadline);
        match self.shard.arm(when, self.ticker.moved_to(), waker) {
            Armed::Due => None,
            Armed::Pending { key, earliest } => {
                if earliest {
                    self.ticker.end_sleep_for(when);
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
                    self.ticker.end_sleep_for(when);
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

    /// Returns whether a timer that is polled after the shutdown is ready.
    pub(crate) fn is_ready_after_shutdown(&self) -> bool {
        self.ready_after_shutdown
    }

    /// Returns whether the runtime has shut its timers down.
    #[inline]
    pub(crate) fn is_shut_down(&self) -> bool {
        self.shard.is_closed()
    }
}

/// What a clock shows at a moment.
#[derive(Debug)]
struct Present {
    instant: Instant,
    /// The tick that has come: the start of the millisecond if the clock is paused.
    tick: u64,
    paused: bool,
}

impl Ticker {
    fn present(&self) -> Present {
        let instant = self.clock.now();
        let tick = ticks(instant.saturating_duration_since(self.start), 0);
        let paused = self.clock.is_paused();
        Present {
            instant,
            tick: if paused {
                tick - tick % TICKS_PER_MS
            } else {
                tick
            },
            paused,
        }
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
        if ever_paused() { self.moved() } else { 0 }
    }

    #[cold]
    fn moved(&self) -> u64 {
        self.present().tick
    }

    /// Returns the instant at which a tick begins, unless that never comes.
    fn instant_of(&self, tick: u64) -> Option<Instant> {
        if tick >= NEVER {
            return None;
        }
        let below_second = (tick % TICKS_PER_SECOND) as u32 * NANOS_PER_TICK;
        let after = Duration::new(tick / TICKS_PER_SECOND, below_second);
        self.start.checked_add(after)
    }

    /// Wakes the waiting thread if a timer that is due at `tick` has to end its sleep.
    fn end_sleep_for(&self, tick: u64) {
        fence(Ordering::SeqCst);
        let before = self.ends_sleep_before.load(Ordering::Relaxed);
        // The thread that resets the tick wakes, so that a sleep is ended once.
        if before > tick
            && self
                .ends_sleep_before
                .compare_exchange(before, AWAKE, Ordering::Relaxed, Ordering::Relaxed)
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
        .saturating_mul(TICKS_PER_SECOND)
        .saturating_add(below_second)
        .min(NEVER)
}

#[cfg(test)]
mod tests;

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Timers;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::{AtomicBool, Ordering};
    use crate::timer::Clock;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    /// Lets a thread wait for a timer while another adds one that is due at `added`. Returns how
    /// long the wait is, unless its end was asked for.
    fn race(paused: bool, waited_for: Option<Duration>, added: Duration) -> Option<Duration> {
        let clock = Clock::new(true, paused);
        let woken = Arc::new(AtomicBool::new(false));
        let wake = {
            let woken = woken.clone();
            move || woken.store(true, Ordering::SeqCst)
        };
        let start = clock.now();
        let timers = Arc::new(Timers::new(1, clock, Box::new(wake)));
        if let Some(due) = waited_for {
            timers.local_shard().arm(start + due, None);
        }
        let adder = {
            let timers = timers.clone();
            loom::thread::spawn(move || {
                timers.local_shard().arm(start + added, None);
            })
        };
        let wait = timers.begin_wait();
        adder.join().unwrap();
        let wait = wait.unwrap_or(Duration::MAX);
        (!woken.load(Ordering::SeqCst)).then_some(wait)
    }

    #[test]
    fn loom_an_earlier_timer_ends_or_shortens_the_wait() {
        for paused in [true, false] {
            for waited_for in [None, Some(3_600_000 * MS)] {
                loom::model(move || {
                    if let Some(wait) = race(paused, waited_for, 600_000 * MS) {
                        assert!(wait <= 600_000 * MS);
                    }
                });
            }
        }
    }

    /// Under a paused clock, both timers are due in the same millisecond.
    #[test]
    fn loom_a_timer_of_the_same_millisecond_ends_no_wait() {
        loom::model(|| {
            let wait = race(true, Some(5 * MS), 4 * MS + MS / 4);
            assert_eq!(wait, Some(5 * MS));
        });
    }
}

//! The wait protocol and the rounding of deadlines, on a clock that stands still.
#![forbid(unsafe_code)]

use super::{NANOS_PER_TICK, Timers, ticks};
use crate::timer::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn timers(shards: usize) -> (Timers, Clock, Arc<AtomicUsize>) {
    let clock = Clock::new(true, true);
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let wake = move || _ = count.fetch_add(1, Ordering::Relaxed);
    (
        Timers::new(shards, clock.clone(), Box::new(wake)),
        clock,
        woken,
    )
}

#[test]
fn a_waiter_is_woken_for_an_earlier_timer_only() {
    let (timers, clock, woken) = timers(2);
    let now = clock.now();
    assert_eq!(timers.begin_wait(), None);
    let shard = timers.local_shard();
    let first = shard.arm(now + 100 * MS, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    timers.end_wait(false);
    assert_eq!(timers.begin_wait(), Some(100 * MS));
    shard.arm(now + 200 * MS, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    shard.arm(now + 50 * MS, None).unwrap();
    shard.arm(now + 40 * MS, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 2, "one sleep is ended once");
    timers.end_wait(false);
    shard.arm(now + 30 * MS, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 2, "nobody waits");
    assert_eq!(timers.begin_wait(), Some(30 * MS));
    shard.reset(first, now + 10 * MS, None);
    assert_eq!(woken.load(Ordering::Relaxed), 3);
}

#[test]
fn deadlines_are_rounded_up_and_the_present_down() {
    let (timers, clock, _) = timers(1);
    let shard = timers.local_shard();
    let start = clock.now();
    let key = shard.arm(start + Duration::from_nanos(1), None).unwrap();
    assert_eq!(timers.begin_wait(), Some(MS));
    clock.advance_by(MS - Duration::from_nanos(1));
    assert_eq!(timers.process(), 0);
    assert_eq!(timers.begin_wait(), Some(Duration::from_nanos(1)));
    clock.advance_by(Duration::from_nanos(1));
    assert_eq!(timers.begin_wait(), Some(Duration::ZERO));
    assert_eq!(timers.process(), 1);
    assert!(shard.is_fired(key));
    assert_eq!(timers.begin_wait(), None);
    assert_eq!(ticks(Duration::MAX, 999_999), super::NEVER);
}

#[test]
fn what_never_comes_is_not_waited_for() {
    let (timers, clock, _) = timers(1);
    let far = clock.now() + Duration::from_secs(u64::MAX / 10);
    let key = timers
        .local_shard()
        .arm(far, Some(Waker::noop().clone()))
        .unwrap();
    assert_eq!(timers.begin_wait(), None);
    timers.shutdown();
    assert!(timers.local_shard().is_fired(key));
    assert!(timers.local_shard().is_shut_down());
}

const HOUR: Duration = Duration::from_secs(3600);
const TICK: Duration = Duration::from_nanos(NANOS_PER_TICK as u64);

/// Returns timers on a clock that runs, one of which is due in an hour.
fn running() -> (Timers, Instant, Arc<AtomicUsize>) {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let wake = move || _ = count.fetch_add(1, Ordering::Relaxed);
    let clock = Clock::new(true, false);
    let timers = Timers::new(1, clock, Box::new(wake));
    let due = timers.ticker.start + HOUR;
    timers.local_shard().arm(due, None).unwrap();
    (timers, due, woken)
}

#[test]
fn few_timers_end_a_sleep_at_their_own_tick() {
    let (timers, due, woken) = running();
    assert!(timers.begin_wait().unwrap() <= HOUR);
    timers.local_shard().arm(due, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 0);
    timers.local_shard().arm(due - TICK, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
}

#[test]
fn many_timers_end_a_sleep_together() {
    let (timers, due, woken) = running();
    // In debt until long after the hour.
    timers.coalescing.pay(ticks(2 * HOUR, 0), u64::MAX >> 32);
    // The hour is a multiple of the 1.25 ms for which timers are collected.
    assert!(timers.begin_wait().unwrap() <= HOUR);
    timers.local_shard().arm(due - 79 * TICK, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 0);
    timers.local_shard().arm(due - 80 * TICK, None).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
}

/// The clock stands in the middle of a millisecond, with timers from before and after its pause.
#[test]
fn a_paused_clock_goes_by_whole_milliseconds() {
    let clock = Clock::new(true, true);
    let timers = Timers::new(1, clock.clone(), Box::new(|| ()));
    clock.resume().unwrap();
    let start = timers.ticker.start;
    let shard = timers.local_shard();
    let early = shard.arm(start + HOUR + 5 * TICK, None).unwrap();
    clock.pause().unwrap();
    let to = |at: Instant| clock.advance_by(at - clock.now());
    to(start + HOUR - 2 * TICK);
    let late = shard.arm(start + HOUR + 9 * TICK, None).unwrap();
    assert_eq!(timers.begin_wait(), Some(MS + 2 * TICK));
    timers.end_wait(false);
    to(start + HOUR + 60 * TICK);
    assert_eq!(timers.process(), 0);
    to(start + HOUR + MS);
    assert_eq!(timers.process(), 2);
    assert!(shard.is_fired(early) && shard.is_fired(late));
}

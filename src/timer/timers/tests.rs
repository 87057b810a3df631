//! The wait protocol and the rounding of deadlines, on a clock that stands still.
#![forbid(unsafe_code)]

use super::{Timers, ticks};
use crate::timer::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

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

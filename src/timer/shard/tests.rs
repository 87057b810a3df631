//! Wakers and words of a shard: who is woken, when, and that no lock is held during a wake.
#![forbid(unsafe_code)]

use super::{Armed, Fired, Reset, Shard};
use crate::timer::Key;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

struct Call<F>(F);

impl<F: Fn() + Send + Sync> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(call: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Call(call)))
}

fn arm(shard: &Shard, when: u64, waker: Waker) -> Key {
    match shard.arm(when, 0, Some(waker)) {
        Armed::Pending { key, .. } => key,
        Armed::Due => panic!("{when} has not passed"),
    }
}

fn fire(shard: &Shard, now: u64) -> usize {
    shard.fire_expired(now).timers
}

#[test]
fn fires_in_order_and_publishes_the_next_deadline() {
    let shard = Shard::new();
    let log = Arc::new(Mutex::new(Vec::new()));
    let keys = [300, 5, 80, 5000].map(|when| {
        let log = log.clone();
        arm(&shard, when, waker(move || log.lock().unwrap().push(when)))
    });
    assert_eq!(shard.next_deadline(), 5);
    assert_eq!(fire(&shard, 4), 0);
    assert_eq!(fire(&shard, 300), 3);
    assert_eq!(*log.lock().unwrap(), [5, 80, 300]);
    assert_eq!(shard.next_deadline(), 5000);
    assert_eq!(
        keys.map(|key| shard.is_fired(key)),
        [true, true, true, false]
    );
    for key in keys {
        shard.remove(key);
    }
    assert_eq!(shard.next_deadline(), u64::MAX);
}

#[test]
fn a_passed_deadline_makes_no_entry() {
    let shard = Shard::new();
    shard.fire_expired(10);
    assert!(matches!(shard.arm(10, 0, None), Armed::Due));
    assert!(matches!(
        shard.arm(11, 0, None),
        Armed::Pending { earliest: true, .. }
    ));
    assert!(matches!(
        shard.arm(12, 0, None),
        Armed::Pending {
            earliest: false,
            ..
        }
    ));
}

#[test]
fn an_extended_timer_fires_at_its_new_deadline_only() {
    let shard = Shard::new();
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let key = arm(
        &shard,
        10,
        waker(move || _ = count.fetch_add(1, Ordering::Relaxed)),
    );
    assert!(shard.extend(key, 2_000));
    assert!(!shard.extend(key, 1_999), "that is earlier");
    assert_eq!(fire(&shard, 10), 0);
    assert_eq!(shard.next_deadline(), 2_000);
    assert_eq!(fire(&shard, 1_999), 0);
    assert_eq!(fire(&shard, 2_000), 1);
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    assert!(!shard.extend(key, 3_000), "it has fired");
    assert_eq!(
        shard.reset(key, 3_000, 0, None),
        Reset::Pending { earliest: true }
    );
    assert!(!shard.is_fired(key));
    assert_eq!(fire(&shard, 3_000), 1);
    assert_eq!(woken.load(Ordering::Relaxed), 1, "the waker was used up");
}

#[test]
fn a_reset_into_the_past_wakes() {
    let shard = Shard::new();
    shard.fire_expired(50);
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let key = arm(
        &shard,
        100,
        waker(move || _ = count.fetch_add(1, Ordering::Relaxed)),
    );
    assert_eq!(shard.reset(key, 40, 0, None), Reset::Due);
    assert!(shard.is_fired(key));
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    assert_eq!(shard.next_deadline(), u64::MAX);
    assert!(!shard.set_waker(key, Waker::noop().clone()));
}

#[test]
fn wakers_may_come_back_to_the_shard() {
    let shard = Arc::new(Shard::new());
    let keys: Arc<Mutex<Vec<Key>>> = Arc::default();
    for _ in 0..100 {
        let (shard2, keys2) = (shard.clone(), keys.clone());
        let clear = waker(move || {
            for key in keys2.lock().unwrap().drain(..) {
                shard2.remove(key);
            }
        });
        keys.lock().unwrap().push(arm(&shard, 10, clear));
    }
    assert_eq!(fire(&shard, 10), 32, "the first batch removed the rest");
    assert_eq!(shard.next_deadline(), u64::MAX);
}

#[test]
fn a_waker_that_panics_costs_no_other_its_wake() {
    let shard = Shard::new();
    let woken = Arc::new(AtomicUsize::new(0));
    for at in 0..10 {
        let woken = woken.clone();
        arm(
            &shard,
            10,
            waker(move || {
                assert_ne!(at, 3, "a waker that panics");
                woken.fetch_add(1, Ordering::Relaxed);
            }),
        );
    }
    assert_eq!(fire(&shard, 10), 10);
    assert_eq!(woken.load(Ordering::Relaxed), 9);
}

#[test]
fn closing_fires_everything() {
    let shard = Shard::new();
    let woken = Arc::new(AtomicUsize::new(0));
    let keys = [1, 1 << 20, 1 << 40, u64::MAX].map(|when| {
        let woken = woken.clone();
        arm(
            &shard,
            when,
            waker(move || _ = woken.fetch_add(1, Ordering::Relaxed)),
        )
    });
    shard.close();
    assert!(shard.is_closed());
    assert_eq!(woken.load(Ordering::Relaxed), 4);
    assert!(keys.into_iter().all(|key| shard.is_fired(key)));
    assert!(matches!(shard.arm(5, 0, None), Armed::Due));
}

/// Timers whose deadlines are so near that one wake would have found them all count once.
#[test]
fn wakes_are_counted_by_deadlines() {
    let shard = Shard::new();
    for when in [100, 100, 103, 104, 107, 108, 300] {
        arm(&shard, when, Waker::noop().clone());
    }
    let fired = |timers, wakes| Fired { timers, wakes };
    assert_eq!(shard.fire_expired(99), fired(0, 0));
    assert_eq!(shard.fire_expired(299), fired(6, 3));
    assert_eq!(shard.fire_expired(300), fired(1, 1));
}

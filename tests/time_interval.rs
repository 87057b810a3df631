//! Intervals, on a clock that stands still.

use std::task::{Context, Poll, Waker};

use futures_test::task::new_count_waker;
use zokio::time::{
    Duration, Instant, Interval, MissedTickBehavior, advance, interval, interval_at, sleep,
};

const MS: Duration = Duration::from_millis(1);

fn poll(ticks: &mut Interval) -> Poll<Instant> {
    ticks.poll_tick(&mut Context::from_waker(Waker::noop()))
}

/// Takes all ticks there are, in milliseconds since `start`.
fn taken(ticks: &mut Interval, start: Instant) -> Vec<u128> {
    let mut taken = Vec::new();
    while let Poll::Ready(due) = poll(ticks) {
        taken.push((due - start).as_millis());
    }
    taken
}

/// Moves the clock to each of `at`, which are milliseconds, and takes the ticks there.
async fn run(behavior: MissedTickBehavior, at: &[u64]) -> Vec<Vec<u128>> {
    let start = Instant::now();
    let mut ticks = interval(10 * MS);
    ticks.set_missed_tick_behavior(behavior);
    assert_eq!(ticks.missed_tick_behavior(), behavior);
    let mut all = Vec::new();
    for &ms in at {
        advance(start + Duration::from_millis(ms) - Instant::now()).await;
        all.push(taken(&mut ticks, start));
    }
    all
}

/// The picture in the documentation of `MissedTickBehavior`.
const PICTURE: &[u64] = &[0, 10, 35, 40, 45, 50, 55, 60];

#[zokio::test(start_paused = true)]
async fn burst_makes_up_for_what_was_missed() {
    let ticks = run(MissedTickBehavior::Burst, PICTURE).await;
    let expected: [&[u128]; 8] = [&[0], &[10], &[20, 30], &[40], &[], &[50], &[], &[60]];
    assert_eq!(ticks, expected);
}

#[zokio::test(start_paused = true)]
async fn delay_starts_over_from_the_late_tick() {
    let ticks = run(MissedTickBehavior::Delay, PICTURE).await;
    let expected: [&[u128]; 8] = [&[0], &[10], &[20], &[], &[45], &[], &[55], &[]];
    assert_eq!(ticks, expected);
}

#[zokio::test(start_paused = true)]
async fn skip_stays_on_the_multiples() {
    let ticks = run(MissedTickBehavior::Skip, PICTURE).await;
    let expected: [&[u128]; 8] = [&[0], &[10], &[20], &[40], &[], &[50], &[], &[60]];
    assert_eq!(ticks, expected);
}

#[zokio::test(start_paused = true)]
async fn a_little_late_is_not_missed() {
    for behavior in [MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
        let ticks = run(behavior, &[0, 15, 20, 26, 30]).await;
        assert_eq!(ticks[..3], [vec![0], vec![10], vec![20]], "{behavior:?}");
    }
}

#[zokio::test(start_paused = true)]
async fn resets_take_effect_at_once() {
    let start = Instant::now();
    let mut ticks = interval_at(start + 100 * MS, 10 * MS);
    assert_eq!(ticks.period(), 10 * MS);
    assert_eq!(taken(&mut ticks, start), []);
    ticks.reset_immediately();
    assert_eq!(taken(&mut ticks, start), [0]);
    advance(5 * MS).await;
    ticks.reset();
    advance(9 * MS).await;
    assert_eq!(taken(&mut ticks, start), []);
    advance(MS).await;
    assert_eq!(taken(&mut ticks, start), [15]);
    ticks.reset_after(30 * MS);
    advance(29 * MS).await;
    assert_eq!(taken(&mut ticks, start), []);
    advance(MS).await;
    assert_eq!(taken(&mut ticks, start), [45]);
    ticks.reset_at(start + 47 * MS);
    advance(2 * MS).await;
    assert_eq!(taken(&mut ticks, start), [47]);
    advance(10 * MS).await;
    assert_eq!(taken(&mut ticks, start), [57]);
}

#[zokio::test(start_paused = true)]
async fn a_period_without_end_ticks_once() {
    let mut ticks = interval(Duration::MAX);
    assert!(poll(&mut ticks).is_ready());
    assert!(poll(&mut ticks).is_pending());
    ticks.reset();
    ticks.reset_after(Duration::MAX);
    assert!(poll(&mut ticks).is_pending());
}

#[zokio::test(start_paused = true)]
async fn a_tick_that_was_ready_keeps_no_waker() {
    let (waker, count) = new_count_waker();
    let mut cx = Context::from_waker(&waker);
    let mut ticks = interval(10 * MS);
    assert!(ticks.poll_tick(&mut cx).is_ready());
    sleep(15 * MS).await;
    assert_eq!(count.get(), 0);
    assert!(ticks.poll_tick(&mut cx).is_ready());
    assert!(ticks.poll_tick(&mut cx).is_pending());
    sleep(15 * MS).await;
    assert_eq!(count.get(), 1);
}

#[test]
#[should_panic(expected = "`period` must be non-zero")]
fn a_period_of_zero_is_refused() {
    let _ = interval(Duration::ZERO);
}

#[zokio::test]
async fn ticks_in_real_time() {
    let mut ticks = interval(3 * MS);
    let first = ticks.tick().await;
    for n in 1..20 {
        assert_eq!(ticks.tick().await, first + n * 3 * MS);
        assert!(first.elapsed() >= n * 3 * MS);
    }
}

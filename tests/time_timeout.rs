//! Timeouts.

use std::future::{pending, poll_fn, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use zokio::task::coop::consume_budget;
use zokio::time::error::Error;
use zokio::time::{Duration, Instant, advance, sleep, timeout, timeout_at};

const MS: Duration = Duration::from_millis(1);

#[zokio::test(start_paused = true)]
async fn a_future_that_is_ready_wins_however_late() {
    let past = Instant::now();
    advance(10 * MS).await;
    assert_eq!(timeout_at(past, ready(1)).await, Ok(1));
    assert_eq!(timeout(Duration::ZERO, ready(2)).await, Ok(2));
}

#[zokio::test(start_paused = true)]
async fn the_one_that_is_earlier_wins() {
    let start = Instant::now();
    assert!(timeout(10 * MS, sleep(20 * MS)).await.is_err());
    assert_eq!(start.elapsed(), 10 * MS);
    assert!(timeout(20 * MS, sleep(10 * MS)).await.is_ok());
    assert_eq!(start.elapsed(), 20 * MS);
    assert!(
        timeout(10 * MS, timeout(5 * MS, pending::<()>()))
            .await
            .unwrap()
            .is_err()
    );
    assert!(timeout(Duration::MAX, sleep(MS)).await.is_ok());
}

#[zokio::test(start_paused = true)]
async fn the_future_is_dropped_with_the_timeout_and_not_before() {
    let token = Arc::new(());
    let held = token.clone();
    let mut waiting = Box::pin(timeout(5 * MS, async move {
        pending::<()>().await;
        drop(held);
    }));
    assert!(waiting.as_mut().await.is_err());
    assert_eq!(Arc::strong_count(&token), 2);
    drop(waiting);
    assert_eq!(Arc::strong_count(&token), 1);
}

#[zokio::test(start_paused = true)]
async fn a_future_given_by_reference_survives() {
    let mut work = pin!(sleep(10 * MS));
    assert!(timeout(5 * MS, work.as_mut()).await.is_err());
    assert!(timeout(5 * MS, work.as_mut()).await.is_ok());
}

/// Neither a future that uses the budget up at each poll nor one that others leave no budget
/// for keeps its deadline from passing.
#[zokio::test]
async fn a_future_without_budget_times_out() {
    let greedy = async {
        loop {
            consume_budget().await;
        }
    };
    assert!(timeout(5 * MS, greedy).await.is_err());
}

#[zokio::test]
async fn the_future_can_be_reached() {
    let mut limited = timeout(MS, ready(1));
    assert_eq!(limited.get_mut().clone().into_inner(), 1);
    assert_eq!(limited.get_ref().clone().into_inner(), 1);
    assert_eq!(limited.into_inner().await, 1);
}

#[zokio::test]
async fn anything_that_becomes_a_future_can_be_limited() {
    struct Later;
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = std::future::Ready<u32>;

        fn into_future(self) -> Self::IntoFuture {
            ready(7)
        }
    }
    assert_eq!(timeout(MS, Later).await, Ok(7));
}

#[zokio::test(start_paused = true)]
async fn the_error_converts() {
    let elapsed = timeout(MS, pending::<()>()).await.unwrap_err();
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
}

#[test]
fn the_kinds_of_errors_are_told_apart() {
    for (error, kinds) in [
        (Error::shutdown(), [true, false, false]),
        (Error::at_capacity(), [false, true, false]),
        (Error::invalid(), [false, false, true]),
    ] {
        let is = [
            error.is_shutdown(),
            error.is_at_capacity(),
            error.is_invalid(),
        ];
        assert_eq!(is, kinds, "{error}");
    }
}

/// Many tasks, each with a timeout around something quick: nothing is left behind that would
/// wake the runtime later.
#[zokio::test(start_paused = true)]
async fn timeouts_that_were_not_needed_leave_the_clock_alone() {
    let start = Instant::now();
    for _ in 0..1_000 {
        let mut first = true;
        let quick = poll_fn(|cx| {
            if std::mem::take(&mut first) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        });
        timeout(Duration::from_secs(1), quick).await.unwrap();
    }
    sleep(3 * Duration::from_secs(1)).await;
    assert_eq!(start.elapsed(), 3 * Duration::from_secs(1));
}

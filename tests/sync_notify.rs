//! Notify, Barrier, OnceCell and SetOnce: which waiter continues, when, and what is left for the
//! next.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_test::task::{self, Spawn};
use tokio_test::{assert_pending, assert_ready};
use zokio::runtime::Builder;
use zokio::sync::{Barrier, Notify, OnceCell, SetOnce};

/// A task that was polled once and waits for `future`.
#[track_caller]
fn waiting_for<F: Future<Output: Debug>>(future: F) -> Spawn<F> {
    let mut task = task::spawn(future);
    assert_pending!(task.poll());
    task
}

#[test]
fn a_permit_is_stored_once_and_only_if_nobody_waits() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_last();
    assert_ready!(task::spawn(notify.notified()).poll());
    let mut waiting = waiting_for(notify.notified());
    notify.notify_one();
    assert!(waiting.is_woken());
    let mut other = waiting_for(notify.notified());
    assert_ready!(waiting.poll());
    assert!(other.poll().is_pending());
}

#[test]
fn a_dropped_future_passes_on_what_one_gave_it_and_not_what_all_got() {
    let notify = Notify::new();
    let [first, mut second, mut third] = [0; 3].map(|_| waiting_for(notify.notified()));
    notify.notify_one();
    drop(first);
    assert!(second.is_woken() && !third.is_woken());
    assert_ready!(second.poll());
    let fourth = waiting_for(notify.notified());
    notify.notify_waiters();
    drop(fourth);
    assert_ready!(third.poll());
    assert!(task::spawn(notify.notified()).poll().is_pending());
}

#[test]
fn all_are_those_who_were_made_before() {
    let notify = Notify::new();
    let mut made = task::spawn(notify.notified());
    let mut polled = waiting_for(notify.notified());
    notify.notify_waiters();
    assert!(polled.is_woken());
    assert_ready!(made.poll());
    assert_ready!(polled.poll());
    assert!(task::spawn(notify.notified()).poll().is_pending());
}

#[test]
fn rounds_of_a_barrier_keep_together_and_have_one_leader() {
    const TASKS: usize = 10;
    const ROUNDS: usize = 200;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let barrier = Arc::new(Barrier::new(TASKS));
        let arrived = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (barrier, arrived) = (barrier.clone(), arrived.clone());
                zokio::spawn(async move {
                    let mut led = 0;
                    for round in 1..=ROUNDS {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        led += usize::from(barrier.wait().await.is_leader());
                        assert!(arrived.load(Ordering::SeqCst) >= round * TASKS);
                    }
                    led
                })
            })
            .collect();
        let mut led = 0;
        for task in tasks {
            led += task.await.unwrap();
        }
        assert_eq!(led, ROUNDS);
    });
}

#[test]
fn an_initialisation_that_is_cancelled_or_panics_leaves_the_turn_to_the_next() {
    let cell = OnceCell::new();
    let cancelled = waiting_for(cell.get_or_init(std::future::pending::<i32>));
    assert!(cell.set(1).unwrap_err().is_initializing_err());
    let mut panics = waiting_for(cell.get_or_init(|| async { panic!("while it has the turn") }));
    let mut next = waiting_for(cell.get_or_init(|| async { 2 }));
    drop(cancelled);
    assert!(panics.is_woken() && !next.is_woken());
    catch_unwind(AssertUnwindSafe(|| assert_ready!(panics.poll()))).unwrap_err();
    assert!(next.is_woken());
    assert_eq!(*assert_ready!(next.poll()), 2);
    assert!(cell.set(3).unwrap_err().is_already_init_err());
}

#[test]
fn setting_wakes_everybody_who_waits_for_the_value() {
    let cell = SetOnce::new();
    let mut waiting: Vec<_> = (0..100).map(|_| waiting_for(cell.wait())).collect();
    cell.set("value").unwrap();
    assert_eq!(cell.set("another").unwrap_err().0, "another");
    for future in &mut waiting {
        assert!(future.is_woken());
        assert_eq!(*assert_ready!(future.poll()), "value");
    }
}

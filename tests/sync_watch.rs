//! `sync::watch` from the outside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, task};
use zokio::runtime::Builder;
use zokio::sync::watch::{self, Sender};

#[test]
fn a_change_wakes_all_who_wait() {
    let (tx, rx) = watch::channel("one");
    let mut receivers: Vec<_> = (0..70).map(|_| rx.clone()).collect();
    let mut waits: Vec<_> = receivers
        .iter_mut()
        .map(|rx| task::spawn(rx.changed()))
        .collect();
    for wait in &mut waits {
        assert_pending!(wait.poll());
    }
    waits.pop();
    tx.send("two").unwrap();
    for wait in &mut waits {
        assert!(wait.is_woken());
        assert_ready_ok!(wait.poll());
    }
    drop(waits);
    for rx in &receivers {
        assert_eq!(*rx.borrow(), "two");
    }
    assert_eq!(receivers[69].has_changed().ok(), Some(true));
    assert_eq!(receivers[0].has_changed().ok(), Some(false));
}

#[test]
fn changes_between_two_looks_are_one() {
    let (tx, mut rx) = watch::channel(0);
    for number in 1..=3 {
        tx.send(number).unwrap();
    }
    assert_ready_ok!(task::spawn(rx.changed()).poll());
    assert_eq!(*rx.borrow(), 3);
    assert_pending!(task::spawn(rx.changed()).poll());
}

#[test]
fn what_counts_as_seen() {
    let (tx, mut rx) = watch::channel(0);
    assert_eq!(rx.has_changed().ok(), Some(false));
    tx.send(1).unwrap();
    assert!(rx.borrow().has_changed());
    assert!(rx.borrow().has_changed());
    let clone = rx.clone();
    assert!(rx.borrow_and_update().has_changed());
    assert!(!rx.borrow().has_changed());
    assert!(clone.borrow().has_changed());
    assert!(!tx.subscribe().borrow().has_changed());
    assert!(!tx.borrow().has_changed());
    rx.mark_changed();
    rx.mark_changed();
    assert_eq!(rx.has_changed().ok(), Some(true));
    rx.mark_unchanged();
    assert_eq!(rx.has_changed().ok(), Some(false));
    rx.mark_changed();
    assert_ready_ok!(task::spawn(rx.changed()).poll());
    assert_pending!(task::spawn(rx.changed()).poll());
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (tx, mut rx) = watch::channel("one");
    let other = tx.clone();
    assert_eq!(tx.sender_count(), 2);
    let mut changed = task::spawn(rx.changed());
    assert_pending!(changed.poll());
    drop(tx);
    assert!(!changed.is_woken());
    other.send("two").unwrap();
    drop(other);
    assert!(changed.is_woken());
    assert_ready_ok!(changed.poll());
    drop(changed);
    assert!(rx.is_closed());
    assert!(rx.has_changed().is_err());
    assert_ready_err!(task::spawn(rx.changed()).poll());
    assert_eq!(*rx.borrow(), "two");
    assert_ready_ok!(task::spawn(rx.wait_for(|value| *value == "two")).poll());
    assert_ready_err!(task::spawn(rx.wait_for(|value| *value == "one")).poll());
}

#[test]
fn waiting_for_a_certain_value() {
    let (tx, mut rx) = watch::channel(0);
    let mut looked_at = Vec::new();
    {
        let mut wait = task::spawn(rx.wait_for(|&value| {
            looked_at.push(value);
            value > 1
        }));
        assert_pending!(wait.poll());
        tx.send(1).unwrap();
        assert!(wait.is_woken());
        assert_pending!(wait.poll());
        tx.send(2).unwrap();
        assert!(wait.is_woken());
        assert_eq!(assert_ready!(wait.poll()).map(|value| *value).ok(), Some(2));
    }
    assert_eq!(looked_at, [0, 1, 2]);
    assert_eq!(rx.has_changed().ok(), Some(false));
}

#[test]
fn senders_change_in_place() {
    let tx = Sender::new(vec![1]);
    assert!(tx.is_closed());
    assert_eq!(tx.send(vec![]).unwrap_err().0, Vec::<i32>::new());
    tx.send_modify(|numbers| numbers.push(2));
    let mut rx = tx.subscribe();
    assert_eq!(tx.receiver_count(), 1);
    let mut changed = task::spawn(rx.changed());
    assert_pending!(changed.poll());
    assert!(!tx.send_if_modified(|numbers| {
        numbers.push(3);
        false
    }));
    assert!(!changed.is_woken());
    assert_eq!(tx.send_replace(vec![]), [1, 2, 3]);
    assert!(changed.is_woken());
    assert_eq!(*Sender::<u32>::default().borrow(), 0);
}

#[test]
fn a_panic_in_place_tells_nobody_and_breaks_nothing() {
    let (tx, mut rx) = watch::channel("one");
    let mut other = rx.clone();
    let mut changed = task::spawn(rx.changed());
    assert_pending!(changed.poll());
    let panics = catch_unwind(AssertUnwindSafe(|| {
        tx.send_modify(|value| {
            *value = "half";
            panic!("a closure that panics");
        });
    }));
    assert!(panics.is_err());
    assert!(!changed.is_woken());
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _ = task::spawn(other.wait_for(|_| panic!("a closure that panics"))).poll();
    }));
    assert!(panics.is_err());
    assert_eq!(*tx.borrow(), "half");
    tx.send("two").unwrap();
    assert!(changed.is_woken());
    assert_eq!(*other.borrow(), "two");
}

#[test]
fn closed_waits_for_the_last_receiver() {
    let (tx, one) = watch::channel(());
    let two = one.clone();
    assert!(one.same_channel(&two));
    let mut closed = task::spawn(tx.closed());
    assert_pending!(closed.poll());
    drop(one);
    assert!(!closed.is_woken());
    drop(two);
    assert!(closed.is_woken());
    let again = tx.subscribe();
    assert_pending!(closed.poll());
    drop(again);
    assert_ready!(closed.poll());
    assert!(tx.same_channel(&tx.clone()));
}

#[test]
fn old_values_are_dropped() {
    let value = Arc::new(());
    let (tx, rx) = watch::channel(value.clone());
    tx.send(value.clone()).unwrap();
    assert_eq!(Arc::strong_count(&value), 2);
    drop((tx, rx));
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn budget_is_spent() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (tx, mut rx) = watch::channel(0);
        assert_pending!(
            task::spawn(async {
                loop {
                    tx.send(1).unwrap();
                    rx.changed().await.unwrap();
                }
            })
            .poll()
        );
        assert_pending!(
            task::spawn(async {
                loop {
                    rx.wait_for(|_| true).await.unwrap();
                }
            })
            .poll()
        );
        drop(rx);
        assert_pending!(
            task::spawn(async {
                loop {
                    tx.closed().await;
                }
            })
            .poll()
        );
    });
}

#[test]
fn threads_see_the_last_value() {
    const VALUES: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let (tx, rx) = watch::channel([0; 4]);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let mut rx = rx.clone();
            runtime.spawn(async move {
                let mut last = 0;
                while rx.changed().await.is_ok() {
                    let value = *rx.borrow_and_update();
                    assert!(value.iter().all(|&part| part == value[0]), "a torn value");
                    assert!(value[0] > last || value[0] == VALUES);
                    last = value[0];
                }
                last
            })
        })
        .collect();
    let sender = thread::spawn(move || {
        for number in 1..=VALUES {
            tx.send([number; 4]).unwrap();
        }
    });
    for task in tasks {
        assert_eq!(runtime.block_on(task).unwrap(), VALUES);
    }
    sender.join().unwrap();
}

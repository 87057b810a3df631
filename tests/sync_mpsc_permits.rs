//! `sync::mpsc` from the outside: room that is reserved before there is a value.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Context;

use futures_test::task::panic_waker;
use tokio_test::{
    assert_pending, assert_ready, assert_ready_eq, assert_ready_err, assert_ready_ok, task,
};
use zokio::sync::Semaphore;
use zokio::sync::mpsc;
use zokio::sync::mpsc::error::{TryRecvError, TrySendError};

#[test]
fn a_permit_is_room_for_one_value() {
    let (tx, mut rx) = mpsc::channel(2);
    let permit = tx.try_reserve().unwrap();
    assert_eq!((tx.capacity(), tx.max_capacity()), (1, 2));
    permit.send(1);
    assert_eq!((tx.capacity(), rx.capacity()), (1, 1));
    assert_eq!(rx.try_recv(), Ok(1));
    drop(tx.try_reserve().unwrap());
    assert_eq!((tx.capacity(), rx.max_capacity()), (2, 2));
}

#[test]
fn a_dropped_permit_wakes_who_waits() {
    let (tx, _rx) = mpsc::channel::<u32>(1);
    let permit = tx.try_reserve().unwrap();
    let mut waits = task::spawn(tx.reserve());
    assert_pending!(waits.poll());
    drop(permit);
    assert!(waits.is_woken());
    drop(assert_ready_ok!(waits.poll()));
}

#[test]
fn a_large_reservation_is_not_overtaken() {
    let (tx, mut rx) = mpsc::channel(3);
    for number in 0..3 {
        tx.try_send(number).unwrap();
    }
    let mut large = task::spawn(tx.reserve_many(2));
    let mut small = task::spawn(tx.reserve());
    assert_pending!(large.poll());
    assert_pending!(small.poll());
    rx.try_recv().unwrap();
    assert!(!large.is_woken() && !small.is_woken());
    rx.try_recv().unwrap();
    assert!(large.is_woken() && !small.is_woken());
    let mut permits = assert_ready!(large.poll()).unwrap();
    assert_eq!(permits.len(), 2);
    permits.next().unwrap().send(3);
    assert_eq!(permits.size_hint(), (1, Some(1)));
    drop(permits);
    assert!(small.is_woken());
    assert_eq!(
        assert_ready!(small.poll()).map(|permit| permit.send(4)),
        Ok(())
    );
    assert_eq!([2, 3, 4].map(Ok), [(); 3].map(|()| rx.try_recv()));
}

#[test]
fn reservations_beyond_the_capacity_fail() {
    let (tx, rx) = mpsc::channel::<u32>(2);
    for count in [3, Semaphore::MAX_PERMITS + 1, usize::MAX] {
        assert_ready_err!(task::spawn(tx.reserve_many(count)).poll());
        let refused = tx.try_reserve_many(count).unwrap_err();
        assert_eq!(refused, TrySendError::Full(()));
    }
    drop(rx);
    let refused = tx.try_reserve_many(usize::MAX).unwrap_err();
    assert_eq!(refused, TrySendError::Closed(()));
}

#[test]
fn zero_values_need_no_room() {
    let (tx, rx) = mpsc::channel(1);
    tx.try_send(1).unwrap();
    assert_eq!(tx.try_reserve_many(0).unwrap().len(), 0);
    assert_eq!(
        assert_ready!(task::spawn(tx.reserve_many(0)).poll())
            .unwrap()
            .len(),
        0
    );
    drop(rx);
    assert!(tx.try_reserve_many(0).is_err());
    assert_ready_err!(task::spawn(tx.reserve_many(0)).poll());
}

#[test]
fn an_owned_permit_keeps_the_channel_open() {
    let (tx, mut rx) = mpsc::channel(2);
    let other = tx.clone();
    let permit = tx.try_reserve_owned().unwrap();
    assert!(permit.same_channel_as_sender(&other));
    assert!(permit.same_channel(&other.clone().try_reserve_owned().unwrap()));
    drop(other);
    assert!(!rx.is_closed());
    let tx = permit.send(1);
    let tx = tx.try_reserve_owned().unwrap().release();
    assert_eq!(tx.capacity(), 1);
    drop(tx.try_reserve_owned().unwrap());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_refused_owned_reservation_gives_the_sender_back() {
    let (tx, rx) = mpsc::channel(1);
    tx.try_send(1).unwrap();
    let full = tx.try_reserve_owned().unwrap_err();
    assert!(matches!(full, TrySendError::Full(_)));
    let tx = full.into_inner();
    drop(rx);
    assert!(matches!(
        tx.try_reserve_owned(),
        Err(TrySendError::Closed(_))
    ));
}

/// A closed channel ends when the last permit is gone, however it goes.
#[test]
fn the_last_permit_ends_a_closed_channel() {
    type End = fn(mpsc::OwnedPermit<u32>);
    let ends: [(End, Option<u32>); 3] = [
        (|permit| drop(permit), None),
        (|permit| drop(permit.release()), None),
        (|permit| drop(permit.send(7)), Some(7)),
    ];
    for (end, value) in ends {
        let (tx, mut rx) = mpsc::channel(2);
        let permit = tx.clone().try_reserve_owned().unwrap();
        rx.close();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let mut recv = task::spawn(rx.recv());
        assert_pending!(recv.poll());
        end(permit);
        assert!(recv.is_woken());
        assert_ready_eq!(recv.poll(), value);
        drop(recv);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    }
}

#[test]
fn a_reservation_that_fails_or_is_cancelled_ends_a_closed_channel() {
    for cancelled in [false, true] {
        let (tx, mut rx) = mpsc::channel::<u32>(2);
        let permit = tx.try_reserve().unwrap();
        let mut waits = task::spawn(tx.reserve_many(2));
        assert_pending!(waits.poll());
        rx.close();
        let mut recv = task::spawn(rx.recv());
        assert_pending!(recv.poll());
        drop(permit);
        assert!(!recv.is_woken(), "the reservation holds room");
        if cancelled {
            drop(waits);
        } else {
            assert_ready_err!(waits.poll());
        }
        assert!(recv.is_woken());
        assert_ready_eq!(recv.poll(), None);
    }
}

#[test]
fn a_waker_that_panics_loses_neither_value_nor_room() {
    let (tx, mut rx) = mpsc::channel(1);
    let waker = panic_waker();
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    let permit = tx.try_reserve().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| permit.send(1))).is_err());
    assert_eq!((tx.capacity(), rx.len()), (0, 1));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.capacity(), 1);
}

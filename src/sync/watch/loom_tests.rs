//! Interleavings of senders and receivers.

use loom::future::block_on;

use super::{Sender, channel};
use crate::loom::thread;

#[test]
fn loom_change_wakes_receiver() {
    loom::model(|| {
        let (tx, mut rx) = channel(0);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx
        });
        block_on(rx.changed()).unwrap();
        assert_eq!(*rx.borrow(), 1);
        sender.join().unwrap();
    });
}

#[test]
fn loom_every_receiver_is_woken() {
    loom::model(|| {
        let (tx, mut rx) = channel(0);
        let mut other = rx.clone();
        let thread = thread::spawn(move || block_on(other.changed()).is_ok());
        let sender = thread::spawn(move || tx.send(1).unwrap());
        block_on(rx.changed()).unwrap();
        assert!(thread.join().unwrap());
        sender.join().unwrap();
    });
}

#[test]
fn loom_last_sender_wakes_receiver() {
    loom::model(|| {
        let (tx, mut rx) = channel(0);
        let other = tx.clone();
        let thread = thread::spawn(move || drop(other));
        drop(tx);
        assert!(block_on(rx.changed()).is_err());
        thread.join().unwrap();
    });
}

#[test]
fn loom_last_value_before_the_end() {
    loom::model(|| {
        let (tx, mut rx) = channel(0);
        let sender = thread::spawn(move || tx.send(1).unwrap());
        assert_eq!(
            block_on(rx.wait_for(|&value| value == 1))
                .map(|value| *value)
                .ok(),
            Some(1)
        );
        assert!(block_on(rx.changed()).is_err());
        sender.join().unwrap();
    });
}

#[test]
fn loom_cancelled_wait() {
    loom::model(|| {
        let (tx, mut rx) = channel(0);
        let sender = thread::spawn(move || tx.send(1).unwrap());
        {
            use std::future::Future;
            use std::task::{Context, Waker};
            let changed = std::pin::pin!(rx.changed());
            let _ = changed.poll(&mut Context::from_waker(Waker::noop()));
        }
        sender.join().unwrap();
        assert_eq!(*rx.borrow(), 1);
    });
}

#[test]
fn loom_last_receiver_wakes_sender() {
    loom::model(|| {
        let tx = Sender::new(0);
        let rx = tx.subscribe();
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        thread.join().unwrap();
    });
}

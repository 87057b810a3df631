//! Interleavings of senders and receivers.

use loom::future::block_on;

use super::channel;
use super::error::{RecvError, TryRecvError};
use crate::loom::sync::Arc;
use crate::loom::thread;

#[test]
fn loom_send_wakes_receivers() {
    loom::model(|| {
        let (tx, mut rx) = channel(2);
        let mut other = tx.subscribe();
        let thread = thread::spawn(move || block_on(other.recv()));
        tx.send(1).unwrap();
        assert_eq!(block_on(rx.recv()), Ok(1));
        assert_eq!(thread.join().unwrap(), Ok(1));
    });
}

#[test]
fn loom_last_sender_wakes_receiver() {
    loom::model(|| {
        let (tx, mut rx) = channel::<u32>(2);
        let thread = thread::spawn(move || drop(tx));
        assert_eq!(block_on(rx.recv()), Err(RecvError::Closed));
        thread.join().unwrap();
    });
}

#[test]
fn loom_overwrite_while_receiving() {
    loom::model(|| {
        let (tx, mut rx) = channel(1);
        let sender = thread::spawn(move || {
            for number in 0..3 {
                let _ = tx.send(Arc::new(number));
            }
        });
        let mut next = 0;
        loop {
            match rx.try_recv() {
                Ok(number) => {
                    assert_eq!(*number, next);
                    next += 1;
                }
                Err(TryRecvError::Lagged(missed)) => next += missed,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Closed) => break,
            }
        }
        sender.join().unwrap();
    });
}

#[test]
fn loom_dropped_receiver_frees_values() {
    loom::model(|| {
        let (tx, rx) = channel(2);
        let value = Arc::new(());
        let sent = value.clone();
        let thread = thread::spawn(move || drop(rx));
        let _ = tx.send(sent);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
        assert!(tx.is_empty());
    });
}

#[test]
fn loom_last_receiver_wakes_sender() {
    loom::model(|| {
        let (tx, rx) = channel::<u32>(2);
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        thread.join().unwrap();
    });
}

#[test]
fn loom_subscribe_and_leave_while_sending() {
    loom::model(|| {
        let (tx, rx) = channel(1);
        let value = Arc::new(1);
        let sent = value.clone();
        let thread = thread::spawn(move || {
            let mut other = rx.resubscribe();
            drop(rx);
            let _ = other.try_recv();
        });
        let _ = tx.send(sent.clone());
        let _ = tx.send(sent);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
        assert!(tx.is_empty());
        assert_eq!(tx.receiver_count(), 0);
    });
}

//! Interleavings of the two halves.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;

use super::channel;
use super::error::TryRecvError;
use crate::loom::sync::Arc;
use crate::loom::thread;

#[test]
fn loom_send_wakes_receiver() {
    loom::model(|| {
        let (tx, rx) = channel();
        let sender = thread::spawn(move || tx.send(Arc::new(1)).is_ok());
        assert_eq!(*block_on(rx).unwrap(), 1);
        assert!(sender.join().unwrap());
    });
}

#[test]
fn loom_dropped_sender_wakes_receiver() {
    loom::model(|| {
        let (tx, rx) = channel::<Arc<u32>>();
        let sender = thread::spawn(move || drop(tx));
        assert!(block_on(rx).is_err());
        sender.join().unwrap();
    });
}

#[test]
fn loom_value_is_received_or_given_back() {
    loom::model(|| {
        let (tx, mut rx) = channel();
        let value = Arc::new(());
        let sent = value.clone();
        let sender = thread::spawn(move || tx.send(sent).is_ok());
        rx.close();
        let received = match rx.try_recv() {
            Ok(_) => true,
            Err(TryRecvError::Closed) => false,
            Err(TryRecvError::Empty) => panic!("a closed channel never says `Empty`"),
        };
        assert_eq!(sender.join().unwrap(), received);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_dropped_receiver_frees_the_value() {
    loom::model(|| {
        let (tx, rx) = channel();
        let value = Arc::new(());
        let sent = value.clone();
        let sender = thread::spawn(move || drop(tx.send(sent)));
        drop(rx);
        sender.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_closed_wakes_sender() {
    loom::model(|| {
        let (mut tx, rx) = channel::<u32>();
        let receiver = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert_eq!(tx.send(1), Err(1));
        receiver.join().unwrap();
    });
}

#[test]
fn loom_both_wait_and_part() {
    loom::model(|| {
        let (mut tx, mut rx) = channel::<Arc<u32>>();
        let sender = thread::spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            if tx.poll_closed(&mut cx).is_pending() {
                let _ = tx.send(Arc::new(1));
            }
        });
        let mut cx = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut rx).poll(&mut cx).is_pending();
        drop(rx);
        sender.join().unwrap();
    });
}

#[test]
fn loom_receiver_changes_task() {
    loom::model(|| {
        let (tx, mut rx) = channel();
        let sender = thread::spawn(move || tx.send(1).unwrap());
        let mut cx = Context::from_waker(Waker::noop());
        let value = match Pin::new(&mut rx).poll(&mut cx) {
            Poll::Ready(value) => value,
            Poll::Pending => block_on(rx),
        };
        assert_eq!(value, Ok(1));
        sender.join().unwrap();
    });
}

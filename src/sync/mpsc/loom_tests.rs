//! Interleavings of senders and the receiver. A block has two slots here.

use loom::future::block_on;

use super::error::TryRecvError;
use super::{channel, unbounded_channel};
use crate::loom::sync::Arc;
use crate::loom::thread;

#[test]
fn loom_two_senders() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        let other = tx.clone();
        let one = thread::spawn(move || tx.send(1).unwrap());
        let two = thread::spawn(move || other.send(2).unwrap());
        let mut sum = 0;
        while let Some(number) = block_on(rx.recv()) {
            sum += number;
        }
        assert_eq!(sum, 3);
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn loom_waits_at_the_end_of_a_block() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        tx.send(0).unwrap();
        tx.send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(rx.try_recv(), Ok(1));
        let sender = thread::spawn(move || tx.send(2).unwrap());
        assert_eq!(block_on(rx.recv()), Some(2));
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

#[test]
fn loom_last_sender_wakes_receiver() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel::<u32>();
        let other = tx.clone();
        let thread = thread::spawn(move || drop(other));
        drop(tx);
        assert!(block_on(rx.recv()).is_none());
        thread.join().unwrap();
    });
}

#[test]
fn loom_close_unbounded_while_sending() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        let sender = thread::spawn(move || {
            let mut sent = 0;
            for _ in 0..3 {
                sent += u32::from(tx.send(Arc::new(())).is_ok());
            }
            sent
        });
        rx.close();
        let mut received = 0;
        while block_on(rx.recv()).is_some() {
            received += 1;
        }
        assert_eq!(sender.join().unwrap(), received);
    });
}

#[test]
fn loom_dropped_receiver_drops_values() {
    loom::model(|| {
        let (tx, rx) = unbounded_channel();
        let value = Arc::new(());
        let (one, two) = (value.clone(), value.clone());
        let sender = thread::spawn(move || {
            let _ = tx.send(one);
            let _ = tx.send(two);
        });
        drop(rx);
        sender.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_bounded_sender_waits() {
    loom::model(|| {
        let (tx, mut rx) = channel(1);
        let sender = thread::spawn(move || {
            block_on(async {
                for number in 0..3 {
                    tx.send(number).await.unwrap();
                }
            });
        });
        for number in 0..3 {
            assert_eq!(block_on(rx.recv()), Some(number));
        }
        sender.join().unwrap();
    });
}

#[test]
fn loom_permit_back_in_a_closed_channel() {
    loom::model(|| {
        let (tx, mut rx) = channel::<u32>(2);
        let permit = tx.clone().try_reserve_owned().unwrap();
        let thread = thread::spawn(move || drop(permit));
        rx.close();
        assert!(block_on(rx.recv()).is_none());
        thread.join().unwrap();
        drop(tx);
    });
}

#[test]
fn loom_failed_reservation_in_a_closed_channel() {
    loom::model(|| {
        let (tx, mut rx) = channel::<u32>(1);
        let permit = tx.clone().try_reserve_owned().unwrap();
        let thread = thread::spawn(move || block_on(tx.reserve()).is_ok());
        drop(permit);
        rx.close();
        assert!(block_on(rx.recv()).is_none());
        thread.join().unwrap();
    });
}

#[test]
fn loom_try_recv_sees_what_was_sent() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        let other = tx.clone();
        let slow = thread::spawn(move || other.send(1).unwrap());
        tx.send(2).unwrap();
        // One value was sent completely, whatever the other sender has done.
        assert!(rx.try_recv().is_ok());
        slow.join().unwrap();
        assert!(rx.try_recv().is_ok());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn loom_closed_wakes_sender() {
    loom::model(|| {
        let (tx, rx) = channel::<u32>(1);
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert!(tx.is_closed());
        thread.join().unwrap();
    });
}

#[test]
fn loom_upgrade_or_end() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        let weak = tx.downgrade();
        let thread = thread::spawn(move || match weak.upgrade() {
            Some(tx) => tx.send(1).is_ok(),
            None => false,
        });
        drop(tx);
        let received = block_on(rx.recv()).is_some();
        assert_eq!(thread.join().unwrap(), received);
    });
}

#[test]
fn loom_closing_while_permits_are_out() {
    loom::model(|| {
        let (tx, mut rx) = channel(2);
        let one = tx.clone().try_reserve_owned().unwrap();
        let two = tx.try_reserve_owned().unwrap();
        let sender = thread::spawn(move || drop(one.send(1)));
        let dropper = thread::spawn(move || drop(two));
        rx.close();
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
        dropper.join().unwrap();
    });
}

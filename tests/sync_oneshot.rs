//! `sync::oneshot` from the outside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use futures::FutureExt;
use tokio_test::task::{self, Spawn};
use tokio_test::{assert_pending, assert_ready, assert_ready_eq, assert_ready_err};
use zokio::runtime::Builder;
use zokio::sync::oneshot::error::TryRecvError;
use zokio::sync::oneshot::{self, Receiver, Sender};

#[test]
fn a_value_wakes_the_receiver() {
    let (tx, rx) = oneshot::channel();
    let mut rx = task::spawn(rx);
    assert_pending!(rx.poll());
    tx.send(1).unwrap();
    assert!(rx.is_woken());
    assert_ready_eq!(rx.poll(), Ok(1));
}

#[test]
fn a_dropped_sender_wakes_the_receiver() {
    let (tx, rx) = oneshot::channel::<u32>();
    let mut rx = task::spawn(rx);
    assert_pending!(rx.poll());
    drop(tx);
    assert!(rx.is_woken());
    assert_eq!(
        assert_ready!(rx.poll()).unwrap_err().to_string(),
        "channel closed"
    );
}

#[test]
fn a_dropped_receiver_gives_the_value_back_and_wakes_the_sender() {
    let (mut tx, rx) = oneshot::channel();
    {
        let mut closed = task::spawn(tx.closed());
        assert_pending!(closed.poll());
        drop(rx);
        assert!(closed.is_woken());
        assert_ready!(closed.poll());
    }
    assert_eq!(tx.send(1), Err(1));
}

#[test]
fn closing_keeps_what_was_sent_and_refuses_what_comes() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(1).unwrap();
    rx.close();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    rx.close();

    let (tx, rx) = oneshot::channel();
    let mut rx = task::spawn(rx);
    assert_pending!(rx.poll());
    assert_eq!(rx.waker_ref_count(), 2);
    rx.close();
    assert_eq!(rx.waker_ref_count(), 1, "closing drops the waker");
    assert_eq!(tx.send(2), Err(2));
    assert_ready_err!(rx.poll());
}

#[test]
fn only_the_last_task_is_woken() {
    let (mut tx, mut rx) = oneshot::channel();
    let (mut one, mut two) = (task::spawn(()), task::spawn(()));
    let mut poll = |task: &mut Spawn<()>| {
        task.enter(|cx, _| {
            assert_pending!(tx.poll_closed(cx));
            assert_pending!(rx.poll_unpin(cx));
        });
    };
    poll(&mut one);
    poll(&mut two);
    poll(&mut two);
    assert_eq!(one.waker_ref_count(), 1, "replaced wakers are dropped");
    assert_eq!(two.waker_ref_count(), 3);
    tx.send(1).unwrap();
    assert!(!one.is_woken());
    assert!(two.is_woken());
    assert_eq!(two.waker_ref_count(), 1, "sending drops the sender's waker");
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn everything_is_dropped_once() {
    let value = Arc::new(());
    for drop_receiver_first in [false, true] {
        let (tx, rx) = oneshot::channel();
        tx.send(value.clone()).unwrap();
        drop(rx);
        assert_eq!(Arc::strong_count(&value), 1);

        let (mut tx, rx) = oneshot::channel::<Arc<()>>();
        let mut sender = task::spawn(());
        assert_pending!(sender.enter(|cx, _| tx.poll_closed(cx)));
        let mut rx = task::spawn(rx);
        assert_pending!(rx.poll());
        if drop_receiver_first {
            drop(rx);
            drop(tx);
        } else {
            drop(tx);
            assert_eq!(rx.waker_ref_count(), 1);
            drop(rx);
        }
        assert_eq!(sender.waker_ref_count(), 1);
    }
}

#[test]
fn terminated_and_empty() {
    let (tx, mut rx) = oneshot::channel();
    assert!(!rx.is_terminated() && rx.is_empty());
    tx.send(1).unwrap();
    assert!(!rx.is_terminated() && !rx.is_empty());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(rx.is_terminated() && rx.is_empty());

    let (tx, mut rx) = oneshot::channel::<u32>();
    drop(tx);
    assert!(!rx.is_terminated() && rx.is_empty());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    assert!(rx.is_terminated());
}

#[test]
#[should_panic(expected = "polled after it has completed")]
fn polling_a_terminated_receiver_panics() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(1).unwrap();
    rx.try_recv().unwrap();
    let _ = task::spawn(rx).poll();
}

#[test]
fn blocking_in_a_thread() {
    let (tx, rx) = oneshot::channel();
    let thread = thread::spawn(move || rx.blocking_recv());
    tx.send("hello").unwrap();
    assert_eq!(thread.join().unwrap(), Ok("hello"));
}

#[test]
fn blocking_in_a_task_panics() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (_tx, rx) = oneshot::channel::<u32>();
    let result = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async { rx.blocking_recv() })
    }));
    assert!(result.is_err());
}

#[test]
fn budget_is_spent() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut received = 0;
        assert_pending!(
            task::spawn(async {
                loop {
                    let (tx, rx) = oneshot::channel();
                    tx.send(()).unwrap();
                    rx.await.unwrap();
                    received += 1;
                }
            })
            .poll()
        );
        assert!(received > 0);
    });
}

#[test]
fn many_pairs_between_threads() {
    let pairs: Vec<_> = (0..2000).map(|_| oneshot::channel()).collect();
    let (senders, receivers): (Vec<Sender<usize>>, Vec<Receiver<usize>>) =
        pairs.into_iter().unzip();
    let thread = thread::spawn(move || {
        for (number, tx) in senders.into_iter().enumerate() {
            if number % 3 != 0 {
                let _ = tx.send(number);
            }
        }
    });
    for (number, rx) in receivers.into_iter().enumerate() {
        match number % 5 {
            0 => drop(rx),
            _ => assert_eq!(rx.blocking_recv().ok(), (number % 3 != 0).then_some(number)),
        }
    }
    thread.join().unwrap();
}

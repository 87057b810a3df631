//! `sync::broadcast` from the outside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio_test::{assert_pending, assert_ready, assert_ready_eq, task};
use zokio::runtime::Builder;
use zokio::sync::broadcast::error::{RecvError, TryRecvError};
use zokio::sync::broadcast::{self, Sender};

#[test]
fn every_receiver_gets_every_value() {
    let (tx, mut one) = broadcast::channel(4);
    let mut two = tx.subscribe();
    assert_eq!(tx.send(1).unwrap(), 2);
    assert_eq!(tx.send(2).unwrap(), 2);
    let mut late = tx.subscribe();
    assert_eq!(tx.send(3).unwrap(), 3);
    for rx in [&mut one, &mut two] {
        assert_eq!([1, 2, 3].map(Ok), [(); 3].map(|()| rx.try_recv()));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    assert_eq!(late.try_recv(), Ok(3));
}

#[test]
fn a_value_wakes_all_who_wait() {
    let (tx, rx) = broadcast::channel(4);
    drop(rx);
    // More than a batch of wakers.
    let mut receivers: Vec<_> = (0..70).map(|_| tx.subscribe()).collect();
    let mut waits: Vec<_> = receivers
        .iter_mut()
        .map(|rx| task::spawn(rx.recv()))
        .collect();
    for wait in &mut waits {
        assert_pending!(wait.poll());
    }
    waits.pop();
    tx.send("now").unwrap();
    for wait in &mut waits {
        assert!(wait.is_woken());
        assert_ready_eq!(wait.poll(), Ok("now"));
    }
    drop(waits);
    assert_eq!(receivers.pop().unwrap().try_recv(), Ok("now"));
}

#[test]
fn a_slow_receiver_is_told_how_much_it_missed() {
    // Three are rounded up to four.
    let (tx, mut rx) = broadcast::channel(3);
    for number in 0..4 {
        tx.send(number).unwrap();
    }
    assert_eq!(rx.len(), 4);
    assert_eq!(rx.try_recv(), Ok(0));
    for number in 4..8 {
        tx.send(number).unwrap();
    }
    assert_eq!(rx.len(), 7);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(3)));
    assert_eq!(rx.len(), 4);
    tx.send(8).unwrap();
    assert_ready_eq!(
        task::spawn(rx.recv()).poll(),
        Err(RecvError::Lagged(1)),
        "values go on being overwritten"
    );
    drop(tx);
    assert_eq!([5, 6, 7, 8].map(Ok), [(); 4].map(|()| rx.try_recv()));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn the_last_sender_ends_the_channel() {
    let (tx, mut rx) = broadcast::channel(2);
    let weak = tx.downgrade();
    let other = weak.upgrade().unwrap();
    assert_eq!((tx.strong_count(), tx.weak_count()), (2, 1));
    drop(tx);
    let mut recv = task::spawn(rx.recv());
    assert_pending!(recv.poll());
    other.send(1).unwrap();
    assert!(recv.is_woken());
    assert_ready_eq!(recv.poll(), Ok(1));
    drop(recv);
    let mut recv = task::spawn(rx.recv());
    assert_pending!(recv.poll());
    drop(other);
    assert!(recv.is_woken());
    assert_ready_eq!(recv.poll(), Err(RecvError::Closed));
    drop(recv);
    assert!(rx.is_closed());
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.resubscribe().try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn without_receivers_a_value_comes_back() {
    let tx = Sender::new(2);
    assert_eq!(tx.send("lost").unwrap_err().0, "lost");
    let mut rx = tx.subscribe();
    tx.send("heard").unwrap();
    assert_eq!(rx.try_recv(), Ok("heard"));
}

#[test]
fn closed_waits_for_the_last_receiver() {
    let tx = Sender::<u32>::new(2);
    assert_ready!(task::spawn(tx.closed()).poll());
    let (one, two) = (tx.subscribe(), tx.subscribe());
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
}

#[test]
fn values_go_when_all_have_seen_them() {
    let value = Arc::new(());
    let (tx, mut one) = broadcast::channel(4);
    let two = tx.subscribe();
    for _ in 0..3 {
        tx.send(value.clone()).unwrap();
    }
    assert_eq!((Arc::strong_count(&value), tx.len()), (4, 3));
    drop(one.try_recv());
    assert_eq!((Arc::strong_count(&value), tx.len()), (4, 3));
    drop(two);
    assert_eq!((Arc::strong_count(&value), tx.len()), (3, 2));
    drop(one);
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(tx.is_empty());

    let rx = tx.subscribe();
    for _ in 0..9 {
        tx.send(value.clone()).unwrap();
    }
    assert_eq!(Arc::strong_count(&value), 5, "four are kept");
    drop((tx, rx));
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_clone_that_panics_counts_as_received() {
    struct Value(u32);
    impl Clone for Value {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 0, "a clone that panics");
            Value(self.0)
        }
    }
    let (tx, mut rx) = broadcast::channel(2);
    assert!(tx.send(Value(0)).is_ok() && tx.send(Value(1)).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx.try_recv()))).is_err());
    assert_eq!(tx.len(), 1);
    assert_eq!(rx.try_recv().map(|value| value.0), Ok(1));
}

#[test]
fn a_waker_may_use_the_channel_when_it_is_dropped() {
    // A hand-written waker, because its destructor sends.
    struct SendsOnDrop(Sender<u32>);
    impl Drop for SendsOnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(1);
        }
    }
    impl std::task::Wake for SendsOnDrop {
        fn wake(self: Arc<Self>) {}
    }
    let (tx, mut rx) = broadcast::channel(2);
    let mut recv = Box::pin(rx.recv());
    let waker = std::task::Waker::from(Arc::new(SendsOnDrop(tx.clone())));
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    drop(waker);
    // The replaced waker is the last one: it sends when it is dropped.
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let first = recv.as_mut().poll(&mut cx);
    assert!(first.is_pending() || first == std::task::Poll::Ready(Ok(1)));
    if first.is_pending() {
        assert_eq!(recv.as_mut().poll(&mut cx), std::task::Poll::Ready(Ok(1)));
    }
}

#[test]
fn wrong_capacities_panic() {
    for capacity in [0, (usize::MAX >> 1) + 1] {
        assert!(catch_unwind(|| broadcast::channel::<u32>(capacity)).is_err());
        assert!(catch_unwind(|| Sender::<u32>::new(capacity)).is_err());
    }
}

#[test]
fn budget_is_spent() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (tx, mut rx) = broadcast::channel(2);
        let mut rounds = 0;
        assert_pending!(
            task::spawn(async {
                loop {
                    tx.send(()).unwrap();
                    rx.recv().await.unwrap();
                    rounds += 1;
                }
            })
            .poll()
        );
        assert!(rounds > 0);
    });
}

#[test]
fn threads_get_everything_or_are_told() {
    const VALUES: u64 = if cfg!(miri) { 100 } else { 50_000 };
    let (tx, rx) = broadcast::channel::<Arc<u64>>(64);
    let mut threads = vec![];
    for _ in 0..3 {
        let mut rx = rx.resubscribe();
        threads.push(thread::spawn(move || {
            let mut next = 0;
            loop {
                match rx.blocking_recv() {
                    Ok(number) => {
                        assert_eq!(*number, next);
                        next += 1;
                    }
                    Err(RecvError::Lagged(missed)) => next += missed,
                    Err(RecvError::Closed) => return next,
                }
            }
        }));
    }
    drop(rx);
    for number in 0..VALUES {
        tx.send(Arc::new(number)).unwrap();
    }
    drop(tx);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), VALUES);
    }
}

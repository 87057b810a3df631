//! `sync::mpsc` from the outside: sending, receiving, the end.

use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio_test::{assert_pending, assert_ready, assert_ready_eq, assert_ready_err, task};
use zokio::runtime::Builder;
use zokio::sync::mpsc;
use zokio::sync::mpsc::error::{SendTimeoutError, TryRecvError, TrySendError};

#[test]
fn values_come_in_order_through_many_blocks() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for round in 0..50 {
        for number in 0..round * 7 {
            tx.send(number).unwrap();
        }
        assert_eq!(rx.len(), round * 7);
        for number in 0..round * 7 {
            assert_eq!(rx.try_recv(), Ok(number));
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn a_value_wakes_the_receiver_once() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let mut recv = task::spawn(rx.recv());
    assert_pending!(recv.poll());
    tx.send(1).unwrap();
    assert!(recv.is_woken());
    // Forgets the wake-up.
    recv.enter(|_, _| ());
    tx.send(2).unwrap();
    assert!(!recv.is_woken(), "the receiver is on its way");
    assert_ready_eq!(recv.poll(), Some(1));
}

#[test]
fn a_cancelled_receive_loses_nothing() {
    let (tx, mut rx) = mpsc::channel(1);
    assert_pending!(task::spawn(rx.recv()).poll());
    tx.try_send(1).unwrap();
    assert_ready_eq!(task::spawn(rx.recv()).poll(), Some(1));
}

#[test]
fn a_full_channel_takes_one_value_for_each_that_leaves() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let mut third = task::spawn(tx.send(3));
    let mut fourth = task::spawn(tx.send(4));
    assert_pending!(third.poll());
    assert_pending!(fourth.poll());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(third.is_woken() && !fourth.is_woken());
    // The room is reserved: no other sender overtakes, not even before this one runs.
    assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)));
    assert_ready_eq!(third.poll(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(2));
    assert!(fourth.is_woken());
    assert_ready_eq!(fourth.poll(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Ok(4));
}

#[test]
fn a_cancelled_sender_passes_its_room_on() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(1).unwrap();
    let mut second = task::spawn(tx.send(2));
    let mut third = task::spawn(tx.send(3));
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(second.is_woken());
    drop(second);
    assert!(third.is_woken());
    assert_ready_eq!(third.poll(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn the_last_sender_ends_the_channel() {
    let (tx, mut rx) = mpsc::channel(4);
    tx.try_send(1).unwrap();
    let other = tx.clone();
    drop(tx);
    assert!(!rx.is_closed());
    assert_eq!(rx.try_recv(), Ok(1));
    let mut recv = task::spawn(rx.recv());
    assert_pending!(recv.poll());
    drop(other);
    assert!(recv.is_woken());
    assert_ready_eq!(recv.poll(), None);
    drop(recv);
    assert!(rx.is_closed());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn closing_lets_what_was_sent_through() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    tx.send(1).unwrap();
    rx.close();
    rx.close();
    assert!(tx.is_closed() && rx.is_closed());
    for _ in 0..100 {
        assert_eq!(tx.send(2).unwrap_err().0, 2);
    }
    assert_eq!(rx.len(), 1);
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(rx.is_empty());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_ready_eq!(task::spawn(rx.recv()).poll(), None);
}

#[test]
fn closed_completes_for_every_sender() {
    let (tx, rx) = mpsc::channel::<u32>(1);
    let mut waits: Vec<_> = (0..40).map(|_| task::spawn(tx.closed())).collect();
    for wait in &mut waits {
        assert_pending!(wait.poll());
    }
    drop(rx);
    for wait in &mut waits {
        assert!(wait.is_woken());
        assert_ready!(wait.poll());
    }
}

#[test]
fn a_dropped_receiver_drops_values_and_refuses_more() {
    let value = Arc::new(());
    let (tx, rx) = mpsc::channel(100);
    for _ in 0..80 {
        tx.try_send(value.clone()).unwrap();
    }
    let mut full = task::spawn(tx.reserve_many(50));
    assert_pending!(full.poll());
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(full.is_woken());
    assert_ready_err!(full.poll());
    let refused = tx.try_send(value.clone());
    assert!(matches!(refused, Err(TrySendError::Closed(_))));
}

#[test]
fn a_dropped_receiver_drops_its_waker() {
    let mut task = task::spawn(());
    let (_tx, mut rx) = mpsc::channel::<u32>(1);
    assert_pending!(task.enter(|cx, _| rx.poll_recv(cx)));
    assert_eq!(task.waker_ref_count(), 2);
    drop(rx);
    assert_eq!(task.waker_ref_count(), 1);
}

#[test]
fn a_panic_while_dropping_a_value_keeps_none_of_the_others() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Value(bool);
    impl Drop for Value {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::Relaxed);
            assert!(!self.0, "a value that panics");
        }
    }
    let (tx, rx) = mpsc::unbounded_channel();
    for number in 0..50 {
        tx.send(Value(number == 3)).unwrap();
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(DROPPED.load(Ordering::Relaxed), 50);
}

#[test]
fn many_at_once() {
    let (tx, mut rx) = mpsc::channel(64);
    let mut buffer = vec![0];
    assert_ready_eq!(task::spawn(rx.recv_many(&mut buffer, 0)).poll(), 0);
    {
        let mut recv = task::spawn(rx.recv_many(&mut buffer, 10));
        assert_pending!(recv.poll());
        tx.try_send(1).unwrap();
        assert!(recv.is_woken());
        for number in 2..=50 {
            tx.try_send(number).unwrap();
        }
        assert_ready_eq!(recv.poll(), 10);
    }
    assert_eq!(tx.capacity(), 64 - 40);
    assert_eq!(rx.blocking_recv_many(&mut buffer, usize::MAX), 40);
    assert_eq!(buffer, (0..=50).collect::<Vec<_>>());
    drop(tx);
    assert_eq!(rx.blocking_recv_many(&mut buffer, 10), 0);
    assert_eq!(buffer.len(), 51);
}

#[test]
fn poll_recv_replaces_the_waker() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let (mut one, mut two) = (task::spawn(()), task::spawn(()));
    for task in [&mut one, &mut two] {
        assert_pending!(task.enter(|cx, _| rx.poll_recv(cx)));
    }
    tx.send(1).unwrap();
    assert!(!one.is_woken());
    assert!(two.is_woken());
    assert_ready_eq!(one.enter(|cx, _| rx.poll_recv(cx)), Some(1));
}

#[test]
fn weak_senders_keep_nothing_open() {
    let (tx, mut rx) = mpsc::channel(4);
    let weak = tx.downgrade();
    let other = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 2));
    let upgraded = weak.upgrade().unwrap();
    assert!(upgraded.same_channel(&tx));
    drop(tx);
    upgraded.try_send(1).unwrap();
    assert_eq!(rx.sender_strong_count(), 1);
    drop(upgraded);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    drop(other);
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
}

#[test]
fn sending_with_a_time_limit() {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (tx, rx) = mpsc::channel(1);
        let limit = Duration::from_secs(1);
        assert_eq!(tx.send_timeout(1, limit).await, Ok(()));
        let late = tx.send_timeout(2, limit).await;
        assert_eq!(late, Err(SendTimeoutError::Timeout(2)));
        drop(rx);
        let closed = tx.send_timeout(3, limit).await;
        assert_eq!(closed, Err(SendTimeoutError::Closed(3)));
    });
}

#[test]
fn blocking_in_threads() {
    let (tx, mut rx) = mpsc::channel(2);
    let sender = thread::spawn(move || {
        for number in 0..100 {
            tx.blocking_send(number).unwrap();
        }
    });
    for number in 0..100 {
        assert_eq!(rx.blocking_recv(), Some(number));
    }
    assert_eq!(rx.blocking_recv(), None);
    sender.join().unwrap();
}

#[test]
fn blocking_in_a_task_panics() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (tx, mut rx) = mpsc::channel(1);
        assert!(catch_unwind(AssertUnwindSafe(|| tx.blocking_send(1))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| rx.blocking_recv())).is_err());
        let mut buffer = Vec::new();
        let many = catch_unwind(AssertUnwindSafe(|| rx.blocking_recv_many(&mut buffer, 1)));
        assert!(many.is_err());
    });
}

#[test]
#[should_panic(expected = "requires buffer > 0")]
fn no_room_at_all_panics() {
    let _ = mpsc::channel::<u32>(0);
}

#[test]
fn budget_is_spent() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (tx, mut rx) = mpsc::channel(1);
        let mut rounds = 0;
        assert_pending!(
            task::spawn(async {
                loop {
                    tx.send(()).await.unwrap();
                    rx.recv().await.unwrap();
                    rounds += 1;
                }
            })
            .poll()
        );
        assert!(rounds > 0);

        let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
        drop(tx);
        assert_pending!(
            task::spawn(async {
                loop {
                    assert_eq!(rx.recv().await, None);
                }
            })
            .poll()
        );
    });
}

#[test]
fn handles_may_cross_a_panic() {
    fn check<T: UnwindSafe + RefUnwindSafe>() {}
    type Value = std::cell::Cell<u32>;
    check::<mpsc::Sender<Value>>();
    check::<mpsc::Receiver<Value>>();
    check::<mpsc::WeakSender<Value>>();
    check::<mpsc::UnboundedSender<Value>>();
    check::<mpsc::UnboundedReceiver<Value>>();
    check::<mpsc::WeakUnboundedSender<Value>>();
    check::<mpsc::Permit<'_, Value>>();
    check::<mpsc::PermitIterator<'_, Value>>();
    check::<mpsc::OwnedPermit<Value>>();
}

/// Threads send to one receiver; nothing is lost, and each sender's values come in order.
#[test]
fn many_senders_in_threads() {
    const SENDERS: usize = 4;
    const VALUES: usize = if cfg!(miri) { 60 } else { 20_000 };
    let (unbounded, mut unbounded_rx) = mpsc::unbounded_channel();
    let (bounded, mut bounded_rx) = mpsc::channel(16);
    let threads: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (unbounded, bounded) = (unbounded.clone(), bounded.clone());
            thread::spawn(move || {
                for number in 0..VALUES {
                    unbounded.send((sender, number)).unwrap();
                    bounded.blocking_send((sender, Box::new(number))).unwrap();
                }
            })
        })
        .collect();
    drop((unbounded, bounded));
    let mut next = [[0; SENDERS]; 2];
    while let Some((sender, number)) = bounded_rx.blocking_recv() {
        assert_eq!(next[0][sender], *number);
        next[0][sender] += 1;
        // A value that was sent before must be there.
        let (sender, number) = unbounded_rx.try_recv().unwrap();
        assert_eq!(next[1][sender], number);
        next[1][sender] += 1;
    }
    assert_eq!(next, [[VALUES; SENDERS]; 2]);
    for thread in threads {
        thread.join().unwrap();
    }
}

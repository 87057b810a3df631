//! An operation under every interleaving of its future, its completion and a cancellation; the count
//! under those of its last drop and a wait for it.

use std::future::poll_fn;

use loom::future::block_on;

use super::{Count, Counted, Detached, Ended, Operation};
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::{AtomicUsize, Ordering};
use crate::loom::thread;

/// Counts drops, as a buffer that must be released exactly once.
struct Payload(Arc<AtomicUsize>);

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type SharedOperation = Arc<Operation<Payload, Payload>>;

fn setup() -> (SharedOperation, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    (Arc::new(Operation::new(Payload(drops.clone()))), drops)
}

/// Carries the operation out, as a thread or the ring's thread does; returns whether it began.
fn carry_out(operation: &SharedOperation) -> bool {
    let Some(payload) = operation.begin() else {
        return false;
    };
    match operation.complete(payload) {
        Ended::Wake(waker) => waker.into_iter().for_each(std::task::Waker::wake),
        Ended::Unwanted(payload) => drop(payload),
    }
    true
}

#[test]
fn loom_a_waiter_gets_the_outcome() {
    loom::model(|| {
        let (operation, drops) = setup();
        let completer = {
            let operation = operation.clone();
            thread::spawn(move || assert!(carry_out(&operation)))
        };
        let payload = block_on(poll_fn(|cx| operation.poll(cx)));
        completer.join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        drop(payload);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn loom_a_detached_operation_releases_once() {
    for cancel in [false, true] {
        loom::model(move || {
            let (operation, drops) = setup();
            let completer = {
                let operation = operation.clone();
                thread::spawn(move || carry_out(&operation))
            };
            let never_begun = match operation.detach(cancel) {
                Detached::NeverBegun(payload) => {
                    drop(payload);
                    true
                }
                Detached::Completed(payload) => {
                    drop(payload);
                    false
                }
                Detached::Continues(waker) => {
                    drop(waker);
                    false
                }
                Detached::Over => unreachable!("the outcome was not fetched"),
            };
            let begun = completer.join().unwrap();
            assert!(begun != never_begun);
            assert!(cancel || begun, "a detached operation continues");
            assert_eq!(drops.load(Ordering::SeqCst), 1);
        });
    }
}

#[test]
fn loom_two_threads_begin_it_once() {
    loom::model(|| {
        let (operation, drops) = setup();
        let other = {
            let operation = operation.clone();
            thread::spawn(move || carry_out(&operation))
        };
        let mine = carry_out(&operation);
        let theirs = other.join().unwrap();
        assert!(mine != theirs);
        assert!(matches!(operation.detach(true), Detached::Completed(_)));
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

/// A wait that finds operations in flight is ended by the last of them, whenever that ends.
#[test]
fn loom_the_last_operation_ends_the_wait() {
    loom::model(|| {
        let waits_ended = Arc::new(AtomicUsize::new(0));
        let end_wait = {
            let waits_ended = waits_ended.clone();
            move || {
                waits_ended.fetch_add(1, Ordering::SeqCst);
            }
        };
        let count = std::sync::Arc::new(Count::new(end_wait));
        let completers = [(); 2].map(|()| {
            let counted = Counted::new(&count, 0);
            thread::spawn(move || drop(counted))
        });
        let busy = count.await_zero();
        for completer in completers {
            completer.join().unwrap();
        }
        assert_eq!(count.get(), 0);
        assert_eq!(waits_ended.load(Ordering::SeqCst), usize::from(busy));
    });
}

/// A cancellation by a future that continues to wait: the outcome comes, by the thread or by the
/// future itself, and nothing is released before it is fetched.
#[test]
fn loom_a_cancelled_operation_comes_back() {
    loom::model(|| {
        let (operation, drops) = setup();
        let completer = {
            let operation = operation.clone();
            thread::spawn(move || carry_out(&operation))
        };
        let never_begun = match operation.cancel() {
            Some(payload) => {
                assert!(matches!(operation.complete(payload), Ended::Wake(None)));
                true
            }
            None => false,
        };
        let payload = block_on(poll_fn(|cx| operation.poll(cx)));
        let begun = completer.join().unwrap();
        assert!(begun != never_begun);
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        drop(payload);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

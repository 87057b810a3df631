//! The table under every interleaving of a future, a completion and a cancellation.

use super::{Finished, Key, Orphaned, Polled, Table};
use crate::loom::sync::atomic::{AtomicUsize, Ordering};
use crate::loom::sync::{Arc, Mutex};
use crate::loom::thread;
use loom::future::block_on;
use std::future::poll_fn;
use std::task::Poll;

/// Counts drops, like a buffer that must be released exactly once.
struct Payload(Arc<AtomicUsize>);

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Shared = Arc<Mutex<Table<Payload, Payload>>>;

fn setup() -> (Shared, Key, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    let table: Shared = Arc::new(Mutex::new(Table::new()));
    let key = table.lock().insert(Payload(drops.clone()));
    (table, key, drops)
}

fn complete(table: &Shared, key: Key) -> bool {
    let finished = table.lock().finish(key, None, |payload| payload);
    match finished {
        Finished::Wake(waker) => {
            if let Some(waker) = waker {
                waker.wake();
            }
            true
        }
        Finished::Orphan(payload) => {
            drop(payload);
            true
        }
        Finished::Stale => false,
    }
}

#[test]
fn loom_a_waiter_gets_the_outcome() {
    loom::model(|| {
        let (table, key, drops) = setup();
        let completer = {
            let table = table.clone();
            thread::spawn(move || assert!(complete(&table, key)))
        };
        let payload = block_on(poll_fn(|cx| {
            let polled = table.lock().poll(key, cx);
            match polled {
                Polled::Ready(payload) => Poll::Ready(payload),
                Polled::Pending(old) => {
                    drop(old);
                    Poll::Pending
                }
            }
        }));
        completer.join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        drop(payload);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        assert_eq!(table.lock().submitted(), 0);
    });
}

#[test]
fn loom_a_dropped_future_releases_once() {
    loom::model(|| {
        let (table, key, drops) = setup();
        let completer = {
            let table = table.clone();
            thread::spawn(move || assert!(complete(&table, key)))
        };
        let orphaned = table.lock().orphan(key, true);
        match orphaned {
            Orphaned::Completed(payload) => drop(payload),
            Orphaned::InFlight { cancel, waker } => {
                assert!(cancel);
                drop(waker);
            }
            Orphaned::Stale => unreachable!("the entry is orphaned once"),
        }
        completer.join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        // The old key finds nothing, also when the slot is in use again (I4).
        let next = table.lock().insert(Payload(drops.clone()));
        assert!(!complete(&table, key));
        assert!(complete(&table, next));
    });
}

#[test]
fn loom_two_completions_of_one_key_count_once() {
    loom::model(|| {
        let (table, key, drops) = setup();
        let other = {
            let table = table.clone();
            thread::spawn(move || complete(&table, key))
        };
        let mine = complete(&table, key);
        let theirs = other.join().unwrap();
        assert!(mine != theirs);
        let orphaned = table.lock().orphan(key, true);
        assert!(matches!(orphaned, Orphaned::Completed(_)));
        drop(orphaned);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn loom_a_lent_operation_meets_a_cancel_request() {
    loom::model(|| {
        let (table, key, drops) = setup();
        let performer = {
            let table = table.clone();
            thread::spawn(move || {
                let taken = table.lock().take_payload(key);
                let (payload, cancelled) = taken.expect("lent once");
                let finished = table.lock().finish(key, Some(payload), |payload| payload);
                match finished {
                    Finished::Wake(waker) => drop(waker),
                    Finished::Orphan(payload) => drop(payload),
                    Finished::Stale => unreachable!("completed once"),
                }
                cancelled
            })
        };
        let first = table.lock().cancel(key);
        let orphaned = table.lock().orphan(key, true);
        match orphaned {
            Orphaned::Completed(payload) => drop(payload),
            Orphaned::InFlight { cancel, .. } => assert!(first && !cancel),
            Orphaned::Stale => unreachable!("the entry is orphaned once"),
        }
        performer.join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

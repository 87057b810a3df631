//! The table against its written life cycle, one thread.

use super::{Finished, Key, Orphaned, Polled, Table};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(table: &mut Table<u32, u32>, key: Key) -> Option<u32> {
    match table.poll(key, &mut Context::from_waker(Waker::noop())) {
        Polled::Ready(result) => Some(result),
        Polled::Pending(_) => None,
    }
}

#[test]
fn completes_once_and_wakes() {
    let mut table = Table::new();
    let counter = Arc::new(Counter(AtomicUsize::new(0)));
    let waker = Waker::from(counter.clone());
    let key = table.insert(7);
    assert!(matches!(
        table.poll(key, &mut Context::from_waker(&waker)),
        Polled::Pending(None)
    ));
    let Finished::Wake(Some(woken)) = table.finish(key, None, |payload| payload * 2) else {
        panic!("the waiter is woken");
    };
    woken.wake();
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    assert!(matches!(table.finish(key, None, |_| 0), Finished::Stale));
    assert_eq!(poll(&mut table, key), Some(14));
    assert_eq!(table.submitted(), 0);
}

#[test]
fn a_late_completion_never_reaches_a_reused_slot() {
    let mut table = Table::new();
    let first = table.insert(1);
    assert!(matches!(
        table.orphan(first, true),
        Orphaned::InFlight { cancel: true, .. }
    ));
    assert_eq!(table.is_cancelled(first), Some(true));
    assert!(matches!(
        table.finish(first, None, |payload| payload),
        Finished::Orphan(1)
    ));
    let second = table.insert(2);
    assert_ne!(first, second);
    assert_eq!(first.index, second.index);
    assert!(matches!(table.finish(first, None, |_| 0), Finished::Stale));
    assert!(!table.cancel(first));
    assert_eq!(table.is_cancelled(first), None);
    assert!(matches!(table.orphan(first, true), Orphaned::Stale));
    assert_eq!(poll(&mut table, second), None);
    assert!(matches!(
        table.finish(second, None, |payload| payload),
        Finished::Wake(Some(_))
    ));
    assert_eq!(poll(&mut table, second), Some(2));
}

#[test]
fn cancel_is_asked_for_once() {
    let mut table: Table<u32, u32> = Table::new();
    let key = table.insert(1);
    assert!(table.cancel(key));
    assert!(!table.cancel(key));
    assert!(matches!(
        table.orphan(key, true),
        Orphaned::InFlight { cancel: false, .. }
    ));
    assert_eq!(table.submitted(), 1);
}

#[test]
fn a_lent_operation_completes_with_what_is_returned() {
    let mut table = Table::new();
    let key = table.insert(5);
    assert_eq!(table.take_payload(key), Some((5, false)));
    assert_eq!(table.take_payload(key), None);
    assert!(table.keys().is_empty());
    assert!(matches!(table.finish(key, None, |_| 0), Finished::Stale));
    assert!(matches!(
        table.finish(key, Some(9), |payload| payload),
        Finished::Wake(None)
    ));
    assert!(matches!(table.orphan(key, true), Orphaned::Completed(9)));
    assert!(matches!(table.orphan(key, true), Orphaned::Stale));
}

#[test]
fn keys_travel_as_one_word() {
    let key = Key {
        index: 3,
        generation: u32::MAX,
    };
    assert_eq!(Key::from_bits(key.to_bits()), key);
}

#[test]
#[should_panic(expected = "polled after its outcome")]
fn a_second_fetch_is_refused() {
    let mut table = Table::new();
    let key = table.insert(1);
    let _ = table.finish(key, None, |payload| payload);
    assert_eq!(poll(&mut table, key), Some(1));
    poll(&mut table, key);
}

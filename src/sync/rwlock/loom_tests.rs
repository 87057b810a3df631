//! The lock under loom: its data are loom's cells, which complain about concurrent access.

use std::sync::Arc;

use loom::future::block_on;

use crate::loom::cell::UnsafeCell;
use crate::loom::thread;
use crate::sync::RwLock;

fn add(cell: &UnsafeCell<usize>) {
    // SAFETY: the caller has the lock alone.
    cell.with_mut(|value| unsafe { *value += 1 });
}

fn read(cell: &UnsafeCell<usize>) -> usize {
    // SAFETY: the caller has the lock.
    cell.with(|value| unsafe { *value })
}

#[test]
fn loom_writers_are_alone() {
    loom::model(|| {
        let lock = Arc::new(RwLock::new(UnsafeCell::new(0)));
        let other = lock.clone();
        let writer = thread::spawn(move || add(&block_on(other.write())));
        let other = lock.clone();
        let reader = thread::spawn(move || read(&block_on(other.read())));
        add(&block_on(lock.write()));
        writer.join().unwrap();
        assert!(reader.join().unwrap() <= 2);
        assert_eq!(read(&block_on(lock.read())), 2);
    });
}

#[test]
fn loom_a_downgrade_lets_no_writer_in() {
    loom::model(|| {
        let lock = Arc::new(RwLock::new(UnsafeCell::new(0)));
        let other = lock.clone();
        let writer = thread::spawn(move || add(&block_on(other.write())));
        let guard = block_on(lock.write());
        let before = read(&guard);
        let guard = guard.downgrade();
        assert_eq!(read(&guard), before);
        drop(guard);
        writer.join().unwrap();
        assert_eq!(read(&block_on(lock.read())), 1);
    });
}

//! The mutex under loom: its data are loom's cells, which complain about concurrent access.

use loom::future::block_on;

use crate::loom::cell::UnsafeCell;
use crate::loom::thread;
use crate::sync::Mutex;
use std::sync::Arc;

fn add(cell: &UnsafeCell<usize>) {
    // SAFETY: the caller has the lock.
    cell.with_mut(|value| unsafe { *value += 1 });
}

#[test]
fn loom_excludes_and_publishes() {
    loom::model(|| {
        let mutex = Arc::new(Mutex::new(UnsafeCell::new(0)));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let mutex = mutex.clone();
                thread::spawn(move || add(&block_on(mutex.lock())))
            })
            .collect();
        if let Ok(guard) = mutex.try_lock() {
            add(&guard);
            drop(guard);
        } else {
            add(&block_on(mutex.clone().lock_owned()));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        let cell = Arc::try_unwrap(mutex).ok().unwrap().into_inner();
        // SAFETY: the threads are gone.
        assert_eq!(cell.with(|value| unsafe { *value }), 3);
    });
}

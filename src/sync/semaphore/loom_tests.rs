//! The raw semaphore under loom: every interleaving of a few threads.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;

use crate::loom::sync::Arc;
use crate::loom::sync::atomic::{AtomicUsize, Ordering};
use crate::loom::thread;
use crate::sync::semaphore::RawSemaphore;

#[test]
fn loom_never_more_holders_than_permits() {
    never_more_holders_than_permits(RawSemaphore::new);
}

#[test]
fn loom_never_more_holders_than_noted_permits() {
    never_more_holders_than_permits(RawSemaphore::noted);
}

fn never_more_holders_than_permits(new: fn(usize) -> RawSemaphore) {
    loom::model(move || {
        let shared = Arc::new((new(1), AtomicUsize::new(0)));
        let work = |shared: Arc<(RawSemaphore, AtomicUsize)>| {
            let (semaphore, holders) = &*shared;
            block_on(semaphore.acquire(1)).unwrap();
            assert_eq!(holders.fetch_add(1, Ordering::Relaxed), 0);
            holders.fetch_sub(1, Ordering::Relaxed);
            semaphore.release(1);
        };
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || work(shared))
            })
            .collect();
        work(shared.clone());
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.0.available_permits(), 1);
    });
}

#[test]
fn loom_many_permits_are_gathered() {
    loom::model(|| {
        let semaphore = Arc::new(RawSemaphore::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = semaphore.clone();
                thread::spawn(move || semaphore.release(1))
            })
            .collect();
        block_on(semaphore.acquire(2)).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 0);
    });
}

#[test]
fn loom_a_cancelled_acquire_loses_no_permit() {
    loom::model(|| {
        let semaphore = Arc::new(RawSemaphore::new(0));
        let other = semaphore.clone();
        let releaser = thread::spawn(move || other.release(1));
        let other = semaphore.clone();
        let waiter = thread::spawn(move || {
            block_on(other.acquire(1)).unwrap();
            other.release(1);
        });
        {
            let mut acquire = Box::pin(semaphore.acquire(1));
            let mut cx = Context::from_waker(Waker::noop());
            if acquire.as_mut().poll(&mut cx).is_ready() {
                semaphore.release(1);
            }
        }
        releaser.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn loom_close_reaches_every_waiter() {
    loom::model(|| {
        let semaphore = Arc::new(RawSemaphore::new(1));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = semaphore.clone();
                thread::spawn(move || block_on(semaphore.acquire(2)).unwrap_err())
            })
            .collect();
        semaphore.close();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn loom_a_repoll_with_another_waker_is_woken() {
    loom::model(|| {
        let semaphore = Arc::new(RawSemaphore::new(0));
        let other = semaphore.clone();
        let releaser = thread::spawn(move || other.release(1));
        let mut acquire = Box::pin(semaphore.acquire(1));
        let mut cx = Context::from_waker(Waker::noop());
        let first: Poll<_> = Pin::new(&mut acquire).as_mut().poll(&mut cx);
        if first.is_pending() {
            block_on(acquire).unwrap();
        }
        releaser.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
    });
}

#[test]
fn loom_a_large_acquire_that_leaves_gives_its_part_on() {
    loom::model(|| {
        let semaphore = Arc::new(RawSemaphore::new(1));
        let mut large = Box::pin(semaphore.acquire(3));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(large.as_mut().poll(&mut cx).is_pending());
        let other = semaphore.clone();
        let releaser = thread::spawn(move || other.release(1));
        let other = semaphore.clone();
        let waiter = thread::spawn(move || {
            block_on(other.acquire(2)).unwrap();
            other.release(2);
        });
        drop(large);
        releaser.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(semaphore.available_permits(), 2);
    });
}

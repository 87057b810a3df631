//! The raw semaphore against a naive model, and the corners a model does not reach.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::semaphore::acquire::Acquire;
use crate::sync::semaphore::{AcquireError, RawSemaphore, TryAcquireError};
use crate::util::budget;

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

type Pinned<'a> = Pin<Box<Acquire<'a>>>;

fn poll_with(acquire: &mut Pinned<'_>, waker: &Waker) -> Poll<Result<(), AcquireError>> {
    acquire.as_mut().poll(&mut Context::from_waker(waker))
}

fn poll(acquire: &mut Pinned<'_>) -> Poll<Result<(), AcquireError>> {
    poll_with(acquire, Waker::noop())
}

/// What a semaphore is, in the simplest form.
struct Model {
    free: usize,
    queue: VecDeque<(usize, usize)>,
    served: Vec<usize>,
}

impl Model {
    fn release(&mut self, mut permits: usize) {
        while let Some((who, missing)) = self.queue.front_mut() {
            let given = permits.min(*missing);
            *missing -= given;
            permits -= given;
            if *missing > 0 {
                return;
            }
            self.served.push(*who);
            self.queue.pop_front();
        }
        self.free += permits;
    }
}

#[test]
fn behaves_like_the_model() {
    let semaphore = RawSemaphore::new(3);
    compare_with_the_model(&semaphore);
    semaphore.close();
    assert_eq!(semaphore.try_acquire(0), Err(TryAcquireError::Closed));
}

#[test]
fn a_noted_one_behaves_like_the_model() {
    let semaphore = RawSemaphore::noted(3);
    compare_with_the_model(&semaphore);
    semaphore.close();
    assert_eq!(semaphore.try_acquire(0), Err(TryAcquireError::Closed));
}

fn compare_with_the_model(semaphore: &RawSemaphore) {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below
    };
    let mut model = Model {
        free: 3,
        queue: VecDeque::new(),
        served: Vec::new(),
    };
    let mut waiting: Vec<(usize, usize, Pinned<'_>)> = Vec::new();
    for step in 0..20_000 {
        match next(6) {
            0 | 1 => {
                let wanted = next(4);
                let mut acquire = Box::pin(semaphore.acquire(wanted));
                let ready = poll(&mut acquire).is_ready();
                assert_eq!(ready, model.free >= wanted);
                if ready {
                    model.free -= wanted;
                } else {
                    model.queue.push_back((step, wanted - model.free));
                    model.free = 0;
                    waiting.push((step, wanted, acquire));
                }
            }
            2 => {
                let permits = next(4);
                semaphore.release(permits);
                model.release(permits);
            }
            3 => {
                let wanted = next(4);
                let taken = semaphore.try_acquire(wanted).is_ok();
                assert_eq!(taken, model.free >= wanted);
                model.free -= if taken { wanted } else { 0 };
            }
            4 if !waiting.is_empty() => {
                let (who, wanted, acquire) = waiting.swap_remove(next(waiting.len()));
                drop(acquire);
                let at = model.queue.iter().position(|&(queued, _)| queued == who);
                let had = match at.and_then(|at| model.queue.remove(at)) {
                    Some((_, missing)) => wanted - missing,
                    None => wanted,
                };
                model.served.retain(|&served| served != who);
                model.release(had);
            }
            5 => assert_eq!(semaphore.forget_permits(1), {
                let forgotten = model.free.min(1);
                model.free -= forgotten;
                forgotten
            }),
            _ => {}
        }
        assert_eq!(semaphore.available_permits(), model.free);
        waiting.retain_mut(|(who, _, acquire)| {
            let served = model.served.contains(who);
            assert_eq!(poll(acquire).is_ready(), served);
            !served
        });
        model.served.clear();
    }
}

#[test]
fn a_new_waker_replaces_the_old() {
    let semaphore = RawSemaphore::new(0);
    let (first, second) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut acquire = Box::pin(semaphore.acquire(1));
    assert!(poll_with(&mut acquire, &first.clone().into()).is_pending());
    assert_eq!(Arc::strong_count(&first), 2);
    assert!(poll_with(&mut acquire, &second.clone().into()).is_pending());
    assert_eq!(Arc::strong_count(&first), 1);
    semaphore.release(1);
    assert_eq!((first.count(), second.count()), (0, 1));
    assert!(poll(&mut acquire).is_ready());
}

#[test]
fn close_refuses_all_and_loses_no_permit() {
    let semaphore = RawSemaphore::new(1);
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut acquires: Vec<_> = (0..100).map(|_| Box::pin(semaphore.acquire(2))).collect();
    for acquire in &mut acquires {
        assert!(poll_with(acquire, &waker).is_pending());
    }
    semaphore.close();
    assert!(semaphore.is_closed());
    assert_eq!(wakes.count(), 100);
    for acquire in &mut acquires {
        assert!(matches!(poll(acquire), Poll::Ready(Err(_))));
    }
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(semaphore.try_acquire(1), Err(TryAcquireError::Closed));
    semaphore.release(1);
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn a_permit_that_came_before_the_close_goes_back() {
    let semaphore = RawSemaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire(1));
    assert!(poll(&mut acquire).is_pending());
    semaphore.release(1);
    semaphore.close();
    assert!(matches!(poll(&mut acquire), Poll::Ready(Err(_))));
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn more_waiters_than_a_batch_are_all_served() {
    const WAITERS: usize = 100;
    let semaphore = RawSemaphore::new(0);
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut acquires: Vec<_> = (0..WAITERS)
        .map(|_| Box::pin(semaphore.acquire(1)))
        .collect();
    for acquire in &mut acquires {
        assert!(poll_with(acquire, &waker).is_pending());
    }
    semaphore.release(WAITERS + 1);
    assert_eq!(wakes.count(), WAITERS);
    assert!(acquires.iter_mut().all(|acquire| poll(acquire).is_ready()));
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_poll_without_budget_keeps_its_place() {
    let semaphore = RawSemaphore::new(1);
    let mut holding = Box::pin(semaphore.acquire(1));
    let mut queued = Box::pin(semaphore.acquire(1));
    budget::with_budget(|| {
        while budget::has_budget_remaining() {
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(unit) = budget::poll_proceed(&mut cx) {
                unit.made_progress();
            }
        }
        assert!(poll(&mut holding).is_pending());
        assert!(poll(&mut queued).is_pending());
    });
    assert_eq!(semaphore.available_permits(), 0);
    assert!(poll(&mut holding).is_ready());
    assert!(poll(&mut queued).is_pending());
    semaphore.release(1);
    assert!(poll(&mut queued).is_ready());

    let mut dropped = Box::pin(semaphore.acquire(1));
    semaphore.release(1);
    budget::with(budget::Budget::INITIAL, || {
        for _ in 0..128 {
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(unit) = budget::poll_proceed(&mut cx) {
                unit.made_progress();
            }
        }
        assert!(poll(&mut dropped).is_pending());
    });
    drop(dropped);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn more_permits_than_there_can_be_are_not_free() {
    let semaphore = RawSemaphore::new(RawSemaphore::MAX_PERMITS);
    for wanted in [
        RawSemaphore::MAX_PERMITS + 1,
        usize::MAX / 4 + 1,
        usize::MAX,
    ] {
        assert_eq!(
            semaphore.try_acquire(wanted),
            Err(TryAcquireError::NoPermits)
        );
    }
    assert_eq!(semaphore.available_permits(), RawSemaphore::MAX_PERMITS);
}

#[test]
#[should_panic(expected = "a semaphore may not have more than MAX_PERMITS permits")]
fn too_many_permits() {
    RawSemaphore::new(RawSemaphore::MAX_PERMITS).release(1);
}

#[test]
fn too_many_permits_for_a_queue_serve_it_all_the_same() {
    let semaphore = RawSemaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire(1));
    assert!(poll(&mut acquire).is_pending());
    let released = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        semaphore.release(RawSemaphore::MAX_PERMITS + 2);
    }));
    assert!(released.is_err());
    assert!(poll(&mut acquire).is_ready());
    assert_eq!(semaphore.available_permits(), 0);
}

//! What the waits of `sync` do with wakers that are not like those of most schedulers.

use std::cell::RefCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use futures_test::task::{new_count_waker, noop_waker, panic_waker};
use zokio::sync::{Mutex, Notify, Semaphore, SemaphorePermit, broadcast, mpsc, oneshot, watch};

/// A hand-written waker that borrows that of a task, of which its clones are: a scheduler may poll
/// with such a one to count references only when something waits.
struct Borrowing {
    task: RefCell<Waker>,
}

impl Borrowing {
    const VTABLE: RawWakerVTable =
        RawWakerVTable::new(Self::clone, Self::wake, Self::wake, Self::drop);

    /// The waker of `task`, at the same address as the one of the task before.
    fn waker(&self, task: &Waker) -> ManuallyDrop<Waker> {
        self.task.replace(task.clone());
        let raw = RawWaker::new(std::ptr::from_ref(self).cast(), &Self::VTABLE);
        // SAFETY: the functions of the table fit the data, which outlives this test's wakers: their
        // clones have none of it.
        ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
    }

    unsafe fn task(data: *const ()) -> Waker {
        // SAFETY: `waker` made the data from a reference that is still there.
        unsafe { &*data.cast::<Self>() }.task.borrow().clone()
    }

    unsafe fn clone(data: *const ()) -> RawWaker {
        // SAFETY: the caller has it from a waker of this table.
        let clone = ManuallyDrop::new(unsafe { Self::task(data) });
        RawWaker::new(clone.data(), clone.vtable())
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: the caller has it from a waker of this table.
        unsafe { Self::task(data) }.wake();
    }

    unsafe fn drop(_: *const ()) {}
}

/// Polls `future` in one task, moves it to another whose waker has the same address, has it woken,
/// and looks who was.
#[track_caller]
fn moves_to_another_task(future: impl Future, event: impl FnOnce()) {
    let borrowing = Borrowing {
        task: RefCell::new(noop_waker()),
    };
    let ((first, first_wakes), (second, second_wakes)) = (new_count_waker(), new_count_waker());
    let mut future = pin!(future);
    for task in [&first, &second] {
        let waker = borrowing.waker(task);
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
    }
    event();
    assert_eq!((first_wakes.get(), second_wakes.get()), (0, 1));
}

#[test]
fn a_waker_is_known_by_its_clone() {
    let semaphore = Semaphore::new(0);
    moves_to_another_task(semaphore.acquire(), || semaphore.add_permits(1));
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    moves_to_another_task(mutex.lock(), || drop(guard));
    let notify = Notify::new();
    moves_to_another_task(notify.notified(), || notify.notify_one());
    let notify = Notify::new();
    moves_to_another_task(notify.notified(), || notify.notify_waiters());
}

#[test]
fn a_waker_of_a_channel_is_known_by_its_clone() {
    let (tx, rx) = oneshot::channel();
    moves_to_another_task(rx, || tx.send(1).unwrap());
    let (tx, mut rx) = mpsc::channel(1);
    moves_to_another_task(rx.recv(), || tx.try_send(1).unwrap());
    moves_to_another_task(tx.send(2), || drop(rx));
    let (tx, mut rx) = broadcast::channel(1);
    moves_to_another_task(rx.recv(), || assert!(tx.send(1).is_ok()));
    let (tx, mut rx) = watch::channel(0);
    moves_to_another_task(rx.changed(), || tx.send(1).unwrap());
}

/// More than are woken in one batch.
const WAITERS: usize = 100;

/// Has the first of many waiters panic when `event` wakes them, and returns the futures to check.
#[track_caller]
fn first_of_many_panics<F: Future>(
    mut wait: impl FnMut() -> F,
    event: impl FnOnce(),
) -> Vec<F::Output> {
    let (bad, (good, wakes)) = (panic_waker(), new_count_waker());
    let mut futures: Vec<_> = (0..WAITERS).map(|_| Box::pin(wait())).collect();
    for (index, future) in futures.iter_mut().enumerate() {
        let waker = if index == 0 { &bad } else { &good };
        let poll = future.as_mut().poll(&mut Context::from_waker(waker));
        assert!(poll.is_pending());
    }
    event();
    assert_eq!(wakes.get(), WAITERS - 1);
    let mut cx = Context::from_waker(Waker::noop());
    let outputs = futures
        .iter_mut()
        .map(|future| match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("should be ready"),
        });
    outputs.collect()
}

#[test]
fn a_waker_that_panics_keeps_no_permit_from_the_others() {
    let semaphore = Semaphore::new(0);
    let release = || semaphore.add_permits(WAITERS + 1);
    drop(first_of_many_panics(|| semaphore.acquire(), release));
    assert_eq!(semaphore.available_permits(), WAITERS + 1);
    drop(
        semaphore
            .try_acquire_many(WAITERS as u32 + 1)
            .map(SemaphorePermit::forget),
    );
    let refused = first_of_many_panics(|| semaphore.acquire(), || semaphore.close());
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    let notify = Notify::new();
    first_of_many_panics(|| notify.notified(), || notify.notify_waiters());
    let (tx, rx) = broadcast::channel(1);
    let receive = || {
        let mut rx = rx.resubscribe();
        async move { rx.recv().await }
    };
    first_of_many_panics(receive, || drop(tx.send(1)));
    first_of_many_panics(|| tx.closed(), || drop(rx));
    let (tx, rx) = watch::channel(0);
    first_of_many_panics(|| tx.closed(), || drop(rx));
}

#[test]
fn a_sender_whose_waker_panics_keeps_nothing_from_the_end() {
    let (tx, rx) = mpsc::channel(1);
    let (value, (good, wakes)) = (Arc::new(()), new_count_waker());
    tx.try_send(value.clone()).unwrap();
    let mut sending = pin!(tx.send(value.clone()));
    let bad = panic_waker();
    let poll = sending.as_mut().poll(&mut Context::from_waker(&bad));
    assert!(poll.is_pending());
    let mut closed = pin!(tx.closed());
    let poll = closed.as_mut().poll(&mut Context::from_waker(&good));
    assert!(poll.is_pending());
    drop(rx);
    assert_eq!(wakes.get(), 1);
    // This one and the one that was not sent.
    assert_eq!(Arc::strong_count(&value), 2);
}

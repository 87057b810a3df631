//! Notify under loom: every interleaving of a few threads.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;

use crate::loom::cell::UnsafeCell;
use crate::loom::thread;
use crate::sync::Notify;

/// Something that is written before a notification and read after it.
struct Data(UnsafeCell<usize>);

// SAFETY: the tests check that the notifications order the accesses: loom complains if not.
unsafe impl Sync for Data {}

impl Data {
    fn write(&self) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|value| unsafe { *value = 1 });
    }

    fn read(&self) -> usize {
        // SAFETY: see `Sync`.
        self.0.with(|value| unsafe { *value })
    }
}

fn poll(future: Pin<&mut impl Future>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.poll(&mut cx).is_ready()
}

#[test]
fn loom_one_is_notified_and_sees_what_came_before() {
    loom::model(|| {
        let shared = Arc::new((Notify::new(), Data(UnsafeCell::new(0))));
        let other = shared.clone();
        let thread = thread::spawn(move || {
            block_on(other.0.notified());
            assert_eq!(other.1.read(), 1);
        });
        shared.1.write();
        shared.0.notify_one();
        thread.join().unwrap();
    });
}

#[test]
fn loom_all_are_notified_and_see_what_came_before() {
    loom::model(|| {
        let shared = Arc::new((Notify::new(), Data(UnsafeCell::new(0))));
        // Made before the notification, so it must reach them, polled or not.
        let futures = [(); 2].map(|()| SharedNotified::new(&shared));
        let threads = futures.map(|future| {
            thread::spawn(move || {
                let SharedNotified { shared, notified } = future;
                block_on(notified);
                assert_eq!(shared.1.read(), 1);
            })
        });
        shared.1.write();
        shared.0.notify_waiters();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

struct SharedNotified {
    notified: Pin<Box<dyn Future<Output = ()> + Send>>,
    shared: Arc<(Notify, Data)>,
}

impl SharedNotified {
    fn new(shared: &Arc<(Notify, Data)>) -> Self {
        let owner = shared.clone();
        // SAFETY: the field order drops the future before the owner of what it borrows.
        let notify: &'static Notify = unsafe { &*std::ptr::from_ref(&owner.0) };
        Self {
            notified: Box::pin(notify.notified()),
            shared: owner,
        }
    }
}

#[test]
fn loom_two_permits_for_two() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let threads = [(); 2].map(|()| {
            let notify = notify.clone();
            thread::spawn(move || {
                block_on(notify.notified());
                notify.notify_one();
            })
        });
        notify.notify_one();
        block_on(notify.notified());
        notify.notify_one();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn loom_a_dropped_future_passes_its_notification_on() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let other = notify.clone();
        let waiter = thread::spawn(move || block_on(other.notified()));
        let other = notify.clone();
        let notifier = thread::spawn(move || other.notify_one());
        let consumed = {
            let mut notified = pin!(notify.notified());
            poll(notified.as_mut())
        };
        if consumed {
            notify.notify_one();
        }
        notifier.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn loom_one_and_all_at_once() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut first = pin!(notify.notified());
        assert!(!first.as_mut().enable());
        let other = notify.clone();
        let one = thread::spawn(move || other.notify_one());
        let other = notify.clone();
        let all = thread::spawn(move || other.notify_waiters());
        assert!(
            poll(first.as_mut()) || {
                block_on(first.as_mut());
                true
            }
        );
        one.join().unwrap();
        all.join().unwrap();
        // The notification that came first took the waiter; the permit is stored if that was the
        // other.
        let left = poll(pin!(notify.notified()));
        assert!(!left || !poll(pin!(notify.notified())));
    });
}

#[test]
fn loom_one_all_and_a_future_that_leaves() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut stays = Box::pin(notify.clone().notified_owned());
        let mut leaves = Box::pin(notify.clone().notified_owned());
        assert!(!leaves.as_mut().enable());
        assert!(!stays.as_mut().enable());
        let other = notify.clone();
        let one = thread::spawn(move || other.notify_one());
        let leave = thread::spawn(move || drop(leaves));
        let waits = thread::spawn(move || block_on(stays));
        notify.notify_waiters();
        one.join().unwrap();
        leave.join().unwrap();
        waits.join().unwrap();
        let _ = poll(pin!(notify.notified()));
        assert!(!poll(pin!(notify.notified())));
    });
}

#[test]
fn loom_a_leaving_future_hands_its_notification_to_the_other() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut stays = Box::pin(notify.clone().notified_owned());
        let mut leaves = Box::pin(notify.clone().notified_owned());
        assert!(!leaves.as_mut().enable());
        assert!(!stays.as_mut().enable());
        let other = notify.clone();
        let one = thread::spawn(move || other.notify_one());
        let leave = thread::spawn(move || drop(leaves));
        block_on(stays);
        one.join().unwrap();
        leave.join().unwrap();
        assert!(!poll(pin!(notify.notified())));
    });
}

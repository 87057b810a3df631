//! Tasks that wait for the same event, in a list that needs no allocation.
//!
//! A [`Waiter`] is pinned where its task waits, links itself in with [`Waiter::register`] and
//! leaves when it is dropped. [`WaitQueue::wake_all`] wakes and unlinks all waiters that are in the
//! list at that time. The event is defined by the user: the check passed to `register` runs under
//! the queue's lock, so a thread that makes it true and then calls `wake_all` misses no waiter.
//!
//! Wakers are cloned, dropped and woken outside of the lock, since they may run any code.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::task::{Poll, Waker, ready};

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::AtomicBool;
use crate::loom::sync::atomic::Ordering::{Acquire, Release};
use crate::util::budget::poll_proceed;
use crate::util::list::{Linked, Links, List};
use crate::util::wake::drop_waker;
use crate::util::wake_list::{WakeList, wake_in_batches};

/// The list of waiters.
pub(crate) struct WaitQueue {
    inner: Mutex<Inner>,
}

struct Inner {
    /// In the order of their epochs.
    list: List<Node>,
    /// Counts the calls of `wake_all`: a waiter that registers during a call is not woken by it.
    epoch: usize,
}

struct Node {
    links: Links<Node>,
    /// Guarded by the lock while queued, empty otherwise.
    waker: UnsafeCell<Option<Waker>>,
    /// Guarded by the lock.
    epoch: Cell<usize>,
    /// Written under the lock. Clearing it is the last access by any thread but the waiter's.
    queued: AtomicBool,
}

// SAFETY: `waker` and `epoch` are touched under the lock of the queue only, and `Links` likewise.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

// SAFETY: `links` is the only such field and always the same.
unsafe impl Linked for Node {
    fn links(&self) -> &Links<Self> {
        &self.links
    }
}

/// A place in a [`WaitQueue`].
pub(crate) struct Waiter<'q> {
    queue: &'q WaitQueue,
    node: Node,
}

impl WaitQueue {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                list: List::new(),
                epoch: 0,
            }),
        }
    }

    pub(crate) fn waiter(&self) -> Waiter<'_> {
        Waiter {
            queue: self,
            node: Node {
                links: Links::new(),
                waker: UnsafeCell::new(None),
                epoch: Cell::new(0),
                queued: AtomicBool::new(false),
            },
        }
    }

    /// Waits until `done` holds; the code that makes it hold calls [`wake_all`](Self::wake_all).
    /// A poll that waits calls `waits`.
    pub(crate) async fn wait_until(&self, done: impl Fn() -> bool, waits: impl Fn()) {
        let waiter = pin!(self.waiter());
        poll_fn(|cx| {
            let coop = ready!(poll_proceed(cx));
            if !done() && waiter.as_ref().register(cx.waker(), || !done()) {
                waits();
                return Poll::Pending;
            }
            coop.made_progress();
            Poll::Ready(())
        })
        .await;
    }

    /// Wakes and unlinks all waiters that are registered now.
    pub(crate) fn wake_all(&self) {
        let mut inner = self.inner.lock();
        if inner.list.is_empty() {
            return;
        }
        let before = inner.epoch.wrapping_add(1);
        inner.epoch = before;
        let mut locked = Some(inner);
        wake_in_batches(|wakers| {
            let mut inner = locked.take().unwrap_or_else(|| self.inner.lock());
            inner.unlink_before(before, wakers)
        });
    }
}

impl Inner {
    /// Unlinks nodes of epochs before `epoch` and collects their wakers, until the batch is full.
    fn unlink_before(&mut self, epoch: usize, wakers: &mut WakeList) -> bool {
        while let Some(node) = self.list.front() {
            // SAFETY: a node in the list is alive: its waiter unlinks it before it goes away,
            // which takes the lock that is held here.
            let age = epoch.wrapping_sub(unsafe { node.as_ref() }.epoch.get());
            if (age as isize) <= 0 {
                return false;
            }
            if wakers.is_full() {
                return true;
            }
            self.list.pop_front();
            // SAFETY: it was in the list until now, so it is alive and queued; the lock is held.
            if let Some(waker) = unsafe { leave(node) } {
                wakers.push(waker);
            }
        }
        false
    }
}

/// Ends the wait of a node that was just unlinked.
///
/// Takes an address and not a reference: as soon as `queued` is cleared the waiter may go away, and
/// an argument that is a reference is promised to live as long as the call.
///
/// # Safety
/// `node` is alive and `queued`, and the lock is held.
unsafe fn leave(node: NonNull<Node>) -> Option<Waker> {
    // SAFETY: by contract.
    let node = unsafe { node.as_ref() };
    // SAFETY: the lock is held and `queued` is still set.
    let waker = node.waker.with_mut(|slot| unsafe { (*slot).take() });
    node.queued.store(false, Release);
    waker
}

impl Waiter<'_> {
    /// Joins the queue with a clone of `waker`, or replaces the waker if it is in the queue
    /// already, provided that `still_wanted` holds under the lock. Returns whether `still_wanted`
    /// held.
    pub(crate) fn register(
        self: Pin<&Self>,
        waker: &Waker,
        still_wanted: impl FnOnce() -> bool,
    ) -> bool {
        let node = &self.node;
        let waker = waker.clone();
        let mut inner = self.queue.inner.lock();
        if !still_wanted() {
            drop(inner);
            drop_waker(waker);
            return false;
        }
        // SAFETY: the lock is held.
        let former = node
            .waker
            .with_mut(|slot| unsafe { (*slot).replace(waker) });
        if former.is_none() {
            node.epoch.set(inner.epoch);
            node.queued.store(true, Release);
            // SAFETY: it is in no list (`waker` was empty), pinned, and `drop` unlinks it.
            unsafe { inner.list.push_back(NonNull::from(node)) };
        }
        drop(inner);
        drop_waker(former);
        true
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if !self.node.queued.load(Acquire) {
            return;
        }
        let node = NonNull::from(&self.node);
        let mut inner = self.queue.inner.lock();
        // SAFETY: it is in this list or, if it was woken just now, in none.
        let waker = match unsafe { inner.list.remove(node) } {
            // SAFETY: it was in the list, so it is queued; it is this waiter's, and the lock is
            // held.
            true => unsafe { leave(node) },
            false => None,
        };
        drop(inner);
        drop_waker(waker);
    }
}

impl fmt::Debug for WaitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitQueue")
    }
}

#[cfg(test)]
mod tests {
    use super::{WaitQueue, Waiter};
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, LazyLock, Mutex};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn wakes_each_once_and_forgets_the_dropped() {
        let queue = WaitQueue::new();
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        // More than one batch.
        let waiters: Vec<_> = (0..100).map(|_| Box::pin(queue.waiter())).collect();
        for waiter in &waiters {
            assert!(waiter.as_ref().register(&waker, || true));
        }
        {
            let dropped = pin!(queue.waiter());
            assert!(dropped.as_ref().register(&waker, || true));
        }
        queue.wake_all();
        queue.wake_all();
        assert_eq!(count.0.load(Ordering::Relaxed), 100);
        drop(waiters);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    #[test]
    fn replaces_and_refuses() {
        let queue = WaitQueue::new();
        let (one, two) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let waiter = pin!(queue.waiter());
        let (first, second) = (Waker::from(one.clone()), Waker::from(two.clone()));
        assert!(waiter.as_ref().register(&first, || true));
        assert!(!waiter.as_ref().register(&second, || false));
        assert_eq!(Arc::strong_count(&two), 2);
        assert!(waiter.as_ref().register(&second, || true));
        drop(first);
        assert_eq!(Arc::strong_count(&one), 1);
        queue.wake_all();
        assert_eq!(one.0.load(Ordering::Relaxed), 0);
        assert_eq!(two.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_joins_during_a_wake_waits_for_the_next() {
        static QUEUE: LazyLock<WaitQueue> = LazyLock::new(WaitQueue::new);
        #[derive(Default)]
        struct Rejoin {
            woken: AtomicUsize,
            /// Kept, so that they stay in the queue.
            waiters: Mutex<Vec<Pin<Box<Waiter<'static>>>>>,
        }
        impl Wake for Rejoin {
            fn wake(self: Arc<Self>) {
                self.woken.fetch_add(1, Ordering::Relaxed);
                let waiter = Box::pin(QUEUE.waiter());
                let waker = Waker::from(self.clone());
                assert!(waiter.as_ref().register(&waker, || true));
                self.waiters.lock().unwrap().push(waiter);
            }
        }
        let rejoin = Arc::new(Rejoin::default());
        for _ in 0..64 {
            Waker::from(rejoin.clone()).wake();
        }
        QUEUE.wake_all();
        assert_eq!(rejoin.woken.load(Ordering::Relaxed), 128);
        // The half that is still in the queue has wakers, which own `rejoin`.
        let waiters = std::mem::take(&mut *rejoin.waiters.lock().unwrap());
        drop(waiters);
        assert_eq!(Arc::strong_count(&rejoin), 1);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::WaitQueue;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::AtomicUsize;
    use crate::loom::sync::atomic::Ordering::{Acquire, Release};
    use crate::loom::thread;
    use std::pin::pin;
    use std::task::Waker;

    #[test]
    fn loom_no_wake_up_is_lost() {
        loom::model(|| {
            let shared = Arc::new((WaitQueue::new(), AtomicUsize::new(0)));
            let other = shared.clone();
            let thread = thread::spawn(move || {
                other.1.store(1, Release);
                other.0.wake_all();
            });
            loom::future::block_on(shared.0.wait_until(|| shared.1.load(Acquire) == 1, || ()));
            thread.join().unwrap();
        });
    }

    #[test]
    fn loom_drop_while_waking() {
        loom::model(|| {
            let shared = Arc::new(WaitQueue::new());
            let other = shared.clone();
            let thread = thread::spawn(move || other.wake_all());
            {
                let waiter = pin!(shared.waiter());
                assert!(waiter.as_ref().register(Waker::noop(), || true));
            }
            thread.join().unwrap();
        });
    }
}

//! What the handles of a channel share: the ring, the tail, and who waits.
#![forbid(unsafe_code)]

use std::pin::Pin;
use std::task::Waker;

use super::error::TryRecvError;
use super::ring::{Ring, Seen};
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::AtomicUsize;
use crate::util::wait_queue::{WaitQueue, Waiter};

/// More receivers than this are a mistake: their handles would not fit into memory.
const MAX_RECEIVERS: usize = usize::MAX >> 2;

pub(super) struct Shared<T> {
    ring: Ring<T>,
    tail: Mutex<Tail>,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    /// Receivers that wait for a value.
    pub(super) values: WaitQueue,
    /// Senders that wait for there to be no receiver.
    pub(super) no_receivers: WaitQueue,
}

struct Tail {
    /// The number of the next value.
    next: u64,
    receivers: usize,
    /// All senders are gone.
    closed: bool,
    /// There may be somebody in `values`. Set before joining it, under this lock.
    waiting: bool,
}

/// Where a receiver wants to wait if there is nothing, and with what.
pub(super) struct Wait<'a, 'q> {
    pub(super) waiter: Pin<&'a Waiter<'q>>,
    pub(super) waker: &'a Waker,
}

impl<T> Shared<T> {
    /// With one sender.
    #[track_caller]
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        Self {
            ring: Ring::new(capacity),
            tail: Mutex::new(Tail {
                next: 0,
                receivers,
                closed: false,
                waiting: false,
            }),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            values: WaitQueue::new(),
            no_receivers: WaitQueue::new(),
        }
    }

    /// Stores a value and gives the number of receivers; gives it back if there is none.
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let mut tail = self.tail.lock();
        if tail.receivers == 0 {
            return Err(value);
        }
        let overwritten = self.ring.put(tail.next, value, tail.receivers);
        tail.next += 1;
        let receivers = tail.receivers;
        let waiting = std::mem::take(&mut tail.waiting);
        drop(tail);
        if waiting {
            self.values.wake_all();
        }
        drop(overwritten);
        Ok(receivers)
    }

    /// Tells the receivers that the last sender is gone.
    pub(super) fn close(&self) {
        self.tail.lock().closed = true;
        self.values.wake_all();
    }

    /// Counts a new receiver and gives the number of the first value it sees.
    #[track_caller]
    pub(super) fn add_receiver(&self) -> u64 {
        let mut tail = self.tail.lock();
        assert!(
            tail.receivers < MAX_RECEIVERS,
            "a broadcast channel may not have more than {MAX_RECEIVERS} receivers"
        );
        tail.receivers += 1;
        tail.next
    }

    /// Forgets a receiver that has yet to see value `next`.
    pub(super) fn remove_receiver(&self, next: u64) {
        /// Goes on when dropping a value panics.
        struct Unseen<'a, T> {
            shared: &'a Shared<T>,
            next: u64,
            end: u64,
            was_last: bool,
        }
        impl<T> Unseen<'_, T> {
            fn run(&mut self) {
                while self.next < self.end {
                    let number = self.next;
                    self.next += 1;
                    drop(self.shared.ring.see(number));
                }
                if std::mem::take(&mut self.was_last) {
                    self.shared.no_receivers.wake_all();
                }
            }
        }
        impl<T> Drop for Unseen<'_, T> {
            fn drop(&mut self) {
                self.run();
            }
        }

        let mut tail = self.tail.lock();
        tail.receivers -= 1;
        let was_last = tail.receivers == 0;
        let end = tail.next;
        drop(tail);
        let oldest = end.saturating_sub(self.ring.length());
        Unseen {
            shared: self,
            next: next.max(oldest),
            end,
            was_last,
        }
        .run();
    }

    /// The value of number `next`, which counts up; or, if it is not there, the reason, after
    /// joining those who wait if it is that nothing was sent.
    #[inline]
    pub(super) fn see_next(
        &self,
        next: &mut u64,
        wait: Option<Wait<'_, '_>>,
    ) -> Result<Seen<'_, T>, TryRecvError> {
        if let Some(seen) = self.ring.see(*next) {
            *next += 1;
            return Ok(seen);
        }
        self.see_next_slow(next, wait)
    }

    fn see_next_slow(
        &self,
        next: &mut u64,
        wait: Option<Wait<'_, '_>>,
    ) -> Result<Seen<'_, T>, TryRecvError> {
        // Cloned before the lock is taken, and the former one dropped after it: they may run any
        // code.
        let mut wait = wait.map(|wait| (wait.waiter, wait.waker.clone()));
        let mut former = None;
        let mut tail = self.tail.lock();
        let result = if *next == tail.next {
            if tail.closed {
                Err(TryRecvError::Closed)
            } else {
                if let Some((waiter, waker)) = wait.take() {
                    tail.waiting = true;
                    former = waiter.register(waker, || true).unwrap_or(None);
                }
                Err(TryRecvError::Empty)
            }
        } else if let Some(seen) = self.ring.see(*next) {
            // It was sent between the first look and the lock.
            *next += 1;
            Ok(seen)
        } else {
            let oldest = tail.next - self.ring.length();
            let missed = oldest - *next;
            *next = oldest;
            Err(TryRecvError::Lagged(missed))
        };
        drop(tail);
        drop((wait, former));
        result
    }

    /// How many values there are that not every receiver has seen.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.lock();
        // Who has not seen a value has not seen the ones behind it either: the unseen values are
        // the last ones.
        let mut seen = tail.next.saturating_sub(self.ring.length());
        let mut end = tail.next;
        while seen < end {
            let middle = seen + (end - seen) / 2;
            if self.ring.is_unseen(middle) {
                end = middle;
            } else {
                seen = middle + 1;
            }
        }
        (tail.next - seen) as usize
    }

    /// How many values were sent from number `next` on.
    pub(super) fn sent_since(&self, next: u64) -> u64 {
        self.tail.lock().next - next
    }

    pub(super) fn receivers(&self) -> usize {
        self.tail.lock().receivers
    }

    pub(super) fn is_closed(&self) -> bool {
        self.tail.lock().closed
    }
}

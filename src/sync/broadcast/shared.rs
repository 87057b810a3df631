//! What the handles of a channel share: the ring, its tail, and the queues of waiters.
#![forbid(unsafe_code)]

use std::pin::Pin;
use std::task::Waker;

use super::cell::Seen;
use super::error::TryRecvError;
use super::ring::Ring;
use super::tail::Tail;
use crate::loom::sync::atomic::AtomicUsize;
use crate::trace::{Resource, ResourceType};
use crate::util::wait_queue::{WaitQueue, Waiter};

pub(super) struct BroadcastShared<T> {
    ring: Ring<T>,
    tail: Tail,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    /// Receivers that wait for a value.
    pub(super) values: WaitQueue,
    /// Senders that wait until there is no receiver.
    pub(super) no_receivers: WaitQueue,
    pub(super) resource: Resource,
}

/// The queue that a receiver joins if there is no value, and its waiter.
#[derive(Clone, Copy)]
pub(super) struct Wait<'a, 'q> {
    pub(super) waiter: Pin<&'a Waiter<'q>>,
    pub(super) waker: &'a Waker,
}

impl<T> BroadcastShared<T> {
    /// Creates the shared state of a channel with one sender.
    #[track_caller]
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        Self {
            ring: Ring::new(capacity),
            tail: Tail::new(receivers),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            values: WaitQueue::new(),
            no_receivers: WaitQueue::new(),
            resource: Resource::new(ResourceType::Broadcast),
        }
    }

    /// Stores a value and returns the number of receivers; returns the value if there is none.
    #[inline]
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let tail = self.tail.lock();
        let receivers = tail.receivers();
        if receivers == 0 {
            return Err(value);
        }
        let overwritten = self.ring.put(tail.next, value, receivers);
        if tail.sent() {
            self.values.wake_all();
        }
        drop(overwritten);
        Ok(receivers)
    }

    /// Tells the receivers that the last sender is gone.
    pub(super) fn close(&self) {
        self.tail.close();
        self.values.wake_all();
    }

    /// Counts a new receiver and returns the number of the first value it sees.
    #[track_caller]
    pub(super) fn add_receiver(&self) -> u64 {
        let tail = self.tail.lock();
        tail.add_receiver();
        tail.next
    }

    /// Forgets a receiver that has yet to see value `next`.
    pub(super) fn remove_receiver(&self, next: u64) {
        /// Continues when dropping a value panics.
        struct Unseen<'a, T> {
            shared: &'a BroadcastShared<T>,
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

        let tail = self.tail.lock();
        let was_last = tail.remove_receiver() == 0;
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

    /// Returns value `next` and counts `next` up; or, if the value is not there, returns the
    /// reason, after joining the waiters if nothing was sent.
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

    #[cold]
    fn see_next_slow(
        &self,
        next: &mut u64,
        wait: Option<Wait<'_, '_>>,
    ) -> Result<Seen<'_, T>, TryRecvError> {
        loop {
            let (sent, closed) = self.tail.next();
            if *next == sent {
                if closed {
                    return Err(TryRecvError::Closed);
                }
                let Some(wait) = wait else {
                    return Err(TryRecvError::Empty);
                };
                let still_wanted = || self.tail.announce(*next);
                if wait.waiter.register(wait.waker, still_wanted) {
                    return Err(TryRecvError::Empty);
                }
                // A value came just now, or the end.
                continue;
            }
            // The lock keeps senders from overwriting more.
            let tail = self.tail.lock();
            if let Some(seen) = self.ring.see(*next) {
                *next += 1;
                return Ok(seen);
            }
            if *next < tail.next {
                let oldest = tail.next - self.ring.length();
                let missed = oldest - *next;
                *next = oldest;
                return Err(TryRecvError::Lagged(missed));
            }
            // The last value this receiver saw was not counted yet when it looked at the tail.
        }
    }

    /// Returns the number of values that not every receiver has seen.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.lock();
        // A receiver that has not seen a value has not seen the ones behind it either: the unseen
        // values are the last ones.
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

    /// Returns the number of values sent from number `next` on.
    pub(super) fn sent_since(&self, next: u64) -> u64 {
        // A receiver may have seen a value that its sender is just about to count.
        self.tail.next().0.saturating_sub(next)
    }

    pub(super) fn receivers(&self) -> usize {
        self.tail.receivers()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.tail.next().1
    }
}

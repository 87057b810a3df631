//! What the handles of a channel share: the value, its state, the counts, and the queues of
//! waiters.
#![forbid(unsafe_code)]

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::SHARDS;
use super::state::{Version, Waiting, WatchState};
use crate::loom::sync::RwLock;
use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::Relaxed;
use crate::record::{self, Wait};
use crate::trace::{Resource, ResourceType};
use crate::util::wait_queue::{WaitQueue, Waiter};

pub(super) struct WatchShared<T> {
    /// The version changes only under the write lock, so it does not while the value is borrowed.
    pub(super) value: RwLock<T>,
    pub(super) state: WatchState,
    pub(super) senders: AtomicUsize,
    pub(super) receivers: AtomicUsize,
    /// Receivers that wait for a change, spread so that they do not all meet at one lock.
    changed: [WaitQueue; SHARDS],
    /// The queue of the next receiver.
    next_shard: AtomicUsize,
    /// Senders that wait until there is no receiver.
    pub(super) no_receivers: WaitQueue,
    pub(super) resource: Resource,
}

impl<T> WatchShared<T> {
    /// Creates the shared state of a channel with one sender.
    #[track_caller]
    pub(super) fn new(value: T, receivers: usize) -> Self {
        Self {
            value: RwLock::new(value),
            state: WatchState::new(),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(receivers),
            changed: std::array::from_fn(|_| WaitQueue::new()),
            next_shard: AtomicUsize::new(0),
            no_receivers: WaitQueue::new(),
            resource: Resource::new(ResourceType::Watch),
        }
    }

    /// Returns the number of the queue that a new receiver waits in.
    pub(super) fn choose_shard(&self) -> usize {
        self.next_shard.fetch_add(1, Relaxed) % SHARDS
    }

    /// Returns a waiter for changes.
    pub(super) fn waiter(&self, shard: usize) -> Waiter<'_> {
        self.changed[shard].waiter()
    }

    /// Returns `Ok` when the value has another version than `seen`, which becomes that one; `Err`
    /// when it has not and never will.
    pub(super) fn poll_changed(
        &self,
        seen: &mut Version,
        shard: usize,
        waiter: Pin<&Waiter<'_>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ()>> {
        loop {
            let snapshot = self.state.load();
            if snapshot.version() != *seen {
                *seen = snapshot.version();
                return Poll::Ready(Ok(()));
            }
            if snapshot.is_closed() {
                return Poll::Ready(Err(()));
            }
            let still_wanted = || self.state.announce(shard, *seen);
            if waiter.register(cx.waker(), still_wanted) {
                record::waits(Wait::WatchChanged, || record::address(&self.state));
                return Poll::Pending;
            }
        }
    }

    /// Wakes the receivers in the queues that a change of the state has taken.
    #[inline]
    pub(super) fn wake(&self, waiting: Waiting) {
        if !waiting.is_none() {
            for shard in waiting.shards() {
                self.changed[shard].wake_all();
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for WatchShared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchShared")
            .field("value", &self.value)
            .field("state", &self.state)
            .field("senders", &self.senders)
            .field("receivers", &self.receivers)
            .finish_non_exhaustive()
    }
}

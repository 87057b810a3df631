//! The queue as two kinds of handles: [`SharedQueue`] for the senders, and the one [`Consumer`].
//!
//! A channel keeps more than values for all its handles to share; that is the `control` of
//! [`SharedQueue`], in the same allocation.

use super::list::Queue;
use crate::loom::sync::Arc;

/// A queue, and what its channel keeps besides it.
pub(in super::super) struct SharedQueue<T, C> {
    queue: Queue<T>,
    pub(in super::super) control: C,
}

/// The receiving end of a queue. There is one.
pub(in super::super) struct Consumer<T, C> {
    shared: Arc<SharedQueue<T, C>>,
}

/// Creates a queue.
pub(in super::super) fn pair<T, C>(control: C) -> (Arc<SharedQueue<T, C>>, Consumer<T, C>) {
    let shared = Arc::new(SharedQueue {
        queue: Queue::new(),
        control,
    });
    (shared.clone(), Consumer { shared })
}

impl<T, C> SharedQueue<T, C> {
    /// Appends a value. Returns `true` if the receiver may be waiting for just this one.
    #[inline]
    pub(in super::super) fn push(&self, value: T) -> bool {
        self.queue.push(value)
    }

    /// Appends a value unless the receiver has closed the queue.
    #[inline]
    pub(in super::super) fn push_if_open(&self, value: T) -> Result<bool, T> {
        self.queue.push_if_open(value)
    }

    /// Returns `true` if [`Consumer::close_queue`] was called.
    pub(in super::super) fn is_queue_closed(&self) -> bool {
        self.queue.is_rx_closed()
    }

    /// Marks that nothing is being pushed, nor will be.
    pub(in super::super) fn mark_senders_gone(&self) {
        self.queue.close_tx();
    }

    /// Returns `true` if [`mark_senders_gone`](Self::mark_senders_gone) was called. Then every
    /// value that was pushed can be popped.
    pub(in super::super) fn are_senders_gone(&self) -> bool {
        self.queue.is_tx_closed()
    }
}

impl<T, C> Consumer<T, C> {
    #[inline]
    pub(in super::super) fn shared(&self) -> &SharedQueue<T, C> {
        &self.shared
    }

    /// Takes the next value if it is filled in.
    #[inline]
    pub(in super::super) fn pop(&mut self) -> Option<T> {
        // SAFETY: `pair` makes one consumer, and this is its exclusive borrow.
        unsafe { self.shared.queue.pop() }
    }

    /// Like [`pop`](Self::pop), but if there is nothing, the sender that fills in the next value
    /// sees all that this thread did before, in particular the waker it has registered.
    pub(in super::super) fn pop_after_register(&mut self) -> Option<T> {
        // SAFETY: as above.
        unsafe { self.shared.queue.pop_after_register() }
    }

    /// Returns the number of values pushed and not popped, counting those that are being filled in.
    pub(in super::super) fn len(&self) -> usize {
        // SAFETY: a borrow of the one consumer, and its mutable methods borrow exclusively.
        unsafe { self.shared.queue.len() }
    }

    /// Makes [`SharedQueue::push_if_open`] refuse values from now on.
    pub(in super::super) fn close_queue(&mut self) {
        // SAFETY: as for `pop`.
        unsafe { self.shared.queue.close_rx() };
    }
}

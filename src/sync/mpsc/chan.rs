//! A channel: the queue, the capacity, the receiver's waker and the counts of handles.
//!
//! [`Chan`] is shared by all handles; [`Tx`], [`WeakTx`] and [`Rx`] are the three kinds of
//! handles, of which `Rx` exists once. The public types wrap them. `BOUNDED` channels hand out
//! permits from a semaphore, and a value in the queue keeps its permit until it is received;
//! unbounded ones leave the semaphore alone and close by a flag in the queue.
//!
//! # When the receiver is done
//! Either all senders are gone and the queue is empty, or the receiver has closed the channel and
//! nothing more can come: all permits are back (bounded), or the position of the closing is reached
//! (unbounded).
//!
//! # Waking the receiver
//! A pending receiver has registered its waker and then looked again. Its wait ends with the next
//! value, whose sender meets that second look in the block's ready word, or with the last sender
//! being dropped or a permit coming back to a closed channel, both of which meet the registration
//! in the waker cell itself.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, Waker, ready};

use super::error::TryRecvError;
use super::queue::{Consumer, SharedQueue, pair};
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::record::{self, Wait};
use crate::sync::semaphore::RawSemaphore;
use crate::trace::{Operation, Resource, ResourceType, Update};
use crate::util::apart::Apart;
use crate::util::atomic_waker::AtomicWaker;
use crate::util::budget::poll_proceed;
use crate::util::park;
use crate::util::wait_queue::WaitQueue;
use crate::util::wake;

/// What all handles of a channel share.
pub(super) type Chan<T, const BOUNDED: bool> = SharedQueue<T, Control<BOUNDED>>;

/// What a channel has besides its values.
pub(super) struct Control<const BOUNDED: bool> {
    hot: Apart<Hot>,
    capacity: usize,
    /// Wakes the tasks that wait for the receiver to close.
    closed: WaitQueue,
    senders: AtomicUsize,
    weak_senders: AtomicUsize,
}

/// What both sides use for every value.
struct Hot {
    /// Free capacity, if `BOUNDED`.
    permits: RawSemaphore,
    rx_waker: AtomicWaker,
}

// The control parts and the queue stay whole when a waker or the drop of a value panics.
impl<T, const BOUNDED: bool> UnwindSafe for Chan<T, BOUNDED> {}
impl<T, const BOUNDED: bool> RefUnwindSafe for Chan<T, BOUNDED> {}

/// Creates a channel; `capacity` matters only if `BOUNDED`.
#[track_caller]
pub(super) fn channel<T, const BOUNDED: bool>(capacity: usize) -> (Tx<T, BOUNDED>, Rx<T, BOUNDED>) {
    let (chan, consumer) = pair(Control {
        hot: Apart::new(Hot {
            permits: RawSemaphore::new_in(ResourceType::Mpsc, capacity),
            rx_waker: AtomicWaker::new(),
        }),
        capacity,
        closed: WaitQueue::new(),
        senders: AtomicUsize::new(1),
        weak_senders: AtomicUsize::new(0),
    });
    (Tx { chan }, Rx { consumer })
}

impl<T, const BOUNDED: bool> Chan<T, BOUNDED> {
    pub(super) fn capacity(&self) -> usize {
        self.control.capacity
    }

    pub(super) fn permits(&self) -> &RawSemaphore {
        &self.control.hot.permits
    }

    fn resource(&self) -> &Resource {
        self.control.hot.permits.trace().owner()
    }

    pub(super) fn strong_count(&self) -> usize {
        self.control.senders.load(Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        self.control.weak_senders.load(Relaxed)
    }

    /// Returns `true` if the receiver has closed the channel.
    pub(super) fn is_rx_closed(&self) -> bool {
        if BOUNDED {
            self.control.hot.permits.is_closed()
        } else {
            self.is_queue_closed()
        }
    }

    /// Sends a value for which a permit is held; the value takes that permit over.
    #[inline]
    pub(super) fn send_permitted(&self, value: T) {
        debug_assert!(BOUNDED);
        let first = self.push(value);
        self.wake_rx_for(first);
    }

    /// Sends a value into an unbounded channel, unless it is closed.
    #[inline]
    pub(super) fn send_unbounded(&self, value: T) -> Result<(), T> {
        debug_assert!(!BOUNDED);
        let first = self.push_if_open(value)?;
        self.wake_rx_for(first);
        Ok(())
    }

    /// Wakes the receiver if a value was filled in that it may be waiting for.
    #[inline]
    fn wake_rx_for(&self, first: bool) {
        // A receiver that waits for this value has registered before it looked at the slot, and a
        // sender that fills the slot after that look has acquired the registration.
        if first && self.control.hot.rx_waker.is_registered() {
            self.control.hot.rx_waker.wake();
        }
    }

    /// Releases permits that were not used to send.
    pub(super) fn release_unused(&self, permits: usize) {
        self.control.hot.permits.release(permits);
        self.wake_rx_if_drained();
    }

    /// Wakes the receiver if the permits that came back were the last ones it waits for.
    pub(super) fn wake_rx_if_drained(&self) {
        if self.control.hot.permits.is_closed() && self.all_permits_back() {
            self.control.hot.rx_waker.wake();
        }
    }

    fn all_permits_back(&self) -> bool {
        self.control.hot.permits.available_permits() == self.control.capacity
    }
}

/// A handle that keeps the channel open.
pub(super) struct Tx<T, const BOUNDED: bool> {
    chan: Arc<Chan<T, BOUNDED>>,
}

impl<T, const BOUNDED: bool> Tx<T, BOUNDED> {
    #[inline]
    pub(super) fn chan(&self) -> &Chan<T, BOUNDED> {
        &self.chan
    }

    pub(super) fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }

    pub(super) fn downgrade(&self) -> WeakTx<T, BOUNDED> {
        WeakTx::new(self.chan.clone())
    }

    /// Waits until the receiver is dropped or closed.
    pub(super) async fn closed(&self) {
        let op = self.chan.resource().begin("Sender::closed", "poll_closed");
        let closed = &self.chan.control.closed;
        let waits = || record::waits(Wait::MpscClosed, || record::address(self.chan.permits()));
        op.around(closed.wait_until(|| self.chan.is_rx_closed(), waits))
            .await;
    }
}

impl<T, const BOUNDED: bool> Clone for Tx<T, BOUNDED> {
    fn clone(&self) -> Self {
        // Relaxed: this handle keeps the count above zero.
        self.chan.control.senders.fetch_add(1, Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T, const BOUNDED: bool> Drop for Tx<T, BOUNDED> {
    fn drop(&mut self) {
        if self.chan.control.senders.fetch_sub(1, AcqRel) == 1 {
            self.chan.mark_senders_gone();
            self.chan.control.hot.rx_waker.wake();
        }
    }
}

/// A handle that does not keep the channel open.
pub(super) struct WeakTx<T, const BOUNDED: bool> {
    chan: Arc<Chan<T, BOUNDED>>,
}

impl<T, const BOUNDED: bool> WeakTx<T, BOUNDED> {
    fn new(chan: Arc<Chan<T, BOUNDED>>) -> Self {
        chan.control.weak_senders.fetch_add(1, Relaxed);
        Self { chan }
    }

    pub(super) fn chan(&self) -> &Chan<T, BOUNDED> {
        &self.chan
    }

    /// The public handle around this one is being dropped.
    pub(super) fn dropped(&self) {
        self.chan.control.weak_senders.fetch_sub(1, Relaxed);
    }

    /// Returns a strong handle, unless the last one is gone.
    pub(super) fn upgrade(&self) -> Option<Tx<T, BOUNDED>> {
        let mut count = self.chan.control.senders.load(Relaxed);
        while count != 0 {
            match self.chan.control.senders.compare_exchange_weak(
                count,
                count + 1,
                Acquire,
                Relaxed,
            ) {
                Ok(_) => {
                    return Some(Tx {
                        chan: self.chan.clone(),
                    });
                }
                Err(now) => count = now,
            }
        }
        None
    }
}

impl<T, const BOUNDED: bool> Clone for WeakTx<T, BOUNDED> {
    fn clone(&self) -> Self {
        Self::new(self.chan.clone())
    }
}

/// The one receiving handle.
pub(super) struct Rx<T, const BOUNDED: bool> {
    consumer: Consumer<T, Control<BOUNDED>>,
}

impl<T, const BOUNDED: bool> Rx<T, BOUNDED> {
    pub(super) fn chan(&self) -> &Chan<T, BOUNDED> {
        self.consumer.shared()
    }

    fn control(&self) -> &Control<BOUNDED> {
        &self.chan().control
    }

    /// Returns the number of values that were sent and not received.
    pub(super) fn len(&self) -> usize {
        self.consumer.len()
    }

    /// Returns whether no value sent from now on can be received.
    pub(super) fn is_closed(&self) -> bool {
        self.chan().is_rx_closed() || self.chan().are_senders_gone()
    }

    /// Refuses values from now on.
    pub(super) fn close(&mut self) {
        /// Continues when the waker of a sender that waits for room panics.
        struct WakeClosed<'a>(&'a WaitQueue);
        impl Drop for WakeClosed<'_> {
            fn drop(&mut self) {
                self.0.wake_all();
            }
        }

        if !BOUNDED {
            self.consumer.close_queue();
        }
        let _wake = WakeClosed(&self.control().closed);
        if BOUNDED {
            self.control().hot.permits.close();
        }
    }

    /// Begins a receive in the method `source`.
    #[inline]
    pub(super) fn begin(&self, source: &'static str) -> Operation {
        self.chan().resource().begin(source, "poll_recv")
    }

    #[inline]
    fn report_queue(&self) {
        let resource = self.chan().resource();
        if resource.is_seen() {
            resource.update(Update::Queued(self.len()));
        }
    }

    /// Registers `waker` and looks again; see "Waking the receiver".
    fn pop_or_register(&mut self, waker: &Waker) -> Option<T> {
        self.control().hot.rx_waker.register(waker);
        self.consumer.pop_after_register()
    }

    /// Releases the permits of received values.
    #[inline]
    fn received(&self, values: usize) {
        if BOUNDED {
            self.control().hot.permits.release(values);
        }
    }

    /// Returns whether the receiver has closed the channel and no value is on its way.
    fn is_drained(&self) -> bool {
        if BOUNDED {
            self.chan().is_rx_closed() && self.chan().all_permits_back()
        } else {
            self.chan().is_rx_closed() && self.len() == 0
        }
    }

    /// Called after nothing was found: returns a value that came just now, the end, or `Pending`.
    fn end(&mut self) -> Poll<Option<T>> {
        if self.chan().are_senders_gone() {
            // Now every value that was sent is visible.
            return Poll::Ready(self.consumer.pop());
        }
        if self.is_drained() {
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    #[inline]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.report_queue();
        let coop = ready!(poll_proceed(cx));
        let value = match self.consumer.pop() {
            Some(value) => Some(value),
            None => ready!(self.poll_recv_slow(cx)),
        };
        if value.is_some() {
            self.received(1);
        }
        coop.made_progress();
        Poll::Ready(value)
    }

    /// Takes a value after the first look has found none. Does not release the permit.
    fn poll_recv_slow(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let polled = match self.pop_or_register(cx.waker()) {
            Some(value) => return Poll::Ready(Some(value)),
            None => self.end(),
        };
        if polled.is_pending() {
            record::waits(Wait::MpscRecv, || record::address(self.chan().permits()));
        }
        polled
    }

    pub(super) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        self.report_queue();
        let coop = ready!(poll_proceed(cx));
        let mut count = self.pop_many(buffer, limit);
        if count == 0 {
            if let Some(value) = ready!(self.poll_recv_slow(cx)) {
                buffer.push(value);
                count = 1 + self.pop_many(buffer, limit - 1);
            }
        }
        if count > 0 {
            self.received(count);
        }
        coop.made_progress();
        Poll::Ready(count)
    }

    fn pop_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        for count in 0..limit {
            let Some(value) = self.consumer.pop() else {
                return count;
            };
            buffer.push(value);
        }
        limit
    }

    /// Takes a value without waiting for one to be sent.
    pub(super) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let value = match self.consumer.pop() {
            Some(value) => Some(value),
            None => match self.end() {
                Poll::Ready(value) => value,
                Poll::Pending if self.len() == 0 => return Err(TryRecvError::Empty),
                Poll::Pending => self.wait_for_sender(),
            },
        };
        match value {
            Some(value) => {
                self.received(1);
                Ok(value)
            }
            None => Err(TryRecvError::Disconnected),
        }
    }

    /// Waits for a sender that is in the middle of sending the next value.
    ///
    /// Values behind it may have been sent completely: the caller may know of one, and must not
    /// be told that the channel is empty. The sender is between two instructions, so parking the
    /// thread for it is like waiting for a lock.
    #[cold]
    fn wait_for_sender(&mut self) -> Option<T> {
        let former = self.control().hot.rx_waker.take();
        let value = park::drive(poll_fn(|cx| self.poll_recv_slow(cx)));
        wake::drop_waker(self.control().hot.rx_waker.take());
        // A task that waits in `poll_recv` has lost its place to the parker.
        wake::wake_some(former);
        value
    }
}

impl<T, const BOUNDED: bool> Drop for Rx<T, BOUNDED> {
    fn drop(&mut self) {
        /// Continues with the rest when dropping a value panics.
        struct Drain<'a, T, const BOUNDED: bool>(&'a mut Rx<T, BOUNDED>);
        impl<T, const BOUNDED: bool> Drain<'_, T, BOUNDED> {
            fn run(&mut self) {
                while let Some(value) = self.0.consumer.pop() {
                    self.0.received(1);
                    drop(value);
                }
            }
        }
        impl<T, const BOUNDED: bool> Drop for Drain<'_, T, BOUNDED> {
            fn drop(&mut self) {
                self.run();
            }
        }

        let mut drain = Drain(self);
        drain.0.close();
        // Only this receiver registers a waker: if there is none now, there will be none.
        let rx_waker = &drain.0.control().hot.rx_waker;
        if rx_waker.is_registered() {
            wake::drop_waker(rx_waker.take());
        }
        drain.run();
    }
}

impl<T, const BOUNDED: bool> fmt::Debug for Chan<T, BOUNDED> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Chan");
        if BOUNDED {
            out.field("capacity", &self.control.capacity)
                .field("available", &self.control.hot.permits.available_permits());
        }
        out.field("senders", &self.strong_count())
            .field("is_closed", &self.is_rx_closed())
            .finish_non_exhaustive()
    }
}

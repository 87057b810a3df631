//! The allocation that both halves share, and the state word that tells who owns what in it.
//!
//! There are exactly two halves, so no reference count is needed: each half sets its `*_GONE`
//! bit with its last access, and the one that finds the other's bit set frees the allocation.
//! A half that has no other side to wake sets its last bit together with its message, so sending
//! and receiving cost one read-modify-write in all.
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `TX_DONE` | sender | it has sent or given up |
//! | `VALUE` | sender, with `TX_DONE` | the value slot is full and belongs to the receiver |
//! | `RX_CLOSED` | receiver | no value is accepted any more; never set after `TX_DONE` |
//! | `RX_WAKER` | receiver | its waker slot is full |
//! | `TX_WAKER` | sender | its waker slot is full |
//! | `TX_GONE`, `RX_GONE` | the half | it will not touch the allocation again |
//!
//! Ownership of the slots:
//! - value: the sender's, until `VALUE` makes it the receiver's;
//! - receiver's waker: the receiver's, until `TX_DONE` is set over `RX_WAKER`, which makes it
//!   the sender's (who takes and wakes it). The receiver clears `RX_WAKER` before it replaces it;
//! - sender's waker: the same with `RX_CLOSED` and `TX_WAKER`.
//!
//! Setting `TX_DONE` and setting `RX_CLOSED` are compare-and-swaps that fail once the other bit
//! stands, so exactly one of "sent" and "closed" happened first and both sides agree on it.

use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::record::{self, Wait};
use crate::util::wake;

const TX_DONE: usize = 1;
const VALUE: usize = 1 << 1;
const RX_CLOSED: usize = 1 << 2;
const RX_WAKER: usize = 1 << 3;
const TX_WAKER: usize = 1 << 4;
const TX_GONE: usize = 1 << 5;
const RX_GONE: usize = 1 << 6;

struct Inner<T> {
    state: AtomicUsize,
    value: UnsafeCell<MaybeUninit<T>>,
    rx_waker: UnsafeCell<MaybeUninit<Waker>>,
    tx_waker: UnsafeCell<MaybeUninit<Waker>>,
}

/// The sender's end of the allocation.
pub(super) struct TxHalf<T>(NonNull<Inner<T>>);

/// The receiver's end of the allocation.
pub(super) struct RxHalf<T>(NonNull<Inner<T>>);

// SAFETY: the value moves between threads, which requires `T: Send`; everything else in `Inner` is
// an atomic word or a `Waker`, accessed by its owner of the moment (module docs).
unsafe impl<T: Send> Send for TxHalf<T> {}
// SAFETY: `&TxHalf` only reads the state word.
unsafe impl<T: Send> Sync for TxHalf<T> {}
// SAFETY: as for `TxHalf`.
unsafe impl<T: Send> Send for RxHalf<T> {}
// SAFETY: `&RxHalf` only reads the state word.
unsafe impl<T: Send> Sync for RxHalf<T> {}

/// What the receiver finds.
pub(super) enum Taken<T> {
    /// No value yet.
    Empty,
    /// The value. The half is used up.
    Value(T),
    /// No value will come. The half is used up.
    Closed,
}

pub(super) fn halves<T>() -> (TxHalf<T>, RxHalf<T>) {
    let inner = Box::new(Inner {
        state: AtomicUsize::new(0),
        value: UnsafeCell::new(MaybeUninit::uninit()),
        rx_waker: UnsafeCell::new(MaybeUninit::uninit()),
        tx_waker: UnsafeCell::new(MaybeUninit::uninit()),
    });
    let inner = NonNull::from(Box::leak(inner));
    (TxHalf(inner), RxHalf(inner))
}

/// Frees the allocation; what the slots held was moved out before.
///
/// # Safety
/// Both halves are done with it.
unsafe fn free<T>(inner: NonNull<Inner<T>>) {
    // SAFETY: `halves` made it from a `Box`, and by contract it is not used any more.
    drop(unsafe { Box::from_raw(inner.as_ptr()) });
}

/// Moves a waker out of its slot.
///
/// # Safety
/// The slot is full and belongs to the caller, who does not read it again before it is refilled.
unsafe fn take_waker(slot: &UnsafeCell<MaybeUninit<Waker>>) -> Waker {
    // SAFETY: by contract. The other half may compare the bytes with `will_wake` at the same
    // time, which is why this only reads.
    slot.with(|slot| unsafe { (*slot).assume_init_read() })
}

/// Returns `true` if the slot's waker is `waker`, so that nothing has to be stored.
///
/// # Safety
/// The slot was filled by the caller. The other half may have moved the waker out since: the bytes
/// stay, and `will_wake` compares them without following them.
unsafe fn slot_will_wake(slot: &UnsafeCell<MaybeUninit<Waker>>, waker: &Waker) -> bool {
    // SAFETY: by contract the bytes are a waker's.
    slot.with(|slot| unsafe { (*slot).assume_init_ref() }.will_wake(waker))
}

/// Borrows the word and not the allocation, which the other half may free before this returns if
/// `to` has a `*_GONE` bit: an argument is promised to live as long as the call, except for what is
/// atomic.
#[inline]
fn exchange(state: &AtomicUsize, from: usize, to: usize) -> Result<(), usize> {
    state.compare_exchange(from, to, AcqRel, Acquire).map(drop)
}

impl<T> Inner<T> {
    /// Registers `waker` in `slot`, whose bit is `bit`, unless a bit of `until` is set.
    ///
    /// Returns the state that has such a bit, or `None` if the waker is in place.
    ///
    /// # Safety
    /// The slot is the caller's own, and the other half takes it over only by setting a bit of
    /// `until` over `bit`.
    unsafe fn register(
        &self,
        slot: &UnsafeCell<MaybeUninit<Waker>>,
        bit: usize,
        until: usize,
        waker: &Waker,
    ) -> Option<usize> {
        let mut state = self.state.load(Acquire);
        let mut former = None;
        while state & bit != 0 {
            if state & until != 0 {
                return Some(state);
            }
            // SAFETY: `bit` is set, so this half has filled the slot.
            if unsafe { slot_will_wake(slot, waker) } {
                return None;
            }
            match exchange(&self.state, state, state & !bit) {
                Ok(()) => {
                    // SAFETY: the bit was set and no bit of `until` was: the slot is full and ours.
                    former = Some(unsafe { take_waker(slot) });
                    state &= !bit;
                }
                Err(now) => state = now,
            }
        }
        if state & until != 0 {
            return Some(state);
        }
        let waker = waker.clone();
        // SAFETY: the bit is clear, so the slot is empty and ours.
        slot.with_mut(|slot| unsafe { (*slot).write(waker) });
        loop {
            match exchange(&self.state, state, state | bit) {
                Ok(()) => {
                    wake::drop_waker(former);
                    return None;
                }
                Err(now) if now & until != 0 => {
                    // SAFETY: `bit` never came to be seen, so the slot is still ours, and full.
                    let unused = unsafe { take_waker(slot) };
                    wake::drop_waker(unused);
                    wake::drop_waker(former);
                    return Some(now);
                }
                Err(now) => state = now,
            }
        }
    }
}

impl<T> TxHalf<T> {
    fn inner(&self) -> &Inner<T> {
        // SAFETY: this half has not set `TX_GONE`, so the allocation lives.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner().state.load(Acquire) & RX_CLOSED != 0
    }

    /// Returns `Ready` once the receiver has closed; otherwise registers the task.
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let inner = self.inner();
        // SAFETY: the slot is the sender's, and the receiver takes it over with `RX_CLOSED`.
        match unsafe { inner.register(&inner.tx_waker, TX_WAKER, RX_CLOSED, cx.waker()) } {
            Some(_) => Poll::Ready(()),
            None => {
                record::waits(Wait::OneshotClosed, || record::address(inner));
                Poll::Pending
            }
        }
    }

    /// Hands `value` to the receiver, or returns it if that one has closed.
    #[inline]
    pub(super) fn send(self, value: T) -> Result<(), T> {
        let inner = self.inner();
        // SAFETY: without `VALUE` the slot is the sender's.
        inner.value.with_mut(|slot| unsafe { (*slot).write(value) });
        let ptr = self.0;
        std::mem::forget(self);
        // SAFETY: the half was just forgotten, so this is its last use; the value is in place.
        if unsafe { finish(ptr, VALUE) } {
            return Ok(());
        }
        // SAFETY: `finish` left the value and the allocation alone, since the receiver closed.
        let value = unsafe { ptr.as_ref() }
            .value
            .with(|slot| unsafe { (*slot).assume_init_read() });
        // SAFETY: last use of the forgotten half, whose value was moved out.
        unsafe { leave(ptr) };
        Err(value)
    }
}

/// Ends the sender's part with `TX_DONE | with`, unless the receiver has closed.
///
/// Returns `true` when done: the allocation must not be touched again. Returns `false` if nothing
/// happened, and the caller calls [`leave`].
///
/// # Safety
/// This is the last use of the sender half, and if `with` is `VALUE` the value is in its slot.
unsafe fn finish<T>(ptr: NonNull<Inner<T>>, with: usize) -> bool {
    // SAFETY: `TX_GONE` is not set yet, so the allocation lives.
    let inner = unsafe { ptr.as_ref() };
    let mut own_waker = None;
    let mut state = inner.state.load(Acquire);
    loop {
        if state & RX_CLOSED != 0 {
            return false;
        }
        if state & TX_WAKER != 0 {
            match exchange(&inner.state, state, state & !TX_WAKER) {
                Ok(()) => {
                    // SAFETY: the bit was set and `RX_CLOSED` was not: the slot is ours.
                    own_waker = Some(unsafe { take_waker(&inner.tx_waker) });
                    state &= !TX_WAKER;
                }
                Err(now) => state = now,
            }
            continue;
        }
        let gone = if state & RX_WAKER == 0 { TX_GONE } else { 0 };
        match exchange(&inner.state, state, state | TX_DONE | with | gone) {
            Ok(()) => break,
            Err(now) => state = now,
        }
    }
    if state & RX_WAKER != 0 {
        // SAFETY: `TX_DONE` was set over `RX_WAKER`, so the slot is full and now the sender's.
        let waker = unsafe { take_waker(&inner.rx_waker) };
        if inner.state.fetch_or(TX_GONE, AcqRel) & RX_GONE != 0 {
            // SAFETY: both `*_GONE` bits are set.
            unsafe { free(ptr) };
        }
        wake::wake(waker);
    }
    wake::drop_waker(own_waker);
    true
}

/// Lets go of the allocation after the receiver has closed.
///
/// # Safety
/// This is the last use of the sender half, and `RX_CLOSED` is set.
unsafe fn leave<T>(ptr: NonNull<Inner<T>>) {
    // SAFETY: `TX_GONE` is not set yet, so the allocation lives.
    let state = unsafe { &ptr.as_ref().state };
    let gone = state.load(Acquire) & RX_GONE != 0;
    if gone || state.fetch_or(TX_DONE | TX_GONE, AcqRel) & RX_GONE != 0 {
        // SAFETY: the receiver is gone, and this was the sender's last access. Nothing is in
        // the slots: the receiver emptied both waker slots when it closed.
        unsafe { free(ptr) };
    }
}

impl<T> Drop for TxHalf<T> {
    fn drop(&mut self) {
        // SAFETY: this is the last use of the half.
        unsafe {
            if !finish(self.0, 0) {
                leave(self.0);
            }
        }
    }
}

impl<T> RxHalf<T> {
    fn inner(&self) -> &Inner<T> {
        // SAFETY: this half has not set `RX_GONE`, so the allocation lives.
        unsafe { self.0.as_ref() }
    }

    /// Returns whether a value waits to be taken.
    pub(super) fn has_value(&self) -> bool {
        self.inner().state.load(Acquire) & VALUE != 0
    }

    /// Takes the value if there is one. Anything but `Empty` uses the half up: it is `None` then.
    #[inline]
    pub(super) fn take(half: &mut Option<Self>) -> Taken<T> {
        let Some(rx) = half else {
            return Taken::Closed;
        };
        let state = rx.inner().state.load(Acquire);
        if state & (TX_DONE | RX_CLOSED) == 0 {
            return Taken::Empty;
        }
        Self::take_final(half, state)
    }

    /// Like [`take`](Self::take), but registers the task when it is `Empty`.
    #[inline]
    pub(super) fn poll(half: &mut Option<Self>, cx: &mut Context<'_>) -> Taken<T> {
        let Some(rx) = half else {
            return Taken::Closed;
        };
        let inner = rx.inner();
        let mut state = inner.state.load(Acquire);
        if state & (TX_DONE | RX_CLOSED) == 0 {
            // SAFETY: the slot is the receiver's, the sender takes it over with `TX_DONE`, and
            // `RX_CLOSED` is only set by this half.
            let final_state = unsafe {
                inner.register(&inner.rx_waker, RX_WAKER, TX_DONE | RX_CLOSED, cx.waker())
            };
            match final_state {
                Some(now) => state = now,
                None => {
                    record::waits(Wait::OneshotRecv, || record::address(inner));
                    return Taken::Empty;
                }
            }
        }
        Self::take_final(half, state)
    }

    /// Ends the receiver's part, for a `state` with `TX_DONE` or `RX_CLOSED`.
    fn take_final(half: &mut Option<Self>, state: usize) -> Taken<T> {
        let Some(rx) = half.as_ref() else {
            return Taken::Closed;
        };
        if state & TX_DONE == 0 {
            // Closed by this half with nothing sent: dropping it does the rest.
            *half = None;
            return Taken::Closed;
        }
        let value = rx.read_value(state);
        if let Some(rx) = half.take() {
            rx.leave(state);
        }
        value.map_or(Taken::Closed, Taken::Value)
    }

    /// Moves the value out, if `state` has one. Called once, right before the half ends.
    fn read_value(&self, state: usize) -> Option<T> {
        if state & VALUE == 0 {
            return None;
        }
        let value = &self.inner().value;
        // SAFETY: `VALUE` means that the slot is full and the receiver's; it is not read again,
        // because the half ends now.
        Some(value.with(|slot| unsafe { (*slot).assume_init_read() }))
    }

    /// Lets go of the allocation after `TX_DONE`, the value being out.
    fn leave(self, state: usize) {
        let ptr = self.0;
        std::mem::forget(self);
        // SAFETY: `RX_GONE` is not set yet, so the allocation lives.
        let word = unsafe { &ptr.as_ref().state };
        if state & TX_GONE != 0 || word.fetch_or(RX_GONE, AcqRel) & TX_GONE != 0 {
            // SAFETY: the sender is gone, and this was the receiver's last access.
            unsafe { free(ptr) };
        }
    }

    /// Refuses values from now on and wakes a sender that waits for that.
    pub(super) fn close(&mut self) {
        // SAFETY: without `RX_GONE` the allocation stays.
        unsafe { self.close_with(0) };
    }

    /// Sets `RX_CLOSED | with` unless the sender is done: then its state is returned.
    ///
    /// # Safety
    /// If `with` is `RX_GONE`, this is the last use of the half unless a state is returned.
    unsafe fn close_with(&mut self, with: usize) -> Option<usize> {
        let inner = self.inner();
        let mut state = inner.state.load(Acquire);
        loop {
            if state & TX_DONE != 0 {
                return Some(state);
            }
            let wakers = state & (RX_WAKER | TX_WAKER);
            // With wakers to take out, the allocation is still needed after this step.
            let gone = if wakers == 0 { with } else { 0 };
            let closed = (state | RX_CLOSED | gone) & !wakers;
            match exchange(&inner.state, state, closed) {
                Ok(()) if wakers == 0 => return None,
                Ok(()) => break,
                Err(now) => state = now,
            }
        }
        // SAFETY: `TX_DONE` was not set, so this slot is ours; its bit means that it is full.
        let own = (state & RX_WAKER != 0).then(|| unsafe { take_waker(&inner.rx_waker) });
        // SAFETY: `RX_CLOSED` was set over `TX_WAKER`: the slot is full and now the receiver's.
        let other = (state & TX_WAKER != 0).then(|| unsafe { take_waker(&inner.tx_waker) });
        if with != 0 && inner.state.fetch_or(with, AcqRel) & TX_GONE != 0 {
            // SAFETY: both `*_GONE` bits are set.
            unsafe { free(self.0) };
        }
        wake::wake_some(other);
        wake::drop_waker(own);
        None
    }
}

impl<T> Drop for RxHalf<T> {
    fn drop(&mut self) {
        // SAFETY: this is the last use of the half unless a state is returned.
        let Some(state) = (unsafe { self.close_with(RX_GONE) }) else {
            return;
        };
        let unread = self.read_value(state);
        // `leave` forgets its half; this one is not used after it.
        Self(self.0).leave(state);
        drop(unread);
    }
}

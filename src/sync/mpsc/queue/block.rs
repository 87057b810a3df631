//! One block of the queue: a run of slots, the word that tells which are filled, and the link.
//!
//! Positions count in steps of [`STEP`], because the two low bits of the queue's tail word are
//! flags; a block starts at a multiple of `CAP * STEP`. Everything wraps.

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use super::BLOCK_CAP;
use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::loom::sync::atomic::{AtomicPtr, AtomicUsize};

/// The distance between two positions.
pub(super) const STEP: usize = 4;

/// The distance between the starts of two blocks.
pub(super) const SPAN: usize = BLOCK_CAP * STEP;

/// All slots filled.
const FULL: usize = if BLOCK_CAP == usize::BITS as usize {
    usize::MAX
} else {
    (1 << BLOCK_CAP) - 1
};

/// No position: the low bits of a position are zero.
const NO_STAMP: usize = 1;

/// Returns the position at which the block that holds `position` starts.
pub(super) fn start_of(position: usize) -> usize {
    position & !(SPAN - 1)
}

/// Returns the slot of `position` in its block.
pub(super) fn offset_of(position: usize) -> usize {
    (position & (SPAN - 1)) / STEP
}

pub(super) struct Block<T> {
    /// Written only by an exclusive owner, before the block is linked.
    start: usize,
    /// Null until someone needs the next block.
    next: AtomicPtr<Block<T>>,
    /// Bit `i` is set when slot `i` is filled. Never cleared while the block is linked.
    ready: AtomicUsize,
    /// A position such that all senders that may know this block have claimed an earlier one.
    /// `NO_STAMP` until the tail has moved past the block. See `mod.rs`.
    stamp: AtomicUsize,
    slots: [UnsafeCell<MaybeUninit<T>>; BLOCK_CAP],
}

impl<T> Block<T> {
    /// Allocates an empty block, in place: `T` may be large.
    pub(super) fn boxed(start: usize) -> NonNull<Self> {
        let mut block = Box::<Self>::new_uninit();
        let raw = block.as_mut_ptr();
        // SAFETY: `raw` points to an allocation for a `Self`, and every field is written.
        unsafe {
            ptr::addr_of_mut!((*raw).start).write(start);
            ptr::addr_of_mut!((*raw).next).write(AtomicPtr::new(ptr::null_mut()));
            ptr::addr_of_mut!((*raw).ready).write(AtomicUsize::new(0));
            ptr::addr_of_mut!((*raw).stamp).write(AtomicUsize::new(NO_STAMP));
            for index in 0..BLOCK_CAP {
                ptr::addr_of_mut!((*raw).slots[index])
                    .write(UnsafeCell::new(MaybeUninit::uninit()));
            }
            NonNull::from(Box::leak(block.assume_init()))
        }
    }

    /// Frees a block; values that are still in it leak.
    ///
    /// # Safety
    /// The caller owns the block alone.
    pub(super) unsafe fn free(block: NonNull<Self>) {
        // SAFETY: `boxed` made it, and by contract there is no other reference to it.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }

    /// Resets a used block to a new one, except for its start.
    pub(super) fn reset(&mut self) {
        self.next = AtomicPtr::new(ptr::null_mut());
        self.ready = AtomicUsize::new(0);
        self.stamp = AtomicUsize::new(NO_STAMP);
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    pub(super) fn set_start(&mut self, start: usize) {
        self.start = start;
    }

    pub(super) fn next(&self) -> Option<NonNull<Self>> {
        NonNull::new(self.next.load(Acquire))
    }

    /// Links `next` behind this block, unless a block is linked already: then `next` is returned.
    pub(super) fn link(&self, next: NonNull<Self>) -> Result<(), NonNull<Self>> {
        let result = self
            .next
            .compare_exchange(ptr::null_mut(), next.as_ptr(), AcqRel, Acquire);
        match result {
            Ok(_) => Ok(()),
            Err(other) => Err(NonNull::new(other).expect("the exchange failed on a link")),
        }
    }

    /// Fills a slot. Returns whether all slots before it were filled already, in which case the
    /// receiver may be waiting for this one.
    ///
    /// # Safety
    /// The block is alive, and the caller has claimed this slot and has not filled it yet. It
    /// does not touch the block afterwards: the receiver may recycle it.
    #[inline]
    pub(super) unsafe fn fill(block: NonNull<Self>, offset: usize, value: T) -> bool {
        // SAFETY: by contract the block is alive until the bit is set. The two fields are
        // borrowed one by one, so that no borrow of the whole block outlives that.
        let (slot, ready) = unsafe {
            (
                &(&(*block.as_ptr()).slots)[offset],
                &(*block.as_ptr()).ready,
            )
        };
        // SAFETY: by contract the slot is the caller's until its bit is set.
        slot.with_mut(|slot| unsafe {
            (*slot).write(value);
        });
        let bit = 1 << offset;
        let before = bit - 1;
        // Each bit is added once, so this is an "or", which x86 has no single instruction for.
        // Release publishes the value; acquire pairs with `settle`.
        ready.fetch_add(bit, AcqRel) & before == before
    }

    /// Returns the bits of the filled slots.
    #[inline]
    pub(super) fn ready(&self) -> usize {
        self.ready.load(Acquire)
    }

    /// Returns the bits of the filled slots, such that a sender whose bit is not among them sees
    /// all that this thread did before.
    pub(super) fn settle(&self) -> usize {
        self.ready.fetch_or(0, AcqRel)
    }

    pub(super) fn is_full(&self) -> bool {
        self.ready() == FULL
    }

    /// Moves the value out of a slot.
    ///
    /// # Safety
    /// The caller is the receiver, has seen the slot's bit, and does this once.
    #[inline]
    pub(super) unsafe fn take(&self, offset: usize) -> T {
        // SAFETY: the bit shows that the slot is filled and that its sender is done with it.
        self.slots[offset].with(|slot| unsafe { (*slot).assume_init_read() })
    }

    pub(super) fn stamp(&self) -> Option<usize> {
        let stamp = self.stamp.load(Acquire);
        (stamp != NO_STAMP).then_some(stamp)
    }

    pub(super) fn set_stamp(&self, position: usize) {
        self.stamp.store(position, Release);
    }

    /// Returns the next block, for its exclusive owner.
    pub(super) fn next_unshared(&self) -> Option<NonNull<Self>> {
        NonNull::new(self.next.load(Relaxed))
    }
}

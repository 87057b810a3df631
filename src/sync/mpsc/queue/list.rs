//! The list of blocks with its two ends; the rules are in the folder's `mod.rs`.

use std::ptr::{self, NonNull};

use super::block::{Block, SPAN, STEP, offset_of, start_of};
use crate::loom::cell::UnsafeCell;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::loom::sync::atomic::{AtomicPtr, AtomicUsize};
use crate::util::apart::Apart;

/// Low bit of the tail word: the receiver accepts no more values.
const RX_CLOSED: usize = 1;
/// Low bit of the tail word: all senders are gone.
const TX_CLOSED: usize = 2;
const FLAGS: usize = RX_CLOSED | TX_CLOSED;

pub(super) struct Queue<T> {
    tail: Apart<Tail<T>>,
    head: Apart<UnsafeCell<Head<T>>>,
}

/// What senders write.
struct Tail<T> {
    /// The next position to claim, and the flags.
    word: AtomicUsize,
    tail_block: AtomicPtr<Block<T>>,
    /// An empty block for the next sender that needs one, or null.
    spare: AtomicPtr<Block<T>>,
}

/// What only the receiver touches.
struct Head<T> {
    /// The next position to read.
    position: usize,
    /// The block of `position`, or the one before it if `position` is a multiple of `SPAN`.
    block: NonNull<Block<T>>,
    /// Ready bits of `block` that have been seen.
    seen: usize,
    /// The oldest block that is not recycled yet.
    oldest: NonNull<Block<T>>,
    /// Where the values end, once the receiver has closed the queue.
    end: Option<usize>,
}

// SAFETY: values move from senders to the receiver, hence `T: Send`. The blocks and `head` are
// accessed by the rules of `mod.rs`.
unsafe impl<T: Send> Send for Queue<T> {}
// SAFETY: as above; no `&T` is ever shared.
unsafe impl<T: Send> Sync for Queue<T> {}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        let block = Block::boxed(0);
        Self {
            tail: Apart::new(Tail {
                word: AtomicUsize::new(0),
                tail_block: AtomicPtr::new(block.as_ptr()),
                spare: AtomicPtr::new(ptr::null_mut()),
            }),
            head: Apart::new(UnsafeCell::new(Head {
                position: 0,
                block,
                seen: 0,
                oldest: block,
                end: None,
            })),
        }
    }

    /// Appends a value. Returns `true` if the receiver may be waiting for just this one.
    #[inline]
    pub(super) fn push(&self, value: T) -> bool {
        // Acquire: see "When a block is used again" in `mod.rs`.
        let word = self.tail.word.fetch_add(STEP, Acquire);
        self.tail.fill(word & !FLAGS, value)
    }

    /// Appends a value unless the receiver has closed the queue.
    #[inline]
    pub(super) fn push_if_open(&self, value: T) -> Result<bool, T> {
        let word = self.tail.word.fetch_add(STEP, Acquire);
        if word & RX_CLOSED != 0 {
            // The position is wasted, which does not matter behind the last one that is read.
            return Err(value);
        }
        Ok(self.tail.fill(word & !FLAGS, value))
    }

    pub(super) fn is_rx_closed(&self) -> bool {
        self.tail.word.load(Acquire) & RX_CLOSED != 0
    }

    /// Returns `true` if the last sender is gone. Then every value that was sent can be popped.
    pub(super) fn is_tx_closed(&self) -> bool {
        self.tail.word.load(Acquire) & TX_CLOSED != 0
    }

    /// Marks that the last sender is gone. All values it and the others sent are filled in.
    pub(super) fn close_tx(&self) {
        self.tail.word.fetch_or(TX_CLOSED, AcqRel);
    }

    /// Makes [`push_if_open`](Self::push_if_open) refuse values from now on.
    ///
    /// # Safety
    /// The caller is the only receiver.
    pub(super) unsafe fn close_rx(&self) {
        let word = self.tail.word.fetch_or(RX_CLOSED, AcqRel);
        self.head.with_mut(|head| {
            // SAFETY: by contract nothing else touches `head`.
            let end = unsafe { &mut (*head).end };
            end.get_or_insert(word & !FLAGS);
        });
    }

    /// Returns the number of values sent and not yet popped, counting those not filled in yet.
    ///
    /// # Safety
    /// The caller is the receiver, or borrows from it.
    pub(super) unsafe fn len(&self) -> usize {
        self.head.with(|head| {
            // SAFETY: only the receiver writes `head`, and by contract it is not doing so.
            let head = unsafe { &*head };
            let end = head
                .end
                .unwrap_or_else(|| self.tail.word.load(Acquire) & !FLAGS);
            end.wrapping_sub(head.position) / STEP
        })
    }

    /// Takes the next value if it is filled in.
    ///
    /// # Safety
    /// The caller is the only receiver.
    #[inline]
    pub(super) unsafe fn pop(&self) -> Option<T> {
        self.head.with_mut(|head| {
            // SAFETY: by contract nothing else touches `head`.
            let head = unsafe { &mut *head };
            let bit = 1 << offset_of(head.position);
            if head.seen & bit == 0 && !head.look(&self.tail, bit) {
                return None;
            }
            Some(head.take())
        })
    }

    /// Like [`pop`](Self::pop), but if there is nothing, the sender that fills in the next value
    /// sees all that this thread did before, in particular the waker it has registered.
    ///
    /// # Safety
    /// The caller is the only receiver.
    pub(super) unsafe fn pop_after_register(&self) -> Option<T> {
        self.head.with_mut(|head| {
            // SAFETY: by contract nothing else touches `head`.
            let head = unsafe { &mut *head };
            if head.at_end_of_block() {
                // There must be a block to meet that sender in.
                // SAFETY: the receiver has not recycled its own block.
                let next = unsafe { self.tail.next_or_link(head.block) };
                head.enter(&self.tail, next);
            }
            // SAFETY: as above.
            head.seen = unsafe { head.block.as_ref() }.settle();
            let bit = 1 << offset_of(head.position);
            (head.seen & bit != 0).then(|| head.take())
        })
    }
}

impl<T> Tail<T> {
    /// Fills in the claimed position.
    #[inline]
    fn fill(&self, position: usize, value: T) -> bool {
        let start = start_of(position);
        let mut block = self.tail_block_now();
        // SAFETY: the block was read after the claim, and is not recycled before it is filled.
        if unsafe { block.as_ref() }.start() != start {
            block = self.walk(block, start);
        }
        // SAFETY: as above; the slot was claimed by this caller, who does not use it again.
        unsafe { Block::fill(block, offset_of(position), value) }
    }

    fn tail_block_now(&self) -> NonNull<Block<T>> {
        NonNull::new(self.tail_block.load(Acquire)).expect("there always is a tail block")
    }

    /// Goes from `block` to the block at `start`, moving the tail block along where it may.
    #[cold]
    fn walk(&self, mut block: NonNull<Block<T>>, start: usize) -> NonNull<Block<T>> {
        let mut moving = true;
        loop {
            // SAFETY: the caller has a claimed, unfilled position at or behind this block.
            let current = unsafe { block.as_ref() };
            if current.start() == start {
                return block;
            }
            // SAFETY: as above.
            let next = unsafe { self.next_or_link(block) };
            moving = moving && current.is_full() && self.move_past(block, next);
            block = next;
        }
    }

    /// Returns the block behind `block`, adding one if there is none.
    ///
    /// # Safety
    /// `block` cannot be recycled during the call.
    unsafe fn next_or_link(&self, block: NonNull<Block<T>>) -> NonNull<Block<T>> {
        // SAFETY: by contract.
        let block = unsafe { block.as_ref() };
        if let Some(next) = block.next() {
            return next;
        }
        let start = block.start().wrapping_add(SPAN);
        let new = match NonNull::new(self.spare.swap(ptr::null_mut(), Acquire)) {
            Some(mut spare) => {
                // SAFETY: taking the spare block made this thread its only owner.
                unsafe { spare.as_mut() }.set_start(start);
                spare
            }
            None => Block::boxed(start),
        };
        match block.link(new) {
            Ok(()) => new,
            Err(other) => {
                // SAFETY: it was not linked, so it is still this thread's alone, and empty.
                unsafe { self.put_spare(new) };
                other
            }
        }
    }

    /// Keeps an empty block for later, or frees it if there is one already.
    ///
    /// # Safety
    /// The caller owns the block alone and does not use it afterwards.
    unsafe fn put_spare(&self, block: NonNull<Block<T>>) {
        let kept = self
            .spare
            .compare_exchange(ptr::null_mut(), block.as_ptr(), Release, Relaxed);
        if kept.is_err() {
            // SAFETY: by contract.
            unsafe { Block::free(block) };
        }
    }

    /// Moves the tail block from `block`, which is full, to `next` and stamps `block`. Returns
    /// `false` if another thread has done it.
    fn move_past(&self, block: NonNull<Block<T>>, next: NonNull<Block<T>>) -> bool {
        let moved =
            self.tail_block
                .compare_exchange(block.as_ptr(), next.as_ptr(), AcqRel, Acquire);
        if moved.is_err() {
            return false;
        }
        let stamp = self.position_after_move();
        // SAFETY: the caller is the receiver or has an unfilled position, below the stamp.
        unsafe { block.as_ref() }.set_stamp(stamp);
        true
    }

    /// Reads the tail so that later claims see that the tail block has moved.
    fn position_after_move(&self) -> usize {
        self.word.fetch_or(0, Release) & !FLAGS
    }
}

impl<T> Head<T> {
    fn at_end_of_block(&self) -> bool {
        // SAFETY: the receiver's own block is not recycled.
        self.position != unsafe { self.block.as_ref() }.start() && offset_of(self.position) == 0
    }

    /// Checks whether the slot of `bit` is filled in.
    fn look(&mut self, tail: &Tail<T>, bit: usize) -> bool {
        if self.at_end_of_block() {
            // SAFETY: the receiver's own block is not recycled.
            match unsafe { self.block.as_ref() }.next() {
                Some(next) => self.enter(tail, next),
                None => return false,
            }
        }
        // SAFETY: as above.
        self.seen = unsafe { self.block.as_ref() }.ready();
        self.seen & bit != 0
    }

    /// Takes the value at `position`, whose bit was seen.
    #[inline]
    fn take(&mut self) -> T {
        let offset = offset_of(self.position);
        // SAFETY: the bit was seen, and the position advances below.
        let value = unsafe { self.block.as_ref().take(offset) };
        self.position = self.position.wrapping_add(STEP);
        if offset_of(self.position) == 0 {
            self.seen = 0;
        }
        value
    }

    /// Leaves the emptied block for the one behind it.
    fn enter(&mut self, tail: &Tail<T>, next: NonNull<Block<T>>) {
        if tail.tail_block_now() == self.block {
            tail.move_past(self.block, next);
        }
        self.block = next;
        self.seen = 0;
        self.recycle(tail);
    }

    /// Recycles emptied blocks that no sender can know any more.
    fn recycle(&mut self, tail: &Tail<T>) {
        while self.oldest != self.block {
            let mut block = self.oldest;
            // SAFETY: only this function ends the life of a block.
            let shared = unsafe { block.as_ref() };
            let stamp = shared.stamp().unwrap_or_else(|| {
                // The tail block was seen past this block, by `enter`.
                let stamp = tail.position_after_move();
                shared.set_stamp(stamp);
                stamp
            });
            if (self.position.wrapping_sub(stamp) as isize) < 0 {
                return;
            }
            self.oldest = shared
                .next()
                .expect("an emptied block was left by its link");
            // SAFETY: `mod.rs`: no sender knows the block, and the receiver has left it.
            unsafe {
                block.as_mut().reset();
                tail.put_spare(block);
            }
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        /// Frees the blocks even if dropping a value panics. Looks for them last: `pop` recycles.
        struct Blocks<'a, T>(&'a Queue<T>);
        impl<T> Drop for Blocks<'_, T> {
            fn drop(&mut self) {
                // SAFETY: the queue is being dropped: nothing else touches `head`.
                let oldest = self.0.head.with(|head| unsafe { (*head).oldest });
                let mut block = Some(oldest);
                while let Some(current) = block {
                    // SAFETY: as above: the blocks are this thread's alone, and unused afterwards.
                    unsafe {
                        block = current.as_ref().next_unshared();
                        Block::free(current);
                    }
                }
                if let Some(spare) = NonNull::new(self.0.tail.spare.load(Relaxed)) {
                    // SAFETY: as above; the spare block is in no list.
                    unsafe { Block::free(spare) };
                }
            }
        }

        let queue = Blocks(self);
        // SAFETY: the queue is being dropped, so this is the only receiver. All positions that were
        // claimed before a closing are filled in; `pop` finds nothing behind those.
        while let Some(value) = unsafe { queue.0.pop() } {
            drop(value);
        }
    }
}

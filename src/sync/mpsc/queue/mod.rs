//! The queue of a channel: many senders, one receiver, values in linked blocks.
//!
//! A sender claims a position by adding to the tail word, finds the block of that position, writes
//! the value and sets the slot's ready bit. The receiver reads the slots in order. No thread waits
//! for another: a sender that stops between claim and ready bit holds up the receiver (its value is
//! next), but no other sender.
//!
//! # Finding the block
//! `tail_block` points to a block at or before the one wanted; from there the links lead on, and
//! the sender that finds a link missing adds a block. The pointer is moved past a block only when
//! all its slots are filled, because a sender that has claimed one of them may yet look for it
//! there.
//!
//! # When a block is used again
//! The receiver recycles blocks, in order, once it has emptied them and no sender can hold a
//! pointer to them. A sender gets pointers by reading `tail_block` after its claim. So the thread
//! that has moved `tail_block` past block A then reads the tail, by a read-modify-write, and stamps
//! A with that position T:
//! - a sender whose claim comes after that in the tail's modification order acquires the moved
//!   pointer with it, and never sees A;
//! - a sender whose claim came before it has a position below T, and is done with A when the
//!   receiver has passed that position.
//!
//! So A is free when the receiver's position reaches T. If the stamp is not there yet when the
//! receiver needs it (the other thread is between the two steps), the receiver stamps the block
//! itself; the late stamp of that thread, which has an unread position below T, comes before A is
//! recycled. As long as a sender has an unfilled slot, no block it has seen is recycled, so the
//! compare-and-swap on `tail_block` cannot mistake a recycled block for the old one.
//!
//! `block.rs` has one block, `list.rs` the list, and `ends.rs` makes it safe to use: there is one
//! receiver.

mod block;
mod ends;
mod list;

#[cfg(all(test, loom))]
mod loom_tests;

pub(super) use ends::{Consumer, SharedQueue, pair};

/// Slots of a block: half the bits of the word that tells which are filled. Few in a model, so that
/// it crosses from block to block.
const BLOCK_CAP: usize = if cfg!(loom) {
    2
} else {
    usize::BITS as usize / 2
};

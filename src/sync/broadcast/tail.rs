//! The tail of the ring: how many values were sent, to how many receivers, and the senders' lock.
//!
//! One word has the lock bit (`util/bit_lock.rs`), whether a receiver waits, whether the channel is
//! closed, and the number of the next value. A receiver that wants to wait sets its bit by a
//! compare-and-swap that fails if the number is not the one it waits for, without the lock; a
//! sender takes the bit when it unlocks and counts its value up, all in one step.
#![forbid(unsafe_code)]

use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::loom::sync::atomic::{AtomicU64, AtomicUsize};
use crate::util::bit_lock::{LOCKED, Parking};

const WAITING: u64 = 0b0100;
const CLOSED: u64 = 0b1000;
const ONE_VALUE: u64 = 0b1_0000;

/// More receivers than this are a mistake: their handles would not fit into memory.
const MAX_RECEIVERS: usize = usize::MAX >> 2;

pub(super) struct Tail {
    word: AtomicU64,
    /// Written under the lock.
    receivers: AtomicUsize,
    parking: Parking,
}

/// The lock of the tail.
pub(super) struct Locked<'a> {
    tail: &'a Tail,
    /// The number of the next value.
    pub(super) next: u64,
}

impl Tail {
    pub(super) fn new(receivers: usize) -> Self {
        Self {
            word: AtomicU64::new(0),
            receivers: AtomicUsize::new(receivers),
            parking: Parking::new(),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_> {
        let word = self.parking.lock(&self.word);
        Locked {
            tail: self,
            next: word / ONE_VALUE,
        }
    }

    /// Returns the number of the next value, and whether there will be none.
    pub(super) fn next(&self) -> (u64, bool) {
        let word = self.word.load(Acquire);
        (word / ONE_VALUE, word & CLOSED != 0)
    }

    pub(super) fn receivers(&self) -> usize {
        self.receivers.load(Acquire)
    }

    /// Marks that there will be no more values.
    pub(super) fn close(&self) {
        self.word.fetch_or(CLOSED, AcqRel);
    }

    /// Announces that a receiver waits for value `number`, if that is the next one and may come.
    pub(super) fn announce(&self, number: u64) -> bool {
        let mut word = self.word.load(Acquire);
        loop {
            if word / ONE_VALUE != number || word & CLOSED != 0 {
                return false;
            }
            match self
                .word
                .compare_exchange_weak(word, word | WAITING, AcqRel, Acquire)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }
}

impl Locked<'_> {
    #[inline]
    pub(super) fn receivers(&self) -> usize {
        self.tail.receivers.load(Relaxed)
    }

    #[track_caller]
    pub(super) fn add_receiver(&self) {
        let receivers = self.receivers();
        assert!(
            receivers < MAX_RECEIVERS,
            "a broadcast channel may not have more than {MAX_RECEIVERS} receivers"
        );
        self.tail.receivers.store(receivers + 1, Release);
    }

    /// Returns the number of receivers that are left.
    pub(super) fn remove_receiver(&self) -> usize {
        let left = self.receivers() - 1;
        self.tail.receivers.store(left, Release);
        left
    }

    /// Unlocks and counts a value that was just stored. Returns whether a receiver waits for it.
    #[inline]
    pub(super) fn sent(self) -> bool {
        let Tail { word, parking, .. } = self.tail;
        let next = (self.next + 1) * ONE_VALUE;
        std::mem::forget(self);
        // Not closed: there is a sender. The lock goes with the rest of the word.
        let former = word.swap(next, AcqRel);
        parking.unlocked(word, former);
        former & WAITING != 0
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let former = self.tail.word.fetch_sub(LOCKED, Release);
        self.tail.parking.unlocked(&self.tail.word, former);
    }
}

//! A worker's run queue: a ring that its owner pushes to and that others steal from.
//!
//! # Positions
//!
//! Tasks are numbered in the order of their pushes. The task at *position* `p` lies in slot
//! `p % SLOTS`. Positions have 48 bits and wrap around; `SLOTS` divides their number, so that the
//! slots follow each other across the wrap. A position is the upper part of a word ([`Position`]).
//! Two words describe the ring:
//!
//! ```text
//!              held           queued          free
//!          +-----------+----------------+------------ ...
//!          ^           ^                ^
//!     next - held     next             tail
//! ```
//!
//! - `tail` is the position of the next push. The owner alone writes it.
//! - `head` packs `next`, the position of the next task to take, with `held`, how many tasks before
//!   it a thief has claimed and may still be copying. The owner may write to a slot only if it is in
//!   none of the first two sections: `tail - (next - held) < SLOTS`.
//!
//! # Protocol
//!
//! *Push* (owner). It loads `head` (acquire), writes the slot if it is free, and stores `tail`
//! (release). Without a free slot it takes the older half of the queue in one step, as a pop does,
//! and returns these tasks for the injection queue; the younger half and the new task keep their
//! order.
//!
//! *Pop* (owner). It moves `next` forward by a compare-and-exchange, then reads the slot, which no
//! other thread writes. While a thief holds tasks, `held` grows by one as well, since the slot lies
//! behind those that the thief reads.
//!
//! *Steal* (any thread). A thief
//!
//! 1. loads `head` (acquire), then `tail` (acquire), and stops if another thief holds tasks;
//! 2. *claims* a batch: a compare-and-exchange that moves `next` forward and sets `held`;
//! 3. copies the tasks;
//! 4. *releases* the slots: clears `held` (release), whatever the owner has made of it.
//!
//! Every task is taken by a successful exchange of `head`, each of which moves `next` over it, so it
//! is taken once. The load of `tail` orders the owner's write of the slot before the thief's copy.
//! The release orders the copy before the owner's next write of the slot: the owner loads that
//! value of `head`, or one that further exchanges have made of it, which continue the release.
//!
//! A thief claims before it copies because an owner whose polls are quick would otherwise move
//! `next` during the copy each time, and the copy would be in vain.
//!
//! # A stale head
//!
//! A thief may be suspended between its loads and its exchange. The exchange then succeeds only if
//! `head` has the same value again, after 2^48 pops: for that, the thief has to be suspended for a
//! month while the owner pops a task every 10 ns. If `tail` is newer than the loaded `head`, the
//! difference may exceed `SLOTS`, and the thief starts again.
//!
//! # A thief that is stuck
//!
//! A thief may also be suspended between claim and release, and the tasks that it has claimed wait
//! for it, as every task does whose worker is suspended. Nothing else does. The owner pops and
//! pushes; when the slots up to `tail` are used, its pushes go to the injection queue, one by one.
//! Other thieves find nothing here until the release, and the injection queue as before.
//!
//! # Who is woken
//!
//! Whether a queue is empty is read after a sequentially consistent fence ([`idle`](super::idle)),
//! behind which a thread sees every push that it has to.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::loom::cell::UnsafeCell;
use crate::loom::sync::Arc;
use crate::loom::sync::atomic::{AtomicU64, Ordering};
use crate::util::apart::Apart;

/// How many tasks a worker's queue holds.
const CAPACITY: usize = 256;

const HELD_BITS: u32 = 16;
const HELD: u64 = (1 << HELD_BITS) - 1;

/// The side of the ring that its one owner uses.
pub(super) struct Queue<T, const SLOTS: usize = CAPACITY> {
    ring: Arc<Ring<T, SLOTS>>,
    /// One thread at a time pushes and pops.
    not_sync: PhantomData<std::cell::Cell<()>>,
}

/// The side of the ring that every thread may use.
pub(super) struct Stealer<T, const SLOTS: usize = CAPACITY> {
    ring: Arc<Ring<T, SLOTS>>,
}

type Slot<T> = UnsafeCell<MaybeUninit<T>>;

#[repr(C)]
struct Ring<T, const SLOTS: usize> {
    /// See [`Head`]. Exchanged by the owner and by thieves.
    head: Apart<AtomicU64>,
    /// The [`Position`] of the next push. Stored by the owner, loaded by every thread.
    tail: Apart<AtomicU64>,
    /// Written by the owner at `tail`; read by the thread that has moved `next` over the position.
    slots: Box<[Slot<T>; SLOTS]>,
}

// SAFETY: each slot is accessed by one thread at a time (module head), which passes tasks from one
// thread to another and shares none of them.
unsafe impl<T: Send, const SLOTS: usize> Sync for Ring<T, SLOTS> {}
// SAFETY: as above.
unsafe impl<T: Send, const SLOTS: usize> Send for Ring<T, SLOTS> {}

/// A position in the upper 48 bits, and zeros, so that it wraps around with the word.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Position(u64);

impl Position {
    fn after(self, count: usize) -> Position {
        Position(self.0.wrapping_add((count as u64) << HELD_BITS))
    }

    /// Returns how far this is behind `other`.
    fn since(self, other: Position) -> usize {
        (self.0.wrapping_sub(other.0) >> HELD_BITS) as usize
    }

    fn slot<const SLOTS: usize>(self) -> usize {
        (self.0 >> HELD_BITS) as usize % SLOTS
    }
}

/// The position `next`, with `held` in the lower 16 bits.
#[derive(Clone, Copy)]
struct Head(u64);

impl Head {
    fn next(self) -> Position {
        Position(self.0 & !HELD)
    }

    /// Returns how many tasks before `next` may still be copied.
    fn held(self) -> usize {
        (self.0 & HELD) as usize
    }

    /// Returns how many slots are not free if the next push is at `tail`.
    fn used(self, tail: Position) -> usize {
        tail.since(self.next()) + self.held()
    }

    /// Moves `next` forward.
    fn skip(self, count: usize) -> Head {
        Head(self.0.wrapping_add((count as u64) << HELD_BITS))
    }

    /// Holds `count` tasks more. No more than `SLOTS` are held, which fits.
    fn hold(self, count: usize) -> Head {
        Head(self.0 + count as u64)
    }
}

impl<T, const SLOTS: usize> Queue<T, SLOTS> {
    /// Creates an empty queue and the means to steal from it.
    pub(super) fn new() -> (Queue<T, SLOTS>, Stealer<T, SLOTS>) {
        Queue::starting_at(Position(0))
    }

    fn starting_at(position: Position) -> (Queue<T, SLOTS>, Stealer<T, SLOTS>) {
        const { assert!(SLOTS.is_power_of_two() && SLOTS > 1 && SLOTS as u64 <= HELD) }
        let slots: Box<[Slot<T>]> = (0..SLOTS)
            .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
            .collect();
        let Ok(slots) = slots.try_into() else {
            unreachable!("it has been collected from as many");
        };
        let ring = Arc::new(Ring {
            head: Apart::new(AtomicU64::new(position.0)),
            tail: Apart::new(AtomicU64::new(position.0)),
            slots,
        });
        let queue = Queue {
            ring: ring.clone(),
            not_sync: PhantomData,
        };
        (queue, Stealer { ring })
    }

    /// Adds a task. Without room for it, returns tasks for the injection queue, in order: the older
    /// half of this queue, or only `task` while a thief is at work.
    #[inline]
    pub(super) fn push(&self, task: T) -> Result<(), Vec<T>> {
        let tail = self.tail();
        // Acquire: a thief that has released the slot has copied what was in it.
        let head = Head(self.ring.head.load(Ordering::Acquire));
        if head.used(tail) >= SLOTS {
            return Err(self.overflow(head, tail, task));
        }
        // SAFETY: this is the owner, and the slot at `tail` is free.
        unsafe { self.ring.write(tail, task) };
        self.publish(tail, 1);
        Ok(())
    }

    #[cold]
    fn overflow(&self, head: Head, tail: Position, task: T) -> Vec<T> {
        let half = SLOTS / 2;
        // The exchange fails if a thief has claimed tasks just now.
        if head.held() > 0 || self.ring.exchange(head, head.skip(half)).is_err() {
            return vec![task];
        }
        let older = (0..half).map(|offset| {
            // SAFETY: the exchange has moved `next` over these positions, and none is held.
            unsafe { self.ring.read(head.next().after(offset)) }
        });
        let older = older.collect();
        // SAFETY: this is the owner. Half of the slots are free.
        unsafe { self.ring.write(tail, task) };
        self.publish(tail, 1);
        older
    }

    /// Adds tasks, which must be no more than [`space`](Queue::space) has returned.
    ///
    /// # Panics
    ///
    /// Panics if there are more.
    pub(super) fn extend(&self, tasks: impl ExactSizeIterator<Item = T>) {
        let space = self.space();
        assert!(tasks.len() <= space, "more tasks than there is space for");
        let tail = self.tail();
        let mut count = 0;
        for task in tasks.take(space) {
            // SAFETY: this is the owner, and as many slots from `tail` on are free.
            unsafe { self.ring.write(tail.after(count), task) };
            count += 1;
        }
        self.publish(tail, count);
    }

    /// Takes the oldest task.
    #[inline]
    pub(super) fn pop(&self) -> Option<T> {
        let tail = self.tail();
        let mut head = Head(self.ring.head.load(Ordering::Relaxed));
        loop {
            if head.next() == tail {
                return None;
            }
            let popped = head.skip(1).hold(usize::from(head.held() > 0));
            // Release: a thief that loads this head loads no older tail.
            let exchanged = self.ring.head.compare_exchange_weak(
                head.0,
                popped.0,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match exchanged {
                // SAFETY: the exchange has moved `next` over this position.
                Ok(_) => return Some(unsafe { self.ring.read(head.next()) }),
                Err(now) => head = Head(now),
            }
        }
    }

    /// Returns the number of tasks.
    #[inline]
    pub(super) fn len(&self) -> usize {
        let head = Head(self.ring.head.load(Ordering::Relaxed));
        self.tail().since(head.next())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many tasks there is room for. Until the owner pushes, it only grows.
    pub(super) fn space(&self) -> usize {
        let head = Head(self.ring.head.load(Ordering::Acquire));
        SLOTS - head.used(self.tail())
    }

    fn tail(&self) -> Position {
        // Only this thread stores it.
        Position(self.ring.tail.load(Ordering::Relaxed))
    }

    /// Makes what has been written to `count` slots from `tail` on part of the queue.
    fn publish(&self, tail: Position, count: usize) {
        self.ring.tail.store(tail.after(count).0, Ordering::Release);
    }
}

impl<T, const SLOTS: usize> Stealer<T, SLOTS> {
    /// Takes half of the tasks, one at least: returns the oldest, with the number of all that it has
    /// taken, and moves the others to `queue`.
    ///
    /// Returns `None` if there are none, or another thief is at work.
    pub(super) fn steal_into(&self, queue: &Queue<T, SLOTS>) -> Option<(T, usize)> {
        let most = queue.space() + 1;
        let mut claim = self.ring.claim(|len| (len - len / 2).min(most))?;
        let count = claim.left;
        let first = claim.next();
        queue.extend(claim);
        first.map(|first| (first, count))
    }

    /// Moves all tasks that there are now to `tasks`; none while another thief is at work.
    pub(super) fn steal_all(&self, tasks: &mut Vec<T>) {
        if let Some(claimed) = self.ring.claim(|len| len) {
            tasks.extend(claimed);
        }
    }

    /// Returns whether there is no task to take.
    pub(super) fn is_empty(&self) -> bool {
        // In this order, so that a queue which looks empty has been empty.
        let head = Head(self.ring.head.load(Ordering::Acquire));
        head.next() == self.ring.load_tail()
    }

    /// Returns the number of tasks, or what is close to it while others push and take.
    pub(super) fn len(&self) -> usize {
        let head = Head(self.ring.head.load(Ordering::Acquire));
        // The head may be older than the tail.
        self.ring.load_tail().since(head.next()).min(SLOTS)
    }
}

impl<T, const SLOTS: usize> Ring<T, SLOTS> {
    /// Moves a task to a slot.
    ///
    /// # Safety
    ///
    /// The caller is the owner, and the slot is free.
    #[inline]
    unsafe fn write(&self, position: Position, task: T) {
        let slot = &self.slots[position.slot::<SLOTS>()];
        // SAFETY: no other thread accesses a free slot.
        slot.with_mut(|slot| unsafe { slot.write(MaybeUninit::new(task)) });
    }

    /// Moves a task out of its slot.
    ///
    /// # Safety
    ///
    /// The caller has moved `next` over the position. It is the owner, or holds the position.
    #[inline]
    unsafe fn read(&self, position: Position) -> T {
        let slot = &self.slots[position.slot::<SLOTS>()];
        // SAFETY: the owner has written the slot before it stored the `tail` that the caller has
        // seen, and writes it again only when the position is neither queued nor held. Only the
        // thread that has moved `next` over a position reads it.
        slot.with(|slot| unsafe { slot.read().assume_init() })
    }

    /// Loads `tail` for a thread that is not the owner.
    fn load_tail(&self) -> Position {
        Position(self.tail.load(Ordering::Acquire))
    }

    /// Exchanges `head`.
    fn exchange(&self, current: Head, new: Head) -> Result<(), Head> {
        // Acquire, so that a failure leaves a head that is as new as a loaded one. Release, as in
        // `pop`.
        let exchanged =
            self.head
                .compare_exchange(current.0, new.0, Ordering::AcqRel, Ordering::Acquire);
        exchanged.map(drop).map_err(Head)
    }

    /// Claims as many tasks as `share` makes of the number of tasks; `share` returns one at least
    /// and no more than there are.
    fn claim(&self, share: impl Fn(usize) -> usize) -> Option<Claim<'_, T, SLOTS>> {
        let mut head = Head(self.head.load(Ordering::Acquire));
        loop {
            let len = self.load_tail().since(head.next());
            if len == 0 || head.held() > 0 {
                return None;
            }
            if len > SLOTS {
                // The head is older than the tail.
                head = Head(self.head.load(Ordering::Acquire));
                continue;
            }
            let count = share(len);
            match self.exchange(head, head.skip(count).hold(count)) {
                Ok(()) => {
                    return Some(Claim {
                        ring: self,
                        next: head.next(),
                        left: count,
                    });
                }
                Err(now) => head = now,
            }
        }
    }
}

impl<T, const SLOTS: usize> Drop for Ring<T, SLOTS> {
    fn drop(&mut self) {
        let tail = self.load_tail();
        let mut next = Head(self.head.load(Ordering::Relaxed)).next();
        while next != tail {
            // SAFETY: these tasks are in the queue, and no other thread has the ring.
            drop(unsafe { self.read(next) });
            next = next.after(1);
        }
    }
}

/// The tasks that a thief has claimed, and copies one by one. The drop drops those that are left,
/// and releases the slots.
struct Claim<'a, T, const SLOTS: usize> {
    ring: &'a Ring<T, SLOTS>,
    next: Position,
    left: usize,
}

impl<T, const SLOTS: usize> Iterator for Claim<'_, T, SLOTS> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        if self.left == 0 {
            return None;
        }
        let position = self.next;
        self.next = position.after(1);
        self.left -= 1;
        // SAFETY: this thread has claimed the position, and holds it until the drop.
        Some(unsafe { self.ring.read(position) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T, const SLOTS: usize> ExactSizeIterator for Claim<'_, T, SLOTS> {}

impl<T, const SLOTS: usize> Drop for Claim<'_, T, SLOTS> {
    fn drop(&mut self) {
        self.for_each(drop);
        // Release: the copies come before the owner's next write of the slots.
        self.ring.head.fetch_and(!HELD, Ordering::Release);
    }
}

impl<T, const SLOTS: usize> fmt::Debug for Queue<T, SLOTS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).finish()
    }
}

impl<T, const SLOTS: usize> fmt::Debug for Stealer<T, SLOTS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stealer")
            .field("is_empty", &self.is_empty())
            .finish()
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(test)]
mod tests;

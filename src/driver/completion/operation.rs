//! Submitted operations and their life cycle.
//!
//! A [`Table`] holds what operations own while they run (I1) and what came of them. It is plain
//! data: whoever uses it puts it behind a lock, and does outside that lock what a transition hands
//! back (wake a waker, drop an outcome, send a cancel request).
//!
//! # Life of an entry
//!
//! ```text
//!            insert                    finish                    poll
//!   (free) ---------> submitted ----------------> completed ----------> (free)
//!                      |     |                        |
//!              cancel  |     | orphan                 | orphan
//!                      v     v                        v
//!                 cancelled  orphaned --finish-->  (free), outcome dropped by the caller
//! ```
//!
//! *Cancelled* and *orphaned* are marks on a submitted entry: it stays in the table until its
//! final completion (I2), because until then the kernel may touch what it owns. *Cancelled* says
//! that the end was asked for, so an `ECANCELED` is the answer and not a reason to try again (I5).
//! *Orphaned* says that nobody waits any more.
//!
//! A key carries the generation of its slot (I4): after the slot is freed, the old key finds
//! nothing.
#![forbid(unsafe_code)]

use std::task::{Context, Waker};

/// Names an entry for as long as it is in the table, and nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// The key as one word, as it travels through the kernel.
    pub(crate) fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// The key that [`to_bits`](Key::to_bits) made.
    pub(crate) fn from_bits(bits: u64) -> Key {
        Key {
            index: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}

/// What [`Table::finish`] leaves to do, outside the lock.
#[derive(Debug)]
#[must_use]
pub(crate) enum Finished<R> {
    /// Somebody waits: wake them. `None`: they have not polled yet.
    Wake(Option<Waker>),
    /// Nobody waits: drop the outcome.
    Orphan(R),
    /// The key names no submitted entry.
    Stale,
}

/// What [`Table::orphan`] leaves to do, outside the lock.
#[derive(Debug)]
#[must_use]
pub(crate) enum Orphaned<R> {
    /// It had completed: drop the outcome.
    Completed(R),
    /// It is in flight: drop the waker, and send the cancel request if `cancel` says so.
    InFlight {
        /// The end was asked for now and not before.
        cancel: bool,
        /// Of the task that waited.
        waker: Option<Waker>,
    },
    /// The key names nothing.
    Stale,
}

/// What [`Table::poll`] found.
#[derive(Debug)]
#[must_use]
pub(crate) enum Polled<R> {
    /// The outcome; the entry is gone.
    Ready(R),
    /// Not yet. The waker that was there before is to be dropped outside the lock.
    Pending(Option<Waker>),
}

#[derive(Debug)]
enum Slot<P, R> {
    Free {
        next: Option<u32>,
    },
    Submitted {
        /// `None` while the thread that performs the operation holds it.
        payload: Option<P>,
        waker: Option<Waker>,
        cancelled: bool,
        orphaned: bool,
    },
    Completed {
        result: R,
    },
}

/// The operations in flight, and the outcomes that were not fetched yet.
///
/// `P` is what an operation owns while it runs, `R` is what it ends with.
#[derive(Debug)]
pub(crate) struct Table<P, R> {
    slots: Vec<(u32, Slot<P, R>)>,
    free: Option<u32>,
    submitted: usize,
}

impl<P, R> Table<P, R> {
    /// An empty table.
    pub(crate) const fn new() -> Table<P, R> {
        Table {
            slots: Vec::new(),
            free: None,
            submitted: 0,
        }
    }

    /// How many entries await their final completion.
    pub(crate) fn submitted(&self) -> usize {
        self.submitted
    }

    /// Takes in an operation that is about to be submitted.
    pub(crate) fn insert(&mut self, payload: P) -> Key {
        let slot = Slot::Submitted {
            payload: Some(payload),
            waker: None,
            cancelled: false,
            orphaned: false,
        };
        self.submitted += 1;
        if let Some(index) = self.free {
            let (generation, old) = &mut self.slots[index as usize];
            let Slot::Free { next } = *old else {
                unreachable!("the free list holds free slots only")
            };
            *old = slot;
            self.free = next;
            return Key {
                index,
                generation: *generation,
            };
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 operations in flight");
        self.slots.push((0, slot));
        Key {
            index,
            generation: 0,
        }
    }

    fn slot(&mut self, key: Key) -> Option<&mut Slot<P, R>> {
        match self.slots.get_mut(key.index as usize) {
            Some((generation, slot)) if *generation == key.generation => Some(slot),
            _ => None,
        }
    }

    /// Frees the slot of `key`, which the caller has looked up, and gives back its contents.
    fn release(&mut self, key: Key) -> Slot<P, R> {
        let (generation, slot) = &mut self.slots[key.index as usize];
        debug_assert_eq!(*generation, key.generation);
        *generation = generation.wrapping_add(1);
        let old = std::mem::replace(slot, Slot::Free { next: self.free });
        self.free = Some(key.index);
        old
    }

    /// What a submitted operation owns, unless it is held elsewhere.
    pub(crate) fn payload(&mut self, key: Key) -> Option<&mut P> {
        match self.slot(key)? {
            Slot::Submitted { payload, .. } => payload.as_mut(),
            Slot::Free { .. } | Slot::Completed { .. } => None,
        }
    }

    /// Lends a submitted operation to the thread that performs it, until [`finish`](Table::finish).
    /// Says too whether its end was asked for.
    pub(crate) fn take_payload(&mut self, key: Key) -> Option<(P, bool)> {
        match self.slot(key)? {
            Slot::Submitted {
                payload, cancelled, ..
            } => payload.take().map(|payload| (payload, *cancelled)),
            Slot::Free { .. } | Slot::Completed { .. } => None,
        }
    }

    /// Whether the end of a submitted operation was asked for; `None` if it is not submitted.
    pub(crate) fn is_cancelled(&mut self, key: Key) -> Option<bool> {
        match self.slot(key)? {
            Slot::Submitted { cancelled, .. } => Some(*cancelled),
            Slot::Free { .. } | Slot::Completed { .. } => None,
        }
    }

    /// Marks a submitted operation as cancelled; true if the request is to be sent now.
    pub(crate) fn cancel(&mut self, key: Key) -> bool {
        match self.slot(key) {
            Some(Slot::Submitted { cancelled, .. }) => !std::mem::replace(cancelled, true),
            Some(Slot::Free { .. } | Slot::Completed { .. }) | None => false,
        }
    }

    /// Marks an entry as waited for by nobody. `cancel` asks for its end too.
    pub(crate) fn orphan(&mut self, key: Key, cancel: bool) -> Orphaned<R> {
        match self.slot(key) {
            Some(Slot::Submitted {
                waker,
                cancelled,
                orphaned,
                ..
            }) => {
                *orphaned = true;
                Orphaned::InFlight {
                    cancel: cancel && !std::mem::replace(cancelled, true),
                    waker: waker.take(),
                }
            }
            Some(Slot::Completed { .. }) => Orphaned::Completed(self.fetch(key)),
            Some(Slot::Free { .. }) | None => Orphaned::Stale,
        }
    }

    /// Frees a slot that the caller has seen completed.
    fn fetch(&mut self, key: Key) -> R {
        match self.release(key) {
            Slot::Completed { result } => result,
            Slot::Free { .. } | Slot::Submitted { .. } => {
                unreachable!("the slot was just seen completed")
            }
        }
    }

    /// The final completion of an operation (I2): `end` makes its outcome from what it owned. It
    /// runs under the caller's lock, so it must drop nothing of weight.
    ///
    /// `returned` is the operation where it was lent with [`take_payload`](Table::take_payload).
    pub(crate) fn finish(
        &mut self,
        key: Key,
        returned: Option<P>,
        end: impl FnOnce(P) -> R,
    ) -> Finished<R> {
        let Some(slot) = self.slot(key) else {
            return Finished::Stale;
        };
        let Slot::Submitted {
            payload,
            waker,
            orphaned,
            ..
        } = slot
        else {
            return Finished::Stale;
        };
        let Some(payload) = returned.or_else(|| payload.take()) else {
            return Finished::Stale;
        };
        let result = end(payload);
        let (waker, orphaned) = (waker.take(), *orphaned);
        self.submitted -= 1;
        if orphaned {
            drop(self.release(key));
            return Finished::Orphan(result);
        }
        if let Some(slot) = self.slot(key) {
            *slot = Slot::Completed { result };
        }
        Finished::Wake(waker)
    }

    /// Fetches the outcome, or leaves the waker to be woken by the completion.
    ///
    /// # Panics
    /// If the outcome was fetched before, or the entry orphaned.
    pub(crate) fn poll(&mut self, key: Key, cx: &mut Context<'_>) -> Polled<R> {
        match self.slot(key) {
            Some(Slot::Submitted { waker, .. }) => match waker {
                Some(old) if old.will_wake(cx.waker()) => Polled::Pending(None),
                other => Polled::Pending(other.replace(cx.waker().clone())),
            },
            Some(Slot::Completed { .. }) => Polled::Ready(self.fetch(key)),
            Some(Slot::Free { .. }) | None => panic!("an operation was polled after its outcome"),
        }
    }

    /// The keys of all operations that are in flight in the kernel, not lent to a thread.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let entries = self.slots.iter().enumerate();
        entries
            .filter(|(_, (_, slot))| {
                matches!(
                    slot,
                    Slot::Submitted {
                        payload: Some(_),
                        ..
                    }
                )
            })
            .map(|(index, (generation, _))| Key {
                index: index as u32,
                generation: *generation,
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "inflight_tests.rs"]
mod tests;

#[cfg(all(test, loom))]
#[path = "inflight_loom.rs"]
mod loom_tests;

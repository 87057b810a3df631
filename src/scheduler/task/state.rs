//! The state word of a task: flags, a reference count, and every transition between states.
//!
//! No other file changes the word. A transition is one compare-and-swap (or one load, where nothing
//! changes) and returns what its caller must do next, so that the callers contain no logic about
//! interleavings. `mod.rs` describes the protocol; `header.rs` puts the word in the cell.
#![forbid(unsafe_code)]

use std::fmt;

use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// One thread has exclusive access to the future: it polls or drops it, or stores the output.
const RUNNING: usize = 1;
/// The future is gone and the result is final.
const COMPLETE: usize = 1 << 1;
/// A `Notified` exists, or the task was woken while it ran.
const NOTIFIED: usize = 1 << 2;
/// A cancellation of the task was requested.
const CANCELLED: usize = 1 << 3;
/// A `JoinHandle` exists.
const JOIN_INTEREST: usize = 1 << 4;
/// The join slot holds a waker and belongs to the completer of the task.
const JOIN_WAKER: usize = 1 << 5;
/// One reference.
const REF_ONE: usize = 1 << 6;

/// Beyond this many references the process aborts, as with `Arc`: something leaks them in a loop.
const REF_LIMIT: usize = isize::MAX as usize;

/// What the owner of a `Notified` does with it. "The reference" is that of the `Notified`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Poll the future. The reference is still ours.
    Poll,
    /// Drop the future and complete as cancelled. The reference is still ours.
    Cancel,
    /// Nothing: the task is complete or being completed. The reference is released.
    Nothing,
    /// Like `Nothing`, and it was the last reference: free the cell.
    Free,
}

/// What to do after a poll that returned `Pending`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// Nothing. The reference is released.
    Nothing,
    /// Queue the task again: it was woken while it ran. The reference is passed on.
    Reschedule,
    /// Drop the future and complete as cancelled. The reference is still ours.
    Cancel,
    /// Nothing can ever wake the task again: free the cell with the future in it.
    Free,
}

/// What a completer does after the task became complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complete {
    /// Nothing. The references are released.
    Nothing,
    /// Wake the waker in the join slot, then release the references.
    WakeJoiner,
    /// No reference is left: free the cell. The references are released.
    Free,
    /// The output will never be read: drop it, then call [`StateWord::complete`] again.
    DropOutput,
}

/// What a waker does when it is consumed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Nothing. The waker's reference is released.
    Nothing,
    /// Queue the task: a reference for the `Notified` was made, the waker's is still ours.
    Schedule,
    /// Free the cell: the waker's reference was the last.
    Free,
}

/// What a `JoinHandle` does when it is dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DropJoin {
    /// Nothing. The handle's reference is released.
    Nothing,
    /// Free the cell: the handle's reference was the last.
    Free,
    /// Drop the waker in the join slot, then release the reference.
    DropWaker,
    /// The task is complete: drop the output if it was not taken, then release the reference.
    DropOutput,
}

/// The task has completed in between.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Completed;

/// The state word.
pub(super) struct StateWord(AtomicUsize);

/// The word at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Snapshot(usize);

impl StateWord {
    /// Creates the state of a new task: queued, with a `JoinHandle` and `refs` references in total.
    pub(super) fn new(refs: usize) -> Self {
        Self(AtomicUsize::new(
            NOTIFIED | JOIN_INTEREST | (refs * REF_ONE),
        ))
    }

    /// Reads the word; what the completer wrote is visible if the word is `COMPLETE`.
    pub(super) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Acquire))
    }

    /// Makes one transition: `step` returns the caller's next action and the new word, if it
    /// changes.
    ///
    /// A wake must reach the poll that follows it together with what was written before it, so a
    /// step that a wake takes stores the word even where no bit changes.
    #[inline(always)]
    fn step<A>(&self, step: impl Fn(Snapshot) -> (A, Option<Snapshot>)) -> A {
        let mut current = self.0.load(Acquire);
        loop {
            let (action, next) = step(Snapshot(current));
            let Some(next) = next else { return action };
            match self
                .0
                .compare_exchange_weak(current, next.0, AcqRel, Acquire)
            {
                Ok(_) => return action,
                Err(actual) => current = actual,
            }
        }
    }

    /// Starts to run a `Notified`.
    pub(super) fn start(&self) -> Start {
        self.step(|now| {
            debug_assert!(now.has(NOTIFIED), "run without a notification: {now:?}");
            if now.has(RUNNING | COMPLETE) {
                let next = now.without_refs(1);
                let action = if next.refs() == 0 {
                    Start::Free
                } else {
                    Start::Nothing
                };
                return (action, Some(next));
            }
            let action = if now.has(CANCELLED) {
                Start::Cancel
            } else {
                Start::Poll
            };
            (action, Some(now.without(NOTIFIED).with(RUNNING)))
        })
    }

    /// Ends a poll that returned `Pending`.
    pub(super) fn idle(&self) -> Idle {
        self.step(|now| {
            debug_assert!(now.has(RUNNING), "idle without a poll: {now:?}");
            if now.has(CANCELLED) {
                return (Idle::Cancel, None);
            }
            let next = now.without(RUNNING);
            if now.has(NOTIFIED) {
                return (Idle::Reschedule, Some(next));
            }
            let next = next.without_refs(1);
            let action = if next.refs() == 0 {
                Idle::Free
            } else {
                Idle::Nothing
            };
            (action, Some(next))
        })
    }

    /// Completes the task, whose result is stored; releases `refs` references of the caller if
    /// nothing is left for it to do.
    pub(super) fn complete(&self, refs: usize, output_dropped: bool) -> Complete {
        self.step(|now| {
            debug_assert!(
                now.has(RUNNING) && !now.has(COMPLETE),
                "completed twice: {now:?}"
            );
            if !now.has(JOIN_INTEREST) && !output_dropped {
                return (Complete::DropOutput, None);
            }
            let next = now.without(RUNNING).with(COMPLETE);
            if now.has(JOIN_WAKER) {
                return (Complete::WakeJoiner, Some(next));
            }
            let next = next.without_refs(refs);
            let action = if next.refs() == 0 {
                Complete::Free
            } else {
                Complete::Nothing
            };
            (action, Some(next))
        })
    }

    /// Requests cancellation on behalf of the owner; returns `true` if the caller now owns the
    /// future.
    pub(super) fn shutdown(&self) -> bool {
        self.step(|now| {
            if now.has(COMPLETE) {
                return (false, None);
            }
            let next = now.with(CANCELLED);
            if now.has(RUNNING) {
                return (false, Some(next));
            }
            (true, Some(next.with(RUNNING)))
        })
    }

    /// Requests cancellation; returns `true` if the caller must queue the task, for which a
    /// reference was made.
    pub(super) fn abort(&self) -> bool {
        self.step(|now| {
            if now.has(COMPLETE | CANCELLED) {
                return (false, None);
            }
            let next = now.with(CANCELLED);
            if now.has(RUNNING | NOTIFIED) {
                return (false, Some(next));
            }
            (true, Some(next.with(NOTIFIED).with_ref()))
        })
    }

    /// Wakes by a waker that stays; returns `true` if the caller must queue the task, for which a
    /// reference was made.
    pub(super) fn wake_by_ref(&self) -> bool {
        self.step(|now| {
            if now.has(COMPLETE) {
                return (false, None);
            }
            let next = now.with(NOTIFIED);
            if now.has(RUNNING | NOTIFIED) {
                return (false, Some(next));
            }
            (true, Some(next.with_ref()))
        })
    }

    /// Wakes by a waker that is consumed.
    pub(super) fn wake_by_val(&self) -> Wake {
        self.step(|now| {
            if !now.has(RUNNING | NOTIFIED | COMPLETE) {
                return (Wake::Schedule, Some(now.with(NOTIFIED).with_ref()));
            }
            let next = now.without_refs(1);
            if now.has(COMPLETE) {
                let action = if next.refs() == 0 {
                    Wake::Free
                } else {
                    Wake::Nothing
                };
                return (action, Some(next));
            }
            // A task that is queued or runs has a reference of its own.
            debug_assert_ne!(next.refs(), 0, "nobody owns the running task: {now:?}");
            (Wake::Nothing, Some(next.with(NOTIFIED)))
        })
    }

    /// Passes the join slot, which holds a waker, to the completer.
    pub(super) fn set_join_waker(&self) -> Result<(), Completed> {
        self.step(|now| {
            debug_assert!(now.has(JOIN_INTEREST) && !now.has(JOIN_WAKER));
            if now.has(COMPLETE) {
                return (Err(Completed), None);
            }
            (Ok(()), Some(now.with(JOIN_WAKER)))
        })
    }

    /// Takes the join slot back from the completer.
    pub(super) fn unset_join_waker(&self) -> Result<(), Completed> {
        self.step(|now| {
            debug_assert!(now.has(JOIN_INTEREST) && now.has(JOIN_WAKER));
            if now.has(COMPLETE) {
                return (Err(Completed), None);
            }
            (Ok(()), Some(now.without(JOIN_WAKER)))
        })
    }

    /// Records that the `JoinHandle` is dropped.
    pub(super) fn drop_join(&self) -> DropJoin {
        self.step(|now| {
            debug_assert!(now.has(JOIN_INTEREST), "joined twice: {now:?}");
            if now.has(COMPLETE) {
                return (DropJoin::DropOutput, None);
            }
            let next = now.without(JOIN_INTEREST | JOIN_WAKER);
            if now.has(JOIN_WAKER) {
                return (DropJoin::DropWaker, Some(next));
            }
            let next = next.without_refs(1);
            let action = if next.refs() == 0 {
                DropJoin::Free
            } else {
                DropJoin::Nothing
            };
            (action, Some(next))
        })
    }

    /// Adds a reference to one that the caller holds.
    pub(super) fn ref_inc(&self) {
        // Relaxed, as in `Arc`: the reference that is copied keeps the cell, and a thread that
        // receives the copy receives it through a synchronization of its own.
        let former = self.0.fetch_add(REF_ONE, Relaxed);
        if former > REF_LIMIT {
            std::process::abort();
        }
    }

    /// Releases `refs` references; returns whether they were the last.
    pub(super) fn ref_dec(&self, refs: usize) -> bool {
        let former = Snapshot(self.0.fetch_sub(refs * REF_ONE, AcqRel));
        debug_assert!(former.refs() >= refs, "one reference too few: {former:?}");
        former.refs() == refs
    }
}

impl Snapshot {
    /// Returns whether any of `bits` is set.
    #[inline(always)]
    fn has(self, bits: usize) -> bool {
        self.0 & bits != 0
    }

    #[inline(always)]
    fn with(self, bits: usize) -> Self {
        Self(self.0 | bits)
    }

    #[inline(always)]
    fn without(self, bits: usize) -> Self {
        Self(self.0 & !bits)
    }

    #[inline(always)]
    fn with_ref(self) -> Self {
        if self.0 > REF_LIMIT {
            std::process::abort();
        }
        Self(self.0 + REF_ONE)
    }

    #[inline(always)]
    fn without_refs(self, refs: usize) -> Self {
        debug_assert!(self.refs() >= refs, "one reference too few: {self:?}");
        Self(self.0 - refs * REF_ONE)
    }

    #[inline(always)]
    fn refs(self) -> usize {
        self.0 / REF_ONE
    }

    /// Returns whether the result is final.
    pub(super) fn is_complete(self) -> bool {
        self.has(COMPLETE)
    }

    /// Returns whether the join slot belongs to the completer.
    pub(super) fn has_join_waker(self) -> bool {
        self.has(JOIN_WAKER)
    }
}

impl fmt::Debug for StateWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateWord")
            .field("running", &self.has(RUNNING))
            .field("complete", &self.has(COMPLETE))
            .field("notified", &self.has(NOTIFIED))
            .field("cancelled", &self.has(CANCELLED))
            .field("join_interest", &self.has(JOIN_INTEREST))
            .field("join_waker", &self.has(JOIN_WAKER))
            .field("refs", &self.refs())
            .finish()
    }
}

//! Whether the current thread drives asynchronous tasks.
//!
//! A runtime [enters](enter) before it polls and leaves when the guard is dropped. Functions that
//! would park the thread (`blocking_lock`, `blocking_recv`, a nested `block_on`) check
//! [`in_async_context`] or call [`forbid_blocking`] first. `block_in_place` steps [out](exit) for
//! the length of a closure. This file owns the thread's flag and nothing else; `scheduler/context.rs`
//! knows which runtime was entered.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static ENTERED: Cell<Entered> = const { Cell::new(Entered::No) };
}

/// How this thread relates to a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It drives no tasks and may park.
    No,
    /// It drives tasks.
    Yes {
        /// Whether `block_in_place` may temporarily make this thread an ordinary one.
        allow_block_in_place: bool,
    },
}

/// Returns how the current thread relates to a runtime; `No` while its locals are being destroyed.
#[inline]
pub(crate) fn entered() -> Entered {
    ENTERED.try_with(Cell::get).unwrap_or(Entered::No)
}

/// Returns whether the current thread drives tasks, so that parking it would stall them.
#[inline]
pub(crate) fn in_async_context() -> bool {
    entered() != Entered::No
}

/// Panics if the current thread drives tasks.
#[inline]
#[track_caller]
pub(crate) fn forbid_blocking() {
    assert!(
        !in_async_context(),
        "Cannot block the current thread from within a runtime. A function that waits by blocking \
         was called on a thread that drives asynchronous tasks: use the asynchronous counterpart, \
         or call it inside `spawn_blocking`."
    );
}

/// Marks the thread as driving tasks until the guard is dropped; returns `None` if it does already.
#[must_use]
pub(crate) fn enter(allow_block_in_place: bool) -> Option<EnterGuard> {
    if in_async_context() {
        return None;
    }
    Some(replace(Entered::Yes {
        allow_block_in_place,
    }))
}

/// Makes the thread an ordinary one until the guard is dropped: what runs until then may park it.
#[must_use]
pub(crate) fn exit() -> EnterGuard {
    replace(Entered::No)
}

/// Sets the flag and restores the former one when the guard is dropped.
#[must_use]
pub(crate) fn replace(entered: Entered) -> EnterGuard {
    EnterGuard {
        former: ENTERED
            .try_with(|cell| cell.replace(entered))
            .unwrap_or(Entered::No),
        _this_thread: PhantomData,
    }
}

/// Restores the thread's former state when it is dropped.
#[derive(Debug)]
pub(crate) struct EnterGuard {
    former: Entered,
    _this_thread: PhantomData<*mut ()>,
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        // A thread whose locals are destroyed no longer drives anything.
        let _ = ENTERED.try_with(|cell| cell.set(self.former));
    }
}

#[cfg(test)]
mod tests {
    use super::{Entered, enter, entered, exit, forbid_blocking, in_async_context};

    #[test]
    fn nests_and_restores() {
        assert!(!in_async_context());
        let outer = enter(true).expect("not entered yet");
        assert_eq!(
            entered(),
            Entered::Yes {
                allow_block_in_place: true
            }
        );
        assert!(enter(false).is_none());
        {
            let _out = exit();
            forbid_blocking();
            let inner = enter(false).expect("stepped out");
            assert!(in_async_context());
            drop(inner);
            assert!(!in_async_context());
        }
        assert!(in_async_context());
        drop(outer);
        assert!(!in_async_context());
    }

    #[test]
    #[should_panic(expected = "Cannot block the current thread from within a runtime")]
    fn forbids() {
        let _entered = enter(true).expect("not entered yet");
        forbid_blocking();
    }
}

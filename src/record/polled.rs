//! The task that the calling thread polls, if that is recorded, for the leaves: [`waits`].
#![forbid(unsafe_code)]

use std::task::Poll;

use super::leaves::Leaves;
use super::noted::Noted;
use super::wait::Wait;
use crate::util::scoped::{Scoped, with_local};

thread_local! {
    static POLLED: Scoped<Noted> = const { Scoped::new() };
    /// Those of the same poll.
    static LEAVES: Scoped<Leaves> = const { Scoped::new() };
}

/// Calls `f`, which polls the task of `noted`.
#[inline]
pub(super) fn enter<R>(noted: &Noted, f: impl FnOnce() -> R) -> R {
    let leaves = Leaves::new();
    POLLED.with(|slot| slot.set(noted, || LEAVES.with(|slot| slot.set(&leaves, f))))
}

/// Calls `f` with what is noted of the task that this thread polls.
#[inline]
pub(super) fn with<R>(f: impl FnOnce(Option<&Noted>) -> R) -> R {
    with_local(&POLLED, f)
}

/// Notes what the task that this thread polls waits for, if that is recorded.
#[inline]
pub(crate) fn waits(wait: Wait, object: impl FnOnce() -> u64) {
    if POLLED.with(Scoped::is_set) {
        note(wait, object);
    }
}

/// Like [`waits`], for what contains the leaf that has just been noted, and tells more.
#[inline]
pub(crate) fn waits_around(wait: Wait, object: impl FnOnce() -> u64) {
    if POLLED.with(Scoped::is_set) {
        note_around(wait, object);
    }
}

/// Forgets what [`waits`] was called with, if it was in this poll.
#[inline]
pub(crate) fn waits_no_more(wait: Wait, object: impl FnOnce() -> u64) {
    if POLLED.with(Scoped::is_set) {
        forget(wait, object);
    }
}

/// Calls `poll`, which polls a future. If that is over then, all that was noted in it is forgotten.
#[inline]
pub(crate) fn poll_part<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    let before = POLLED.with(Scoped::is_set).then(noted_so_far);
    let polled = poll();
    if polled.is_ready() {
        if let Some(before) = before {
            forget_since(before);
        }
    }
    polled
}

/// Has the timer that was noted last count less than others: it limits how long the task waits for
/// these.
#[inline]
pub(crate) fn waits_at_most() {
    if POLLED.with(Scoped::is_set) {
        limit();
    }
}

// Cold, and a function for each object, so that a caller has nothing of it but the call.
#[cold]
#[inline(never)]
fn note(wait: Wait, object: impl FnOnce() -> u64) {
    change(Change::Add(wait, object()));
}

#[cold]
#[inline(never)]
fn note_around(wait: Wait, object: impl FnOnce() -> u64) {
    change(Change::Replace(wait, object()));
}

#[cold]
#[inline(never)]
fn forget(wait: Wait, object: impl FnOnce() -> u64) {
    change(Change::Remove(wait, object()));
}

#[cold]
#[inline(never)]
fn noted_so_far() -> u32 {
    with_local(&LEAVES, |leaves| leaves.map_or(0, Leaves::noted))
}

#[cold]
#[inline(never)]
fn forget_since(before: u32) {
    if noted_so_far() > before {
        change(Change::RemoveSince(before));
    }
}

#[cold]
#[inline(never)]
fn limit() {
    change(Change::Limit);
}

/// What is done to the leaves of a poll.
enum Change {
    Add(Wait, u64),
    Replace(Wait, u64),
    Remove(Wait, u64),
    RemoveSince(u32),
    Limit,
}

/// Changes the leaves of the poll that this thread is in, and has shown what that leaves. One
/// function for all callers, of which there are many.
#[inline(never)]
fn change(change: Change) {
    with_local(&LEAVES, |leaves| {
        let Some(leaves) = leaves else { return };
        match change {
            Change::Add(wait, object) => leaves.add(wait, object),
            Change::Replace(wait, object) => leaves.replace(wait, object),
            Change::Remove(wait, object) => {
                leaves.remove(wait, object);
            }
            Change::RemoveSince(before) => leaves.remove_since(before),
            Change::Limit => leaves.limit(),
        }
        with(|noted| {
            if let Some(noted) = noted {
                noted.shows(leaves.shown());
            }
        });
    })
}

/// Returns the object of a lock or a channel.
pub(crate) fn address<T: ?Sized>(of: &T) -> u64 {
    std::ptr::from_ref(of).addr() as u64
}

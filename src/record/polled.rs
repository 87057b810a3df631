//! The task that the calling thread polls, if that is recorded, for the leaves: [`waits`].
#![forbid(unsafe_code)]

use super::noted::Noted;
use super::wait::Wait;
use crate::util::scoped::{Scoped, with_local};

thread_local! {
    static POLLED: Scoped<Noted> = const { Scoped::new() };
}

/// Calls `f`, which polls the task of `noted`.
#[inline]
pub(super) fn enter<R>(noted: &Noted, f: impl FnOnce() -> R) -> R {
    POLLED.with(|slot| slot.set(noted, f))
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

// Cold, and a function for each object, so that a caller has nothing of it but the call.
#[cold]
#[inline(never)]
fn note(wait: Wait, object: impl FnOnce() -> u64) {
    with(|noted| {
        if let Some(noted) = noted {
            noted.waits(wait, object());
        }
    });
}

#[cold]
#[inline(never)]
fn note_around(wait: Wait, object: impl FnOnce() -> u64) {
    with(|noted| {
        if let Some(noted) = noted {
            noted.waits_around(wait, object());
        }
    });
}

/// Returns the object of a lock or a channel.
pub(crate) fn address<T: ?Sized>(of: &T) -> u64 {
    std::ptr::from_ref(of).addr() as u64
}

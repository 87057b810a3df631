//! Which task has locked a lock: of locks that were made, and not in a constant, after the first
//! recorder.
//!
//! A table of the process, by address. Two locks with the same place in the table displace each
//! other, and a lock that was made where another one was may be found with a holder of that: what
//! is found is a hint. A lock has no holder from when it is unlocked until it is locked by a task that
//! is polled: in between it may have been passed on to one that is not. A lock for several readers
//! has none from when one of them has unlocked it.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::polled;

/// How many locks have a place.
const PLACES: usize = 1024;

/// Whether a recorder has ever been made in this process.
static EVER: AtomicBool = AtomicBool::new(false);

/// An address and the id of a task, each stored by the thread that has just locked.
static HOLDERS: [(AtomicU64, AtomicU64); PLACES] =
    [const { (AtomicU64::new(0), AtomicU64::new(0)) }; PLACES];

/// Has locks note who holds them, from now on.
pub(super) fn begin() {
    EVER.store(true, Ordering::Relaxed);
}

/// Returns whether a recorder has ever been made.
#[inline]
pub(crate) fn ever_recorded() -> bool {
    EVER.load(Ordering::Relaxed)
}

fn place(address: u64) -> &'static (AtomicU64, AtomicU64) {
    let mixed = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    &HOLDERS[(mixed >> 32) as usize % PLACES]
}

/// Notes that the task which this thread polls, or none, has locked the lock at `address`.
#[cold]
pub(crate) fn locks(address: u64) {
    let task = polled::with(|noted| noted.map_or(0, |noted| noted.id()));
    let (at, by) = place(address);
    at.store(address, Ordering::Relaxed);
    by.store(task, Ordering::Relaxed);
}

/// Notes that the lock at `address` is about to be unlocked.
#[cold]
pub(crate) fn unlocks(address: u64) {
    let (at, by) = place(address);
    if at.load(Ordering::Relaxed) == address {
        by.store(0, Ordering::Relaxed);
    }
}

/// Returns the task that has locked the lock at `address` last, unless that was unlocked since.
pub(super) fn holder(address: u64) -> Option<u64> {
    let (at, by) = place(address);
    let task = by.load(Ordering::Relaxed);
    (task != 0 && at.load(Ordering::Relaxed) == address).then_some(task)
}

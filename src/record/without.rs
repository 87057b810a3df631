//! This module in a build without the live view (`--cfg zokio_no_monitor`, or Windows): the same
//! names, of types without a value and of functions without a body, so that nothing is left of a call.
#![forbid(unsafe_code)]

mod operation_names;
mod wait;

use std::convert::Infallible;
use std::panic::Location;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

pub(crate) use self::operation_names::OPERATIONS;
pub(crate) use self::wait::Wait;

/// What one runtime records: no runtime does.
#[derive(Debug)]
pub(crate) enum Recorder {}

/// Where the driver's operations are recorded.
#[derive(Debug)]
pub(crate) enum Journal {}

/// An operation that is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Submission {}

/// What a thread that runs a worker records by.
#[derive(Debug)]
pub(crate) enum Here {}

/// What is noted of a task. It has no value either, which its private field hides from the compiler's
/// warnings of code that is never reached.
#[derive(Debug)]
pub(crate) struct Entry(Infallible);

/// What kind of a task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeenKind {
    Task,
    Local,
    Blocking,
    BlockOn,
}

impl Recorder {
    pub(crate) fn for_runtime(_observed: bool, _workers: usize) -> Option<Arc<Recorder>> {
        None
    }

    pub(crate) fn journal(&self) -> &Arc<Journal> {
        match *self {}
    }

    pub(crate) fn here(&self, _worker: usize) -> Here {
        match *self {}
    }

    pub(crate) fn enter(
        &self,
        _id: u64,
        _kind: SeenKind,
        _place: &'static Location<'static>,
        _name: Option<&str>,
    ) -> Entry {
        match *self {}
    }
}

impl Journal {
    pub(crate) fn submit(&self, _operation: u8) -> Submission {
        match *self {}
    }

    pub(crate) fn hand_to_thread(&self) {
        match *self {}
    }

    pub(crate) fn complete(&self, submission: Submission) {
        match submission {}
    }
}

impl Here {
    pub(crate) fn park(&self) {
        match *self {}
    }

    pub(crate) fn unpark(&self) {
        match *self {}
    }

    pub(crate) fn time_passes(&self) {
        match *self {}
    }

    pub(crate) fn search(&self) {
        match *self {}
    }

    pub(crate) fn steal(&self, _count: usize) {
        match *self {}
    }

    pub(crate) fn block_in_place(&self) {
        match *self {}
    }

    pub(crate) fn lend(&self) {
        match *self {}
    }

    pub(crate) fn take_back(&self) {
        match *self {}
    }

    pub(crate) fn pick_up(&self) {
        match *self {}
    }
}

impl Entry {
    pub(crate) fn poll<T>(&self, _poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        match self.0 {}
    }

    pub(crate) fn queued(&self, _by_itself: bool) {
        match self.0 {}
    }

    pub(crate) fn ended(&self) {
        match self.0 {}
    }
}

/// Calls `f`.
#[inline]
pub(crate) fn enter<R>(here: Option<&Here>, f: impl FnOnce() -> R) -> R {
    match here {
        Some(here) => match *here {},
        None => f(),
    }
}

#[inline]
pub(crate) fn waits(_wait: Wait, _object: impl FnOnce() -> u64) {}

#[inline]
pub(crate) fn waits_around(_wait: Wait, _object: impl FnOnce() -> u64) {}

#[inline]
pub(crate) fn waits_no_more(_wait: Wait, _object: impl FnOnce() -> u64) {}

#[inline]
pub(crate) fn waits_at_most() {}

/// Calls `poll`.
#[inline]
pub(crate) fn poll_part<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    poll()
}

#[inline]
pub(crate) fn ever_recorded() -> bool {
    false
}

#[inline]
pub(crate) fn locks(_address: u64) {}

pub(crate) fn unlocks(_address: u64) {}

/// For calls of [`waits`], which does not call this.
#[inline]
pub(crate) fn address<T: ?Sized>(_of: &T) -> u64 {
    0
}

/// For calls of [`waits`], which does not call this.
#[inline]
pub(crate) fn instant_ns(_instant: Instant) -> u64 {
    0
}

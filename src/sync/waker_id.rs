//! The identity of a waker, for a wait that needs to know whether it has this one already.
#![forbid(unsafe_code)]

use std::ptr;
use std::task::Waker;

/// Two wakers that are alive at once and have the same identity do the same.
///
/// A wait that keeps it beside the waker it has handed out can compare without the lock that guards
/// the waker: as long as that has not been used, it is alive. The identity has to be that very
/// waker's and not that of the one it was cloned from, which may be dropped and its address reused
/// for another task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sync) struct WakerId {
    data: usize,
    vtable: usize,
}

impl WakerId {
    #[inline]
    pub(in crate::sync) fn of(waker: &Waker) -> Self {
        Self {
            data: waker.data().addr(),
            vtable: ptr::from_ref(waker.vtable()).addr(),
        }
    }
}

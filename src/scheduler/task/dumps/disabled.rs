//! Nothing at all; compiled without the feature `taskdump`. See `enabled.rs` for what each would do.
#![forbid(unsafe_code)]

use std::task::Poll;

use super::super::header::Header;
use super::super::id::Id;

#[inline(always)]
pub(in crate::scheduler::task) const fn is_any() -> bool {
    false
}

#[inline(always)]
pub(in crate::scheduler::task) fn poll(_: &Header, poll: impl FnOnce() -> Poll<()>) -> Poll<()> {
    poll()
}

#[inline(always)]
pub(in crate::scheduler::task) fn ended(_: Id) {}

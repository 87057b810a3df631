//! Nothing at all; compiled without the feature `taskdump`. See `enabled.rs` for what each would do.
#![forbid(unsafe_code)]

use std::ffi::c_void;
use std::task::{Context, Poll};

#[inline(always)]
pub(crate) const fn is_on() -> bool {
    false
}

#[inline(always)]
pub(crate) fn poll_leaf(_: &Context<'_>) -> Poll<()> {
    Poll::Ready(())
}

#[inline(always)]
pub(crate) fn reached(_: &Context<'_>, _: *const c_void) -> Option<Poll<()>> {
    None
}

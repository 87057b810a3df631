//! What the expansions of `select!`, `join!` and `try_join!` refer to. Not part of the public API.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use crate::record;
use crate::util::budget::poll_proceed;
use crate::util::rng::below_for_thread;
use crate::util::trace_mode;

pub use std::future::{Future, IntoFuture, poll_fn};
pub use std::pin::{Pin, pin};
pub use std::result::Result;
pub use std::task::{Context, Poll, ready};

pub use super::chain::{Chain, End, Node};
pub use super::maybe_done::{MaybeDone, maybe_done};
pub use super::rotate::{BiasedRotator, Rotator, RotatorSelect, SelectBiased, SelectNormal};
pub use super::try_maybe_done::{TryMaybeDone, try_maybe_done};

/// Returns a number below `n`, which must not be zero, from the thread's generator.
#[inline]
pub fn thread_rng_n(n: u32) -> u32 {
    below_for_thread(n)
}

impl SelectNormal {
    /// Returns which of `count` branches is polled first: a random one.
    #[inline]
    pub fn first_of(count: u32) -> u32 {
        thread_rng_n(count)
    }
}

impl SelectBiased {
    /// Returns which of `count` branches is polled first: the first.
    #[inline]
    pub fn first_of(_count: u32) -> u32 {
        0
    }
}

/// Returns `Ready` if the task has coop budget left, without spending it. Otherwise the task is
/// woken to continue after others have run. In trace mode it is the branches that are traced.
#[inline]
pub fn poll_budget_available(cx: &mut Context<'_>) -> Poll<()> {
    if trace_mode::is_on() {
        return Poll::Ready(());
    }
    // The unit that was taken is returned when it is dropped.
    poll_proceed(cx).map(drop)
}

/// [`poll_fn`] for a future that drops others when it is ready: for the live view, these wait no more.
#[inline]
pub fn poll_parts<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> impl Future<Output = T> {
    poll_fn(move |cx| record::poll_part(|| poll(cx)))
}

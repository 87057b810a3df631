//! The thread-locals of trace mode, and what a leaf asks.

use std::cell::Cell;
use std::ffi::c_void;
use std::hint::black_box;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use crate::util::budget::{self, Budget};
use crate::util::scoped::{Scoped, with_local};

thread_local! {
    static TRACER: Scoped<dyn Tracer> = const { Scoped::new() };
    /// The function of the innermost root on the stack.
    static ROOT: Cell<Option<*const c_void>> = const { Cell::new(None) };
}

/// What a traced poll reports to.
pub(crate) trait Tracer {
    /// Called by a leaf, which waits with this context. Returns whether the leaf is to end its poll
    /// as pending; its waker is then woken in time. Otherwise the leaf is polled as ever.
    fn leaf(&self, cx: &Context<'_>, meta: &TraceMeta) -> bool;
}

/// Where a trace that is being taken begins and ends on the stack: what the callback of
/// [`trace_with`](crate::runtime::dump::trace_with) is called with.
///
/// # Examples
///
/// ```
/// use std::future::Future;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use zokio::runtime::dump::{Trace, TraceMeta, trace_with};
///
/// let mut future = pin!(Trace::root(zokio::task::yield_now()));
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut has_root = false;
/// let polled = trace_with(
///     || future.as_mut().poll(&mut cx),
///     |meta: &TraceMeta| has_root = meta.root_addr.is_some(),
/// );
/// assert!(polled.is_pending());
/// assert!(has_root);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct TraceMeta {
    /// The function at which a walk up the stack ends, and which is not part of the trace: that of
    /// the innermost [`Root`](crate::runtime::dump::Root). `None` if there is none.
    pub root_addr: Option<*const c_void>,
    /// The function of this crate below which the trace begins: its frame, and those that it has
    /// called, are not part of the trace.
    pub trace_leaf_addr: *const c_void,
}

/// Polls in trace mode until the guards are dropped.
///
/// `f` is called in it. A panic of `f` ends it as well.
pub(crate) fn enter<R>(tracer: &dyn Tracer, f: impl FnOnce() -> R) -> R {
    // SAFETY: only the lifetime changes. The slot has the reference until `set` returns, and passes
    // it on to closures that cannot keep it.
    let tracer = unsafe { std::mem::transmute::<&dyn Tracer, &(dyn Tracer + 'static)>(tracer) };
    let _budget = budget::set(Budget::REFUSED);
    TRACER.with(|slot| slot.set(tracer, f))
}

/// Makes `function`, which calls this, the root of traces until the guard is dropped.
#[must_use]
pub(crate) fn enter_root(function: *const c_void) -> RestoreRoot {
    RestoreRoot {
        former: ROOT.replace(Some(function)),
        _this_thread: PhantomData,
    }
}

/// Restores the former root when it is dropped.
pub(crate) struct RestoreRoot {
    former: Option<*const c_void>,
    _this_thread: PhantomData<*const ()>,
}

impl Drop for RestoreRoot {
    fn drop(&mut self) {
        ROOT.set(self.former);
    }
}

/// Returns whether the current poll is made in trace mode.
#[inline]
pub(crate) fn is_on() -> bool {
    with_local(&TRACER, |tracer| tracer.is_some()) && !budget::has_budget_remaining()
}

/// What a leaf that takes no unit of the budget calls first. Returns `Ready` unless it is to end its
/// poll as pending.
#[inline(never)]
pub(crate) fn poll_leaf(cx: &Context<'_>) -> Poll<()> {
    if !is_on() {
        return Poll::Ready(());
    }
    // Not a call in tail position, so that the frame of this function is on the stack.
    black_box(reached(cx, poll_leaf as *const c_void)).unwrap_or(Poll::Ready(()))
}

/// Called for a leaf in a poll whose budget has been refused; `function` is the one that the leaf
/// called. Returns what the leaf does in trace mode, or `None` if that is off.
pub(crate) fn reached(cx: &Context<'_>, function: *const c_void) -> Option<Poll<()>> {
    let meta = TraceMeta {
        root_addr: ROOT.get(),
        trace_leaf_addr: function,
    };
    with_local(&TRACER, |tracer| {
        Some(match tracer?.leaf(cx, &meta) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
    })
}

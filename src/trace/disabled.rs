//! Nothing at all; compiled without the feature `tracing`. See `enabled.rs` for what each would do.
#![forbid(unsafe_code)]

use std::future::Future;
use std::task::Poll;

use crate::trace::io::Way;
use crate::trace::{ResourceType, Side, TaskFields, Update, WakerOp};

#[inline(always)]
pub(crate) const fn is_on() -> bool {
    false
}

#[inline(always)]
pub(crate) fn report(_: Update) {}

#[derive(Clone, Debug)]
pub(crate) struct Resource;

impl Resource {
    #[inline(always)]
    pub(crate) fn new(_: ResourceType) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn unseen(_: ResourceType) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn silent() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn is_silent(&self) -> bool {
        true
    }

    #[inline(always)]
    pub(crate) const fn is_seen(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn in_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    pub(crate) fn update(&self, _: Update) {}

    #[inline(always)]
    pub(crate) fn lock_changed(&self, _: bool, _: bool) {}

    #[inline(always)]
    pub(crate) fn op(&self, _: &'static str) -> Op {
        Op
    }

    #[inline(always)]
    pub(crate) fn own_op(&self, _: &'static str) -> Op {
        Op
    }

    #[inline(always)]
    pub(crate) fn poll_in_scope<R>(&self, _: &Op, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    pub(crate) fn poll<T>(&self, _: &Op, _: &'static str, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        f()
    }

    #[inline(always)]
    pub(crate) fn poll_lazy<T>(&self, _: &LazyOp, _: Way, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        f()
    }

    #[inline(always)]
    pub(crate) fn lazy_operation(&self, _: &LazyOp, _: Way) -> Operation {
        Operation
    }

    #[inline(always)]
    pub(crate) const fn io_names(&self, _: Way) -> (&'static str, &'static str) {
        ("", "")
    }

    #[inline(always)]
    pub(crate) fn address(&self, _: Side, _: &str) {}

    #[inline(always)]
    pub(crate) fn begin(&self, _: &'static str, _: &'static str) -> Operation {
        Operation
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Op;

impl Op {
    #[inline(always)]
    pub(crate) const fn none() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) const fn is_none(&self) -> bool {
        true
    }

    #[inline(always)]
    pub(crate) fn in_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    pub(crate) fn update(&self, _: Update) {}
}

pub(crate) struct LazyOp;

impl LazyOp {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self
    }
}

pub(crate) struct Operation;

impl Operation {
    #[inline(always)]
    pub(crate) fn update(&self, _: Update) {}

    #[inline(always)]
    pub(crate) fn poll<T>(self, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        f()
    }

    #[inline(always)]
    pub(crate) fn around<F: Future>(self, future: F) -> F {
        future
    }
}

pub(crate) struct Served;

impl Served {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, _: &Op, _: Update) {}

    #[inline(always)]
    pub(crate) fn report(self) {}
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskSpanId;

pub(crate) type TaskFuture<F> = F;

#[inline(always)]
pub(crate) fn task<'a, F>(
    future: F,
    _: impl FnOnce() -> TaskFields<'a>,
) -> (TaskSpanId, TaskFuture<F>) {
    (TaskSpanId, future)
}

#[inline(always)]
pub(crate) fn waker(_: TaskSpanId, _: WakerOp) {}

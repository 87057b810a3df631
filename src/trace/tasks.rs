//! The spans of tasks, and the events of their wakers; compiled with the feature `tracing`.
//!
//! A task's span is entered while the task is polled, and once more while its future is dropped,
//! when it ends. A waker names the span by its number, which the task keeps longer than the span.
#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::{Span, Value, field, trace, trace_span};

use crate::trace::enabled::within;
use crate::trace::{TaskFields, WakerOp, is_on};

/// The number of a task's span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskSpanId(
    /// 0 if there is no span; no span has that number.
    u64,
);

pin_project! {
    /// The future of a task, which it is polled and dropped as.
    pub(crate) struct TaskFuture<F> {
        // `None` once it was dropped.
        #[pin]
        future: Option<F>,
        span: Span,
    }

    impl<F> PinnedDrop for TaskFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            within(this.span, || this.future.set(None));
        }
    }
}

impl<F: Future> Future for TaskFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut();
        let future = future.expect("it is dropped with the task");
        within(this.span, || future.poll(cx))
    }
}

/// Reports a task that is about to be made of `future`.
#[inline]
pub(crate) fn task<'a, F>(
    future: F,
    fields: impl FnOnce() -> TaskFields<'a>,
) -> (TaskSpanId, TaskFuture<F>) {
    let span = if is_on() {
        new_task(&fields())
    } else {
        Span::none()
    };
    let id = TaskSpanId(span.id().map_or(0, |id| id.into_u64()));
    let future = Some(future);
    (id, TaskFuture { future, span })
}

/// Reports what a task's waker does.
#[inline]
pub(crate) fn waker(id: TaskSpanId, op: WakerOp) {
    if id.0 != 0 {
        let op = op.name();
        trace!(target: "tokio::task::waker", op, task.id = id.0);
    }
}

#[inline(never)]
fn new_task(task: &TaskFields<'_>) -> Span {
    let name = task.name.unwrap_or_default();
    let original: &dyn Value = match &task.original_size {
        Some(size) => size,
        None => &field::Empty,
    };
    let at = task.location;
    match task.function {
        None => trace_span!(
            target: "tokio::task",
            parent: None,
            "runtime.spawn",
            kind = task.kind,
            task.name = %name,
            task.id = task.id,
            original_size.bytes = original,
            size.bytes = task.size,
            loc.file = at.file(),
            loc.line = at.line(),
            loc.col = at.column(),
        ),
        Some(function) => trace_span!(
            target: "tokio::task::blocking",
            "runtime.spawn",
            kind = task.kind,
            task.name = %name,
            task.id = task.id,
            "fn" = function,
            original_size.bytes = original,
            size.bytes = task.size,
            loc.file = at.file(),
            loc.line = at.line(),
            loc.col = at.column(),
        ),
    }
}

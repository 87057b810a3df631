//! What the feature `tracing` reports: spans and events of the crate `tracing` in the words that
//! tokio uses, so that programs which read them from tokio read them from zokio.
//!
//! `vocabulary.rs` has those words, `enabled.rs` and `tasks.rs` the spans and events, and `disabled.rs` the same
//! types and functions without either: types of size zero, functions without a body. One of the two
//! is compiled, so the code that reports has no `cfg`, and without the feature it is what it would
//! be if it did not report. `semaphore.rs` is what a batch semaphore and its owner report, `tests`
//! the proof that the disabled types take no room. `io.rs` is what sockets and pipes report.
//!
//! Three kinds of spans:
//!
//! - a task, entered while it is polled and dropped (`runtime.spawn`);
//! - a [`Resource`]: a lock, a channel, a timer, a socket (`runtime.resource`);
//! - an [`Op`]: one wait for a resource (`runtime.resource.async_op`), and its polls.
//!
//! A reader finds out to what an event belongs by the spans that are entered at that moment. So a
//! state of a resource is reported inside of its span, and a poll of an operation inside of the
//! spans of the resource and of the operation.
//!
//! # Rules for code that reports
//! - A subscriber is foreign code. It is called without a lock held, and after the state that is
//!   reported is complete. Its panic is contained wherever a value is about to be returned, so that it
//!   loses nothing.
//! - A subscriber may itself use a channel of this crate. So a type that tokio does not report
//!   (a channel of several values, `Notify`) reports from polls only, which a subscriber does not
//!   call.
#![forbid(unsafe_code)]

mod io;
mod semaphore;
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
mod vocabulary;

#[cfg(not(feature = "tracing"))]
mod disabled;
#[cfg(feature = "tracing")]
mod enabled;
#[cfg(feature = "tracing")]
mod tasks;

#[cfg(all(test, not(feature = "tracing")))]
mod tests;

#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::{
    LazyOp, Op, Operation, Resource, Served, TaskFuture, TaskSpanId, is_on, report, task, waker,
};
#[cfg(feature = "tracing")]
pub(crate) use enabled::{LazyOp, Op, Operation, Resource, Served, is_on, report};
#[cfg(feature = "rt")]
pub(crate) use io::{IoTrace, Way};
pub(crate) use semaphore::{AcquireTrace, SemaphoreTrace};
#[cfg(feature = "tracing")]
pub(crate) use tasks::{TaskFuture, TaskSpanId, task, waker};
pub(crate) use vocabulary::{ResourceType, Side, TaskFields, Update, WakerOp};

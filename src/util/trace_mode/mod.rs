//! Trace mode, in which a future is polled to learn where it waits, and makes no progress.
//!
//! A *leaf* is a future of this crate that waits by itself: for a socket, a channel, a timer. Each
//! asks before it looks at what it waits for, and ends its poll as pending in trace mode, after the
//! `Tracer` has noted where that is and seen to it that the leaf is woken. To the code around it
//! that is a spurious poll, which any future has to allow for.
//!
//! Nearly every leaf takes a unit of the budget first (`util/budget.rs`). So trace mode is a budget
//! of which a unit has been refused, and the leaf finds out on the path on which it would yield
//! anyway: a poll that is not traced pays nothing. A leaf without a budget calls [`poll_leaf`]. What
//! sets a budget of its own in a traced poll (`block_in_place`, tasks of a `LocalSet`) is polled as
//! ever.
//!
//! `enabled.rs` is compiled with the feature `taskdump`, and `disabled.rs`, which is the same
//! without anything in it, without. The public face is `runtime/dump`; who polls tasks in trace
//! mode is in `scheduler/task/dumps`.

#[cfg(not(feature = "taskdump"))]
mod disabled;
#[cfg(feature = "taskdump")]
mod enabled;
#[cfg(feature = "taskdump")]
mod stack;

#[cfg(not(feature = "taskdump"))]
pub(crate) use disabled::{is_on, poll_leaf, reached};
#[cfg(feature = "taskdump")]
pub(crate) use enabled::{Tracer, enter, enter_root, is_on, poll_leaf, reached};
#[cfg(feature = "taskdump")]
pub(crate) use stack::Stack;

#[cfg(feature = "taskdump")]
pub use enabled::TraceMeta;

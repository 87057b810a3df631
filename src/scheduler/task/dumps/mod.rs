//! Dumps: the tasks of a runtime are asked where they wait.
//!
//! # How a task is traced
//!
//! A `DumpRequest` notes which tasks exist and wakes each of them. So a task comes to the front of
//! a queue as after any wake, and the worker that takes it from there, which is one that may poll
//! it, finds that it is asked for. It polls the task in trace mode (`util/trace_mode`): every leaf
//! that the poll reaches notes the calls that led to it and ends its poll as pending. Then the task
//! is woken again, because the poll took the place of one that might have made progress. To the task
//! that is one spurious poll. If it completes in it, it has completed, and is in no dump.
//!
//! No thread is stopped, and no lock is held while a task is polled. A worker that does not come
//! back from a poll keeps the task that it polls from answering, and no other.
//!
//! # Why a dump ends
//!
//! A task that has been asked answers when it has been polled, or when it ends in any way. A thread
//! of the dump's own waits for that, and no longer than `PATIENCE` without an answer: each such
//! period has one answer at least, and the tasks that are asked are those of the beginning, so it
//! ends. It needs no timer and no thread of a runtime. What has not answered by then is listed
//! without a trace: a task that is running, or one for which there is no worker.
//!
//! A poll in trace mode might itself wait, if it blocks its thread until a leaf is woken, as a
//! `block_on` of another library in it does. The wakers of its leaves are therefore not with the
//! worker, but in a `HeldWakers`. They are woken when the poll ends, or when the dump does, and from
//! then on leaves in that poll are polled as ever.
//!
//! # Where things are
//!
//! `request.rs` is a dump with its locks, `held.rs` the wakers, `listing.rs` finds the tasks, and
//! `enabled.rs` is what a task's life calls (`raw.rs`). `disabled.rs` is the same without the feature
//! `taskdump`.

#[cfg(not(feature = "taskdump"))]
mod disabled;
#[cfg(feature = "taskdump")]
mod enabled;
#[cfg(feature = "taskdump")]
mod held;
#[cfg(feature = "taskdump")]
mod listing;
#[cfg(feature = "taskdump")]
mod request;

#[cfg(not(feature = "taskdump"))]
pub(super) use disabled::{ended, is_any, poll};
#[cfg(feature = "taskdump")]
pub(super) use enabled::{ended, is_any, poll};
#[cfg(feature = "taskdump")]
pub(crate) use request::{DumpRequest, Dumped, DumpedTask};

/// How long a dump waits for the next answer.
#[cfg(feature = "taskdump")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

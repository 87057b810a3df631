//! File operations that complete inline, without waiting.
//!
//! The third way to carry out a file operation, besides the ring and the threads of the driver: a
//! system call that the kernel answers from memory, made by the task that asks. Only Linux has such
//! calls. [`calls`] are those
//! calls, [`paths`] what they report about a path. [`mounts`] knows on which file systems a call
//! may wait all the same, and [`stopwatch`] learns it. [`folders`] tells where a change, which is not
//! made inline, is expected to take no longer.

pub(crate) mod calls;
pub(crate) mod folders;
pub(crate) mod mounts;
pub(crate) mod paths;
pub(crate) mod stopwatch;
#[cfg_attr(not(target_os = "linux"), path = "nothing_without_waiting.rs")]
mod without_waiting;

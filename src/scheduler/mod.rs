//! The schedulers, which run tasks: current-thread and multi-thread.
//!
//! Read `task/mod.rs` for the task cell, then `current_thread/mod.rs`, which has everything but
//! work stealing, then `multi_thread/mod.rs`. What both share is in [`services`]; what a thread
//! knows about the runtime it is in, in [`context`]. A scheduler does not know what an I/O
//! operation is: it provides a thread that waits for the driver, in [`park`].

pub(crate) mod context;
pub(crate) mod current_thread;
#[cfg(feature = "taskdump")]
mod dump;
mod handle;
pub(crate) mod inject;
pub(crate) mod metrics;
pub(crate) mod multi_thread;
mod park;
pub(crate) mod services;
pub(crate) mod task;

pub(crate) use handle::Handle;
pub(crate) use multi_thread::block_in_place;

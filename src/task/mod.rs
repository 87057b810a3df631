//! Asynchronous tasks: light threads that the runtime switches between at every `.await`.
//!
//! [`spawn`] makes one of a future, and gives a [`JoinHandle`] to await its output, or to abort it.
//! Tasks are cheap (one allocation) and are scheduled cooperatively: one that computes for long
//! without awaiting keeps its thread from running others, for which there are
//! [`spawn_blocking`], [`block_in_place`] and [`yield_now`]; the [`coop`] module says how tasks
//! that are always ready are kept from starving the rest.
//!
//! | For | There is |
//! |---|---|
//! | a future that is `Send` | [`spawn`] |
//! | a future that is not | [`LocalSet`], [`spawn_local`] |
//! | a closure that blocks | [`spawn_blocking`], [`block_in_place`] |
//! | many tasks whose outputs are wanted | [`JoinSet`] |
//! | a value that follows a task | [`task_local!`](crate::task_local) |
//!
//! # Cancellation
//!
//! [`JoinHandle::abort`] asks for it; the runtime then drops the task's future where it stands,
//! which is at an `.await`. A runtime that shuts down does the same to all of its tasks. The
//! joiner gets a [`JoinError`] that says so.
//!
//! # Panics
//!
//! A task that panics hurts nobody else: the panic hook reports it, and the joiner gets a
//! [`JoinError`] with the payload.
//!
//! # Examples
//!
//! ```
//! use zokio::task;
//!
//! # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let handle = task::spawn(async {
//!     task::yield_now().await;
//!     "hello"
//! });
//! assert_eq!(handle.await.unwrap(), "hello");
//! # });
//! ```
#![forbid(unsafe_code)]

mod blocking;
pub mod coop;
mod join_set;
mod local_set;
mod spawn;
mod task_local;
mod yield_now;

pub use self::blocking::{block_in_place, spawn_blocking};
// Where they were before there was a module for them.
#[doc(hidden)]
pub use self::coop::{Unconstrained, consume_budget, unconstrained};
pub use self::join_set::JoinSet;
pub use self::local_set::{LocalEnterGuard, LocalSet};
pub use self::spawn::{id, spawn, spawn_local, try_id};
pub use self::task_local::LocalKey;
pub use self::yield_now::yield_now;
pub use crate::scheduler::task::{AbortHandle, Id, JoinError, JoinHandle};

/// Futures of this module that have names.
pub mod futures {
    pub use super::task_local::TaskLocalFuture;
}

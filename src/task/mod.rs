//! Asynchronous tasks.
//!
//! # What a task is
//!
//! A task is a future that a runtime polls by itself. It is to a runtime what a thread is to the
//! operating system: a piece of work that runs on its own, beside others, and that can be waited
//! for. But where a thread has a stack and is switched by the kernel, a task is one allocation and
//! is switched by a function call. A program can have a great many of them.
//!
//! - **Tasks are scheduled by the runtime**, on few threads. A task that waits takes no thread.
//! - **Tasks are cooperative.** A task runs until an `.await` has to wait, and cannot be
//!   interrupted before that. One that computes for long, or that calls a function which blocks,
//!   keeps its thread. [Below](#blocking) is what to do instead.
//! - **Tasks run concurrently**, and on a multi-thread runtime in parallel. A future that is
//!   awaited directly is not a task: it runs as part of the task that awaits it.
//!
//! | For | There is |
//! |---|---|
//! | a future that is `Send` | [`spawn`](fn@spawn) |
//! | a future that is not | [`spawn_local`], in a [`LocalSet`] or a [`LocalRuntime`](crate::runtime::LocalRuntime) |
//! | a closure that blocks | [`spawn_blocking`], [`block_in_place`] |
//! | many tasks whose outputs are wanted | [`JoinSet`] |
//! | a task with a name | [`Builder`] |
//! | a value that belongs to a task | [`task_local!`](crate::task_local) |
//! | letting others run | [`yield_now`](fn@yield_now), [`coop`] |
//!
//! # Spawning and joining
//!
//! [`spawn`](fn@spawn) starts a task and returns a [`JoinHandle`], which is a future of the task's
//! output. The task runs whether or not the handle is awaited, and continues if the handle is dropped.
//!
//! ```
//! use zokio::task;
//!
//! #[zokio::main]
//! async fn main() {
//!     let handle = task::spawn(async {
//!         task::yield_now().await;
//!         "hello"
//!     });
//!     assert_eq!(handle.await.expect("no panic"), "hello");
//! }
//! ```
//!
//! # Panics
//!
//! A panic ends its task and nothing else. The panic hook reports it, and the [`JoinHandle`]
//! returns a [`JoinError`] with the payload:
//!
//! ```
//! #[zokio::main]
//! async fn main() {
//!     let handle = zokio::spawn(async { panic!("out of ink") });
//!     let error = handle.await.expect_err("it panics");
//!     assert!(error.is_panic());
//!     assert_eq!(error.into_panic().downcast_ref(), Some(&"out of ink"));
//! }
//! ```
//!
//! # Cancellation
//!
//! [`JoinHandle::abort`] and [`AbortHandle::abort`] request that a task be cancelled. The runtime
//! drops the task's future where it is, which is at an `.await`, and the handle returns a
//! [`JoinError`] for which [`is_cancelled`](JoinError::is_cancelled) is true. A task that completes
//! first is not cancelled. Dropping a [`JoinSet`] aborts the tasks in it, and a runtime that shuts
//! down cancels all of its tasks.
//!
//! ```
//! #[zokio::main]
//! async fn main() {
//!     let handle = zokio::spawn(std::future::pending::<()>());
//!     handle.abort();
//!     assert!(handle.await.expect_err("it never completes").is_cancelled());
//! }
//! ```
//!
//! [`guide::cancellation`](crate::guide::cancellation) explains what an operation leaves behind
//! when its task is cancelled, and how to ask a task to stop instead.
//!
//! # Blocking
//!
//! Use [`spawn_blocking`] for a function that blocks its thread:
//!
//! ```
//! use zokio::task;
//!
//! #[zokio::main]
//! async fn main() {
//!     let sum = task::spawn_blocking(|| {
//!         // A long computation, or a call of a library that blocks.
//!         (1..=1_000_u64).sum::<u64>()
//!     });
//!     assert_eq!(sum.await.expect("no panic"), 500_500);
//! }
//! ```
//!
//! [`block_in_place`] does so without moving to another thread, on a multi-thread runtime. A
//! computation that is split into steps can let others run in between by [`coop::consume_budget`].
//! [`runtime`](crate::runtime#blocking) compares these.
#![forbid(unsafe_code)]

mod blocking;
mod builder;
pub mod coop;
pub mod join_set;
mod local_set;
mod spawn;
mod task_local;
mod yield_now;

pub use self::blocking::{block_in_place, spawn_blocking};
pub use self::builder::Builder;
// Where they were before there was a module for them.
#[doc(hidden)]
pub use self::coop::{Unconstrained, consume_budget, unconstrained};
pub use self::join_set::JoinSet;
pub use self::local_set::{LocalEnterGuard, LocalSet};
pub use self::spawn::{id, spawn, spawn_local, try_id};
pub use self::task_local::LocalKey;
pub use self::yield_now::yield_now;
pub use crate::scheduler::task::{AbortHandle, Id, JoinError, JoinHandle};

/// The named futures of this module.
pub mod futures {
    pub use super::task_local::TaskLocalFuture;
}

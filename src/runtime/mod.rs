//! Runtimes: what polls tasks, waits for I/O and drives timers.
//!
//! Asynchronous code needs three services, which a [`Runtime`] bundles: a *scheduler*, which polls
//! tasks on one or more threads, a *driver*, which waits for I/O, and *timers*.
//!
//! Most programs never name these types: the attribute macros
//! [`#[zokio::main]`](macro@crate::main) and [`#[zokio::test]`](macro@crate::test) build a runtime
//! with everything enabled. [`Runtime::new`] does the same in code that is not asynchronous, a
//! [`Builder`] sets options, and a [`Handle`] refers to a runtime from anywhere.
//!
//! ```
//! use zokio::runtime::Runtime;
//!
//! fn main() -> std::io::Result<()> {
//!     let rt = Runtime::new()?;
//!     let answer = rt.block_on(async {
//!         let task = zokio::spawn(async { 6 * 7 });
//!         task.await
//!     })?;
//!     assert_eq!(answer, 42);
//!     Ok(())
//! }
//! ```
//!
//! # Choosing a scheduler
//!
//! | | Multi-thread | Current-thread | Local |
//! |---|---|---|---|
//! | Created by | [`Builder::new_multi_thread`], [`Runtime::new`], `#[zokio::main]` | [`Builder::new_current_thread`], `#[zokio::test]` | [`LocalRuntime::new`], [`Builder::build_local`], `#[zokio::main(flavor = "local")]` |
//! | Tasks run | on worker threads, which take work from each other | on a thread that is inside [`block_on`](Runtime::block_on) | on the thread that created it, inside `block_on` |
//! | Futures of tasks | `Send` | `Send` | any, with [`spawn_local`](crate::task::spawn_local) |
//! | [`block_in_place`](crate::task::block_in_place) | yes | no | no |
//! | Paused clock | no | yes | yes |
//!
//! **Multi-thread** is the choice for servers and for programs with more work than one processor
//! can do. By default it has one worker for each processor that the process may use;
//! [`Builder::worker_threads`] and the environment variable `TOKIO_WORKER_THREADS` set another
//! number. Workers are not tied to processors or NUMA nodes.
//!
//! **Current-thread** has no workers to start and no synchronization between them to pay for. It is
//! the choice for tests, for a library that offers a blocking API, and for programs that mostly
//! wait. Nothing runs unless a thread is inside `block_on`, and a task that blocks its thread holds
//! up all others.
//!
//! **Local** is a current-thread runtime whose tasks need not be `Send`. Several of them, one on
//! each of several threads, make a program in which no task changes threads.
//!
//! The future passed to `block_on` is not a task. In a multi-thread runtime it is polled by the
//! calling thread, and the tasks that it spawns run on the workers. To have everything run on
//! workers, spawn one task that does the work and wait for it.
//!
//! # Sharing a runtime
//!
//! A runtime ends when its one [`Runtime`] value is dropped. Other threads reach it through a clone
//! of its [`Handle`], through a reference, or through an [`Arc`](std::sync::Arc), since all methods
//! but those that shut it down take `&self`. Code that runs on a runtime finds it with
//! [`Handle::current`], and [`Handle::enter`] makes it the current one elsewhere:
//!
//! ```
//! use std::thread;
//! use zokio::runtime::Handle;
//!
//! #[zokio::main]
//! async fn main() {
//!     let handle = Handle::current();
//!     let task = thread::spawn(move || handle.spawn(async { 6 * 7 }));
//!     let task = task.join().expect("no panic");
//!     assert_eq!(task.await.expect("no panic"), 42);
//! }
//! ```
//!
//! A program may have several runtimes. A socket or timer belongs to the one in which it was
//! created. A [`File`](crate::fs::File) belongs to none: each of its operations is carried out by
//! the runtime in which it begins. [Join handles](crate::task::JoinHandle), channels and locks can
//! be awaited in any.
//!
//! # Fairness
//!
//! Tasks are scheduled cooperatively: a task keeps its thread until its poll returns. Provided that
//! polls do return, and that the number of tasks does not grow without limit, the following is
//! guaranteed:
//!
//! - A task that has been woken is polled after a bounded number of polls of other tasks.
//! - I/O, timers and tasks that come from other threads are noticed, however many tasks are ready.
//! - A task that always finds its sockets readable or its channels full is made to yield by its
//!   [budget](crate::task::coop). Two tasks that wake each other cannot keep others waiting either.
//!
//! If a poll does not return, only that task is affected, as long as the runtime has another worker
//! that is free: the tasks that were queued on the same worker are moved, and another worker waits
//! for I/O and timers. This does not apply to a runtime of one worker, to a current-thread runtime,
//! or to the tasks of one [`LocalSet`](crate::task::LocalSet).
//!
//! Nothing is guaranteed about the order in which tasks run, about which worker runs a task, or
//! about how long a task waits while others run.
//!
//! # How it works today
//!
//! This section explains what a program may observe. Any release may change it.
//!
//! A **worker** of the multi-thread scheduler has a queue, first in, first out, and beside it a
//! place for one more task, the *LIFO slot*. A task that is woken or spawned by a task of the same
//! worker goes into the slot and runs next, while its data is in the cache; the task that was there
//! goes to the queue. After three tasks in a row from the slot, the worker takes one from the
//! queue. A worker with nothing to do takes up to half of another worker's queue. It takes the task
//! in a LIFO slot only if the polls of that worker are slow: 100 microseconds or more on average.
//!
//! Tasks that are woken or spawned by other threads go to the **injection queue**, which all
//! workers share. A worker that has work of its own checks that queue after a number of polls (2 to
//! 127) that depends on how long its polls take, so that a task from outside waits about as long
//! behind slow tasks as behind fast ones. [`Builder::global_queue_interval`] sets a fixed number
//! instead. The current-thread scheduler has one queue and an injection queue, which it checks
//! every 31 polls by default.
//!
//! A worker that has work polls the **driver** (I/O and timers) every 61 polls of tasks; see
//! [`Builder::event_interval`]. A task that calls [`yield_now`](crate::task::yield_now), or that
//! has spent its budget, is usually queued again only once the driver has been polled. A
//! current-thread runtime whose tasks do nothing but yield polls the driver less often, but still
//! every few microseconds.
//!
//! Waking a **sleeping worker** often takes longer than a poll. A worker whose polls take less than
//! a microsecond on average therefore wakes no other for a single waiting task. If two or more
//! tasks wait, it does.
//!
//! In a runtime with two or more workers, a thread named `zokio-monitor` checks every 10 ms whether
//! a worker is stuck in a poll. If so, it moves that worker's tasks to the injection queue, and has
//! another worker wait for I/O and timers. It sleeps when all workers do. An idle runtime makes no
//! system calls.
//!
//! In a runtime with two or more workers, a worker also carries out **brief operations on files**
//! that its tasks begin: small writes, and creating, renaming, linking and removing files. It does
//! so as soon as the poll that began the operation has ended, and usually continues with the same
//! task. If that poll does not end, another thread carries the operation out, and if the operation
//! waits, another thread takes over the worker's tasks.
//! [`guide::back_ends`](crate::guide::back_ends#where-operations-go) has the conditions.
//!
//! The workers start when the runtime is built. **Other threads**, which run blocking closures and
//! file operations, start on demand and end when they have been idle for
//! [`Builder::thread_keep_alive`]. [`guide::back_ends`](crate::guide::back_ends#threads) lists all
//! threads with their names.
//!
//! # Blocking
//!
//! A poll should return within microseconds rather than milliseconds. Until it does, nothing else
//! happens on a current-thread runtime, and a multi-thread runtime has one worker fewer. For code
//! that takes longer, or that blocks:
//!
//! - [`spawn_blocking`](crate::task::spawn_blocking) runs a closure on a pool of threads for that
//!   purpose. It is meant for system calls and libraries that block. The pool has up to 512 threads
//!   ([`Builder::max_blocking_threads`]), too many for computations: limit these with a
//!   [`Semaphore`](crate::sync::Semaphore), or use a pool with one thread for each processor.
//! - [`block_in_place`](crate::task::block_in_place) runs a closure on the current thread, which
//!   stops being a worker. Another thread takes over the worker's tasks. The closure may borrow,
//!   but the rest of the same task (other branches of a `join!` or `select!`) waits for it.
//! - A thread of your own ([`std::thread::spawn`]) suits work that lasts as long as the program.
//! - A computation can let other tasks run in between with
//!   [`consume_budget`](crate::task::coop::consume_budget).
//!
//! In asynchronous code, [`block_on`](Handle::block_on) panics: await the future instead. A
//! synchronous function that is called by a task, and that has to call asynchronous code, can do
//! so with `block_in_place` and `Handle::block_on` on a multi-thread runtime:
//!
//! ```
//! use zokio::runtime::Handle;
//! use zokio::task;
//!
//! /// A synchronous function, called by a task.
//! fn fetch_blocking() -> u32 {
//!     task::block_in_place(|| Handle::current().block_on(async { 5 }))
//! }
//!
//! #[zokio::main]
//! async fn main() {
//!     let task = zokio::spawn(async { fetch_blocking() });
//!     assert_eq!(task.await.expect("no panic"), 5);
//! }
//! ```
//!
//! # The driver
//!
//! A runtime that is built by a [`Builder`] has I/O and timers only if they are enabled, with
//! [`enable_all`](Builder::enable_all), [`enable_io`](Builder::enable_io) or
//! [`enable_time`](Builder::enable_time). Files work in every runtime.
//!
//! Sockets, pipes, signals and child processes are driven by readiness (epoll), unless
//! [`Builder::sockets`] has streams receive on io_uring. A file operation is done on the calling
//! thread if it need not wait. A worker also makes brief changes itself, as described
//! [above](#how-it-works-today). Reads that wait go to io_uring, if the kernel and the sandbox
//! permit it, and everything else to the driver's own threads. [`Handle::driver_info`] reports
//! whether io_uring is used, and why. [`Builder::driver`] and the environment variable
//! `ZOKIO_DRIVER` force a back-end. See [`guide::back_ends`](crate::guide::back_ends).
//!
//! # Shutdown
//!
//! Dropping a [`Runtime`] shuts it down. With [`#[zokio::main]`](macro@crate::main) that happens
//! when `main` returns. Each task is dropped at the `.await` where it is, or, if it is being
//! polled, when that poll returns: tasks that have not completed by then never do. A worker that
//! has tasks to poll may poll some of them first.
//!
//! The drop waits for the workers, for all closures of `spawn_blocking`, including those that wait
//! for a thread, and for file operations, except reads of a [`File`](crate::fs::File) and opens
//! that neither create nor truncate. That can take as long as the longest of them.
//!
//! - [`Runtime::shutdown_timeout`] limits the wait.
//! - [`Runtime::shutdown_background`] does not wait at all.
//! - Dropping a runtime inside asynchronous code panics, because it would block the thread.
//!   `shutdown_background` may be called there.
//!
//! What still refers to the runtime is unusable from then on: spawning through a [`Handle`] cancels
//! the task at once, waiting for a socket or pipe fails with an error for which
//! [`is_rt_shutdown_err`] returns true, file operations fail with an error of kind
//! [`Other`](std::io::ErrorKind::Other), and timers panic when they are polled.
//!
//! A program that has to clean up asynchronously does so before it leaves `block_on`. Tell the
//! tasks to stop, then wait for them:
//!
//! ```
//! use zokio::sync::watch;
//! use zokio::task::JoinSet;
//!
//! #[zokio::main]
//! async fn main() {
//!     let (stop, stopped) = watch::channel(false);
//!     let mut connections = JoinSet::new();
//!     for _ in 0..3 {
//!         let mut stopped = stopped.clone();
//!         connections.spawn(async move {
//!             // A server would serve requests here, in a `select!` with this.
//!             let _ = stopped.wait_for(|stop| *stop).await;
//!             "said goodbye"
//!         });
//!     }
//!     stop.send(true).expect("the tasks are there");
//!     assert_eq!(connections.join_all().await, ["said goodbye"; 3]);
//! }
//! ```
//!
//! # Fork
//!
//! A runtime must not be used in a child process made by `fork(2)`. The child has a copy of the
//! calling thread only: it has no workers, no threads for operations, and locks that another thread
//! held at that moment stay locked. The driver's descriptors and the process's signal sockets are
//! shared with the parent, so that each takes events from the other.
//!
//! A process that forks without a later `exec` (a daemon, a pre-forking server) must fork before it
//! builds its first runtime, and build the runtime in the child. Programs that are started by
//! [`process::Command`](crate::process::Command) are not affected.
#![forbid(unsafe_code)]

mod builder;
mod driver_info;
#[cfg(feature = "taskdump")]
pub mod dump;
mod error;
mod handle;
mod id;
mod local;
mod metrics;
#[cfg(not(any(zokio_no_monitor, windows)))]
mod monitor;
#[cfg(any(zokio_no_monitor, windows))]
#[path = "without_monitor.rs"]
mod monitor;
mod owner;
#[cfg_attr(windows, path = "without_signal_socket.rs")]
pub(crate) mod signal_socket;
mod sockets;

pub use self::builder::Builder;
pub use self::driver_info::{DriverInfo, DriverKind};
#[cfg(feature = "taskdump")]
pub use self::dump::Dump;
pub use self::error::TryCurrentError;
pub use self::handle::{EnterGuard, Handle};
pub use self::id::Id;
pub use self::local::{LocalOptions, LocalRuntime};
pub use self::metrics::RuntimeMetrics;
#[cfg(not(any(zokio_no_monitor, windows)))]
pub use self::monitor::prometheus;
pub use self::owner::Runtime;
pub use self::sockets::Sockets;
pub use crate::scheduler::metrics::{
    HistogramConfiguration, HistogramScale, InvalidHistogramConfiguration, LogHistogram,
    LogHistogramBuilder,
};
pub use crate::scheduler::task::{TaskMeta, UnhandledPanic};
pub use crate::util::rng_seed::RngSeed;

/// The kinds of scheduler that a runtime can have.
///
/// That of a [`LocalRuntime`] is `CurrentThread`.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, RuntimeFlavor};
///
/// /// `block_in_place` needs other workers to continue.
/// fn may_block_in_place() -> bool {
///     Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     assert!(!may_block_in_place());
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Tasks run on the thread inside `block_on`.
    CurrentThread,
    /// Tasks run on worker threads.
    MultiThread,
}

/// Returns the index of the worker that runs on this thread, counted from 0.
///
/// Returns `None` on a thread that runs no tasks: outside a runtime, on the blocking pool, inside
/// `block_in_place`, and in the `block_on` of a multi-thread runtime. A task that comes back from
/// `block_in_place` finds the index it had before, though another thread may run that worker until
/// the poll ends. The one worker of a
/// current-thread runtime is the thread inside [`Runtime::block_on`] that runs its tasks.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, worker_index};
///
/// # fn main() -> std::io::Result<()> {
/// assert_eq!(worker_index(), None);
/// let rt = Builder::new_current_thread().build()?;
/// assert_eq!(rt.block_on(async { worker_index() }), Some(0));
/// # Ok(())
/// # }
/// ```
pub fn worker_index() -> Option<usize> {
    crate::scheduler::context::worker_index()
}

/// Returns whether an I/O error reports that the runtime of a socket, a pipe or another descriptor
/// that it watches has been shut down.
///
/// A file operation that fails for this reason returns another error of kind
/// [`Other`](std::io::ErrorKind::Other), for which the result is `false`.
///
/// # Examples
///
/// ```
/// use std::io;
/// assert!(!zokio::runtime::is_rt_shutdown_err(&io::Error::other("something else")));
/// ```
pub fn is_rt_shutdown_err(err: &std::io::Error) -> bool {
    crate::driver::is_shutdown_error(err)
}

//! The driver: the kernel, behind one contract.
//!
//! A runtime has one driver, which has two halves. *Completion*, "do this and tell me how it went":
//! an operation owns its file descriptors and its buffers, is submitted once and ends in exactly
//! one completion ([`completion`]). *Readiness*, "tell me when this file descriptor may make
//! progress" ([`readiness`]). An idle thread of the scheduler waits for readiness ([`wait`]);
//! completions need none: the driver's own threads wake tasks directly. Receives of sockets may be
//! completions as well ([`sockets`]), which that thread waits for.
//!
//! # Invariants
//!
//! - **I1** Memory and file descriptors that the kernel may touch belong to the in-flight entry,
//!   never to a future.
//! - **I2** Every submitted operation yields exactly one final completion; cancelling is a
//!   request, not a release.
//! - **I3** A result that is a resource (a file descriptor) is wrapped in an owning type before
//!   it leaves the driver, so an orphaned open closes it.
//! - **I4** In-flight keys carry a generation, the lower half of a running number: a late
//!   completion never reaches a reused slot.
//! - **I5** An operation that was not cancelled and that ends with `ECANCELED` is submitted again;
//!   `EAGAIN` from the kernel's poll loop is waited out; `EINTR` and the kernel's private restart
//!   codes (512 to 516) are retried. None of them reach the user.
//! - **I6** A full submission queue is flushed and retried, never dropped. A completion queue
//!   overflow is drained.
//! - **I7** Teardown cancels what is on the ring, waits at most 2 s for its end (`CANCEL_PATIENCE`
//!   in `scheduler/services.rs`), and leaves what has not ended by then to the ring's thread.
//!   Operations on threads end with their pool. Memory that the kernel may still write is never
//!   freed. A ring that may not be entered any more is closed, and what it had taken ends when the
//!   kernel has released it (`uring/released.rs`).
//! - **I8** Dropping a future returns at once. It cancels the operation, unless that changes the
//!   file system (`InFlight::detach`) or belongs to an open file: then it continues. Transfers of a
//!   user's buffer are cancelled, writes too. What a drop does to bytes and file descriptors is
//!   documented in the function's `# Cancel safety` section. A future may also ask for the end and
//!   wait for it (`InFlight::cancel`): then what the operation owns comes back.
//! - **I9** Progress: from the submission on, an operation needs no thread that runs user code: not
//!   to begin, not to continue, not to complete, not to wake its task. A worker may keep a change of
//!   a name or a small write until the poll that has begun it ends; if that takes longer than a tick
//!   of 10 ms, another thread carries it out (`scheduler/multi_thread/kept.rs`).
//! - **I10** No interference: no thread that runs user code carries the kernel's task work for us.
//!   Its system calls never see `EINTR` because of us, and no call that may wait holds it, or the
//!   tasks of a worker that carries out what it has kept.
//! - **I11** No exhaustion: an operation that may wait without a bound (a FIFO, a terminal, a dead
//!   server) holds nothing that other operations need.
//! - **I12** The same answer: on the ring, on a thread, or inline, an operation does to the file
//!   what its system call does: position, short transfers, limits, `O_APPEND`, `O_NONBLOCK`,
//!   signals.
//! - **I13** Bounded polls: what is done inline in one poll is bounded in bytes and in time.

use std::fmt;
use std::io;

pub(crate) mod backend;
#[cfg(all(feature = "fs", unix))]
pub(crate) mod completion;
#[cfg(all(feature = "fs", windows))]
#[path = "completion_by_std/mod.rs"]
pub(crate) mod completion;
#[cfg(not(feature = "fs"))]
#[path = "without_completion.rs"]
pub(crate) mod completion;
#[cfg_attr(not(target_os = "linux"), path = "without_epoll.rs")]
mod epoll;
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), path = "without_kernel_copies.rs")]
mod kernel_copies;
#[cfg(unix)]
pub(crate) mod pipes;
mod poller;
#[cfg_attr(windows, path = "without_readiness.rs")]
pub(crate) mod readiness;
pub(crate) mod sockets;
#[cfg(unix)]
pub(crate) mod splice;
// Where the crate `io-uring` is a dependency, which it names the architectures of (`Cargo.toml`).
#[cfg_attr(
    not(all(
        feature = "fs",
        target_os = "linux",
        target_pointer_width = "64",
        any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            target_arch = "riscv64",
            target_arch = "loongarch64",
            target_arch = "powerpc64"
        )
    )),
    path = "without_uring/mod.rs"
)]
mod uring;
mod wait;
mod wake;
#[cfg_attr(not(target_os = "linux"), path = "without_eventfd.rs")]
mod wake_event;

pub(crate) use wait::{Config, Driver, Turn, Waited};

#[cfg(all(test, feature = "fs", target_os = "linux"))]
mod conformance;

#[derive(Debug)]
struct ShutDown;

impl fmt::Display for ShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("A Tokio 1.x context was found, but it is being shutdown.")
    }
}

impl std::error::Error for ShutDown {}

/// Creates the error of an operation whose runtime has been shut down.
pub(crate) fn shutdown_error() -> io::Error {
    io::Error::other(ShutDown)
}

/// Returns whether `error` was made by [`shutdown_error`].
pub(crate) fn is_shutdown_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ShutDown>())
}

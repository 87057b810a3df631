//! The completion half of the driver: submit an operation, receive its outcome.
//!
//! [`Completions::submit`] takes an [`Op`](op::Op), from any thread, and returns an [`InFlight`],
//! the future of its outcome. Between the two there is one
//! [`Operation`](operation::Operation), shared by the future and by what carries it out. There are
//! two ways to carry it out:
//!
//! - the **ring** (`driver/uring`), for what io_uring does without a thread of the kernel: reads that
//!   wait for a device or for the other end of a pipe;
//! - **threads** ([`threads`]), for everything else, and for all of it where there is no io_uring.
//!
//! A third, *inline*, is tried by `fs` and `completion` before they submit an operation
//! (`fs/inline`). Between the ring and threads `suits_ring` in `completions.rs` decides, for each
//! operation by itself. For a read the caller decides too, by its [`ReadFrom`](op::ReadFrom) or by
//! `on_ring`: see `read_from` in `fs/file/io.rs`. Neither way needs a thread that runs tasks: not to
//! begin, not to continue, not to complete, not to wake the task (I9).
//!
//! What usually ends in microseconds may be *kept* by the worker that submits it
//! (`Completions::submit_or_keep`), which carries it out when its poll has ended: see
//! `scheduler/multi_thread/kept.rs`.
//!
//! Where there is no io_uring at all (another system, or an architecture that the crate `io-uring`
//! does not know), threads carry out everything, as on a kernel that refuses to set up a ring
//! (`driver/without_uring`).
//!
//! Only files need operations. Without the feature `fs` there are none and no ring, and this folder
//! is replaced by `driver/without_completion.rs`. On Windows, `driver/completion_by_std` takes its
//! place.

pub(crate) mod batch;
mod completions;
pub(crate) mod file_transfer;
mod kept_job;
pub(crate) mod lent;
pub(crate) mod op;
pub(super) mod operation;
pub(crate) mod pool_memory;
pub(crate) mod taken;
pub(super) mod threads;

pub(crate) use completions::InFlight;
pub(crate) use completions::{Completions, Config};
pub(crate) use kept_job::KeptJob;

/// What an operation owns until it has begun.
type Payload = (op::Op, operation::Counted);

/// An operation that was submitted, as its future and what carries it out share it.
pub(super) type Submitted = std::sync::Arc<operation::Operation<Payload, op::Completed>>;

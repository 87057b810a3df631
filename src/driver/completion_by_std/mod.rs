//! The completion half of the driver on Windows: threads carry out every operation by `std::fs`.
//!
//! The names are those of `driver/completion`, whose contract holds here as well, with what `fs` needs
//! of it: the operations of open files. An operation on a name is a closure on the same threads. There
//! is no ring, and no worker keeps an operation for the end of its poll, because no call of this system
//! is known to take microseconds.
#![forbid(unsafe_code)]

pub(crate) mod batch;
mod completions;
mod jobs;
pub(crate) mod op;
#[path = "../completion/operation.rs"]
mod operation;

pub(crate) use self::completions::{Completions, Config, InFlight, KeptJob};

/// What an operation owns until it has begun.
type Payload = (op::Op, operation::Counted);

/// An operation that was submitted, as its future and what carries it out share it.
type Submitted = std::sync::Arc<operation::Operation<Payload, op::Completed>>;

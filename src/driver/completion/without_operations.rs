//! [`Completions`] of a build without the feature `fs`: the choice of the back-end, and the threads
//! for calls of the runtime's own that may wait. There are no operations.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use super::backend::{Backend, Choice};
use super::probe::{Decision, decide};
use crate::blocking::Pool;
use crate::driver::wake::Wake;
use crate::error::Error;

/// The parts of a [`Completions`].
pub(crate) struct Config {
    /// The back-end to use.
    pub(crate) choice: Choice,
    /// Threads for calls that may wait.
    pub(crate) threads: Pool,
    /// Ends the driver's wait, which no operation does.
    pub(crate) wake: Arc<Wake>,
}

/// The completion half of a driver; see the folder's documentation.
#[derive(Debug)]
pub(crate) struct Completions {
    threads: Pool,
    decision: Decision,
}

impl Completions {
    /// Creates the half that `config` asks for, with the errors of a build that has operations.
    /// Threads are started when they are first needed.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        Ok(Completions {
            decision: decide(config.choice)?,
            threads: config.threads,
        })
    }

    /// Returns the back-end that operations would have, and why. Tries io_uring out if nothing has
    /// yet.
    pub(crate) fn backend(&self) -> Backend {
        self.decision.backend()
    }

    /// Returns the threads that carry out calls of the runtime's own that may wait.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    /// Returns 0: no operation has made use of registered memory.
    pub(crate) fn registered_transfers(&self) -> u64 {
        0
    }

    /// Returns `false`: no operation is in flight.
    pub(crate) fn await_quiet(&self) -> bool {
        false
    }

    /// Has nothing to cancel. The threads continue until their pool is shut down.
    pub(crate) fn shutdown(&self, _deadline: Option<Instant>) {}
}

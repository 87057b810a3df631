//! [`Completions`] of a build without the feature `fs`: the threads for calls of the runtime's own
//! that may wait. There are no operations, and so no ring.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use crate::blocking::Pool;
use crate::driver::backend::{Backend, BackendKind, Choice, from_environment};
use crate::driver::wake::Wake;
use crate::error::Error;
use crate::record::Journal;

/// The parts of a [`Completions`].
pub(crate) struct Config {
    /// The back-end to use.
    pub(crate) choice: Choice,
    /// Threads for calls that may wait.
    pub(crate) threads: Pool,
    /// Ends the driver's wait, which no operation does.
    pub(crate) wake: Arc<Wake>,
    /// Where operations would be recorded.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// The completion half of a driver; see the folder's documentation.
#[derive(Debug)]
pub(crate) struct Completions {
    threads: Pool,
    backend: Backend,
}

/// A job for one operation: there is none.
#[derive(Debug)]
pub(crate) enum KeptJob {}

impl KeptJob {
    pub(crate) fn perform(self, _then: &mut dyn FnMut(&mut dyn FnMut())) {
        match self {}
    }
}

impl Completions {
    /// Fails only for a choice that no build could meet, or that the program itself has made and
    /// this build cannot meet. Threads are started when they are first needed.
    pub(crate) fn new(config: Config) -> Result<Completions, Error> {
        Ok(Completions {
            backend: decide(config.choice)?,
            threads: config.threads,
        })
    }

    /// Returns the back-end that was chosen and why.
    pub(crate) fn backend(&self) -> Backend {
        self.backend.clone()
    }

    /// The same: there is nothing to try out.
    pub(crate) fn backend_so_far(&self) -> Option<Backend> {
        Some(self.backend())
    }

    /// Returns the threads that carry out calls of the runtime's own that may wait.
    pub(crate) fn threads(&self) -> &Pool {
        &self.threads
    }

    pub(crate) fn perform(&self, job: KeptJob) {
        match job {}
    }

    /// Returns 0: there is no ring.
    pub(crate) fn ring_entries(&self) -> u32 {
        0
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

/// Finds the back-end for `choice`.
///
/// `ZOKIO_DRIVER=uring` is no error: the variable is set for all programs of a user, and this one
/// has no operation to carry out otherwise. A builder that forces io_uring is part of the program,
/// which then lacks a feature.
fn decide(choice: Choice) -> Result<Backend, Error> {
    let reason = match choice {
        Choice::ForceThreads => "asked for by the builder",
        Choice::ForceRing => {
            return Err(Error::resource("use io_uring", WITHOUT, None));
        }
        Choice::Auto => match from_environment()? {
            (Choice::ForceThreads, by) => by,
            _ => WITHOUT,
        },
    };
    Ok(Backend {
        kind: BackendKind::Threads,
        reason: reason.to_owned(),
    })
}

const WITHOUT: &str = "the program was built without the feature `fs`, and has no file operations";

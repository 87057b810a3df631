//! Which back-end is available, on a system without io_uring: threads.
#![forbid(unsafe_code)]

use crate::driver::backend::{Backend, BackendKind, Choice, from_environment};
use crate::error::Error;

const WITHOUT: &str = "this system has no io_uring that zokio knows";

/// What a driver was built with: why its back-end is threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    reason: &'static str,
}

/// Decides for `choice`. An io_uring that is forced is an error, as it is on a kernel without it.
pub(crate) fn decide(choice: Choice) -> Result<Decision, Error> {
    let (choice, by) = match choice {
        Choice::Auto => from_environment()?,
        Choice::ForceRing | Choice::ForceThreads => (choice, "asked for by the builder"),
    };
    let reason = match choice {
        Choice::Auto => WITHOUT,
        Choice::ForceThreads => by,
        Choice::ForceRing => {
            return Err(Error::resource(
                "use io_uring",
                format!("{WITHOUT} (io_uring was {by})"),
                None,
            ));
        }
    };
    Ok(Decision { reason })
}

impl Decision {
    /// Returns `false`: no operation may go to a ring.
    pub(crate) fn allows_ring(self) -> bool {
        false
    }

    /// Returns the back-end and why it is used.
    pub(crate) fn backend(self) -> Backend {
        Backend {
            kind: BackendKind::Threads,
            reason: self.reason.to_owned(),
        }
    }

    /// The same: there is nothing to try out.
    pub(crate) fn backend_so_far(self) -> Option<Backend> {
        Some(self.backend())
    }
}

#[cfg(test)]
mod tests {
    use super::{BackendKind, Choice, WITHOUT, decide};

    #[test]
    fn the_back_end_is_threads_and_a_ring_is_an_error() {
        let asked = decide(Choice::ForceThreads).unwrap().backend();
        assert_eq!(asked.kind, BackendKind::Threads);
        assert_eq!(asked.reason, "asked for by the builder");
        let error = decide(Choice::ForceRing).unwrap_err();
        assert!(error.to_string().contains(WITHOUT), "{error}");
    }
}

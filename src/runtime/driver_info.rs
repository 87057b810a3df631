//! Which back-end a runtime's driver has.
#![forbid(unsafe_code)]

use std::fmt;

use crate::driver::probe::{Backend, Choice, Kind};

/// A back-end of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverKind {
    /// io_uring carries out completions; readiness comes from epoll, by way of mio.
    Uring,
    /// A pool of threads carries out completions; readiness comes from mio.
    Mio,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DriverKind::Uring => "uring",
            DriverKind::Mio => "mio",
        })
    }
}

/// Which back-end is in force, and why: see [`Handle::driver_info`](super::Handle::driver_info).
///
/// `Display` gives both in one line.
#[derive(Clone, Debug)]
pub struct DriverInfo {
    pub(super) kind: DriverKind,
    pub(super) reason: String,
}

impl DriverInfo {
    pub(super) fn of(backend: &Backend) -> DriverInfo {
        DriverInfo {
            kind: match backend.kind {
                Kind::Uring => DriverKind::Uring,
                Kind::Mio => DriverKind::Mio,
            },
            reason: backend.reason.clone(),
        }
    }

    /// The back-end in force.
    pub fn kind(&self) -> DriverKind {
        self.kind
    }

    /// Why it is in force: it was asked for, it works here, or what kept io_uring from working.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for DriverInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.reason)
    }
}

/// What a builder asks of the driver.
pub(super) fn choice(forced: Option<DriverKind>) -> Choice {
    match forced {
        None => Choice::Auto,
        Some(DriverKind::Uring) => Choice::ForceUring,
        Some(DriverKind::Mio) => Choice::ForceMio,
    }
}

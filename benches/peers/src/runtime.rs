//! The runtimes: which program stands for each, and what it cannot do.

use anyhow::{Context, Result};
use peer_protocol::{Files, Job};

/// One runtime, or a limit without one.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// The binary, where it is not named like the package.
    pub(crate) program: &'static str,
    pub(crate) about: &'static str,
    pub(crate) environment: &'static [(&'static str, &'static str)],
    lacks: Lacks,
}

/// What there is no program for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lacks {
    Nothing,
    Tasks,
    TasksAndReplace,
}

impl Runtime {
    /// Returns why there is no such program.
    pub(crate) fn lacks(&self, job: Job) -> Option<&'static str> {
        match job {
            Job::Tasks(_) if self.lacks != Lacks::Nothing => Some("has no tasks"),
            Job::Files(Files::Replace) if self.lacks == Lacks::TasksAndReplace => {
                Some("would be a chain of five operations")
            }
            _ => None,
        }
    }
}

/// The runtime that the others are divided by.
pub(crate) const BASE: &str = "tokio";

/// Returns the runtime of that name.
///
/// # Errors
///
/// Returns an error if there is none.
pub(crate) fn named(name: &str) -> Result<&'static Runtime> {
    let found = RUNTIMES.iter().find(|runtime| runtime.name == name);
    found.with_context(|| format!("no runtime is named `{name}`; try --list"))
}

const fn peer(name: &'static str, program: &'static str, about: &'static str) -> Runtime {
    Runtime {
        name,
        package: program,
        program,
        about,
        environment: &[],
        lacks: Lacks::Nothing,
    }
}

pub(crate) const RUNTIMES: &[Runtime] = &[
    peer("tokio", "peer-tokio", "the published tokio, current-thread"),
    Runtime {
        environment: &[("ZOKIO_SOCKETS", "readiness")],
        ..peer("zokio", "peer-zokio", "tokio's program on zokio")
    },
    Runtime {
        environment: &[("ZOKIO_SOCKETS", "completion")],
        ..peer(
            "zokio-sockets",
            "peer-zokio",
            "the same, with sockets on io_uring",
        )
    },
    peer(
        "zokio-owned",
        "peer-zokio-owned",
        "LocalRuntime and zokio::completion",
    ),
    peer("smol", "peer-smol", "smol"),
    peer("monoio", "peer-monoio", "monoio on io_uring"),
    peer("compio", "peer-compio", "compio on io_uring"),
    peer("glommio", "peer-glommio", "glommio"),
    peer("tokio-uring", "peer-tokio-uring", "tokio-uring"),
    Runtime {
        package: "peer-raw",
        lacks: Lacks::Tasks,
        ..peer(
            "raw-epoll",
            "peer-raw-epoll",
            "no runtime: epoll, and files on threads",
        )
    },
    Runtime {
        package: "peer-raw",
        lacks: Lacks::TasksAndReplace,
        ..peer("raw-uring", "peer-raw-uring", "no runtime: io_uring")
    },
];

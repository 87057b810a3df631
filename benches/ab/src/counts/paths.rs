//! The hot paths that `programs/src/bin/counts.rs` has.

#![forbid(unsafe_code)]

use anyhow::{Context, Result};

/// One hot path.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) name: &'static str,
    /// What a repetition does.
    pub(crate) about: &'static str,
    /// The shorter of two runs has this many repetitions, the longer one twice as many.
    pub(crate) times: usize,
}

/// Returns the path of that name.
///
/// # Errors
///
/// Returns an error if there is none.
pub(super) fn named(name: &str) -> Result<&'static Path> {
    let path = PATHS.iter().find(|path| path.name == name);
    path.with_context(|| format!("no path is named `{name}`; try `counts --list`"))
}

const fn path(name: &'static str, times: usize, about: &'static str) -> Path {
    Path { name, about, times }
}

/// What needs no system call.
const MEMORY: usize = 5000;

/// What needs some, or other threads.
const CALLS: usize = 2000;

pub(super) const PATHS: &[Path] = &[
    path("spawn-join", MEMORY, "a task spawned and joined"),
    path("wake", MEMORY, "another task woken, and yielded to"),
    path("yield", MEMORY, "a task yields"),
    path("sleep-drop", MEMORY, "a timer created, polled and dropped"),
    path("sleep-reset", MEMORY, "a timer reset and polled"),
    path("timeout", MEMORY, "a timeout on a yield"),
    path("mpsc", MEMORY, "mpsc: a send and a receive, no waiting"),
    path("mpsc-unbounded", MEMORY, "the same, unbounded"),
    path("mpsc-ping", MEMORY, "mpsc: to another task and back"),
    path("oneshot", MEMORY, "oneshot: made, sent and received"),
    path("mutex", MEMORY, "a Mutex locked and unlocked"),
    path("tcp-ready", CALLS, "64 bytes written and read, both ready"),
    path("tcp-echo", CALLS, "64 bytes to another task and back"),
    path("file-read", CALLS, "4 KiB read from a cached file"),
    path("fs-read", CALLS, "fs::read of a cached file of 4 KiB"),
    path("metadata", CALLS, "fs::metadata"),
];

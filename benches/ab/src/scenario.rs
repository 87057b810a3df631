//! The scenarios: a program each, what load it is put under, and what is counted.

#![forbid(unsafe_code)]

use anyhow::{Context, Result};

/// One scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The program, as its manifests name it, without the side.
    pub(crate) program: &'static str,
    pub(crate) about: &'static str,
    /// What is counted, and its plural.
    pub(crate) unit: [&'static str; 2],
    pub(crate) work: Work,
}

/// Where the work of a program comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Requests over so many connections, at most one in flight on each.
    Requests(usize, Content),
    /// Bytes as fast as the program takes them, over so many connections.
    Bulk(usize),
    /// The program makes its own.
    Own,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// To have these many bytes back.
    Echo(usize),
    /// The same through a proxy.
    Proxy(usize),
    /// The words of the HTTP server.
    Hello,
    /// A file of `www`, by HTTP.
    Page(&'static str),
    /// The file `big`, raw.
    Big,
}

impl Scenario {
    /// Returns whether the load can be an open loop.
    pub(crate) fn takes_rate(&self) -> bool {
        matches!(self.work, Work::Requests(..))
    }
}

/// Returns the scenario of that name.
///
/// # Errors
///
/// Returns an error if there is none.
pub(crate) fn named(name: &str) -> Result<&'static Scenario> {
    SCENARIOS
        .iter()
        .find(|scenario| scenario.name == name)
        .with_context(|| format!("no scenario is named `{name}`; try --list"))
}

const REQUEST: [&str; 2] = ["request", "requests"];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "echo",
        program: "echo",
        about: "64 bytes there and back, over 64 TCP connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Echo(64)),
    },
    Scenario {
        name: "timeouts",
        program: "timeouts",
        about: "echo with a timeout on every read and write",
        unit: REQUEST,
        work: Work::Requests(64, Content::Echo(64)),
    },
    Scenario {
        name: "proxy-ping",
        program: "proxy",
        about: "64 bytes there and back through a proxy (copy_bidirectional), 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Proxy(64)),
    },
    Scenario {
        name: "proxy-bulk",
        program: "proxy",
        about: "a stream through a proxy (copy_bidirectional), 4 connections",
        unit: ["MiB", "MiB"],
        work: Work::Bulk(4),
    },
    Scenario {
        name: "file-to-socket",
        program: "file-to-socket",
        about: "io::copy of a cached file of 64 MiB to a TCP connection",
        unit: ["file", "files"],
        work: Work::Requests(1, Content::Big),
    },
    Scenario {
        name: "http",
        program: "http",
        about: "HTTP/1.1 hello on axum, 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Hello),
    },
    Scenario {
        name: "static-4k",
        program: "static-files",
        about: "a static file of 4 KiB (tower-http), 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Page("4k")),
    },
    Scenario {
        name: "static-1m",
        program: "static-files",
        about: "a static file of 1 MiB (tower-http), 16 connections",
        unit: REQUEST,
        work: Work::Requests(16, Content::Page("1m")),
    },
    Scenario {
        name: "channels",
        program: "channels",
        about: "a task asks 16 others (mpsc) and awaits their answers (oneshot)",
        unit: ["round", "rounds"],
        work: Work::Own,
    },
    Scenario {
        name: "small-files",
        program: "small-files",
        about: "16 tasks write, read and remove files of 4 KiB",
        unit: ["file", "files"],
        work: Work::Own,
    },
    Scenario {
        name: "random-reads",
        program: "random-reads",
        about: "16 tasks read 4 KiB at random places of a cached file",
        unit: ["read", "reads"],
        work: Work::Own,
    },
    Scenario {
        name: "fsync",
        program: "fsync",
        about: "16 tasks write 4 KiB and wait for the device (sync_data)",
        unit: ["write", "writes"],
        work: Work::Own,
    },
];

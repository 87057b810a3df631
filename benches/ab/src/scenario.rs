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
    /// The rate of an open loop, unless the user names one: a part of what tokio serves in a closed
    /// loop.
    pub(crate) share: Option<f64>,
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
    /// The program makes its own, as the client of an HTTP server in this process.
    Client,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// To have these many bytes back.
    Echo(usize),
    /// The same in datagrams.
    Datagram(usize),
    /// To store a value in a map, and to have it back.
    Commands,
    /// To have these many bytes back through a proxy.
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
        share: None,
    },
    Scenario {
        name: "timeouts",
        program: "timeouts",
        about: "echo with a timeout on every read and write",
        unit: REQUEST,
        work: Work::Requests(64, Content::Echo(64)),
        share: None,
    },
    Scenario {
        name: "udp-echo",
        program: "udp-echo",
        about: "64 bytes there and back, from 64 UDP sockets to one",
        unit: REQUEST,
        work: Work::Requests(64, Content::Datagram(64)),
        share: None,
    },
    Scenario {
        name: "key-value",
        program: "key-value",
        about: "SET and GET on a map that 64 connections share, by lines",
        unit: REQUEST,
        work: Work::Requests(64, Content::Commands),
        share: None,
    },
    Scenario {
        name: "mixed",
        program: "mixed",
        about: "echo, channels, file reads and timers, at 30% of what tokio serves",
        unit: REQUEST,
        work: Work::Requests(64, Content::Echo(64)),
        share: Some(0.3),
    },
    Scenario {
        name: "proxy-ping",
        program: "proxy",
        about: "64 bytes there and back through a proxy (copy_bidirectional), 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Proxy(64)),
        share: None,
    },
    Scenario {
        name: "proxy-bulk",
        program: "proxy",
        about: "a stream through a proxy (copy_bidirectional), 4 connections",
        unit: ["MiB", "MiB"],
        work: Work::Bulk(4),
        share: None,
    },
    Scenario {
        name: "file-to-socket",
        program: "file-to-socket",
        about: "io::copy of a cached file of 64 MiB to a TCP connection",
        unit: ["file", "files"],
        work: Work::Requests(1, Content::Big),
        share: None,
    },
    Scenario {
        name: "http",
        program: "http",
        about: "HTTP/1.1 hello on axum, 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Hello),
        share: None,
    },
    Scenario {
        name: "static-4k",
        program: "static-files",
        about: "a static file of 4 KiB (tower-http), 64 connections",
        unit: REQUEST,
        work: Work::Requests(64, Content::Page("4k")),
        share: None,
    },
    Scenario {
        name: "static-1m",
        program: "static-files",
        about: "a static file of 1 MiB (tower-http), 16 connections",
        unit: REQUEST,
        work: Work::Requests(16, Content::Page("1m")),
        share: None,
    },
    Scenario {
        name: "grpc-unary",
        program: "grpc-unary",
        about: "16 tasks make gRPC calls (tonic), client and server in one process",
        unit: ["call", "calls"],
        work: Work::Own,
        share: None,
    },
    Scenario {
        name: "grpc-stream",
        program: "grpc-stream",
        about: "the same with a message on a stream of each task",
        unit: ["message", "messages"],
        work: Work::Own,
        share: None,
    },
    Scenario {
        name: "client-pool",
        program: "client-pool",
        about: "64 tasks send HTTP requests by a client with a pool (hyper-util)",
        unit: REQUEST,
        work: Work::Client,
        share: None,
    },
    Scenario {
        name: "channels",
        program: "channels",
        about: "a task asks 16 others (mpsc) and awaits their answers (oneshot)",
        unit: ["round", "rounds"],
        work: Work::Own,
        share: None,
    },
    Scenario {
        name: "small-files",
        program: "small-files",
        about: "16 tasks write, read and remove files of 4 KiB",
        unit: ["file", "files"],
        work: Work::Own,
        share: None,
    },
    Scenario {
        name: "random-reads",
        program: "random-reads",
        about: "16 tasks read 4 KiB at random places of a cached file",
        unit: ["read", "reads"],
        work: Work::Own,
        share: None,
    },
    Scenario {
        name: "fsync",
        program: "fsync",
        about: "16 tasks write 4 KiB and wait for the device (sync_data)",
        unit: ["write", "writes"],
        work: Work::Own,
        share: None,
    },
];

//! The cells: a job for the programs, what load a server is put under, and what is counted.

use anyhow::{Context, Result};
use peer_protocol::{Files, Job, Server, Tasks};

/// One cell.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) job: Job,
    /// The tasks that work with files.
    pub(crate) tasks: usize,
    pub(crate) load: Load,
}

/// The load.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// The program makes its own work.
    Own,
    /// Requests over so many connections, at most one in flight on each: as soon as the last one is
    /// answered, or at so many a second.
    Requests(usize, Option<f64>),
    /// So many connections at a time, each for one request.
    Once(usize),
    /// A stream to the program, over so many connections.
    ToProgram(usize),
    /// A stream from the program.
    FromProgram(usize),
    /// Bursts of datagrams from so many sockets.
    Bursts(usize),
}

/// Returns the cell of that name.
///
/// # Errors
///
/// Returns an error if there is none.
pub(crate) fn named(name: &str) -> Result<&'static Cell> {
    let found = CELLS.iter().find(|cell| cell.name == name);
    found.with_context(|| format!("no cell is named `{name}`; try --list"))
}

const fn server(
    name: &'static str,
    about: &'static str,
    unit: &'static str,
    job: Server,
    load: Load,
) -> Cell {
    Cell {
        name,
        about,
        unit,
        job: Job::Server(job),
        tasks: 0,
        load,
    }
}

const fn files(name: &'static str, about: &'static str, job: Files, tasks: usize) -> Cell {
    Cell {
        name,
        about,
        unit: "operation",
        job: Job::Files(job),
        tasks,
        load: Load::Own,
    }
}

const fn tasks(name: &'static str, about: &'static str, job: Tasks) -> Cell {
    Cell {
        name,
        about,
        unit: "operation",
        job: Job::Tasks(job),
        tasks: 1,
        load: Load::Own,
    }
}

pub(crate) const CELLS: &[Cell] = &[
    server(
        "echo-1",
        "64 bytes there and back, closed loop, 1 connection",
        "request",
        Server::Echo,
        Load::Requests(1, None),
    ),
    server(
        "echo-64",
        "64 bytes there and back, closed loop, 64 connections",
        "request",
        Server::Echo,
        Load::Requests(64, None),
    ),
    server(
        "echo-1000",
        "64 bytes there and back, closed loop, 1,000 connections",
        "request",
        Server::Echo,
        Load::Requests(1000, None),
    ),
    server(
        "echo-10k/s",
        "64 bytes there and back, open loop of 10,000 a second, 64 connections",
        "request",
        Server::Echo,
        Load::Requests(64, Some(10_000.0)),
    ),
    server(
        "echo-40k/s",
        "64 bytes there and back, open loop of 40,000 a second, 64 connections",
        "request",
        Server::Echo,
        Load::Requests(64, Some(40_000.0)),
    ),
    server(
        "once",
        "accept, 64 bytes there and back, close; 16 connections at a time",
        "connection",
        Server::Once,
        Load::Once(16),
    ),
    server(
        "receive-1",
        "a stream to the program, 1 connection, reads of 64 KiB",
        "MiB",
        Server::Receive,
        Load::ToProgram(1),
    ),
    server(
        "receive-16",
        "streams to the program, 16 connections, reads of 64 KiB",
        "MiB",
        Server::Receive,
        Load::ToProgram(16),
    ),
    server(
        "send-1",
        "a stream from the program, 1 connection, writes of 64 KiB",
        "MiB",
        Server::Send,
        Load::FromProgram(1),
    ),
    server(
        "send-16",
        "streams from the program, 16 connections, writes of 64 KiB",
        "MiB",
        Server::Send,
        Load::FromProgram(16),
    ),
    server(
        "datagrams",
        "UDP datagrams of 64 bytes to the program, bursts of 32 from 4 sockets",
        "datagram",
        Server::Datagrams,
        Load::Bursts(4),
    ),
    files(
        "direct-1",
        "O_DIRECT reads of 4 KiB at random places, 1 in flight",
        Files::DirectReads,
        1,
    ),
    files(
        "direct-32",
        "O_DIRECT reads of 4 KiB at random places, 32 in flight",
        Files::DirectReads,
        32,
    ),
    files(
        "cached-1",
        "reads of 4 KiB at random places of a cached file, 1 task",
        Files::CachedReads,
        1,
    ),
    files(
        "cached-32",
        "reads of 4 KiB at random places of a cached file, 32 tasks",
        Files::CachedReads,
        32,
    ),
    files(
        "sync-1",
        "write of 4 KiB and fdatasync, 1 task",
        Files::Sync,
        1,
    ),
    files(
        "sync-32",
        "write of 4 KiB and fdatasync, 32 tasks with a file each",
        Files::Sync,
        32,
    ),
    files(
        "replace-1",
        "create, write of 4 KiB, rename, unlink, 1 task",
        Files::Replace,
        1,
    ),
    files(
        "replace-32",
        "create, write of 4 KiB, rename, unlink, 32 tasks",
        Files::Replace,
        32,
    ),
    tasks("spawn", "a task spawned and joined", Tasks::Spawn),
    tasks("yield", "a yield", Tasks::Yield),
    tasks(
        "timeout",
        "a yield within a timeout of 10 s",
        Tasks::Timeout,
    ),
    tasks(
        "channel",
        "there and back over channels of one place",
        Tasks::Channel,
    ),
    tasks("sleep", "a sleep of 1 ms", Tasks::Sleep),
];

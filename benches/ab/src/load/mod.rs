//! The load: one thread with an epoll instance and plain sockets, no runtime. It is the same code, in
//! the same process, for both sides of a pair.
//!
//! Read on in `requests.rs`.

#![forbid(unsafe_code)]

mod answer;
mod backend;
mod bulk;
mod connection;
mod content;
mod latencies;
mod poller;
mod requests;
mod schedule;
mod server;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::time::{ClockId, clock_gettime};

use crate::data::Data;
use crate::process::Process;
use crate::scenario::{Content, Work};

use self::backend::Backend;
use self::bulk::Bulk;
use self::server::Server;

pub use self::connection::connect;
pub use self::latencies::Latencies;
pub use self::poller::Poller;
pub use self::requests::Requests;

/// How long the load waits for the first answer, beyond the time that is measured.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections over which the program can be put under load.
pub(crate) enum Load {
    Requests(Requests),
    Bulk(Bulk),
    /// The program makes its own, maybe as the client of a server.
    Own(Option<Server>),
}

/// What is checked of the bytes that come back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// All of them.
    All,
    /// The beginning of each answer, and its length; short answers as a whole. The load must not be
    /// what limits a measurement.
    Beginning,
}

/// What happened during a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Units of the scenario. Bytes of an answer that is not complete count as a part of one.
    pub units: f64,
    /// The 50th, 99th and 99.9th percentile of the latency, in microseconds.
    pub latency_us: Option<[f64; 3]>,
    /// In an open loop, the part of the requests whose time the load noticed more than 100 us late.
    pub late: Option<f64>,
    /// The connections that a client has opened since its start.
    pub connections: Option<f64>,
    /// The CPU time that the load itself took.
    pub load: Option<Duration>,
}

/// What has to be there before the program starts.
pub(crate) struct Prepared {
    backend: Option<Backend>,
    server: Option<Server>,
    /// The argument of the program.
    pub(crate) argument: OsString,
}

/// Prepares the load for a program.
///
/// # Errors
///
/// Returns an error if there is no free port.
pub(crate) fn prepare(work: Work, data: &Data) -> Result<Prepared> {
    let backend = match work {
        Work::Requests(_, Content::Proxy(_)) | Work::Bulk(_) => Some(Backend::listen()?),
        _ => None,
    };
    let server = match work {
        Work::Client => Some(Server::start()?),
        _ => None,
    };
    let argument = match (&backend, &server, work) {
        (Some(backend), ..) => backend.address()?.to_string().into(),
        (_, Some(server), _) => server.address().to_string().into(),
        (.., Work::Requests(_, Content::Page(_))) => data.folder().join("www").into(),
        _ => data.folder().into(),
    };
    Ok(Prepared {
        backend,
        server,
        argument,
    })
}

impl Load {
    /// Connects to a program that is ready. In an open loop, `rate` requests are due every second.
    ///
    /// # Errors
    ///
    /// Returns an error if the program does not take the connections.
    pub(crate) fn connect(
        work: Work,
        prepared: Prepared,
        process: &Process,
        data: &Data,
        rate: Option<f64>,
    ) -> Result<Load> {
        let address = || process.address.context("the program does not listen");
        Ok(match work {
            Work::Own | Work::Client => Load::Own(prepared.server),
            Work::Bulk(connections) => {
                let backend = prepared.backend.context("a proxy needs a backend")?;
                Load::Bulk(Bulk::connect(address()?, connections, backend)?)
            }
            Work::Requests(connections, content) => {
                let (request, answer) = content.exchange(address()?, data)?;
                let server = (address()?, content.transport());
                let mut requests = Requests::connect(server, connections, &request, answer)?;
                if let Some(backend) = prepared.backend {
                    requests.serve(backend)?;
                }
                if let Some(rate) = rate {
                    requests.open_loop(rate);
                }
                Load::Requests(requests)
            }
        })
    }

    /// Puts the program under load for a time, or until it has done something. The connections, and
    /// what is in flight on them, stay as they are in between.
    ///
    /// # Errors
    ///
    /// Returns an error if a byte is wrong, a connection closes or nothing comes back.
    pub(crate) fn advance(
        &mut self,
        process: &mut Process,
        time: Duration,
        check: Check,
    ) -> Result<Tally> {
        let before = own_cpu()?;
        let mut tally = match self {
            Load::Requests(requests) => requests.advance(time, check)?,
            Load::Bulk(bulk) => bulk.advance(time, check)?,
            Load::Own(_) => own_work(&process.work(time)?)?,
        };
        match self {
            Load::Own(None) => {}
            Load::Own(Some(server)) => {
                server.is_running()?;
                tally.connections = Some(server.connections() as f64);
            }
            _ => tally.load = Some(own_cpu()?.saturating_sub(before)),
        }
        let limit_s = (time + PATIENCE).as_secs();
        ensure!(tally.units > 0.0, "the program did nothing for {limit_s} s");
        Ok(tally)
    }
}

/// Returns whether a time that was to end at `end` has ended: not before something is done.
pub fn is_over(now: Instant, end: Instant, done: u64) -> bool {
    now >= end && (done > 0 || now >= end + PATIENCE)
}

/// Returns how long to wait for sockets, if something else is to be done at `next`.
pub fn until(next: Instant, now: Instant) -> Duration {
    let next = next.checked_duration_since(now);
    // It should have been done, and can be once something comes.
    next.unwrap_or(Duration::from_millis(10))
}

/// Reads the line of a program that made its own work: a number, and percentiles in nanoseconds.
fn own_work(line: &str) -> Result<Tally> {
    let numbers: Option<Vec<f64>> = line.split(' ').map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[units, half, slow, slowest]) => Ok(Tally {
            units,
            latency_us: Some([half, slow, slowest].map(|ns| ns / 1e3)),
            ..Tally::default()
        }),
        _ => bail!("the program printed `{line}`, not what it has done"),
    }
}

/// Returns the CPU time of this thread.
pub fn own_cpu() -> Result<Duration> {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).context("the CPU time of the load")
}

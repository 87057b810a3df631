//! How each figure is measured.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peer_protocol::{BLOCK, Job, REQUEST, Server};
use zokio_ab::load::{Check, connect};
use zokio_ab::{Cores, Process, Window, memory_kib};

use super::{Figure, Goal};
use crate::build::Builds;
use crate::cell;
use crate::load::Load;
use crate::runtime;

/// Before something is measured.
const WARM: Duration = Duration::from_millis(100);

/// The connections that are open at the same time.
const CONNECTIONS: usize = 10_000;

/// How often memory is looked at.
const LOOKS: usize = 10;

/// The memory of the pool of `pool-churn`.
const POOL: usize = 1024 * BLOCK;

/// What the figures are measured with.
pub(super) struct Bench<'a> {
    pub(super) builds: &'a Builds,
    pub(super) folder: &'a Path,
    pub(super) cores: Cores,
    pub(super) time: Duration,
}

/// Measures something.
type Measure = fn(&Bench<'_>) -> Result<Vec<Figure>>;

pub(super) const ALL: &[Measure] = &[
    transfers,
    connections,
    stream,
    connects,
    many_connections,
    pool,
    churn,
    flat,
];

impl Bench<'_> {
    /// Starts a program of the package `peer-seed`.
    fn worker(&self, job: &str, depth: usize) -> Result<Process> {
        let program = self.builds.named("peer-seed");
        let mut command = Command::new(program.context("it was built")?);
        command.args([job, &depth.to_string()]).arg(self.folder);
        Process::start(&mut command, &self.cores)
    }

    /// Starts a server, the one that stands for zokio in the cells.
    fn server(&self, job: Server) -> Result<Process> {
        let program = self.builds.program(runtime::named("zokio")?);
        let mut command = Command::new(program.context("it was built")?);
        command.args([Job::Server(job).name(), "0"]);
        Process::start(command.arg(self.folder), &self.cores)
    }

    /// Returns how many units a second a server does under a load.
    fn rate(&self, job: Server, load: cell::Load) -> Result<f64> {
        let mut process = self.server(job)?;
        let mut load = Load::connect(load, &process)?;
        load.advance(&mut process, WARM, Check::All)?;
        let window = Window::open(process.pid())?;
        let tally = load.advance(&mut process, self.time, Check::Beginning)?;
        let wall = window.close()?.wall;
        load.end()?;
        process.end()?;
        Ok(tally.units / wall.as_secs_f64())
    }

    /// Has a worker do its job, and returns the numbers that it prints.
    fn numbers(&self, process: &mut Process) -> Result<Vec<f64>> {
        process.work(WARM)?;
        let line = process.work(self.time)?;
        let numbers: Result<_, _> = line.split(' ').map(str::parse).collect();
        numbers.with_context(|| format!("reading `{line}`"))
    }

    fn per_second(&self, job: &str, depth: usize) -> Result<f64> {
        let mut process = self.worker(job, depth)?;
        let numbers = self.numbers(&mut process)?;
        process.end()?;
        Ok(numbers[0] / self.time.as_secs_f64())
    }
}

fn transfers(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let goals = [
        ("sequential-reads", 50e3),
        ("random-reads", 30e3),
        ("sequential-writes", 40e3),
        ("random-writes", 25e3),
    ];
    let ways = [("cached", 1), ("direct", 32)];
    let each = goals.iter().flat_map(|goal| ways.map(|way| (goal, way)));
    each.map(|((what, goal), (cache, depth))| {
        Ok(Figure {
            name: format!("{}, {cache}, {depth} in flight", what.replace('-', " ")),
            unit: "a second",
            value: bench.per_second(&format!("{cache}-{what}"), depth)?,
            goal: Goal::AtLeast(*goal),
        })
    })
    .collect()
}

fn connections(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    Ok(vec![Figure {
        name: "connections accepted, served once and closed, 16 at a time".into(),
        unit: "a second",
        value: bench.rate(Server::Once, cell::Load::Once(16))?,
        goal: Goal::AtLeast(10e3),
    }])
}

fn stream(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let ways = [
        (Server::Receive, cell::Load::ToProgram(1), "received"),
        (Server::Send, cell::Load::FromProgram(1), "sent"),
    ];
    let each = ways.into_iter().map(|(job, load, word)| {
        Ok(Figure {
            name: format!("transfer over one connection, {word}, loopback"),
            unit: "GB/s",
            value: bench.rate(job, load)? * f64::from(1 << 20) / 1e9,
            goal: Goal::AtLeast(1.0),
        })
    });
    each.collect()
}

fn connects(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let mut process = bench.worker("connects", 1)?;
    let numbers = bench.numbers(&mut process)?;
    process.end()?;
    let each = [("p50", 1), ("p99", 2)].map(|(name, place)| Figure {
        name: format!("local connect and accept, {name}"),
        unit: "ms",
        value: numbers[place] / 1e6,
        goal: Goal::AtMost(1.0),
    });
    Ok(each.into())
}

/// Memory with connections that each have had a request, and CPU time while all are idle.
fn many_connections(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let process = bench.server(Server::Echo)?;
    let address = process.address.context("the program does not listen")?;
    let (before_kib, _) = memory_kib(process.pid())?;
    let mut open: Vec<TcpStream> = Vec::with_capacity(CONNECTIONS);
    for number in 0..CONNECTIONS as u64 {
        let mut stream = connect(address)?;
        stream.set_nonblocking(false)?;
        let mut request = [7; REQUEST];
        request[..8].copy_from_slice(&number.to_le_bytes());
        stream.write_all(&request)?;
        let mut answer = [0; REQUEST];
        stream.read_exact(&mut answer)?;
        ensure!(answer == request, "the answer is wrong");
        open.push(stream);
    }
    let (with_kib, _) = memory_kib(process.pid())?;
    // The program may still be busy with the last answer.
    thread::sleep(WARM);
    let window = Window::open(process.pid())?;
    thread::sleep(bench.time.max(Duration::from_secs(1)));
    let used = window.close()?;
    drop(open);
    process.end()?;
    let bytes = with_kib.saturating_sub(before_kib) as f64 * 1024.0;
    Ok(vec![
        Figure {
            name: "memory of the program with 10,000 connections".into(),
            unit: "MB",
            value: with_kib as f64 * 1024.0 / 1e6,
            goal: Goal::AtMost(100.0),
        },
        Figure {
            name: "of it, a connection with its task and a buffer of 64 B".into(),
            unit: "B",
            value: bytes / CONNECTIONS as f64,
            goal: Goal::AtMost(1024.0),
        },
        Figure {
            name: "CPU while all connections are idle".into(),
            unit: "us a second",
            value: 1e6 * used.cpu.as_secs_f64() / used.wall.as_secs_f64(),
            goal: Goal::AtMost(0.0),
        },
    ])
}

fn pool(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    Ok(vec![Figure {
        name: "buffers of 4 KiB allocated and freed (BufferPool)".into(),
        unit: "a second",
        value: bench.per_second("pool", 1)?,
        goal: Goal::AtLeast(100e3),
    }])
}

/// The program makes sure that all buffers can be had again. What could grow is its memory.
fn churn(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let mut process = bench.worker("pool-churn", 1)?;
    process.work(WARM)?;
    let (before_kib, _) = memory_kib(process.pid())?;
    process.work(bench.time)?;
    let (after_kib, _) = memory_kib(process.pid())?;
    process.end()?;
    let grown = after_kib.saturating_sub(before_kib) as f64 * 1024.0;
    Ok(vec![Figure {
        name: "growth of memory under random churn, of the pool's 4 MiB".into(),
        unit: "%",
        value: 100.0 * grown / POOL as f64,
        goal: Goal::AtMost(5.0),
    }])
}

/// Memory under load, which opens and closes connections all the time.
fn flat(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let mut process = bench.server(Server::Once)?;
    let mut load = Load::connect(cell::Load::Once(16), &process)?;
    load.advance(&mut process, bench.time, Check::All)?;
    let mut memory_kib_seen = Vec::new();
    let mut served = 0.0;
    for _ in 0..LOOKS {
        let tally = load.advance(&mut process, bench.time / LOOKS as u32, Check::Beginning)?;
        served += tally.units;
        memory_kib_seen.push(memory_kib(process.pid())?.0);
    }
    load.end()?;
    process.end()?;
    let grown = memory_kib_seen[LOOKS - 1].saturating_sub(memory_kib_seen[0]);
    Ok(vec![Figure {
        name: format!("growth of memory over {served:.0} more connections"),
        unit: "KiB",
        value: grown as f64,
        goal: Goal::AtMost(0.0),
    }])
}

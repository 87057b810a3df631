//! What the programs share: their arguments, the runtime, and how they begin and end. It is compiled
//! together with them, once on each runtime, and knows of neither.
//!
//! A program is started as `PROGRAM WORKERS [ARGUMENT]`. With one worker it runs on a current-thread
//! runtime, otherwise on a multi-thread one. A [server](serve) prints its address; a
//! [program that makes its own work](work) prints `ready`, and works for as many milliseconds as each
//! line of its standard input has. Both end when their standard input closes.

#![forbid(unsafe_code)]

#[cfg(feature = "grpc")]
pub mod grpc;

use std::future::Future;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// The size of the file `big` in the folder of a program that reads it. Each of its words of eight
/// bytes is that word's place in the file, little-endian.
pub const BIG: u64 = 64 << 20;

/// The size of a block, which is what the programs with files read and write at a time.
pub const BLOCK: usize = 4096;

/// Runs a server, which is passed the argument, until standard input closes.
pub fn serve<F>(server: impl FnOnce(String) -> F) -> ExitCode
where
    F: Future<Output = io::Result<()>>,
{
    // A thread of its own, so that waiting for the end does not involve the runtime.
    std::thread::spawn(|| {
        let closed = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(i32::from(closed.is_err()));
    });
    outcome(arguments().and_then(|(workers, argument)| {
        let runtime = runtime(workers)?;
        runtime.block_on(server(argument))
    }))
}

/// Binds a socket to a free port and prints its address.
pub async fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    listening(listener.local_addr()?)?;
    Ok(listener)
}

/// Prints the address of a server that is ready.
pub fn listening(address: SocketAddr) -> io::Result<()> {
    print(&format!("listening {address}"))
}

/// What a task of [`work`] is told.
pub struct Turn {
    /// Its number, below the number of tasks.
    pub task: usize,
    /// The folder for files: the program's argument.
    pub folder: PathBuf,
    /// When it is to end, after one operation at least.
    pub end: Instant,
}

/// How long each operation took.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns an empty record.
    pub fn new() -> Self {
        let bounds = Histogram::new_with_bounds(1, 60_000_000_000, 3);
        Self(bounds.expect("the bounds are in order"))
    }

    /// Records an operation that began at `start` and has ended, and returns the present time.
    pub fn record(&mut self, start: Instant) -> Instant {
        let now = Instant::now();
        let taken = now.duration_since(start).as_nanos();
        self.0
            .saturating_record(u64::try_from(taken).unwrap_or(u64::MAX));
        now
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs `tasks` tasks, again and again: each time for as long as standard input asks for. Prints the
/// number of operations that all of them made, and the 50th, 99th and 99.9th percentile in
/// nanoseconds.
pub fn work<F>(tasks: usize, task: impl Fn(Turn) -> F) -> ExitCode
where
    F: Future<Output = io::Result<Latencies>> + Send + 'static,
{
    outcome(arguments().and_then(|(workers, argument)| {
        let runtime = runtime(workers)?;
        print("ready")?;
        for line in io::stdin().lock().lines() {
            let time = line?.parse().map_err(io::Error::other)?;
            let end = Instant::now() + Duration::from_millis(time);
            let turns = (0..tasks).map(|task| Turn {
                task,
                folder: PathBuf::from(&argument),
                end,
            });
            let all = runtime.block_on(together(turns.map(&task)))?;
            let [half, slow, slowest] = [0.5, 0.99, 0.999].map(|part| all.value_at_quantile(part));
            print(&format!("{} {half} {slow} {slowest}", all.len()))?;
        }
        Ok(())
    }))
}

/// Runs each as a task of its own, and adds up what they return.
async fn together<F>(futures: impl Iterator<Item = F>) -> io::Result<Histogram<u64>>
where
    F: Future<Output = io::Result<Latencies>> + Send + 'static,
{
    let mut tasks: JoinSet<_> = futures.collect();
    let mut all = Latencies::new().0;
    while let Some(ended) = tasks.join_next().await {
        all.add(ended??.0).map_err(io::Error::other)?;
    }
    Ok(all)
}

/// Runs a future once. It is passed the arguments behind the number of workers.
pub fn once<F>(main: impl FnOnce(std::iter::Skip<std::env::Args>) -> F) -> ExitCode
where
    F: Future<Output = io::Result<()>>,
{
    outcome(arguments().and_then(|(workers, _)| {
        let rest = std::env::args().skip(2);
        runtime(workers)?.block_on(main(rest))
    }))
}

fn arguments() -> io::Result<(usize, String)> {
    let mut arguments = std::env::args().skip(1);
    let workers = arguments.next().and_then(|text| text.parse().ok());
    let workers = workers.ok_or_else(|| io::Error::other("the number of workers is missing"))?;
    Ok((workers, arguments.next().unwrap_or_default()))
}

fn runtime(workers: usize) -> io::Result<Runtime> {
    let mut builder = match workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 1 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build()
}

fn print(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

fn outcome(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

//! The same work on zokio, tokio and other runtimes, and on epoll and io_uring without a runtime, in
//! interleaved rounds. The load, the processes and the statistics are those of `zokio-ab`.
//!
//! This file owns the order of the steps: build all programs, then for each cell run the rounds and
//! print the table. Read on in `cell.rs` and `runtime.rs`, which have the lists.

#![forbid(unsafe_code)]

mod build;
mod cell;
mod json;
mod load;
mod options;
mod report;
mod rounds;
mod runtime;
mod seed;

use std::process::ExitCode;

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zokio_ab::{Data, Machine, Progress, allowed};

use crate::build::Builds;
use crate::options::{Options, Request};
use crate::rounds::Bench;

fn main() -> ExitCode {
    let outcome = match options::parse(std::env::args().skip(1)) {
        Ok(Request::Text(text)) => {
            println!("{text}");
            Ok(true)
        }
        Ok(Request::Run(options)) => allow_connections().and_then(|()| measure(&options)),
        Ok(Request::Seed(options)) => allow_connections()
            .and_then(|()| seed::run(options.time, options.debug, options.json.as_deref())),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every program was built and every run succeeded.
fn measure(options: &Options) -> Result<bool> {
    let builds = Builds::make(&options.runtimes, options.debug)?;
    let data = Data::make()?;
    let machine = Machine::find(data.folder())?;
    println!("{}", report::heading(&machine, &builds, options));
    let runs = options.cells.len() * options.rounds * options.runtimes.len();
    let bench = Bench {
        options,
        builds: &builds,
        folder: data.folder(),
        allowed: allowed()?,
    };
    let mut progress = Progress::new(runs);
    let mut outcomes = Vec::new();
    for &cell in &options.cells {
        let outcome = bench.run(cell, &mut progress)?;
        progress.clear();
        println!("{}", report::table(&outcome));
        outcomes.push(outcome);
        if let Some(path) = &options.json {
            json::write(path, &machine, &builds, options, &outcomes)?;
        }
    }
    let failed = outcomes.iter().any(|outcome| outcome.has_failed());
    Ok(!failed && builds.failed.is_empty())
}

/// Raises the limit of descriptors of this process and of the programs, for thousands of connections.
fn allow_connections() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

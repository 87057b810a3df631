//! Measures programs on tokio and on zokio. Each is one source file, compiled twice: against the
//! published tokio, and against the drop-in by a patch (`programs/`, two workspaces of their own).
//!
//! This file owns the order of the steps: build both sides, then for each scenario run pairs, print
//! the table. Both sides of a pair run one after the other on the same cores, under the same load,
//! which this process generates on another core with threads and epoll of its own (`load`).
//!
//! Read on in `scenario.rs`, which has the list, and in `pairs.rs`, which has one run.

mod build;
mod cores;
mod data;
mod json;
mod load;
mod machine;
mod options;
mod pairs;
mod process;
mod progress;
mod raw;
mod report;
mod sample;
mod scenario;
mod statistics;
mod syscalls;
mod window;

use std::process::ExitCode;

use anyhow::Result;

use crate::build::Builds;
use crate::cores::Cores;
use crate::data::Data;
use crate::machine::Machine;
use crate::options::{Options, Request};
use crate::pairs::{Bench, Case, Outcome};
use crate::progress::Progress;
use crate::scenario::SCENARIOS;

/// Whether this program, with the load in it, was compiled with optimizations.
const OPTIMIZED: bool = !cfg!(debug_assertions);

/// Runs what the arguments of the process ask for.
pub fn run() -> ExitCode {
    let outcome = match options::parse(std::env::args().skip(1)) {
        Ok(Request::Help) => {
            println!("{}", options::HELP);
            Ok(())
        }
        Ok(Request::List) => {
            for scenario in SCENARIOS {
                println!("{:16} {}", scenario.name, scenario.about);
            }
            Ok(())
        }
        Ok(Request::Run(options)) => measure(&options),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    let builds = Builds::make(options)?;
    let data = Data::make()?;
    let allowed = cores::allowed()?;
    let machine = Machine::find(data.folder())?;
    println!("{}", report::heading(&builds, &machine, options));
    let cases: Vec<Case> = options
        .scenarios
        .iter()
        .flat_map(|&scenario| {
            let cases = options.workers.iter();
            cases.map(move |&workers| Case { scenario, workers })
        })
        .collect();
    let mut progress = Progress::new(cases.len() * options.rounds * 2);
    let mut outcomes = Vec::new();
    let save = |outcomes: &[Outcome]| match &options.json {
        Some(path) => json::write(path, &machine, &builds, options, outcomes),
        None => Ok(()),
    };
    // Now, because a file that cannot be written should not be found out in the end.
    save(&outcomes)?;
    for case in cases {
        let cores = Cores::choose(&allowed, case.workers, case.scenario);
        cores.pin_the_load()?;
        let bench = Bench {
            options,
            builds: &builds,
            data: &data,
            cores,
        };
        let outcome = bench.run(case, &mut progress)?;
        progress.clear();
        println!("{}", report::table(&outcome));
        outcomes.push(outcome);
        save(&outcomes)?;
    }
    Ok(())
}

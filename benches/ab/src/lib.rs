//! Measures programs on tokio and on zokio. Each is one source file, compiled twice: against the
//! published tokio, and against the drop-in by a patch (`programs/`, two workspaces of their own).
//!
//! This file owns the order of the steps: build both sides, then for each scenario run pairs, print
//! the table. Both sides of a pair run one after the other on the same cores, under the same load,
//! which this process generates on another core with threads and epoll of its own (`load`).
//!
//! Read on in `scenario.rs`, which has the list, and in `pairs.rs`, which has one run.

mod baselines;
mod build;
mod chart;
mod cores;
mod counts;
mod data;
mod guard;
mod json;
pub mod load;
mod machine;
mod options;
mod page;
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

use crate::build::{Builds, Profile, Side};
use crate::guard::Guard;
use crate::options::{Options, Request};
use crate::pairs::{Bench, Case, Outcome};

// What `benches/peers` measures with.
pub use crate::cores::{Cores, allowed};
pub use crate::data::Data;
pub use crate::machine::Machine;
pub use crate::process::Process;
pub use crate::progress::Progress;
pub use crate::report::figure;
pub use crate::sample::Sample;
pub use crate::statistics::Spread;
pub use crate::window::{Used, Window, memory_kib};

/// Whether this program, with the load in it, was compiled with optimizations.
const OPTIMIZED: bool = !cfg!(debug_assertions);

/// How often a case has to be worse than saved.
const REPEATS: usize = 3;

/// The status of a process that has found nothing wrong because it could not look.
const NOTHING_CHECKED: u8 = 77;

/// What a process ends with.
enum Verdict {
    Passed,
    /// Something is worse than what was saved.
    Worse,
    /// This machine has nothing to compare with, for this reason.
    Unknown(String),
}

/// Runs what the arguments of the process ask for.
pub fn run() -> ExitCode {
    let outcome = match options::parse(std::env::args().skip(1)) {
        Ok(Request::Text(text)) => {
            println!("{text}");
            Ok(Verdict::Passed)
        }
        Ok(Request::Run(options)) => measure(&options),
        Ok(Request::Counts(options)) => counts::run(&options),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Worse) => ExitCode::FAILURE,
        Ok(Verdict::Unknown(reason)) => {
            println!("nothing was checked: {reason}");
            ExitCode::from(NOTHING_CHECKED)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<Verdict> {
    let data = Data::make()?;
    let machine = Machine::find(data.folder())?;
    let guard = Guard::of(&machine, options)?;
    let cases = cases(options);
    if draws_saved(options, &guard, &cases)? {
        return Ok(Verdict::Passed);
    }
    if let Some(reason) = guard.is_empty().filter(|_| options.check) {
        return Ok(Verdict::Unknown(reason));
    }
    let programs = options.scenarios.iter().map(|s| s.program).collect();
    let profile = match options.debug {
        true => Profile::Dev,
        false => Profile::Release,
    };
    let sides: &[Side] = match options.observed {
        true => &[Side::Zokio],
        false => &Side::BOTH,
    };
    let builds = Builds::make(&programs, sides, profile)?;
    let allowed = cores::allowed()?;
    let heading = report::heading(&builds, &machine, options);
    println!("{heading}");
    let mut progress = Progress::new(cases.len() * options.rounds * 2);
    let mut outcomes = Vec::new();
    let mut verdict = Verdict::Passed;
    let write = |outcomes: &[Outcome]| {
        page::write(options, &heading, outcomes)?;
        match &options.json {
            Some(path) => json::write(path, &machine, &builds, options, outcomes),
            None => Ok(()),
        }
    };
    // Now, because a file that cannot be written should not be found out in the end.
    write(&outcomes)?;
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
        println!("{}", report::table(&outcome, options.names()));
        if options.check && !holds(&guard, &bench, &outcome, &mut progress)? {
            verdict = Verdict::Worse;
        }
        outcomes.push(outcome);
        write(&outcomes)?;
    }
    if options.save {
        guard.save(&machine, &builds.tokio, options, &outcomes)?;
    }
    Ok(verdict)
}

/// Draws what was saved, if that is asked for: returns whether it was.
fn draws_saved(options: &Options, guard: &Guard, cases: &[Case]) -> Result<bool> {
    if let Some(path) = &options.saved {
        page::save(path, &guard.latest(cases)?)?;
    }
    if let Some(path) = &options.history {
        page::save(path, &guard.history(cases)?)?;
    }
    Ok(options.saved.is_some() || options.history.is_some())
}

fn cases(options: &Options) -> Vec<Case> {
    let scenarios = options.scenarios.iter();
    let cases = scenarios.flat_map(|&scenario| {
        let workers = options.workers.iter();
        workers.map(move |&workers| Case { scenario, workers })
    });
    cases.collect()
}

/// Returns whether a case is no worse than when it was saved. If it is, it is measured again: only what
/// is worse each time fails.
fn holds(
    guard: &Guard,
    bench: &Bench<'_>,
    outcome: &Outcome,
    progress: &mut Progress,
) -> Result<bool> {
    let case = outcome.case;
    let Some(mut worse) = guard.worse(outcome) else {
        println!("{case}: not compared, because it was never saved\n");
        return Ok(true);
    };
    for _ in 1..REPEATS {
        if worse.is_empty() {
            break;
        }
        println!("{case} is measured again: {}", worse.join("; "));
        let again = guard.worse(&bench.run(case, progress)?);
        worse = again.unwrap_or_default();
    }
    progress.clear();
    if !worse.is_empty() {
        println!("{case} is worse than saved: {}\n", worse.join("; "));
    }
    Ok(worse.is_empty())
}

//! Pairs: one run of each side, one right after the other, in turn first.

#![forbid(unsafe_code)]

use std::fmt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::build::{Builds, Side};
use crate::cores::Cores;
use crate::data::Data;
use crate::load::{self, Check, Load};
use crate::options::{Options, Rate};
use crate::process::Process;
use crate::progress::Progress;
use crate::sample::Sample;
use crate::scenario::{Scenario, Work};
use crate::syscalls::Counters;
use crate::window::{self, Window};

/// Before memory is read, since a runtime may still start its threads when the program is ready.
const SETTLE: Duration = Duration::from_millis(50);

/// Under load, before something is measured. All bytes are checked.
const WARM: Duration = Duration::from_millis(100);

/// How long system calls are counted, after something was measured.
const COUNT: Duration = Duration::from_millis(100);

/// A scenario with a number of workers.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) scenario: &'static Scenario,
    pub(crate) workers: usize,
}

impl Case {
    /// Returns whether this process puts the program under load.
    pub(crate) fn has_load(&self) -> bool {
        !matches!(self.scenario.work, Work::Own)
    }
}

/// The scenario's name, and the workers if there is more than one.
impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.workers {
            1 => formatter.write_str(self.scenario.name),
            workers => write!(formatter, "{}, {workers} workers", self.scenario.name),
        }
    }
}

/// What the pairs of a case have shown.
pub(crate) struct Outcome {
    pub(crate) case: Case,
    pub(crate) cores: Cores,
    /// Requests a second of an open loop.
    pub(crate) rate: Option<f64>,
    /// Of each pair, the run on tokio.
    pub(crate) tokio: Vec<Sample>,
    /// Of each pair, the run on zokio.
    pub(crate) zokio: Vec<Sample>,
    /// Why system calls were not counted.
    pub(crate) no_calls: Option<String>,
}

/// What the pairs are made with.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) builds: &'a Builds,
    pub(crate) data: &'a Data,
    pub(crate) cores: Cores,
}

impl Bench<'_> {
    /// Makes all pairs of a case.
    ///
    /// # Errors
    ///
    /// Returns an error if a run fails; it names the scenario and the side.
    pub(crate) fn run(&self, case: Case, progress: &mut Progress) -> Result<Outcome> {
        let mut outcome = Outcome {
            case,
            cores: self.cores.clone(),
            rate: None,
            tokio: Vec::new(),
            zokio: Vec::new(),
            no_calls: None,
        };
        outcome.rate = self.rate(&mut outcome)?;
        for pair in 0..self.options.rounds {
            let mut sides = [Side::Tokio, Side::Zokio];
            if pair % 2 == 1 {
                sides.reverse();
            }
            for side in sides {
                let name = case.scenario.name;
                progress.next(&format!("{name}, {}", self.name(side)));
                let sample = self.once(side, &mut outcome)?;
                match side {
                    Side::Tokio => outcome.tokio.push(sample),
                    Side::Zokio => outcome.zokio.push(sample),
                }
            }
        }
        Ok(outcome)
    }

    /// Returns the rate of an open loop. Both sides have the same.
    fn rate(&self, outcome: &mut Outcome) -> Result<Option<f64>> {
        let share = outcome.case.scenario.share.map(Rate::Share);
        match self.options.rate.or(share) {
            Some(_) if !outcome.case.scenario.takes_rate() => Ok(None),
            Some(Rate::PerSecond(rate)) => Ok(Some(rate)),
            Some(Rate::Share(share)) => {
                let closed = self.once(Side::Tokio, outcome)?;
                Ok(Some(closed.units_per_s * share))
            }
            None => Ok(None),
        }
    }

    fn once(&self, side: Side, outcome: &mut Outcome) -> Result<Sample> {
        let name = outcome.case.scenario.name;
        self.measure(side, outcome)
            .with_context(|| format!("{name}, {}", self.name(side)))
    }

    fn name(&self, side: Side) -> &'static str {
        self.options.names()[side as usize]
    }

    /// Returns the command that starts the program of a side.
    fn command(&self, side: Side, name: &'static str) -> Result<Command> {
        if !self.options.observed {
            return Ok(Command::new(self.builds.program(side, name)?));
        }
        let mut command = Command::new(self.builds.program(Side::Zokio, name)?);
        match side {
            Side::Tokio => command.env_remove("ZOKIO_MONITOR"),
            Side::Zokio => command.env("ZOKIO_MONITOR", self.data.folder()),
        };
        Ok(command)
    }

    /// Runs a program from its start to its end.
    fn measure(&self, side: Side, outcome: &mut Outcome) -> Result<Sample> {
        let Case { scenario, workers } = outcome.case;
        let prepared = load::prepare(scenario.work, self.data)?;
        let mut command = self.command(side, scenario.program)?;
        command.arg(workers.to_string()).arg(&prepared.argument);
        if let Some(driver) = &self.options.driver {
            // tokio has no such variable.
            command.env("ZOKIO_DRIVER", driver);
        }
        let mut process = Process::start(&mut command, &self.cores)?;
        thread::sleep(SETTLE);
        let (idle_kib, _) = window::memory_kib(process.pid())?;

        let rate = outcome.rate;
        let mut load = Load::connect(scenario.work, prepared, &process, self.data, rate)?;
        load.advance(&mut process, WARM, Check::All)?;
        let window = Window::open(process.pid())?;
        let tally = load.advance(&mut process, self.options.time, Check::Beginning)?;
        let used = window.close()?;
        let (_, peak_kib) = window::memory_kib(process.pid())?;

        let calls = match &outcome.no_calls {
            None => calls(&mut load, &mut process),
            Some(_) => Ok(None),
        };
        let calls = calls.unwrap_or_else(|error| {
            outcome.no_calls = Some(format!("{error:#}"));
            None
        });
        drop(load);
        process.end()?;
        let cores = self.cores.program.len();
        Ok(Sample::new(tally, used, calls, (idle_kib, peak_kib), cores))
    }
}

/// Returns the number of system calls that a unit takes.
fn calls(load: &mut Load, process: &mut Process) -> Result<Option<f64>> {
    let counters = Counters::start(process.pid())?;
    let tally = load.advance(process, COUNT, Check::Beginning)?;
    Ok(Some(counters.read()? as f64 / tally.units))
}

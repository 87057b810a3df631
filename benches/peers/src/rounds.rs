//! Rounds: one run of each runtime, one right after the other, each time with another first.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use peer_protocol::Job;
use zokio_ab::load::Check;
use zokio_ab::{Cores, Process, Progress, Sample, Window, memory_kib};

use crate::build::Builds;
use crate::cell::Cell;
use crate::load::Load;
use crate::options::Options;
use crate::runtime::Runtime;

/// Under load, before something is measured. All bytes are checked.
const WARM: Duration = Duration::from_millis(50);

/// What the rounds are made with.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) builds: &'a Builds,
    pub(crate) folder: &'a Path,
    pub(crate) allowed: Vec<usize>,
}

/// What the rounds of a cell have shown.
pub(crate) struct Outcome {
    pub(crate) cell: &'static Cell,
    pub(crate) cores: Cores,
    pub(crate) rows: Vec<Row>,
}

/// What a runtime has shown.
pub(crate) struct Row {
    pub(crate) runtime: &'static Runtime,
    /// Of each round, unless the run failed.
    pub(crate) samples: Vec<Option<Sample>>,
    pub(crate) missing: Option<Missing>,
}

/// Why there is no figure.
pub(crate) enum Missing {
    /// There is no such program.
    Lacks(&'static str),
    /// The program was not built.
    NotBuilt,
    /// A run has failed; the last reason.
    Failed(String),
}

impl Outcome {
    pub(crate) fn has_failed(&self) -> bool {
        let failed = |row: &Row| matches!(row.missing, Some(Missing::Failed(_)));
        self.rows.iter().any(failed)
    }
}

impl Bench<'_> {
    /// Makes all rounds of a cell.
    ///
    /// # Errors
    ///
    /// Returns an error if the load cannot be bound to its core. A run that fails is part of the
    /// outcome.
    pub(crate) fn run(&self, cell: &'static Cell, progress: &mut Progress) -> Result<Outcome> {
        let cores = self.cores(cell);
        cores.pin_the_load()?;
        let rows = self.options.runtimes.iter().map(|runtime| Row {
            runtime,
            samples: Vec::new(),
            missing: match (runtime.lacks(cell.job), self.builds.program(runtime)) {
                (Some(reason), _) => Some(Missing::Lacks(reason)),
                (None, None) => Some(Missing::NotBuilt),
                (None, Some(_)) => None,
            },
        });
        let mut rows: Vec<Row> = rows.collect();
        let count = rows.len();
        for round in 0..self.options.rounds {
            for at in 0..count {
                // Every other round backward, so that none always follows the same one.
                let place = if round % 2 == 0 { at } else { count - 1 - at };
                let row = &mut rows[(place + round) % count];
                progress.next(&format!("{}, {}", cell.name, row.runtime.name));
                let Some(program) = self.builds.program(row.runtime) else {
                    continue;
                };
                if let Some(Missing::Lacks(_)) = row.missing {
                    continue;
                }
                let sample = self.measure(cell, row.runtime, program, &cores);
                row.samples.push(sample.as_ref().ok().copied());
                if let Err(error) = sample {
                    row.missing = Some(Missing::Failed(format!("{error:#}")));
                }
            }
        }
        Ok(Outcome { cell, cores, rows })
    }

    /// The load has the last core, and the program the first one. A program with files has all: the
    /// thread that waits for a device should not have to share one.
    fn cores(&self, cell: &Cell) -> Cores {
        let last = self.allowed.len().saturating_sub(1);
        let program = match cell.job {
            Job::Files(_) => &self.allowed[..],
            Job::Server(_) | Job::Tasks(_) => &self.allowed[..self.allowed.len().min(1)],
        };
        Cores {
            program: program.to_vec(),
            load: self.allowed.get(last).copied().unwrap_or(0),
        }
    }

    /// Runs a program from its start to its end.
    fn measure(
        &self,
        cell: &Cell,
        runtime: &Runtime,
        program: &Path,
        cores: &Cores,
    ) -> Result<Sample> {
        let mut command = Command::new(program);
        let tasks = cell.tasks.to_string();
        command.args([cell.job.name(), &tasks]).arg(self.folder);
        command.envs(runtime.environment.iter().copied());
        let mut process = Process::start(&mut command, cores)?;
        let (idle_kib, _) = memory_kib(process.pid())?;
        let mut load = Load::connect(cell.load, &process)?;
        load.advance(&mut process, WARM, Check::All)?;
        let window = Window::open(process.pid())?;
        let tally = load.advance(&mut process, self.options.time, Check::Beginning)?;
        let used = window.close()?;
        let (_, peak_kib) = memory_kib(process.pid())?;
        load.end()?;
        process.end()?;
        let memory = (idle_kib, peak_kib);
        Ok(Sample::new(tally, used, None, memory, cores.program.len()))
    }
}

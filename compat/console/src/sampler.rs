//! A thread that asks the process at intervals, for all the faces that show it as it changes.
//!
//! It has the connection to itself. What is asked for beside samples comes as commands, and everything
//! that it learns goes to one function. It ends with the process, or when its handle is dropped.
#![forbid(unsafe_code)]

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};
use serde_json::Value;

use crate::client::{Client, Recorded};
use crate::model::Sample;

/// What is asked for.
#[derive(Debug)]
pub enum Command {
    /// What samples consist of from now on.
    Want(Wanted),
    /// The stack of a worker.
    Stack {
        /// The number of its runtime.
        runtime: u64,
        /// Its number there.
        worker: u64,
    },
    /// What the recorders hold.
    Events,
    /// No samples until the next of these, and one at once then.
    Pause(bool),
}

/// What samples consist of beside the snapshot. A program may have many tasks, and each is a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// All tasks.
    pub tasks: bool,
    /// Where they were spawned.
    pub places: bool,
}

impl Wanted {
    /// Everything.
    pub const ALL: Self = Self {
        tasks: true,
        places: true,
    };
}

/// What was learned.
#[derive(Debug)]
pub enum Report {
    /// At each interval.
    Sample(Box<Sample>),
    /// The answer to [`Command::Stack`].
    Stack(Result<Value>),
    /// The answer to [`Command::Events`].
    Events(Result<Recorded>),
    /// The last report: why there are no more.
    Ended(Error),
}

/// Takes one sample.
///
/// # Errors
///
/// Returns an error if the process does not answer.
pub fn sample(client: &mut Client, wanted: Wanted) -> Result<Sample> {
    Ok(Sample {
        snapshot: client.snapshot()?,
        tasks: wanted.tasks.then(|| client.tasks()).transpose()?,
        places: wanted.places.then(|| client.places()).transpose()?,
    })
}

/// Starts the thread, which calls `report` with everything that it learns.
///
/// # Errors
///
/// Returns an error if no thread can be started.
pub fn start(
    client: Client,
    interval: Duration,
    wanted: Wanted,
    report: impl FnMut(Report) + Send + 'static,
) -> Result<mpsc::Sender<Command>> {
    let (commands, received) = mpsc::channel();
    let sampler = Sampler {
        client,
        interval,
        wanted,
        paused: false,
        report,
    };
    thread::Builder::new()
        .name("sampler".into())
        .spawn(move || sampler.run(&received))?;
    Ok(commands)
}

struct Sampler<F> {
    client: Client,
    interval: Duration,
    wanted: Wanted,
    paused: bool,
    report: F,
}

impl<F: FnMut(Report)> Sampler<F> {
    fn run(mut self, commands: &mpsc::Receiver<Command>) {
        let mut next = Instant::now();
        loop {
            if !self.paused && Instant::now() >= next {
                match sample(&mut self.client, self.wanted) {
                    Ok(sample) => (self.report)(Report::Sample(Box::new(sample))),
                    Err(error) => return (self.report)(Report::Ended(error)),
                }
                next = Instant::now() + self.interval;
            }
            let command = if self.paused {
                commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                commands.recv_timeout(next.saturating_duration_since(Instant::now()))
            };
            match command {
                Ok(Command::Want(wanted)) => {
                    // What is shown next is wanted now.
                    if wanted != self.wanted {
                        next = Instant::now();
                    }
                    self.wanted = wanted;
                }
                Ok(Command::Pause(paused)) => {
                    self.paused = paused;
                    next = Instant::now();
                }
                Ok(Command::Stack { runtime, worker }) => {
                    let stack = self.client.stack(runtime, worker);
                    (self.report)(Report::Stack(stack));
                }
                Ok(Command::Events) => {
                    let recorded = self.client.events();
                    (self.report)(Report::Events(recorded));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

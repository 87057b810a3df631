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
use crate::protocol::Place;

/// How often places are asked for at most: for each answer the process goes through all events that
/// it holds.
const PLACES_EVERY: Duration = Duration::from_secs(1);

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

/// A connection that samples are taken from.
#[derive(Debug)]
pub struct Samples {
    client: Client,
    /// The last places, and when the sample that they were asked for began.
    places: Option<(Instant, Vec<Place>)>,
}

impl Samples {
    /// Creates it, without a sample.
    #[must_use]
    pub fn of(client: Client) -> Self {
        Self {
            client,
            places: None,
        }
    }

    /// Takes a sample. The places in it are as of up to a second before.
    ///
    /// # Errors
    ///
    /// Returns an error if the process does not answer.
    pub fn take(&mut self, wanted: Wanted) -> Result<Sample> {
        let begin = Instant::now();
        Ok(Sample {
            snapshot: self.client.snapshot()?,
            tasks: wanted.tasks.then(|| self.client.tasks()).transpose()?,
            places: wanted.places.then(|| self.places(begin)).transpose()?,
        })
    }

    fn places(&mut self, now: Instant) -> Result<Vec<Place>> {
        if let Some((asked, places)) = &self.places
            && now.duration_since(*asked) < PLACES_EVERY
        {
            return Ok(places.clone());
        }
        let places = self.client.places()?;
        self.places = Some((now, places.clone()));
        Ok(places)
    }
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
        samples: Samples::of(client),
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
    samples: Samples,
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
                match self.samples.take(self.wanted) {
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
                    let stack = self.samples.client.stack(runtime, worker);
                    (self.report)(Report::Stack(stack));
                }
                Ok(Command::Events) => {
                    let recorded = self.samples.client.events();
                    (self.report)(Report::Events(recorded));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{PLACES_EVERY, Samples, Wanted};
    use crate::client::Client;

    #[test]
    fn places_are_asked_for_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (request, requests) = mpsc::channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut answer = |text: &str| writeln!(stream, "{text}").unwrap();
            answer(r#"{"zokio":"0.1.0","protocol":1,"pid":7,"program":"/bin/x","now":1}"#);
            for line in lines.map_while(Result::ok) {
                answer(match &*line {
                    "snapshot" => r#"{"snapshot":{"now":1,"runtimes":[]}}"#,
                    "tasks" => r#"{"tasks":[],"more":false}"#,
                    _ => r#"{"places":[{"at":"a.rs:1:2","kind":"task","alive":1,"polls":2}]}"#,
                });
                request.send(line).unwrap();
            }
        });
        let mut samples = Samples::of(Client::connect(&path).unwrap());
        let first = samples.take(Wanted::ALL).unwrap();
        // As if this had been now, however long the answers took.
        let (asked, _) = samples.places.as_mut().unwrap();
        *asked = Instant::now() + Duration::from_secs(60);
        let second = samples.take(Wanted::ALL).unwrap();
        let at = |places: Option<Vec<super::Place>>| places.unwrap()[0].at.clone();
        assert_eq!(at(first.places), at(second.places));
        let (asked, _) = samples.places.as_mut().unwrap();
        *asked = Instant::now() - PLACES_EVERY;
        samples.take(Wanted::ALL).unwrap();
        drop(samples);
        let count = requests.iter().filter(|line| line == "places").count();
        assert_eq!(count, 2);
    }
}

//! Samples for tasks of a runtime: the last one, and a notice of each new one.
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::watch;

use crate::client::Client;
use crate::model::Sample;
use crate::sampler::{self, Command, Report, Wanted};

/// Samples of one process.
#[derive(Debug)]
pub struct Feed {
    samples: watch::Receiver<Option<Arc<Sample>>>,
    ended: watch::Receiver<Option<String>>,
    commands: Commands,
}

/// The commands of the thread that samples.
#[derive(Clone, Debug)]
pub struct Commands {
    sender: Arc<Mutex<mpsc::Sender<Command>>>,
}

impl Feed {
    /// Starts to sample.
    ///
    /// # Errors
    ///
    /// Returns an error if no thread can be started.
    pub fn start(client: Client, interval: Duration, wanted: Wanted) -> Result<Self> {
        let (sample, samples) = watch::channel(None);
        let (end, ended) = watch::channel(None);
        let report = move |report| match report {
            Report::Sample(latest) => drop(sample.send_replace(Some(Arc::from(latest)))),
            Report::Ended(error) => drop(end.send_replace(Some(format!("{error:#}")))),
            // They answer commands that only the terminal has.
            Report::Stack(_) | Report::Events(_) => {}
        };
        let commands = sampler::start(client, interval, wanted, report)?;
        Ok(Self {
            samples,
            ended,
            commands: Commands {
                sender: Arc::new(Mutex::new(commands)),
            },
        })
    }

    /// Returns a receiver of samples, which has none before the first.
    #[must_use]
    pub fn samples(&self) -> watch::Receiver<Option<Arc<Sample>>> {
        self.samples.clone()
    }

    /// Returns the commands.
    #[must_use]
    pub fn commands(&self) -> Commands {
        self.commands.clone()
    }

    /// Waits until there are no more samples, and returns why.
    pub async fn ended(&mut self) -> String {
        match self.ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the thread that samples has ended".to_string(),
        }
    }
}

impl Commands {
    /// Sends a command.
    ///
    /// # Errors
    ///
    /// Returns an error if the thread that samples has ended.
    pub fn ask(&self, command: Command) -> Result<()> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender
            .send(command)
            .map_err(|_| anyhow!("the process has ended"))
    }
}

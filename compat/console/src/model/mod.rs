//! What is shown: the last sample, and how it differs from the one before.
#![forbid(unsafe_code)]

mod describe;
mod filter;
mod rates;
mod sort;

use serde::Serialize;

pub use self::describe::{label, waiting};
pub use self::filter::Filter;
pub use self::rates::{RingRates, RuntimeRates, TaskRates, WorkerRates};
pub use self::sort::{Column, Order, sort};
use crate::protocol::{Hello, Place, Snapshot, Task};

/// What a process answered at one moment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sample {
    /// Runtimes and workers.
    pub snapshot: Snapshot,
    /// Tasks, if they were asked for.
    pub tasks: Option<Vec<Task>>,
    /// Places where tasks were spawned, if they were asked for.
    pub places: Option<Vec<Place>>,
}

/// A process, as it was seen twice.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The process.
    pub hello: Hello,
    /// The last sample.
    pub current: Sample,
    /// The sample before.
    previous: Sample,
    /// When the tasks of `previous` were asked for: tasks are not part of each sample.
    tasks_before: Option<(u64, Vec<Task>)>,
}

impl Seen {
    /// Begins without samples.
    #[must_use]
    pub fn new(hello: Hello) -> Self {
        Self {
            hello,
            ..Self::default()
        }
    }

    /// Takes a sample that is newer than the last.
    pub fn update(&mut self, sample: Sample) {
        let before = std::mem::replace(&mut self.current, sample);
        if let Some(tasks) = &before.tasks {
            self.tasks_before = Some((before.snapshot.now, tasks.clone()));
        }
        self.previous = before;
    }

    /// Returns the tasks of the last sample.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        self.current.tasks.as_deref().unwrap_or_default()
    }

    /// Returns the task of that number, if it has not ended.
    #[must_use]
    pub fn task(&self, id: u64) -> Option<&Task> {
        self.tasks().iter().find(|task| task.id == id)
    }

    /// Returns the place where a task was spawned.
    #[must_use]
    pub fn place(&self, task: &Task) -> Option<&Place> {
        let places = self.current.places.as_deref().unwrap_or_default();
        places
            .iter()
            .find(|place| place.at == task.at && place.kind == task.kind)
    }

    /// Returns how long ago a moment was when the last snapshot was taken.
    #[must_use]
    pub fn ago(&self, since: u64) -> u64 {
        self.current.snapshot.now.saturating_sub(since)
    }
}

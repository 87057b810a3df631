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

impl Sample {
    /// Adds the polls that have not ended to the times in polls, which the process counts when a poll
    /// ends: a task that blocks is busy, and so is its worker.
    fn with_current_polls(mut self) -> Self {
        let now = self.snapshot.now;
        let runtimes = self.snapshot.runtimes.iter_mut();
        for worker in runtimes.flat_map(|runtime| &mut runtime.workers) {
            if let ("running" | "stuck", Some(since)) = (&*worker.state, worker.since) {
                worker.busy_ns += now.saturating_sub(since);
            }
        }
        for task in self.tasks.iter_mut().flatten() {
            if let ("running", Some(since), Some(busy)) =
                (&*task.state, task.since, &mut task.busy_ns)
            {
                *busy += now.saturating_sub(since);
            }
        }
        self
    }
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
        let before = std::mem::replace(&mut self.current, sample.with_current_polls());
        if let Some(tasks) = &before.tasks {
            self.tasks_before = Some((before.snapshot.now, tasks.clone()));
        }
        self.previous = before;
    }

    /// Returns whether no sample has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.snapshot.now == 0
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

#[cfg(test)]
mod tests {
    use super::{Sample, Snapshot, Task};
    use crate::protocol::{Runtime, Worker};

    #[test]
    fn a_poll_that_has_not_ended_counts() {
        let worker = |state: &str| Worker {
            state: state.into(),
            since: Some(400),
            busy_ns: 50,
            ..Worker::default()
        };
        let task = |state: &str, since| Task {
            state: state.into(),
            since: Some(since),
            busy_ns: Some(50),
            ..Task::default()
        };
        let sample = Sample {
            snapshot: Snapshot {
                now: 1_000,
                runtimes: vec![Runtime {
                    workers: ["stuck", "running", "parked"].map(worker).into(),
                    ..Runtime::default()
                }],
            },
            // The last one was polled after the snapshot.
            tasks: Some(vec![
                task("running", 400),
                task("idle", 400),
                task("running", 1_100),
            ]),
            places: None,
        };
        let sample = sample.with_current_polls();
        let workers = sample.snapshot.runtimes[0].workers.iter();
        let busy: Vec<u64> = workers.map(|worker| worker.busy_ns).collect();
        assert_eq!(busy, [650, 650, 50]);
        let tasks = sample.tasks.unwrap();
        let busy: Vec<Option<u64>> = tasks.iter().map(|task| task.busy_ns).collect();
        assert_eq!(busy, [Some(650), Some(50), Some(50)]);
    }
}

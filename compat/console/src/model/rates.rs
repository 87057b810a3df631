//! How fast counters grow: the difference of two samples over the time between them.
//!
//! A runtime, worker or task that is not in both samples has no rates.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::Seen;
use crate::protocol::{Runtime, Task, Worker};

/// Of a runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RuntimeRates {
    /// Polls of all workers a second.
    pub polls: f64,
    /// Tasks a second.
    pub spawned: f64,
    /// Events of sockets a second.
    pub sockets_ready: f64,
    /// Tasks made runnable from other threads a second.
    pub remote_schedules: f64,
    /// The part of the time in which a worker did not sleep, 1 for each worker.
    pub busy: f64,
}

/// Of a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkerRates {
    /// Polls a second.
    pub polls: f64,
    /// Sleeps a second.
    pub parks: f64,
    /// Tasks stolen a second.
    pub steals: f64,
    /// The part of the time in which it did not sleep.
    pub busy: f64,
}

/// Of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TaskRates {
    /// Polls a second.
    pub polls: f64,
    /// The part of the time in which it was polled.
    pub busy: f64,
}

/// Of a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RingRates {
    /// Submissions a second.
    pub submitted: f64,
    /// Completions a second.
    pub completed: f64,
    /// Operations that threads did instead, a second.
    pub handed_to_threads: f64,
}

impl Seen {
    /// Returns the rates of a runtime.
    #[must_use]
    pub fn runtime_rates(&self, runtime: &Runtime) -> RuntimeRates {
        let Some((seconds, before)) = self.runtime_before(runtime) else {
            return RuntimeRates::default();
        };
        let per_second = |now, then| rate(now, then, seconds);
        let mut rates = RuntimeRates {
            spawned: per_second(runtime.spawned, before.spawned),
            sockets_ready: per_second(runtime.driver.sockets_ready, before.driver.sockets_ready),
            remote_schedules: per_second(runtime.remote_schedules, before.remote_schedules),
            ..RuntimeRates::default()
        };
        for worker in &runtime.workers {
            let of_worker = self.worker_rates(runtime, worker);
            rates.polls += of_worker.polls;
            rates.busy += of_worker.busy;
        }
        rates
    }

    /// Returns the rates of a worker.
    #[must_use]
    pub fn worker_rates(&self, runtime: &Runtime, worker: &Worker) -> WorkerRates {
        let before = self.runtime_before(runtime).and_then(|(seconds, before)| {
            let mut workers = before.workers.iter();
            Some((
                seconds,
                workers.find(|other| other.worker == worker.worker)?,
            ))
        });
        let Some((seconds, before)) = before else {
            return WorkerRates::default();
        };
        WorkerRates {
            polls: rate(worker.polls, before.polls, seconds),
            parks: rate(worker.parks, before.parks, seconds),
            steals: rate(worker.steals, before.steals, seconds),
            busy: if was_awake(before, worker) && seconds > 0.0 {
                1.0
            } else {
                rate(worker.busy_ns, before.busy_ns, seconds * 1e9).min(1.0)
            },
        }
    }

    /// Returns the rates of the ring of a runtime.
    #[must_use]
    pub fn ring_rates(&self, runtime: &Runtime) -> RingRates {
        let before = self
            .runtime_before(runtime)
            .and_then(|(seconds, before)| Some((seconds, before.driver.ring.as_ref()?)));
        let (Some(ring), Some((seconds, before))) = (&runtime.driver.ring, before) else {
            return RingRates::default();
        };
        RingRates {
            submitted: rate(ring.submitted, before.submitted, seconds),
            completed: rate(ring.completed, before.completed, seconds),
            handed_to_threads: rate(ring.handed_to_threads, before.handed_to_threads, seconds),
        }
    }

    /// Returns the rates of all tasks that are in both samples, by number.
    #[must_use]
    pub fn task_rates(&self) -> HashMap<u64, TaskRates> {
        let Some((then, before)) = &self.tasks_before else {
            return HashMap::new();
        };
        let seconds = self.ago(*then) as f64 / 1e9;
        let before: HashMap<u64, &Task> = before.iter().map(|task| (task.id, task)).collect();
        self.tasks()
            .iter()
            .filter_map(|task| {
                let before = before.get(&task.id)?;
                let busy = task.busy_ns.zip(before.busy_ns);
                let rates = TaskRates {
                    polls: rate(task.polls, before.polls, seconds),
                    busy: busy.map_or(0.0, |(now, then)| rate(now, then, seconds * 1e9).min(1.0)),
                };
                Some((task.id, rates))
            })
            .collect()
    }

    fn runtime_before(&self, runtime: &Runtime) -> Option<(f64, &Runtime)> {
        let before = &self.previous.snapshot;
        let mut runtimes = before.runtimes.iter();
        let seconds = self.ago(before.now) as f64 / 1e9;
        Some((seconds, runtimes.find(|other| other.id == runtime.id)?))
    }
}

/// Returns whether a worker has not slept in between. The process counts the time awake only when the
/// worker goes to sleep, which one that always has something to do never does.
fn was_awake(before: &Worker, now: &Worker) -> bool {
    let is_awake = |worker: &Worker| matches!(&*worker.state, "running" | "searching" | "stuck");
    before.parks == now.parks && is_awake(before) && is_awake(now)
}

fn rate(now: u64, then: u64, time: f64) -> f64 {
    if time > 0.0 {
        now.saturating_sub(then) as f64 / time
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Runtime, RuntimeRates, Seen, Task, Worker};
    use crate::model::Sample;
    use crate::protocol::{Hello, Snapshot};

    fn sample(now: u64, polls: u64, busy_ns: u64) -> Sample {
        let worker = Worker {
            polls,
            busy_ns,
            ..Worker::default()
        };
        let task = Task {
            id: 3,
            polls,
            busy_ns: Some(busy_ns),
            ..Task::default()
        };
        let runtime = Runtime {
            id: 1,
            spawned: polls / 10,
            workers: vec![worker],
            ..Runtime::default()
        };
        Sample {
            snapshot: Snapshot {
                now,
                runtimes: vec![runtime],
            },
            tasks: Some(vec![task]),
            places: None,
        }
    }

    #[test]
    fn rates_are_differences_over_the_time_between() {
        let mut seen = Seen::new(Hello::default());
        seen.update(sample(1_000_000_000, 100, 0));
        assert_eq!(
            seen.runtime_rates(&seen.current.snapshot.runtimes[0]),
            RuntimeRates::default()
        );
        assert!(seen.task_rates().is_empty());
        seen.update(sample(3_000_000_000, 300, 500_000_000));
        let runtime = &seen.current.snapshot.runtimes[0];
        let rates = seen.runtime_rates(runtime);
        assert_eq!(
            (rates.polls, rates.spawned, rates.busy),
            (100.0, 10.0, 0.25)
        );
        assert_eq!(seen.task_rates()[&3].polls, 100.0);
        assert_eq!(seen.task_rates()[&3].busy, 0.25);
    }

    #[test]
    fn a_worker_that_never_sleeps_is_busy() {
        let busy = |states: [&str; 2], parks: [u64; 2]| {
            let mut seen = Seen::new(Hello::default());
            for (at, (state, parks)) in (1..).zip(states.into_iter().zip(parks)) {
                let mut sample = sample(at * 1_000_000_000, at * 100, 500);
                let worker = &mut sample.snapshot.runtimes[0].workers[0];
                worker.state = state.into();
                worker.parks = parks;
                seen.update(sample);
            }
            let runtime = &seen.current.snapshot.runtimes[0];
            seen.worker_rates(runtime, &runtime.workers[0]).busy
        };
        assert_eq!(busy(["running", "searching"], [7, 7]), 1.0);
        assert_eq!(busy(["running", "running"], [7, 8]), 0.0);
        assert_eq!(busy(["parked", "running"], [7, 7]), 0.0);
        assert_eq!(busy(["parked", "parked"], [7, 7]), 0.0);
    }

    #[test]
    fn a_sample_without_tasks_does_not_forget_those_before() {
        let mut seen = Seen::new(Hello::default());
        seen.update(sample(1_000_000_000, 100, 0));
        let mut without = sample(2_000_000_000, 150, 0);
        without.tasks = None;
        seen.update(without);
        seen.update(sample(3_000_000_000, 300, 0));
        assert_eq!(seen.task_rates()[&3].polls, 100.0);
    }
}

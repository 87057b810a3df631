//! What a process answers, as plain data: one struct for each kind of object on a line.
//!
//! Times are nanoseconds of the monotonic clock of the machine. A field that a process does not send
//! has its default, and one that is not known here is left out, so that both sides may be of different
//! versions of one protocol.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The first line of a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of zokio in the process.
    pub zokio: String,
    /// The version of the protocol.
    pub protocol: u32,
    /// The process.
    pub pid: u32,
    /// The path of its program, if it knows that: it asks `/proc`.
    #[serde(default)]
    pub program: Option<String>,
    /// When the line was written.
    #[serde(default)]
    pub now: u64,
    /// The same moment since 1970.
    #[serde(default)]
    pub unix_ns: u64,
}

impl Hello {
    /// Returns the path of the program, or a question mark.
    #[must_use]
    pub fn program(&self) -> &str {
        self.program.as_deref().unwrap_or("?")
    }
}

/// All runtimes at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// When it was taken.
    pub now: u64,
    /// The runtimes of the process that are looked at.
    pub runtimes: Vec<Runtime>,
}

/// One runtime.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Runtime {
    /// Its number in the process.
    pub id: u64,
    /// The name that its builder got.
    pub name: Option<String>,
    /// `multi_thread`, `current_thread` or `local`.
    pub kind: String,
    /// Tasks that have not ended.
    pub tasks: u64,
    /// Tasks since its start.
    pub spawned: u64,
    /// Length of the injection queue.
    pub injected: u64,
    /// Tasks that other threads made runnable.
    pub remote_schedules: u64,
    /// Tasks that used up their budget.
    pub budget_yields: u64,
    /// Timers that are set.
    pub timers: u64,
    /// Threads for closures.
    pub blocking: Blocking,
    /// Where it waits for the kernel.
    pub driver: Driver,
    /// Its workers.
    pub workers: Vec<Worker>,
}

/// The threads that run closures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocking {
    /// All threads.
    pub threads: u64,
    /// Those without a closure.
    pub idle: u64,
    /// Closures that wait for a thread.
    pub queued: u64,
}

/// The driver of a runtime.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Driver {
    /// `io_uring` or `threads`.
    pub files: String,
    /// Why files do not go by io_uring.
    pub reason: Option<String>,
    /// Events of sockets since the start.
    pub sockets_ready: u64,
    /// Descriptors that the driver watches.
    pub fds: u64,
    /// The ring, if there is one.
    pub ring: Option<Ring>,
}

/// An io_uring.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ring {
    /// Its number of entries.
    pub queue_depth: u64,
    /// Operations that the kernel has, by name.
    pub in_flight: BTreeMap<String, u64>,
    /// Operations submitted since the start.
    pub submitted: u64,
    /// Operations completed since the start.
    pub completed: u64,
    /// Operations that threads did instead.
    pub handed_to_threads: u64,
    /// From submission to completion.
    pub latency: Histogram,
}

/// One worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// Its number in the runtime.
    pub worker: u64,
    /// The name of its thread.
    pub thread: Option<String>,
    /// The number of its thread.
    pub tid: Option<u64>,
    /// `running`, `parked`, `searching`, `block_in_place` or `stuck`.
    pub state: String,
    /// Since when it is in this state.
    pub since: Option<u64>,
    /// The task that it polls.
    pub task: Option<u64>,
    /// The name of that task.
    pub name: Option<String>,
    /// Where that task was spawned.
    pub at: Option<String>,
    /// Polls of tasks.
    pub polls: u64,
    /// How often it went to sleep.
    pub parks: u64,
    /// How often it woke without work.
    pub noops: u64,
    /// Tasks stolen from others.
    pub steals: u64,
    /// How often it stole.
    pub steal_operations: u64,
    /// How often its queue was full.
    pub overflows: u64,
    /// Tasks that it made runnable itself.
    pub local_schedules: u64,
    /// Time in which it did not sleep.
    pub busy_ns: u64,
    /// Length of its run queue.
    pub queue: u64,
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Its number in the process.
    pub id: u64,
    /// The number of its runtime.
    pub runtime: u64,
    /// Its name.
    pub name: Option<String>,
    /// `task`, `local`, `blocking` or `block_on`.
    pub kind: String,
    /// Where it was spawned.
    pub at: String,
    /// `running`, `queued` or `idle`.
    pub state: String,
    /// Since when it is in this state.
    pub since: Option<u64>,
    /// When it was spawned.
    pub spawned: Option<u64>,
    /// How often it was polled.
    pub polls: u64,
    /// Time in polls.
    pub busy_ns: Option<u64>,
    /// The worker that polls it, or polled it last.
    pub worker: Option<u64>,
    /// What it waits for.
    pub waits_for: Option<Wait>,
    /// How often it was woken.
    pub wakes: Option<u64>,
    /// How often it woke itself.
    pub self_wakes: Option<u64>,
}

/// What a task waits for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wait {
    /// The kind of thing: `timer`, `mutex`, `socket` and so on.
    pub what: String,
    /// What it wants of that thing: `lock`, `recv`, `read` and so on.
    pub op: Option<String>,
    /// The address of the thing, which tells it from others.
    pub object: Option<String>,
    /// A socket's addresses, a timer's rest.
    pub detail: Option<String>,
    /// The number of the descriptor, if it waits for one.
    pub fd: Option<i64>,
    /// Whether this is one of several things that it waits for.
    pub several: bool,
    /// The task that has what this one waits for.
    pub holder: Option<u64>,
    /// The name of that task.
    pub holder_name: Option<String>,
}

/// All tasks that were spawned at one place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// File, line and column.
    pub at: String,
    /// The kind of the tasks.
    pub kind: String,
    /// Tasks that have not ended.
    pub alive: u64,
    /// Polls of all of them.
    pub polls: u64,
    /// How long the polls took.
    pub poll_time: Option<Histogram>,
    /// How long the tasks waited from the wake to the poll.
    pub schedule_delay: Option<Histogram>,
}

/// Counts by duration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// The upper bounds, each of which belongs to its bucket.
    pub bounds_ns: Vec<u64>,
    /// A count for each bound, and one for what is above the last.
    pub counts: Vec<u64>,
    /// The sum of all durations.
    pub sum_ns: u64,
}

impl Histogram {
    /// Returns how many durations were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the bound below which the part `share` of the durations is, or `None` if there are no
    /// durations, or that bound is above the last.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = (total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bound, count) in self.bounds_ns.iter().zip(&self.counts) {
            seen += count;
            if seen >= wanted {
                return Some(*bound);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Histogram, Task};

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let histogram = Histogram {
            bounds_ns: vec![10, 100, 1000],
            counts: vec![50, 40, 9, 1],
            sum_ns: 0,
        };
        assert_eq!(histogram.quantile(0.5), Some(10));
        assert_eq!(histogram.quantile(0.51), Some(100));
        assert_eq!(histogram.quantile(0.99), Some(1000));
        assert_eq!(histogram.quantile(1.0), None);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn unknown_fields_are_left_out_and_missing_ones_have_defaults() {
        let task: Task =
            serde_json::from_str(r#"{"id":5,"runtime":1,"at":"a.rs:1:2","new":[1]}"#).unwrap();
        assert_eq!(task.id, 5);
        assert_eq!(task.waits_for, None);
        assert_eq!(task.state, "");
    }
}

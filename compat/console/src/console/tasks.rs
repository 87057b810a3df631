//! Tasks: those that are new, how each is, and those that are gone.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use console_api::tasks::{Stats, Task as ConsoleTask, TaskUpdate, task};
use console_api::{Field, Id, MetaId};

use super::message::{self, Clock};
use crate::protocol::Task;

/// The metadata of tasks, and that of closures.
pub const TASK: u64 = 1;
pub const BLOCKING: u64 = 2;

/// The tasks that one tokio-console knows.
#[derive(Debug)]
pub struct Tasks {
    clock: Clock,
    known: HashMap<u64, Stats>,
}

impl Tasks {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: HashMap::new(),
        }
    }

    /// Returns what changed. A task that is no longer listed has ended since the last update.
    pub fn update(&mut self, now: u64, tasks: &[Task]) -> TaskUpdate {
        let mut update = TaskUpdate::default();
        let mut known = HashMap::new();
        for task in tasks {
            let before = self.known.remove(&task.id);
            let stats = self.stats(now, task, before.as_ref());
            if before.is_none() {
                update.new_tasks.push(new_task(task));
            }
            if before.as_ref() != Some(&stats) {
                update.stats_update.insert(task.id, stats);
            }
            known.insert(task.id, stats);
        }
        for (id, mut stats) in std::mem::replace(&mut self.known, known) {
            stats.dropped_at = Some(self.clock.timestamp(now));
            update.stats_update.insert(id, stats);
        }
        update
    }

    fn stats(&self, now: u64, task: &Task, before: Option<&Stats>) -> Stats {
        let since = task.since.unwrap_or(now);
        let busy_ns = task.busy_ns.unwrap_or(0);
        // When a task was spawned is not told; it has existed at least for its polls.
        let created_at = before
            .and_then(|stats| stats.created_at)
            .unwrap_or_else(|| {
                let polled = now.saturating_sub(busy_ns);
                self.clock.timestamp(since.min(polled))
            });
        let since = self.clock.timestamp(since);
        let earlier = before.and_then(|stats| stats.poll_stats.as_ref());
        let ended = earlier.and_then(|polls| polls.last_poll_ended);
        let mut last_wake = before.and_then(|stats| stats.last_wake);
        let mut poll_stats = message::polls(task.polls, busy_ns, since);
        match task.state.as_str() {
            // A poll that began and did not end.
            "running" => {
                poll_stats.last_poll_ended = ended.filter(|ended| is_before(ended, &since));
            }
            // A wake that no poll has followed.
            "queued" => {
                let ended = ended.filter(|ended| is_before(ended, &since));
                poll_stats.last_poll_started = ended;
                poll_stats.last_poll_ended = ended;
                last_wake = Some(since);
            }
            _ => {}
        }
        Stats {
            created_at: Some(created_at),
            dropped_at: None,
            wakes: task.wakes.unwrap_or(0),
            // Wakers are not counted. One is there while the task is: with none, tokio-console would
            // call the task lost.
            waker_clones: 1,
            waker_drops: 0,
            last_wake,
            poll_stats: Some(poll_stats),
            self_wakes: task.self_wakes.unwrap_or(0),
            scheduled_time: Some(message::duration(0)),
        }
    }
}

fn new_task(task: &Task) -> ConsoleTask {
    let is_blocking = task.kind == "blocking";
    let metadata = if is_blocking { BLOCKING } else { TASK };
    let kind = if is_blocking {
        task::Kind::Blocking
    } else {
        task::Kind::Spawn
    };
    ConsoleTask {
        id: Some(Id { id: task.id }),
        metadata: Some(MetaId { id: metadata }),
        kind: kind.into(),
        fields: fields(metadata, task),
        parents: Vec::new(),
        location: Some(message::location(&task.at)),
    }
}

fn fields(metadata: u64, task: &Task) -> Vec<Field> {
    let mut fields = vec![
        message::number_field(metadata, "task.id", task.id),
        message::text_field(metadata, "kind", &task.kind),
        message::number_field(metadata, "runtime", task.runtime),
    ];
    if let Some(name) = &task.name {
        fields.push(message::text_field(metadata, "task.name", name));
    }
    fields
}

fn is_before(left: &prost_types::Timestamp, right: &prost_types::Timestamp) -> bool {
    (left.seconds, left.nanos) < (right.seconds, right.nanos)
}

#[cfg(test)]
mod tests {
    use super::{Clock, Task, Tasks};
    use crate::protocol::Hello;

    fn task(id: u64, state: &str, since: u64) -> Task {
        Task {
            id,
            state: state.into(),
            since: Some(since),
            name: Some("reader".into()),
            at: "src/main.rs:1:2".into(),
            kind: "task".into(),
            ..Task::default()
        }
    }

    fn tasks() -> Tasks {
        Tasks::new(Clock::new(&Hello::default()))
    }

    #[test]
    fn a_task_is_new_once_and_dropped_when_it_is_gone() {
        let mut tasks = tasks();
        let first = tasks.update(100, &[task(7, "idle", 50)]);
        assert_eq!(first.new_tasks.len(), 1);
        assert_eq!(first.stats_update[&7].dropped_at, None);
        let second = tasks.update(200, &[task(7, "idle", 50)]);
        assert!(second.new_tasks.is_empty() && second.stats_update.is_empty());
        let third = tasks.update(300, &[]);
        assert_eq!(third.stats_update[&7].dropped_at.unwrap().nanos, 300);
        assert!(tasks.update(400, &[]).stats_update.is_empty());
    }

    /// The rules by which tokio-console tells the states of a task.
    #[test]
    fn states_are_told_by_times() {
        let mut tasks = tasks();
        let mut state = |now, state: &str, since| {
            let update = tasks.update(now, &[task(7, state, since)]);
            let stats = update.stats_update[&7];
            let polls = stats.poll_stats.unwrap();
            let nanos = |at: Option<prost_types::Timestamp>| at.map(|at| at.nanos);
            let running = nanos(polls.last_poll_started) > nanos(polls.last_poll_ended);
            let scheduled = nanos(stats.last_wake) > nanos(polls.last_poll_started);
            (running, scheduled)
        };
        assert_eq!(state(100, "queued", 50), (false, true));
        assert_eq!(state(200, "running", 150), (true, false));
        assert_eq!(state(300, "idle", 250), (false, false));
        assert_eq!(state(400, "queued", 350), (false, true));
        assert_eq!(state(500, "running", 450), (true, false));
    }
}

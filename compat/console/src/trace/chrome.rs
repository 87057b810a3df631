//! The Chrome trace format, which Perfetto reads as well: a process for each runtime, a track for each
//! worker, a slice for each poll and each sleep, and arrows from the task that woke to the one woken.
#![forbid(unsafe_code)]

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::{Event, Kind};
use crate::model::label;
use crate::protocol::{Hello, Snapshot, Task};

/// The track of threads that are no workers.
const OTHER_THREADS: u64 = 1_000_000;

/// Writes events, which are in the order of time, as a trace. Tasks that have ended have no name.
#[must_use]
pub fn export(hello: &Hello, snapshot: &Snapshot, tasks: &[Task], events: &[Event]) -> Value {
    let mut trace = Trace {
        tasks: tasks.iter().map(|task| (task.id, task)).collect(),
        ..Trace::default()
    };
    for event in events {
        trace.add(event);
    }
    trace.close(events.last().map_or(0, |event| event.at));
    let mut lines = names(hello, snapshot, events);
    trace.lines.sort_by_key(|(at, _)| *at);
    lines.extend(trace.lines.into_iter().map(|(_, line)| line));
    json!({
        "traceEvents": lines,
        "displayTimeUnit": "ns",
        "otherData": {
            "program": hello.program,
            "pid": hello.pid,
            "zokio": hello.zokio,
            "clock": "CLOCK_MONOTONIC",
        },
    })
}

/// The names of tracks.
fn names(hello: &Hello, snapshot: &Snapshot, events: &[Event]) -> Vec<Value> {
    let tracks: BTreeSet<(u64, u64)> = events
        .iter()
        .map(|event| (event.runtime, event.worker.unwrap_or(OTHER_THREADS)))
        .collect();
    let runtimes: BTreeSet<u64> = tracks.iter().map(|(runtime, _)| *runtime).collect();
    let mut lines = Vec::new();
    for id in runtimes {
        let runtime = snapshot.runtimes.iter().find(|runtime| runtime.id == id);
        let name = runtime.and_then(|runtime| runtime.name.as_deref());
        let name = match name {
            Some(name) => format!("{} runtime {id} ({name})", hello.program()),
            None => format!("{} runtime {id}", hello.program()),
        };
        lines.push(
            json!({"ph": "M", "name": "process_name", "pid": id, "tid": 0, "ts": 0,
            "args": {"name": name}}),
        );
    }
    for (runtime, track) in tracks {
        let name = if track == OTHER_THREADS {
            "other threads".to_string()
        } else {
            format!("worker {track}")
        };
        lines.push(
            json!({"ph": "M", "name": "thread_name", "pid": runtime, "tid": track, "ts": 0,
            "args": {"name": name}}),
        );
    }
    lines
}

#[derive(Default)]
struct Trace<'a> {
    tasks: HashMap<u64, &'a Task>,
    /// Lines with their time.
    lines: Vec<(u64, Value)>,
    /// What each track does.
    open: HashMap<(u64, u64), &'a Event>,
    /// The wake of a task that was not polled since, as the number of its arrow.
    arrows: HashMap<u64, u64>,
    arrow: u64,
}

impl<'a> Trace<'a> {
    fn add(&mut self, event: &'a Event) {
        match event.kind {
            Kind::Poll => {
                self.end(event);
                self.point(event);
                self.open.insert(track(event), event);
            }
            Kind::Park => {
                self.end(event);
                self.open.insert(track(event), event);
            }
            Kind::End | Kind::Ready | Kind::Unpark => self.end(event),
            Kind::Wake => self.wake(event),
            Kind::Spawn => self.instant(event, "spawn"),
            Kind::Steal => self.instant(event, "steal"),
            Kind::HandOver => self.instant(event, "hand over"),
            Kind::Cancel => self.instant(event, "canceled"),
            Kind::Submit => self.instant(event, "submit"),
            Kind::Complete => self.operation(event),
        }
    }

    /// Ends what the track of the event does, if its beginning was recorded.
    fn end(&mut self, event: &Event) {
        if let Some(begin) = self.open.remove(&track(event)) {
            let task_ends = event.kind == Kind::Ready;
            self.slice(begin, event.at, task_ends.then_some("ended"));
        }
    }

    /// Ends what is not over at the end of the record.
    fn close(&mut self, at: u64) {
        for begin in std::mem::take(&mut self.open).into_values() {
            self.slice(begin, at, Some("unfinished"));
        }
    }

    fn slice(&mut self, begin: &Event, end: u64, outcome: Option<&str>) {
        let (category, name) = match begin.kind {
            Kind::Park => ("sleep", "parked".to_string()),
            _ => ("poll", self.name(begin.task)),
        };
        let mut args = self.args(begin);
        if let Some(outcome) = outcome {
            args.insert(outcome.into(), true.into());
        }
        let mut line = line("X", category, &name, begin, args);
        line["dur"] = micros(end.saturating_sub(begin.at));
        self.lines.push((begin.at, line));
    }

    /// Begins an arrow at a wake, and marks it where no slice is that the arrow could begin at. A task
    /// that is woken again before its poll keeps the first.
    fn wake(&mut self, event: &Event) {
        if event.worker.is_none() {
            self.instant(event, "wake");
        }
        let Some(task) = event.task else { return };
        if self.arrows.contains_key(&task) {
            return;
        }
        self.arrow += 1;
        self.arrows.insert(task, self.arrow);
        let mut args = Map::new();
        if let Some(by) = event.argument.filter(|by| *by != 0) {
            args.insert("by".into(), self.name(Some(by)).into());
        }
        let mut line = line("s", "wake", "wake", event, args);
        line["id"] = self.arrow.into();
        self.lines.push((event.at, line));
    }

    /// Ends the arrow of a wake at the poll.
    fn point(&mut self, event: &Event) {
        let arrow = event.task.and_then(|task| self.arrows.remove(&task));
        if let Some(arrow) = arrow {
            let mut line = line("f", "wake", "wake", event, Map::new());
            line["id"] = arrow.into();
            line["bp"] = "e".into();
            self.lines.push((event.at, line));
        }
    }

    fn instant(&mut self, event: &Event, what: &str) {
        let mut args = self.args(event);
        if let (Kind::Steal, Some(count)) = (event.kind, event.argument) {
            args.insert("tasks".into(), count.into());
        }
        if let Some(operation) = &event.operation {
            args.insert("operation".into(), operation.as_str().into());
        }
        let mut line = line("i", "event", what, event, args);
        line["s"] = "t".into();
        self.lines.push((event.at, line));
    }

    /// An operation, from its submission to its completion. Many are in flight at a time, so that they
    /// are no slices of a track.
    fn operation(&mut self, event: &Event) {
        let operation = event.operation.as_deref().unwrap_or("operation");
        let begin = event.at.saturating_sub(event.argument.unwrap_or(0));
        self.arrow += 1;
        for (phase, at) in [("b", begin), ("e", event.at)] {
            let mut line = line(phase, "operation", operation, event, self.args(event));
            line["ts"] = micros(at);
            line["id"] = self.arrow.into();
            self.lines.push((at, line));
        }
    }

    fn name(&self, task: Option<u64>) -> String {
        let Some(id) = task else {
            return "poll".to_string();
        };
        label(
            id,
            self.tasks.get(&id).and_then(|task| task.name.as_deref()),
        )
    }

    fn args(&self, event: &Event) -> Map<String, Value> {
        let mut args = Map::new();
        if let Some(id) = event.task {
            args.insert("task".into(), id.into());
            if let (Kind::Spawn, Some(task)) = (event.kind, self.tasks.get(&id)) {
                args.insert("at".into(), task.at.as_str().into());
            }
        }
        args
    }
}

fn line(phase: &str, category: &str, name: &str, event: &Event, args: Map<String, Value>) -> Value {
    let (runtime, track) = track(event);
    json!({"ph": phase, "cat": category, "name": name, "pid": runtime, "tid": track,
        "ts": micros(event.at), "args": args})
}

fn track(event: &Event) -> (u64, u64) {
    (event.runtime, event.worker.unwrap_or(OTHER_THREADS))
}

/// The format has microseconds. A double keeps nanoseconds exact for a hundred days of uptime.
fn micros(ns: u64) -> Value {
    json!(ns as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::{Event, Hello, Snapshot, Task, Value, export, json};

    fn exported(events: &Value) -> Vec<Value> {
        let events: Vec<Event> = events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| Event::read(event).unwrap().unwrap())
            .collect();
        let tasks = [Task {
            id: 5,
            name: Some("reader".into()),
            ..Task::default()
        }];
        let trace = export(&Hello::default(), &Snapshot::default(), &tasks, &events);
        let lines = trace["traceEvents"].as_array().unwrap();
        lines
            .iter()
            .filter(|line| line["ph"] != "M")
            .cloned()
            .collect()
    }

    #[test]
    fn a_poll_and_its_end_are_one_slice() {
        let lines = exported(&json!([
            [1000, 1, 0, "unpark", null, 0],
            [2000, 1, 0, "poll", 5, 0],
            [4500, 1, 0, "end", 5, 0],
            [5000, 1, 0, "park", null, 0],
            [9000, 1, 0, "unpark", null, 0]
        ]));
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["name"], "reader");
        assert_eq!(
            (&lines[0]["ts"], &lines[0]["dur"]),
            (&json!(2.0), &json!(2.5))
        );
        assert_eq!(lines[1]["name"], "parked");
        assert_eq!(lines[1]["dur"], json!(4.0));
    }

    #[test]
    fn a_wake_points_at_the_poll_that_follows() {
        let lines = exported(&json!([
            [1000, 1, 0, "wake", 5, 6],
            [1500, 1, -1, "wake", 5, 0],
            [2000, 1, 1, "poll", 5, 0],
            [3000, 1, 1, "ready", 5, 0]
        ]));
        let phases: Vec<&str> = lines
            .iter()
            .map(|line| line["ph"].as_str().unwrap())
            .collect();
        assert_eq!(phases, ["s", "i", "f", "X"]);
        assert_eq!(lines[0]["id"], lines[2]["id"]);
        assert_eq!(lines[0]["args"]["by"], "task 6");
        assert_eq!(lines[3]["args"]["ended"], true);
    }

    #[test]
    fn an_operation_lasts_from_submission_to_completion() {
        let lines = exported(&json!([
            [1000, 1, 0, "submit", 5, "read"],
            [9000, 1, -1, "complete", null, 8000, "read"]
        ]));
        assert_eq!(lines[1]["ph"], "b");
        assert_eq!(
            (&lines[1]["name"], &lines[1]["ts"]),
            (&json!("read"), &json!(1.0))
        );
        assert_eq!(
            (&lines[2]["ph"], &lines[2]["ts"]),
            (&json!("e"), &json!(9.0))
        );
    }

    #[test]
    fn a_poll_that_is_not_over_lasts_until_the_end() {
        let lines = exported(&json!([
            [1000, 1, 0, "poll", 5, 0],
            [9000, 1, 1, "park", null, 0]
        ]));
        assert_eq!(lines[0]["dur"], json!(8.0));
        assert_eq!(lines[0]["args"]["unfinished"], true);
    }
}

//! Output for scripts and for eyes without a terminal: text and JSON.
#![forbid(unsafe_code)]

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::find::Found;
use crate::model::{Filter, Order, Sample, Seen, label, sort, waiting};
use crate::protocol::{Hello, Runtime, Snapshot, Task, Worker};
use crate::stack::{self, Frame};
use crate::text::{count, duration, or_dash, percent, printable, start_of};

/// The widest column of a table but for the last. JSON has whole names.
const CELL: usize = 80;

/// Writes a sample as one line of JSON.
///
/// # Errors
///
/// Returns an error if a number has no form in JSON.
pub fn sample_json(hello: &Hello, sample: &Sample) -> Result<String> {
    let mut value = json!({"process": hello});
    value["snapshot"] = serde_json::to_value(&sample.snapshot)?;
    value["tasks"] = serde_json::to_value(&sample.tasks)?;
    value["places"] = serde_json::to_value(&sample.places)?;
    Ok(format!("{value}\n"))
}

/// Writes processes as one line of JSON.
#[must_use]
pub fn found_json(found: &[Found]) -> String {
    let list: Vec<Value> = found
        .iter()
        .map(|process| {
            let hello = process.hello.as_ref();
            json!({
                "pid": process.pid,
                "program": process.program,
                "zokio": hello.map(|hello| &hello.zokio),
                // A path that is no text has no form in JSON.
                "socket": process.path.to_str(),
                "answers": hello.is_some(),
            })
        })
        .collect();
    format!("{}\n", Value::from(list))
}

/// Writes processes as a table.
#[must_use]
pub fn found_text(found: &[Found]) -> String {
    let mut rows = vec![["pid", "zokio", "program", "socket"].map(String::from)];
    rows.extend(found.iter().map(|process| {
        [
            process.pid.to_string(),
            process.zokio(),
            process.program(),
            process.socket(),
        ]
    }));
    table(&rows)
}

/// Writes everything that is known of a process.
#[must_use]
pub fn text(seen: &Seen, filter: &Filter, order: Order) -> String {
    let mut text = format!(
        "process {} {} on zokio {}\n",
        seen.hello.pid,
        printable(seen.hello.program()),
        printable(&seen.hello.zokio)
    );
    for runtime in &seen.current.snapshot.runtimes {
        text.push('\n');
        text.push_str(&runtime_text(seen, runtime));
        text.push_str(&workers_text(seen, runtime));
    }
    text.push('\n');
    text.push_str(&tasks_text(seen, filter, order));
    text
}

fn runtime_text(seen: &Seen, runtime: &Runtime) -> String {
    let rates = seen.runtime_rates(runtime);
    let mut text = format!(
        "runtime {} {}: {} tasks{}, {} spawned, {} polls/s, {} in the injection queue, {} timers\n",
        label_of(runtime),
        printable(&runtime.kind),
        runtime.tasks,
        beside_tasks(seen, runtime),
        runtime.spawned,
        count(rates.polls),
        runtime.injected,
        runtime.timers
    );
    let driver = &runtime.driver;
    let _ = writeln!(
        text,
        "  files by {}{}, {} descriptors, {} blocking threads ({} idle, {} closures wait)",
        printable(&driver.files),
        driver
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" ({})", printable(reason))),
        driver.fds,
        runtime.blocking.threads,
        runtime.blocking.idle,
        runtime.blocking.queued
    );
    if let Some(ring) = &driver.ring {
        let in_flight: u64 = ring.in_flight.values().sum();
        let _ = writeln!(
            text,
            "  ring: {in_flight} in flight, {} submitted, {} completed, {} by threads, median {}",
            ring.submitted,
            ring.completed,
            ring.handed_to_threads,
            or_dash(ring.latency.quantile(0.5), duration)
        );
    }
    text
}

/// Counts the rows that are none of a runtime's tasks, by the word that the table has for their kind.
fn beside_tasks(seen: &Seen, runtime: &Runtime) -> String {
    let mut text = String::new();
    for kind in ["block_on", "blocking"] {
        let tasks = seen.tasks().iter();
        let count = tasks
            .filter(|task| task.runtime == runtime.id && task.kind == kind)
            .count();
        if count > 0 {
            let _ = write!(text, " + {count} {kind}");
        }
    }
    text
}

fn workers_text(seen: &Seen, runtime: &Runtime) -> String {
    let head = [
        "  worker", "tid", "state", "since", "task", "busy", "polls/s", "queue", "steals",
    ];
    let mut rows = vec![head.map(String::from)];
    rows.extend(runtime.workers.iter().map(|worker| {
        let rates = seen.worker_rates(runtime, worker);
        [
            format!("  {}", worker.worker),
            or_dash(worker.tid, |tid| tid.to_string()),
            printable(&worker.state),
            or_dash(worker.since, |since| duration(seen.ago(since))),
            doing(seen, worker),
            percent(rates.busy),
            count(rates.polls),
            worker.queue.to_string(),
            worker.steals.to_string(),
        ]
    }));
    table(&rows)
}

fn tasks_text(seen: &Seen, filter: &Filter, order: Order) -> String {
    let rates = seen.task_rates();
    let mut tasks: Vec<&Task> = seen
        .tasks()
        .iter()
        .filter(|task| filter.admits(task))
        .collect();
    sort(&mut tasks, &rates, order);
    let head = [
        "id",
        "name",
        "kind",
        "state",
        "since",
        "polls",
        "polls/s",
        "busy",
        "waits for",
        "spawned at",
    ];
    let mut rows = vec![head.map(String::from)];
    rows.extend(tasks.iter().map(|task| {
        let rate = rates.get(&task.id).copied().unwrap_or_default();
        [
            task.id.to_string(),
            label(task.id, task.name.as_deref()),
            printable(&task.kind),
            printable(&task.state),
            or_dash(task.since, |since| duration(seen.ago(since))),
            task.polls.to_string(),
            count(rate.polls),
            percent(rate.busy),
            waiting(task),
            printable(&task.at),
        ]
    }));
    table(&rows)
}

/// Returns the number of a runtime, with its name if it has one.
#[must_use]
pub fn label_of(runtime: &Runtime) -> String {
    match &runtime.name {
        Some(name) => format!("{} ({})", runtime.id, printable(&start_of(name, CELL))),
        None => runtime.id.to_string(),
    }
}

/// Returns the task that a worker polls. Its name is the worker's, or that of the task if tasks are known.
#[must_use]
pub fn doing(seen: &Seen, worker: &Worker) -> String {
    or_dash(worker.task, |id| {
        let of_task = || seen.task(id).and_then(|task| task.name.as_deref());
        label(id, worker.name.as_deref().or_else(of_task))
    })
}

/// Returns runtime and number of the workers that are stuck.
#[must_use]
pub fn stuck(snapshot: &Snapshot) -> Vec<(u64, u64)> {
    let runtimes = snapshot.runtimes.iter();
    runtimes
        .flat_map(|runtime| {
            let stuck = runtime
                .workers
                .iter()
                .filter(|worker| worker.state == "stuck");
            stuck.map(|worker| (runtime.id, worker.worker))
        })
        .collect()
}

/// Writes the stack of a worker as one line of JSON.
///
/// # Errors
///
/// Returns an error if a number has no form in JSON.
pub fn stack_json(answer: &Value, frames: &[Frame]) -> Result<String> {
    let fields = ["runtime", "worker", "tid", "task", "name", "at", "since"];
    let mut value = json!({});
    for field in fields {
        value[field] = answer[field].clone();
    }
    value["frames"] = serde_json::to_value(frames)?;
    Ok(format!("{value}\n"))
}

/// Writes whose stack it is, and where it blocks.
#[must_use]
pub fn stack_head(answer: &Value, frames: &[Frame]) -> String {
    let task = match answer["task"].as_u64() {
        Some(id) => format!(
            "polls {}, spawned at {}",
            label(id, answer["name"].as_str()),
            printable(answer["at"].as_str().unwrap_or("-"))
        ),
        None => "is not polling a task".to_string(),
    };
    let mut text = format!(
        "worker {} of runtime {}, thread {}, {task}",
        answer["worker"], answer["runtime"], answer["tid"]
    );
    if let Some(frame) = stack::blocking(frames).and_then(|at| frames.get(at)) {
        let _ = write!(text, ", is in {}", printable(&frame.to_string()));
    }
    text
}

/// Writes a frame: its function, and its place in the source in a line of its own.
#[must_use]
pub fn frame_lines(number: usize, frame: &Frame) -> Vec<String> {
    let mut line = format!("{number:4}  {}", printable(&frame.to_string()));
    if frame.inlined {
        line.push_str(" (inlined)");
    }
    if frame.guessed {
        line.push_str(" (guessed)");
    }
    let mut lines = vec![line];
    if let Some(file) = &frame.file {
        let line = frame
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        lines.push(format!("        at {}{line}", printable(file)));
    }
    lines
}

/// Writes the stack of a worker.
#[must_use]
pub fn stack_text(answer: &Value, frames: &[Frame]) -> String {
    let lines = frames.iter().enumerate();
    let lines = lines.flat_map(|(number, frame)| frame_lines(number, frame));
    let mut text = stack_head(answer, frames);
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text.push('\n');
    text
}

/// Pads all columns but the last, and clips what would make them wide.
fn table<R: AsRef<[String]>>(rows: &[R]) -> String {
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
            let lengths = cells.map(|cell| cell.chars().count());
            lengths.max().unwrap_or(0).min(CELL)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        let cells = row.as_ref();
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            if column + 1 == columns {
                line.push_str(cell);
            } else {
                let _ = write!(line, "{:width$}  ", start_of(cell, CELL));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::{Filter, Hello, Order, Runtime, Seen, Snapshot, Task, Worker, stuck, table, text};
    use crate::model::Sample;

    fn seen() -> Seen {
        let worker = Worker {
            worker: 1,
            tid: Some(77),
            state: "stuck".into(),
            since: Some(1_000_000_000),
            task: Some(5),
            name: Some("blocker".into()),
            ..Worker::default()
        };
        let runtime = Runtime {
            id: 3,
            kind: "multi_thread".into(),
            workers: vec![worker],
            ..Runtime::default()
        };
        let mut seen = Seen::new(Hello::default());
        seen.update(Sample {
            snapshot: Snapshot {
                now: 1_700_000_000,
                runtimes: vec![runtime],
            },
            tasks: Some(vec![Task {
                id: 5,
                name: Some("blocker".into()),
                ..Task::default()
            }]),
            places: None,
        });
        seen
    }

    #[test]
    fn a_stuck_worker_is_told_with_its_task_and_time() {
        let seen = seen();
        let text = text(&seen, &Filter::default(), Order::default());
        let line = text.lines().find(|line| line.contains("stuck")).unwrap();
        assert!(
            line.contains("700 ms") && line.contains("blocker"),
            "{line}"
        );
        assert_eq!(stuck(&seen.current.snapshot), [(3, 1)]);
    }

    #[test]
    fn rows_that_are_no_tasks_are_counted_apart() {
        let mut seen = seen();
        seen.current.snapshot.runtimes[0].tasks = 1;
        let task = |runtime, kind: &str| Task {
            runtime,
            kind: kind.into(),
            ..Task::default()
        };
        let others = [
            task(3, "block_on"),
            task(3, "blocking"),
            task(4, "blocking"),
        ];
        seen.current.tasks.as_mut().unwrap().extend(others);
        let text = text(&seen, &Filter::default(), Order::default());
        assert!(
            text.contains(": 1 tasks + 1 block_on + 1 blocking, "),
            "{text}"
        );
    }

    #[test]
    fn a_process_is_listed_with_what_is_known_of_it() {
        let process = |path: &[u8], hello| super::Found {
            pid: 7,
            path: PathBuf::from(OsStr::from_bytes(path)),
            program: None,
            hello,
        };
        let hello = Hello {
            zokio: "0.1.0".into(),
            ..Hello::default()
        };
        let found = [process(b"/a", None), process(b"/\xff", Some(hello))];
        let list: Value = serde_json::from_str(&super::found_json(&found)).unwrap();
        let expected = json!([
            {"pid": 7, "program": null, "zokio": null, "socket": "/a", "answers": false},
            {"pid": 7, "program": null, "zokio": "0.1.0", "socket": null, "answers": true},
        ]);
        assert_eq!(list, expected);
    }

    #[test]
    fn a_name_longer_than_any_column_is_clipped() {
        let long = "n".repeat(70_000);
        let mut seen = seen();
        seen.current.snapshot.runtimes[0].name = Some(long.clone());
        seen.current.snapshot.runtimes[0].workers[0].name = Some(long.clone());
        let tasks = seen.current.tasks.as_mut().unwrap();
        tasks[0].name = Some(long.clone());
        tasks[0].waits_for = Some(crate::protocol::Wait {
            holder: Some(9),
            holder_name: Some(long.clone()),
            ..crate::protocol::Wait::default()
        });
        tasks[0].at = "/src/main.rs:1:2".into();
        let text = text(&seen, &Filter::default(), Order::default());
        assert!(text.lines().all(|line| line.chars().count() < 1_000));
        let row = text.lines().last().unwrap();
        assert!(row.contains("nnn\u{2026}") && row.contains("(9)"), "{row}");
        assert!(row.ends_with("/src/main.rs:1:2"), "{row}");
        let json = super::sample_json(&seen.hello, &seen.current).unwrap();
        assert!(json.contains(&long), "JSON has whole names");
    }

    #[test]
    fn columns_of_a_table_begin_below_each_other() {
        let rows = [["a", "b", "c"], ["long", "x", "y"]].map(|row| row.map(String::from));
        assert_eq!(table(&rows), "a     b  c\nlong  x  y\n");
    }
}

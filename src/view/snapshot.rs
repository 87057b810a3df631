//! The snapshot of all runtimes: counters, workers, the driver.
#![forbid(unsafe_code)]

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::durations;
use super::json::Json;
use super::viewed::{Names, Source, Viewed};
use crate::driver::backend::BackendKind;
use crate::record::{OPERATIONS, WorkerSeen, WorkerState};
use crate::scheduler::Handle;

/// Writes a snapshot.
pub(super) fn write(json: &mut Json, source: &Source) {
    json.object(|json| {
        json.field("now", source.now);
        json.array_field("runtimes", |json| {
            for runtime in &source.runtimes {
                json.object(|json| write_runtime(json, runtime));
            }
        });
    });
}

fn write_runtime(json: &mut Json, runtime: &Viewed) {
    let handle = &runtime.handle;
    let services = handle.services();
    json.field("id", services.id.get());
    json.field("name", services.name.as_deref());
    json.field("kind", kind(handle));
    json.field("tasks", handle.alive_tasks());
    json.field("spawned", handle.spawned());
    json.field("injected", handle.injected());
    json.field("remote_schedules", handle.injections());
    let yields = services.budget_yields.load(Ordering::Relaxed);
    json.field("budget_yields", yields);
    json.field("timers", timers(handle));
    json.object_field("blocking", |json| {
        json.field("threads", services.pool.threads());
        json.field("idle", services.pool.idle_threads());
        json.field("queued", services.pool.queued());
    });
    json.object_field("driver", |json| write_driver(json, runtime));
    let recorder = runtime.recorder();
    let reading = recorder.read();
    let now = reading.now();
    let workers = recorder.workers(&reading);
    let polled: Vec<u64> = workers.iter().filter_map(|seen| seen.task).collect();
    let names = runtime.names(&reading, &polled);
    json.array_field("workers", |json| {
        for (worker, seen) in workers.iter().enumerate() {
            json.object(|json| {
                json.field("worker", worker);
                write_place(json, runtime, now, seen, &names);
                write_counters(json, &runtime.handle, worker);
            });
        }
    });
}

/// Returns the name of a runtime's kind.
pub(super) fn kind(handle: &Handle) -> &'static str {
    match handle {
        Handle::MultiThread(_) => "multi_thread",
        Handle::CurrentThread(_) if handle.is_local().is_some() => "local",
        Handle::CurrentThread(_) => "current_thread",
    }
}

/// Returns the name of what carries out operations on files.
pub(super) fn files(kind: BackendKind) -> &'static str {
    match kind {
        BackendKind::Ring => "io_uring",
        BackendKind::Threads => "threads",
    }
}

/// Returns how many timers there are.
pub(super) fn timers(handle: &Handle) -> usize {
    let timers = handle.services().timers.as_ref();
    timers.map_or(0, |timers| timers.len())
}

/// Returns how many descriptors the driver watches.
pub(super) fn watched(handle: &Handle) -> u64 {
    let readiness = handle.services().driver.readiness();
    // Read in this order, since each that is deregistered was registered before.
    let deregistered = readiness.deregistered();
    readiness.registered().saturating_sub(deregistered)
}

fn write_driver(json: &mut Json, runtime: &Viewed) {
    let handle = &runtime.handle;
    let driver = &handle.services().driver;
    let (files, reason) = match driver.completions().backend_so_far() {
        Some(backend) => (files(backend.kind), backend.reason),
        None => ("io_uring", "not tried yet".to_owned()),
    };
    let readiness = driver.readiness();
    json.field("files", files);
    json.field("reason", reason);
    json.field("sockets_ready", readiness.events());
    json.field("fds", watched(handle));
    let operations = runtime.recorder().operations();
    json.object_field("ring", |json| {
        json.field("queue_depth", driver.completions().ring_entries());
        json.object_field("in_flight", |json| {
            for (name, count) in OPERATIONS.into_iter().zip(operations.in_flight) {
                json.field(name, count);
            }
        });
        json.field("submitted", operations.submitted);
        json.field("completed", operations.completed);
        json.field("handed_to_threads", operations.handed_to_threads);
        let (latencies, sum_ns) = (&operations.latencies, operations.latency_sum_ns);
        durations::write(json, "latency", 0, latencies, sum_ns);
    });
}

/// Writes where a worker is, and in what.
fn write_place(json: &mut Json, runtime: &Viewed, now: u64, seen: &WorkerSeen, names: &Names) {
    let tid = seen.thread.as_ref().map(|thread| thread.tid);
    json.field("thread", tid.and_then(thread_name));
    json.field("tid", tid.map(|tid| tid as u64));
    json.field("state", state(runtime, now, seen));
    json.field("since", seen.since_ns);
    json.field("task", seen.task);
    json.field("name", names.of(seen.task));
    json.field("at", seen.place);
    json.field("polls", seen.polls);
}

fn write_counters(json: &mut Json, handle: &Handle, worker: usize) {
    let metrics = handle.worker_metrics(worker);
    json.field("parks", metrics.parks());
    json.field("noops", metrics.noops());
    json.field("steals", metrics.stolen());
    json.field("steal_operations", metrics.steals());
    json.field("overflows", metrics.overflows());
    json.field("local_schedules", metrics.local_schedules());
    json.field("busy_ns", metrics.busy().as_nanos() as u64);
    json.field("queue", handle.queued(worker));
}

fn state(runtime: &Viewed, now: u64, seen: &WorkerSeen) -> &'static str {
    let since = Duration::from_nanos(now.saturating_sub(seen.since_ns));
    match seen.state {
        WorkerState::Parked => "parked",
        WorkerState::Running if seen.task.is_some() && since > runtime.stuck_after() => "stuck",
        WorkerState::Running => "running",
        WorkerState::Searching => "searching",
        WorkerState::BlockInPlace => "block_in_place",
    }
}

/// Returns the name of a thread of this process, which may have ended.
fn thread_name(tid: i32) -> Option<String> {
    let name = fs::read(format!("/proc/self/task/{tid}/comm")).ok()?;
    let name = String::from_utf8_lossy(&name);
    Some(name.trim_end_matches('\n').to_owned())
}

//! The snapshot of all runtimes: counters, workers, the driver.
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;

use super::answer::Source;
use super::json::Json;
use super::viewed::Viewed;
use crate::driver::backend::BackendKind;
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
    json.object_field("driver", |json| write_driver(json, handle));
    json.array_field("workers", |json| {
        for worker in 0..handle.workers() {
            json.object(|json| write_worker(json, handle, worker));
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

fn write_driver(json: &mut Json, handle: &Handle) {
    let driver = &handle.services().driver;
    let backend = driver.completions().backend();
    let readiness = driver.readiness();
    json.field("files", files(backend.kind));
    json.field("reason", backend.reason);
    json.field("sockets_ready", readiness.events());
    json.field("fds", watched(handle));
    json.field("ring", None::<u64>);
}

fn write_worker(json: &mut Json, handle: &Handle, worker: usize) {
    let metrics = handle.worker_metrics(worker);
    json.field("worker", worker);
    json.field("thread", None::<&str>);
    json.field("tid", None::<u64>);
    // The count is odd while the worker sleeps.
    let is_parked = metrics.park_unparks() % 2 == 1;
    json.field("state", if is_parked { "parked" } else { "running" });
    json.field("since", None::<u64>);
    json.field("task", None::<u64>);
    json.field("name", None::<&str>);
    json.field("at", None::<&str>);
    json.field("polls", metrics.polls());
    json.field("parks", metrics.parks());
    json.field("noops", metrics.noops());
    json.field("steals", metrics.stolen());
    json.field("steal_operations", metrics.steals());
    json.field("overflows", metrics.overflows());
    json.field("local_schedules", metrics.local_schedules());
    json.field("busy_ns", metrics.busy().as_nanos() as u64);
    json.field("queue", handle.queued(worker));
}

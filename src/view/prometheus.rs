//! The counters of runtimes as a page in the text format of Prometheus.
//!
//! Each family of samples is one entry of a table: its name, its help, and where its value is.
//! Every sample has the labels `runtime`, which is the runtime's name, or its id if it has none, and
//! `id`.
#![forbid(unsafe_code)]

use std::fmt::{self, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::snapshot::{files, kind, timers, watched};
use crate::scheduler::Handle;
use crate::scheduler::metrics::{Histogram, WorkerMetrics};

/// A family of samples, one for each runtime.
struct OfRuntime {
    name: &'static str,
    help: &'static str,
    value: fn(&Handle) -> u64,
}

/// A family of samples, one for each worker.
struct OfWorker {
    name: &'static str,
    help: &'static str,
    value: fn(&WorkerMetrics) -> u64,
}

/// Counters have names that end in `_total`, and all others are gauges.
const OF_RUNTIMES: &[OfRuntime] = &[
    OfRuntime {
        name: "zokio_workers",
        help: "Worker threads.",
        value: |runtime| runtime.workers() as u64,
    },
    OfRuntime {
        name: "zokio_tasks",
        help: "Tasks that have been spawned and have not ended.",
        value: |runtime| runtime.alive_tasks() as u64,
    },
    OfRuntime {
        name: "zokio_tasks_spawned_total",
        help: "Tasks that have been spawned.",
        value: Handle::spawned,
    },
    OfRuntime {
        name: "zokio_injection_queue_depth",
        help: "Runnable tasks in the queue that all workers share.",
        value: |runtime| runtime.injected() as u64,
    },
    OfRuntime {
        name: "zokio_remote_schedules_total",
        help: "Tasks that threads other than workers have made runnable.",
        value: Handle::injections,
    },
    OfRuntime {
        name: "zokio_budget_yields_total",
        help: "Polls that ended because the task had spent its budget.",
        value: |runtime| runtime.services().budget_yields.load(Ordering::Relaxed),
    },
    OfRuntime {
        name: "zokio_timers",
        help: "Timers that wait, or have fired and were not dropped.",
        value: |runtime| timers(runtime) as u64,
    },
    OfRuntime {
        name: "zokio_blocking_threads",
        help: "Threads of the blocking pool, idle ones included.",
        value: |runtime| runtime.services().pool.threads() as u64,
    },
    OfRuntime {
        name: "zokio_blocking_threads_idle",
        help: "Idle threads of the blocking pool.",
        value: |runtime| runtime.services().pool.idle_threads() as u64,
    },
    OfRuntime {
        name: "zokio_blocking_queue_depth",
        help: "Closures that wait for a thread of the blocking pool.",
        value: |runtime| runtime.services().pool.queued() as u64,
    },
    OfRuntime {
        name: "zokio_driver_descriptors",
        help: "Descriptors that the driver watches.",
        value: watched,
    },
    OfRuntime {
        name: "zokio_driver_ready_events_total",
        help: "Events by which the kernel reported that a descriptor is ready.",
        value: |runtime| runtime.services().driver.readiness().events(),
    },
];

const OF_WORKERS: &[OfWorker] = &[
    OfWorker {
        name: "zokio_worker_polls_total",
        help: "Polls of tasks, without those that followed another one out of the LIFO slot.",
        value: WorkerMetrics::polls,
    },
    OfWorker {
        name: "zokio_worker_parks_total",
        help: "Times that the worker went to sleep.",
        value: WorkerMetrics::parks,
    },
    OfWorker {
        name: "zokio_worker_noops_total",
        help: "Times that the worker went to sleep without having polled a task.",
        value: WorkerMetrics::noops,
    },
    OfWorker {
        name: "zokio_worker_steals_total",
        help: "Tasks that the worker stole.",
        value: WorkerMetrics::stolen,
    },
    OfWorker {
        name: "zokio_worker_steal_operations_total",
        help: "Times that the worker stole tasks.",
        value: WorkerMetrics::steals,
    },
    OfWorker {
        name: "zokio_worker_overflows_total",
        help: "Times that the queue of the worker had no room.",
        value: WorkerMetrics::overflows,
    },
    OfWorker {
        name: "zokio_worker_local_schedules_total",
        help: "Tasks that were queued by what ran on the worker.",
        value: WorkerMetrics::local_schedules,
    },
];

/// A histogram of a worker, if there is one.
type WorkerHistogram = fn(&WorkerMetrics) -> Option<&Histogram>;

/// Returns a page of these runtimes.
pub(super) fn page<'a>(runtimes: impl Iterator<Item = &'a Handle>) -> String {
    let runtimes: Vec<Labeled<'_>> = runtimes.map(Labeled::new).collect();
    let mut page = Page::default();
    page.family(
        "zokio_runtime_info",
        "The scheduler, and what carries out file operations that wait.",
    );
    for runtime in &runtimes {
        let handle = runtime.handle;
        let backend = handle.services().driver.completions().backend_so_far();
        let files = backend.map_or("untried", |backend| files(backend.kind));
        let kind = kind(handle);
        page.sample(
            "zokio_runtime_info",
            format_args!("{runtime},kind=\"{kind}\",files=\"{files}\""),
            &1,
        );
    }
    for family in OF_RUNTIMES {
        page.family(family.name, family.help);
        for runtime in &runtimes {
            let value = (family.value)(runtime.handle);
            page.sample(family.name, format_args!("{runtime}"), &value);
        }
    }
    for family in OF_WORKERS {
        page.family(family.name, family.help);
        each_worker(&runtimes, &mut |labels, metrics, _| {
            page.sample(family.name, labels, &(family.value)(metrics));
        });
    }
    const BUSY: &str = "zokio_worker_busy_seconds_total";
    page.family(BUSY, "The time that the worker was awake.");
    each_worker(&runtimes, &mut |labels, metrics, _| {
        page.sample(BUSY, labels, &Seconds(metrics.busy()));
    });
    const QUEUE: &str = "zokio_worker_queue_depth";
    page.family(QUEUE, "Runnable tasks in the queue of the worker.");
    each_worker(&runtimes, &mut |labels, _, queued| {
        page.sample(QUEUE, labels, &queued)
    });
    page.histograms(
        &runtimes,
        "zokio_worker_poll_seconds",
        "How long polls of tasks take.",
        WorkerMetrics::poll_times,
    );
    page.histograms(
        &runtimes,
        "zokio_worker_schedule_latency_seconds",
        "How long tasks that are runnable wait for their polls.",
        WorkerMetrics::schedule_latencies,
    );
    page.0
}

/// Calls `f` for each worker with its labels, its counters, and the length of its queue.
#[inline(never)]
fn each_worker(
    runtimes: &[Labeled<'_>],
    f: &mut dyn FnMut(fmt::Arguments<'_>, &WorkerMetrics, usize),
) {
    for runtime in runtimes {
        for worker in 0..runtime.handle.workers() {
            let metrics = runtime.handle.worker_metrics(worker);
            let queued = runtime.handle.queued(worker);
            f(
                format_args!("{runtime},worker=\"{worker}\""),
                metrics,
                queued,
            );
        }
    }
}

/// A page that is being written.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, help: &str) {
        let kind = match name.ends_with("_total") {
            true => "counter",
            false => "gauge",
        };
        self.header(name, help, kind);
    }

    #[inline(never)]
    fn header(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    #[inline(never)]
    fn sample(&mut self, name: &str, labels: fmt::Arguments<'_>, value: &dyn fmt::Display) {
        self.line(format_args!("{name}{{{labels}}} {value}"));
    }

    /// Writes a family of histograms, if a runtime has one.
    fn histograms(
        &mut self,
        runtimes: &[Labeled<'_>],
        name: &str,
        help: &str,
        histogram: WorkerHistogram,
    ) {
        let mut is_first = true;
        each_worker(runtimes, &mut |labels, metrics, _| {
            if let Some(histogram) = histogram(metrics) {
                if std::mem::take(&mut is_first) {
                    self.header(name, help, "histogram");
                }
                self.histogram(name, labels, histogram);
            }
        });
    }

    fn histogram(&mut self, name: &str, labels: fmt::Arguments<'_>, histogram: &Histogram) {
        let configuration = histogram.configuration();
        let buckets = configuration.buckets();
        let mut count = 0;
        for bucket in 0..buckets {
            count += histogram.count(bucket);
            // The last one has no end.
            if bucket + 1 < buckets {
                let end = Seconds(configuration.range(bucket).end);
                self.line(format_args!(
                    "{name}_bucket{{{labels},le=\"{end}\"}} {count}"
                ));
            }
        }
        self.line(format_args!(
            "{name}_bucket{{{labels},le=\"+Inf\"}} {count}"
        ));
        self.line(format_args!("{name}_count{{{labels}}} {count}"));
    }

    #[inline(never)]
    fn line(&mut self, line: fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes any text");
    }
}

/// A runtime, written as the labels that its samples have.
struct Labeled<'a> {
    handle: &'a Handle,
}

impl<'a> Labeled<'a> {
    fn new(handle: &'a Handle) -> Labeled<'a> {
        Labeled { handle }
    }
}

impl fmt::Display for Labeled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.handle.services();
        let id = services.id;
        match &services.name {
            Some(name) => write!(f, "runtime=\"{}\",id=\"{id}\"", Escaped(name)),
            None => write!(f, "runtime=\"{id}\",id=\"{id}\""),
        }
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A duration, written as a number of seconds.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, Seconds};
    use std::time::Duration;

    #[test]
    fn labels_are_escaped() {
        let escaped = Escaped("a\"b\\c\nd").to_string();
        assert_eq!(escaped, "a\\\"b\\\\c\\nd");
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(Seconds(Duration::from_nanos(1)).to_string(), "0.000000001");
        let more = Seconds(Duration::from_millis(61_500)).to_string();
        assert_eq!(more, "61.500000000");
    }
}

//! What the live view tells of runtimes, workers and tasks.
#![cfg(not(zokio_no_monitor))]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/view.rs"]
mod view;
#[path = "support/wait.rs"]
mod wait;

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zokio::io::AsyncReadExt;
use zokio::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use zokio::runtime::{Builder, DriverKind, LocalOptions, Runtime, RuntimeFlavor, prometheus};
use zokio::sync::{Mutex, mpsc, oneshot};
use zokio::task::{self, JoinHandle, LocalSet};
use zokio::time::sleep;

use self::apart::{SCHEDULERS, builder};
use self::view::Viewer;
use self::wait::wait_until;

/// A runtime that is shown.
struct Shown {
    runtime: Runtime,
    path: PathBuf,
    _folder: TempDir,
}

fn shown(builder: &mut Builder) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view");
    Shown {
        runtime: builder.monitor(&path).build().unwrap(),
        path,
        _folder: folder,
    }
}

impl Shown {
    fn viewer(&self) -> Viewer {
        Viewer::connect(&self.path)
    }

    /// Waits until a task of this name is as `is_it` has it.
    #[track_caller]
    fn task(&self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut viewer = self.viewer();
        for _ in 0..60_000 {
            let tasks = viewer.tasks().into_iter();
            let found = tasks.filter(|task| task["name"] == name).find(&is_it);
            if let Some(task) = found {
                return task;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("{name} is not there: {:#?}", self.viewer().tasks());
    }

    /// Waits until a task is idle, and waits for this; returns for what.
    #[track_caller]
    fn waits(&self, name: &str, what: &str, op: Option<&str>) -> Value {
        let op: Value = op.into();
        let task = self.task(name, |task| {
            let waits = &task["waits_for"];
            task["state"] == "idle" && waits["what"] == what && waits["op"] == op
        });
        task["waits_for"].clone()
    }
}

#[track_caller]
fn spawn<F>(runtime: &Runtime, name: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let _entered = runtime.enter();
    task::Builder::new().name(name).spawn(future).unwrap()
}

/// Checks a runtime of each scheduler while it runs.
fn on_each(check: impl Fn(&Shown)) {
    for workers in SCHEDULERS {
        let shown = shown(&mut builder(workers));
        let (stop, stopped) = oneshot::channel::<()>();
        thread::scope(|scope| {
            // A current-thread runtime runs while a thread is inside `block_on`.
            scope.spawn(|| shown.runtime.block_on(stopped).ok());
            // Of two threads without a worker that write an event at once, one does not. So that
            // thread has polled its future before this one spawns.
            wait_until("the future is not polled", || {
                let tasks = shown.viewer().tasks();
                let mut tasks = tasks.iter().filter(|task| task["kind"] == "block_on");
                tasks.any(|task| task["state"] == "idle" && task["polls"] != 0)
            });
            check(&shown);
            drop(stop);
        });
    }
}

#[test]
fn a_snapshot_has_all_counters() {
    const NUMBERS: [&str; 6] = [
        "tasks",
        "spawned",
        "injected",
        "remote_schedules",
        "budget_yields",
        "timers",
    ];
    const OF_WORKERS: [&str; 10] = [
        "since",
        "polls",
        "parks",
        "noops",
        "steals",
        "steal_operations",
        "overflows",
        "local_schedules",
        "busy_ns",
        "queue",
    ];
    on_each(|shown| {
        let metrics = shown.runtime.metrics();
        // io_uring is tried out for this, and not for a snapshot.
        let kind = shown.runtime.handle().driver_info().kind();
        for _ in 0..3 {
            shown
                .runtime
                .spawn(async { sleep(Duration::from_secs(3600)).await });
        }
        let mut viewer = shown.viewer();
        wait_until("the timers are not shown", || {
            let runtimes = Viewer::connect(&shown.path).runtimes();
            runtimes[0]["timers"] == 3
        });
        let runtimes = viewer.runtimes();
        assert_eq!(runtimes.len(), 1);
        let runtime = &runtimes[0];
        assert_eq!(runtime["id"], number(shown.runtime.handle().id()));
        assert_eq!(runtime["name"], Value::Null);
        for name in NUMBERS {
            assert!(runtime[name].is_u64(), "{name}: {runtime}");
        }
        assert_eq!(
            (&runtime["tasks"], &runtime["spawned"]),
            (&3.into(), &3.into())
        );
        let driver = &runtime["driver"];
        let files = match kind {
            DriverKind::Ring => "io_uring",
            _ => "threads",
        };
        assert_eq!(driver["files"], files);
        assert_eq!(driver["ring"]["submitted"], 0);
        assert_eq!(runtime["blocking"]["queued"], 0);
        let workers = runtime["workers"].as_array().unwrap();
        assert_eq!(workers.len(), metrics.num_workers());
        for (index, worker) in workers.iter().enumerate() {
            assert_eq!(worker["worker"], index);
            assert!(worker["state"].is_string());
            for name in OF_WORKERS {
                assert!(worker[name].is_u64(), "{name}: {worker}");
            }
        }
        let expected = match shown.runtime.handle().runtime_flavor() {
            RuntimeFlavor::CurrentThread => "current_thread",
            _ => "multi_thread",
        };
        assert_eq!(runtime["kind"], expected);
    });
}

fn number(id: impl ToString) -> u64 {
    id.to_string().parse().unwrap()
}

#[test]
fn a_local_runtime_and_its_name_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view");
    let runtime = builder(0)
        .name("a \"local\"\none")
        .monitor(&path)
        .build_local(LocalOptions::default())
        .unwrap();
    let _task = runtime.spawn_local(pending::<()>());
    let mut viewer = Viewer::connect(&path);
    let runtimes = viewer.runtimes();
    assert_eq!(runtimes[0]["kind"], "local");
    assert_eq!(runtimes[0]["name"], "a \"local\"\none");
    let tasks = viewer.tasks();
    assert_eq!((tasks.len(), &tasks[0]["kind"]), (1, &"local".into()));
    let here = format!("{}:", file!());
    assert!(tasks[0]["at"].as_str().unwrap().starts_with(&here));
    let metrics = viewer.ask("metrics");
    let page = samples(metrics["metrics"].as_str().unwrap());
    let label = ("runtime".to_owned(), "a \"local\"\none".to_owned());
    assert!(page.iter().all(|sample| sample.labels.contains(&label)));
}

#[test]
fn a_task_tells_what_it_waits_for() {
    on_each(|shown| {
        let runtime = &shown.runtime;
        spawn(runtime, "timer", async {
            sleep(Duration::from_secs(3600)).await
        });
        let timer = shown.waits("timer", "timer", None);
        assert!(
            timer["detail"].as_str().unwrap().starts_with("in 3"),
            "{timer}"
        );

        let mutex = Arc::new(Mutex::new(()));
        let locked = mutex.clone();
        spawn(runtime, "holder", async move {
            let _guard = locked.lock().await;
            pending::<()>().await
        });
        wait_until("the mutex stays free", || mutex.try_lock().is_err());
        spawn(runtime, "locker", async move { drop(mutex.lock().await) });
        let lock = shown.waits("locker", "mutex", Some("lock"));
        assert_eq!(lock["holder_name"], "holder");
        assert!(lock["object"].as_str().unwrap().starts_with("0x"));

        let (_tx, mut rx) = mpsc::channel::<()>(1);
        spawn(runtime, "channel", async move { rx.recv().await });
        shown.waits("channel", "mpsc", Some("recv"));

        let joined = spawn(runtime, "joined", pending::<()>());
        let id = number(joined.id());
        spawn(runtime, "joiner", async move { joined.await.ok() });
        let join = shown.waits("joiner", "join", None);
        assert_eq!(
            (&join["holder"], &join["holder_name"]),
            (&id.into(), &"joined".into())
        );
    });
}

#[test]
fn a_task_tells_which_socket_it_waits_for() {
    on_each(|shown| {
        let runtime = &shown.runtime;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        spawn(runtime, "reader", async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.read_u8().await
        });
        let (_accepted, peer) = listener.accept().unwrap();
        let reader = shown.waits("reader", "socket", Some("read"));
        assert_eq!(reader["detail"], format!("tcp {peer} -> {address}"));

        let (tell, told) = std_mpsc::channel();
        spawn(runtime, "acceptor", async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            listener.accept().await.map(|_| ())
        });
        let address = told.recv().unwrap();
        let acceptor = shown.waits("acceptor", "socket", Some("read"));
        assert_eq!(acceptor["detail"], format!("tcp {address}"));

        spawn(runtime, "unix", async move {
            let (mut stream, _peer) = UnixStream::pair().unwrap();
            stream.read_u8().await
        });
        let unix = shown.waits("unix", "socket", Some("read"));
        assert_eq!(unix["detail"], "unix (unnamed) -> (unnamed)");

        spawn(runtime, "receiver", async move {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.recv(&mut [0; 8]).await
        });
        let receiver = shown.waits("receiver", "socket", Some("read"));
        let detail = receiver["detail"].as_str().unwrap();
        assert!(detail.starts_with("udp 127.0.0.1:"), "{detail}");
    });
}

#[test]
fn a_task_that_holds_its_worker_is_shown_while_it_does() {
    on_each(|shown| {
        let (release, released) = std_mpsc::channel::<()>();
        let task = spawn(
            &shown.runtime,
            "blocker",
            async move { released.recv().ok() },
        );
        let id = number(task.id());
        let seen = shown.task("blocker", |task| {
            task["state"] == "running" && task["worker"].is_u64()
        });
        assert_eq!((&seen["id"], &seen["polls"]), (&id.into(), &1.into()));
        let index = seen["worker"].as_u64().unwrap() as usize;
        let worker = || Viewer::connect(&shown.path).runtimes()[0]["workers"][index].clone();
        wait_until("the worker is not stuck", || worker()["state"] == "stuck");
        let worker = worker();
        assert_eq!((&worker["task"], &worker["at"]), (&id.into(), &seen["at"]));
        assert_eq!(worker["name"], "blocker");
        let tid = worker["tid"].as_u64().unwrap();
        let name = std::fs::read_to_string(format!("/proc/self/task/{tid}/comm")).unwrap();
        assert_eq!(worker["thread"], name.trim_end());
        drop(release);
    });
}

#[test]
fn many_tasks_come_in_lines_of_500() {
    let shown = shown(&mut builder(2));
    for _ in 0..1_200 {
        shown.runtime.spawn(pending::<()>());
    }
    let mut viewer = shown.viewer();
    viewer.send("tasks\n");
    let lines = [(); 3].map(|()| viewer.next().unwrap());
    let lengths = lines
        .each_ref()
        .map(|line| line["tasks"].as_array().unwrap().len());
    assert_eq!(lengths, [500, 500, 200]);
    assert_eq!(
        lines.each_ref().map(|line| line["more"] == true),
        [true, true, false]
    );
    let ids = |line: &Value| -> Vec<u64> {
        let tasks = line["tasks"].as_array().unwrap().iter();
        tasks.map(|task| task["id"].as_u64().unwrap()).collect()
    };
    let mut ids: Vec<u64> = lines.iter().flat_map(ids).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_200);
}

#[test]
fn a_holder_is_a_task_that_has_not_ended() {
    on_each(|shown| {
        let mutex = Arc::new(Mutex::new(()));
        let (send, guards) = std_mpsc::channel();
        let locked = mutex.clone();
        let locks = spawn(&shown.runtime, "locks", async move {
            send.send(locked.lock_owned().await).unwrap();
        });
        let guard = guards.recv().unwrap();
        wait_until("the task does not end", || locks.is_finished());
        let waiter = spawn(&shown.runtime, "waiter", async move {
            drop(mutex.lock().await);
        });
        let waits = shown.waits("waiter", "mutex", Some("lock"));
        assert_eq!(
            (&waits["holder"], &waits["holder_name"]),
            (&Value::Null, &Value::Null)
        );
        drop(guard);
        wait_until("the waiter does not end", || waiter.is_finished());
    });
}

#[test]
fn a_join_of_any_has_no_holder() {
    on_each(|shown| {
        spawn(&shown.runtime, "joins", async {
            let mut set = task::JoinSet::new();
            set.spawn(pending::<()>());
            set.join_next().await;
        });
        let waits = shown.waits("joins", "join", None);
        assert_eq!(waits["holder"], Value::Null);
    });
}

#[test]
fn events_are_in_order_and_tell_who_woke() {
    on_each(|shown| {
        let (tx, mut rx) = mpsc::channel::<()>(1);
        let receiver = spawn(&shown.runtime, "receiver", async move { rx.recv().await });
        let receiver_id = number(receiver.id());
        shown.waits("receiver", "mpsc", Some("recv"));
        let sender = spawn(&shown.runtime, "sender", async move { tx.send(()).await });
        let sender_id = number(sender.id());
        let events = || {
            let mut viewer = shown.viewer();
            viewer.send("events\n");
            viewer.pages("events")
        };
        let is_ready = |event: &Value| event[3] == "ready" && event[4] == receiver_id;
        wait_until("nothing is received", || events().iter().any(is_ready));
        let events = events();
        let workers = shown.runtime.metrics().num_workers() as i64;
        for worker in -1..workers {
            let of_worker = events.iter().filter(|event| event[2] == worker);
            let times: Vec<u64> = of_worker.map(|event| event[0].as_u64().unwrap()).collect();
            assert!(times.is_sorted(), "{times:?}");
        }
        let find = |kind: &str, task: u64| {
            let mut events = events.iter();
            events
                .find(|event| event[3] == kind && event[4] == task)
                .cloned()
        };
        for kind in ["spawn", "poll", "end", "wake", "ready"] {
            assert!(find(kind, receiver_id).is_some(), "{kind}: {events:#?}");
        }
        let wake = find("wake", receiver_id).unwrap();
        assert_eq!(wake[5], sender_id);
    });
}

#[test]
fn a_place_tells_how_long_its_tasks_took() {
    on_each(|shown| {
        let line = line!() + 2;
        for _ in 0..10 {
            shown.runtime.spawn(async {
                sleep(Duration::from_millis(1)).await;
                pending::<()>().await
            });
        }
        let at = format!("{}:{line}:", file!());
        let find = || {
            let places = Viewer::connect(&shown.path).ask("places");
            let mut places = places["places"].as_array().unwrap().clone().into_iter();
            places.find(|place| place["at"].as_str().unwrap().starts_with(&at))
        };
        wait_until("the polls are not shown", || {
            find().is_some_and(|place| place["polls"] == 20 && total(&place["poll_time"]) == 20)
        });
        let place = find().unwrap();
        assert_eq!(
            (&place["kind"], &place["alive"]),
            (&"task".into(), &10.into())
        );
        assert_eq!(total(&place["schedule_delay"]), 20);
    });
}

fn total(histogram: &Value) -> u64 {
    let counts = histogram["counts"].as_array().unwrap();
    assert_eq!(
        counts.len(),
        histogram["bounds_ns"].as_array().unwrap().len() + 1
    );
    counts.iter().map(|count| count.as_u64().unwrap()).sum()
}

/// A sample of a page of metrics.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// Reads a page of metrics: each sample has the form that Prometheus asks for, and belongs to the
/// family that is announced before it.
fn samples(page: &str) -> Vec<Sample> {
    let mut families = Vec::new();
    let mut samples: Vec<Sample> = Vec::new();
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# TYPE ") {
            let (name, kind) = comment.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(!families.contains(&name), "{line}");
            families.push(name);
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap();
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        let family = families.last().unwrap();
        let part = name.strip_prefix(family).unwrap();
        assert!(["", "_bucket", "_count"].contains(&part), "{line}");
        samples.push(Sample {
            name: name.to_owned(),
            labels: labels_of(labels),
            value: value.parse().unwrap(),
        });
    }
    samples
}

fn labels_of(mut text: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").unwrap();
        let mut value = String::new();
        let mut characters = rest.char_indices();
        let end = loop {
            match characters.next().unwrap() {
                (_, '\\') => value.push(match characters.next().unwrap().1 {
                    'n' => '\n',
                    other => other,
                }),
                (at, '"') => break at,
                (_, other) => value.push(other),
            }
        };
        labels.push((name.to_owned(), value));
        text = rest[end + 1..].trim_start_matches(',');
    }
    labels
}

#[test]
fn a_page_of_metrics_needs_no_view() {
    let runtime = builder(2)
        .name("metrics")
        .enable_metrics_poll_time_histogram()
        .build()
        .unwrap();
    let waiting = runtime.spawn(pending::<()>());
    let task = runtime.spawn(async {});
    runtime.block_on(task).unwrap();
    let find = |name: &str| {
        let label = ("runtime".to_owned(), "metrics".to_owned());
        let mut found = samples(&prometheus());
        found.retain(|sample| sample.name == name && sample.labels.contains(&label));
        found
    };
    let value = |name| find(name).iter().map(|sample| sample.value).sum::<f64>();
    assert_eq!(value("zokio_workers"), 2.0);
    wait_until("two tasks are alive", || value("zokio_tasks") == 1.0);
    assert_eq!(value("zokio_tasks_spawned_total"), 2.0);
    assert_eq!(find("zokio_worker_polls_total").len(), 2);
    wait_until("the polls are not counted", || {
        value("zokio_worker_poll_seconds_count") == 2.0
    });
    waiting.abort();
    drop(runtime);
    assert!(!prometheus().contains("runtime=\"metrics\""));
}

#[test]
fn tasks_of_a_local_set_are_shown() {
    let shown = shown(&mut builder(0));
    let set = LocalSet::new();
    let path = shown.path.clone();
    set.block_on(&shown.runtime, async move {
        let _task = task::spawn_local(pending::<()>());
        let tasks = task::spawn_blocking(move || Viewer::connect(path).tasks());
        let tasks = tasks.await.unwrap();
        let mut kinds: Vec<_> = tasks
            .iter()
            .map(|it| it["kind"].as_str().unwrap())
            .collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["block_on", "blocking", "local"]);
    });
}

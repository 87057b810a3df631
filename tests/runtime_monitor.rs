//! The thread that looks after stuck workers: when there is one, when it is silent, and when it is
//! gone. In a program of its own, because the process's threads are counted.
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use zokio::runtime::{Builder, Runtime};

/// Long enough for a slow machine: only a test that would never end comes near.
const LONG: Duration = Duration::from_secs(30);

const MONITOR: &str = "zokio-monitor";
const WORKER: &str = "monitored";

/// The tests of this program take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(WORKER)
        .enable_all()
        .build()
        .unwrap()
}

/// How often each thread of that name was scheduled, with its identifier.
fn switches(name: &str) -> Vec<(String, u64)> {
    let mut threads = Vec::new();
    for entry in std::fs::read_dir("/proc/self/task").unwrap() {
        let entry = entry.unwrap();
        // A thread that ends may be gone since it was listed.
        let read = |name| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        if read("comm").trim() != name {
            continue;
        }
        let status = read("status");
        let counts = status
            .lines()
            .filter(|line| line.contains("ctxt_switches"))
            .map(|line| line.rsplit('\t').next().unwrap().parse::<u64>().unwrap());
        let thread = entry.file_name().into_string().unwrap();
        threads.push((thread, counts.sum()));
    }
    threads.sort();
    threads
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "not within {LONG:?}: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn wait_until_all_sleep(rt: &Runtime) {
    let metrics = rt.metrics();
    wait_until("all workers sleep", || {
        (0..metrics.num_workers())
            .all(|worker| !metrics.worker_park_unpark_count(worker).is_multiple_of(2))
    });
}

/// Returns a runtime older than a tick that has run no task. On a busy machine its workers may take
/// longer than that to fall asleep at first, and then it has a monitor.
fn runtime_without_monitor() -> Runtime {
    let start = Instant::now();
    loop {
        wait_until("there is no monitor of an earlier runtime", || {
            switches(MONITOR).is_empty()
        });
        let rt = runtime(2);
        wait_until_all_sleep(&rt);
        thread::sleep(Duration::from_millis(50));
        if switches(MONITOR).is_empty() {
            return rt;
        }
        assert!(start.elapsed() < LONG, "no task has run yet");
    }
}

/// Waits until `counts` does not change for a tenth of a second: ten ticks.
fn wait_until_silent(what: &str, counts: impl Fn() -> Vec<(String, u64)>) {
    wait_until(what, || {
        let before = counts();
        thread::sleep(Duration::from_millis(100));
        before == counts()
    });
}

#[test]
fn the_monitor_comes_with_the_first_task_and_goes_with_the_runtime() {
    let _alone = alone();
    let rt = runtime_without_monitor();
    rt.block_on(rt.spawn(async {})).unwrap();
    wait_until("there is a monitor", || switches(MONITOR).len() == 1);
    wait_until_all_sleep(&rt);
    wait_until_silent("the monitor is silent", || switches(MONITOR));
    // It is the same one that ticks again.
    let before = switches(MONITOR);
    rt.block_on(rt.spawn(async move {
        wait_until("the monitor ticks", || {
            let after = switches(MONITOR);
            assert_eq!(after.len(), 1);
            assert_eq!(after[0].0, before[0].0);
            after[0].1 > before[0].1 + 1
        });
    }))
    .unwrap();
    drop(rt);
    wait_until("the monitor is gone", || switches(MONITOR).is_empty());
}

/// A thread that the runtime would end with cost a third of making and dropping it.
#[test]
fn a_runtime_that_is_over_within_a_tick_has_no_monitor() {
    let _alone = alone();
    wait_until("a runtime is over within a tick", || {
        wait_until("there is no monitor of an earlier test", || {
            switches(MONITOR).is_empty()
        });
        let start = Instant::now();
        let rt = runtime(2);
        rt.block_on(rt.spawn(async {})).unwrap();
        let monitors = switches(MONITOR);
        let is_quick = start.elapsed() < Duration::from_millis(10);
        assert!(!is_quick || monitors.is_empty());
        is_quick
    });
}

#[test]
fn a_runtime_of_one_worker_has_no_monitor() {
    let _alone = alone();
    let rt = runtime(1);
    // The one of an earlier test may not have been taken off the list yet; its own would stay.
    rt.block_on(rt.spawn(async {
        wait_until("there is no monitor", || switches(MONITOR).is_empty());
        thread::sleep(Duration::from_millis(50));
        assert_eq!(switches(MONITOR), []);
    }))
    .unwrap();
}

/// A worker that computes was once the reason to wake another every 10 ms.
#[test]
fn a_task_that_computes_wakes_no_other_worker() {
    let _alone = alone();
    let rt = runtime(3);
    // Only then have all threads their names.
    wait_until_all_sleep(&rt);
    rt.block_on(rt.spawn(async {
        let me = std::fs::read_link("/proc/thread-self").unwrap();
        let me = me.file_name().unwrap().to_str().unwrap().to_owned();
        wait_until_silent("the other workers are silent", || {
            let mut threads = switches(WORKER);
            threads.retain(|(thread, _)| *thread != me);
            // Those of an earlier test may not have been taken off the list yet.
            assert!(threads.len() >= 2, "{threads:?}");
            threads
        });
    }))
    .unwrap();
}

/// A runtime that has been shut down does not tick behind a task that does not end.
#[test]
fn the_monitor_ends_while_a_worker_is_stuck() {
    let _alone = alone();
    let rt = runtime(2);
    let (release, released) = mpsc::channel::<()>();
    let (started_tx, started) = mpsc::channel();
    rt.spawn(async move {
        started_tx.send(()).unwrap();
        let _ = released.recv();
    });
    started.recv().unwrap();
    wait_until("there is a monitor", || switches(MONITOR).len() == 1);
    rt.shutdown_background();
    wait_until("the monitor is gone", || switches(MONITOR).is_empty());
    drop(release);
    wait_until("the workers are gone", || switches(WORKER).is_empty());
}

//! An idle runtime does nothing: no system call, no processor time. Nor does an idle worker beside one
//! that has just enough to do.

#[path = "support/beside.rs"]
mod beside;

use std::collections::BTreeMap;
use std::time::Duration;

use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Handle, Runtime};
use zokio::sync::mpsc;

use self::beside::one_of_several;

/// How often each of the runtime's threads was scheduled, and its processor time in ticks.
fn threads() -> BTreeMap<String, (u64, u64)> {
    let mut threads = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = entry.unwrap().path();
        let read = |name| std::fs::read_to_string(path.join(name)).unwrap();
        // A thread of another test may have ended since.
        let name = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
        if name.trim() != "idle-test" {
            continue;
        }
        let switches = read("status")
            .lines()
            .filter(|line| line.contains("ctxt_switches"))
            .map(|line| {
                line.split_whitespace()
                    .last()
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
            })
            .sum();
        // utime and stime, counted from behind the name, which may hold blanks.
        let stat = read("stat");
        let fields = stat.rsplit(')').next().unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
        threads.insert(path.display().to_string(), (switches, ticks));
    }
    threads
}

/// 500 pairs of connected sockets, each with a task that waits to read.
async fn connect_all() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..500 {
        let (near, far) = zokio::join!(TcpStream::connect(address), listener.accept());
        for mut stream in [near.unwrap(), far.unwrap().0] {
            zokio::spawn(async move {
                let mut buffer = [0; 16];
                let read = stream.read(&mut buffer).await.unwrap();
                stream.write_all(&buffer[..read]).await.unwrap();
            });
        }
    }
}

fn idles(rt: &Runtime) {
    // The monitor ticks a few times more after the last activity, which on a busy machine comes late;
    // then there is silence.
    let silence = || {
        let before = threads();
        assert!(!before.is_empty());
        std::thread::sleep(Duration::from_secs(2));
        (before, threads())
    };
    one_of_several(silence, |(before, after)| before == after);
    assert_eq!(rt.metrics().num_alive_tasks(), 1000);
}

#[test]
fn a_thousand_idle_connections_cost_nothing() {
    for workers in [1, 2, 4] {
        let rt = Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("idle-test")
            .enable_all()
            .build()
            .unwrap();
        rt.block_on(rt.spawn(connect_all())).unwrap();
        idles(&rt);
    }
}

/// Has two tasks wake each other, in a thousand batches of so many rounds; in how many of them no
/// worker went to sleep.
async fn quiet_batches(rounds: u64) -> usize {
    let metrics = Handle::current().metrics();
    let count = || -> u64 {
        let workers = 0..metrics.num_workers();
        workers
            .map(|worker| metrics.worker_park_count(worker))
            .sum()
    };
    let (questions, mut asked) = mpsc::channel(1);
    let (answers, mut answered) = mpsc::channel(1);
    zokio::spawn(async move {
        while let Some(question) = asked.recv().await {
            answers.send(question).await.unwrap();
        }
    });
    let mut quiet = 0;
    for _ in 0..1000 {
        let before = count();
        for round in 0..rounds {
            questions.send(round).await.unwrap();
            assert_eq!(answered.recv().await, Some(round));
        }
        quiet += usize::from(count() == before);
    }
    quiet
}

/// The other worker may be woken to wait for the driver, now and then. Where polls take longer than a
/// microsecond, the other worker is worth it: one that the kernel interrupts for another process counts
/// as long, and so do some that follow. A batch is shorter than the time between two interruptions.
#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "polls are quick only where they are optimized"
)]
fn two_tasks_that_wake_each_other_leave_the_other_worker_asleep() {
    let rt = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let measure = || rt.block_on(rt.spawn(quiet_batches(200))).unwrap();
    one_of_several(measure, |quiet| *quiet > 800);
}

//! A worker that is stuck in user code holds up no other task's socket, timer or file.
//!
//! tokio's issue 4730 is the model: the worker that waited for I/O wakes a task and runs it, the
//! task blocks its thread until another task has done something, and no thread waits for I/O any
//! more. Here an idle worker takes the wait over.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "support/beside.rs"]
mod beside;

use std::future::poll_fn;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant};

use zokio::io::AsyncReadExt;
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::{Builder, Runtime};
use zokio::sync::Notify;
use zokio::task::{spawn, yield_now};

use self::beside::{bare_help, keeps_up};

/// Longer than a busy machine makes any test here wait.
const LONG: Duration = Duration::from_secs(30);

/// What the other one waits for itself.
const NAP: Duration = Duration::from_millis(10);

fn two_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn pair() -> (TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    (listener.accept().await.unwrap().0, peer)
}

/// Waits until the workers sleep: one of them in the wait.
fn until_asleep(rt: &Runtime) {
    let metrics = rt.metrics();
    let sleeps = |worker| !metrics.worker_park_unpark_count(worker).is_multiple_of(2);
    while !(0..metrics.num_workers()).all(sleeps) {
        std::thread::yield_now();
    }
}

/// Twenty rounds of: a task is woken by I/O and blocks its thread until `other` has run and sends.
/// The time from the wake to the end of the block is compared with what bare threads take, which do
/// `alike` for `other`.
fn stuck_until<F, T>(rt: &Runtime, other: F, alike: impl Fn() + Sync)
where
    F: Fn(mpsc::Sender<()>) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let round = || {
        let (mut stream, mut peer) = rt.block_on(rt.spawn(pair())).unwrap();
        let (tx, rx) = mpsc::channel();
        let (ready_tx, ready) = mpsc::channel();
        let other = rt.spawn(other(tx));
        let stuck = rt.spawn(async move {
            let mut byte = [0];
            ready_tx.send(()).unwrap();
            stream.read_exact(&mut byte).await.unwrap();
            let start = Instant::now();
            // What no task should do, and many do.
            rx.recv_timeout(Duration::from_secs(5)).unwrap();
            start.elapsed()
        });
        ready.recv().unwrap();
        until_asleep(rt);
        peer.write_all(b"x").unwrap();
        let time = rt.block_on(stuck).unwrap();
        rt.block_on(other).unwrap();
        time
    };
    keeps_up(20, round, || bare_help(&alike));
}

#[test]
fn a_socket_is_served_while_a_worker_is_stuck() {
    let rt = two_workers();
    let other = |tx: mpsc::Sender<()>| async move {
        let (mut stream, mut peer) = pair().await;
        let writer = std::thread::spawn(move || {
            std::thread::sleep(NAP);
            peer.write_all(b"y").unwrap();
        });
        stream.read_exact(&mut [0]).await.unwrap();
        tx.send(()).unwrap();
        writer.join().unwrap();
    };
    stuck_until(&rt, other, || std::thread::sleep(NAP));
}

#[test]
fn a_file_is_read_while_a_worker_is_stuck() {
    let rt = two_workers();
    let path = std::env::temp_dir().join(format!("zokio-stall-{}", std::process::id()));
    std::fs::write(&path, vec![7; 64 << 10]).unwrap();
    let other = |tx: mpsc::Sender<()>| {
        let path = path.clone();
        async move {
            zokio::time::sleep(NAP).await;
            // Out of the page cache, so that the read is not done before it could wait.
            evict(&path);
            assert_eq!(zokio::fs::read(&path).await.unwrap().len(), 64 << 10);
            tx.send(()).unwrap();
        }
    };
    let alike = || {
        std::thread::sleep(NAP);
        evict(&path);
        assert_eq!(std::fs::read(&path).unwrap().len(), 64 << 10);
    };
    stuck_until(&rt, other, alike);
    std::fs::remove_file(&path).unwrap();
}

/// Drops the pages of a file that has been written back.
fn evict(path: &std::path::Path) {
    use std::os::fd::AsRawFd;
    let file = std::fs::File::open(path).unwrap();
    file.sync_all().unwrap();
    // SAFETY: posix_fadvise(2) takes no pointer.
    let result = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    assert_eq!(result, 0);
}

#[test]
fn a_timer_fires_while_a_worker_is_stuck() {
    let rt = two_workers();
    let other = |tx: mpsc::Sender<()>| async move {
        zokio::time::sleep(NAP).await;
        tx.send(()).unwrap();
    };
    stuck_until(&rt, other, || std::thread::sleep(NAP));
}

/// Compares how long a task of each round waits with what bare threads take.
fn is_helped(rounds: usize, round: impl FnMut() -> Duration) {
    keeps_up(rounds, round, || bare_help(|| {}));
}

/// Blocks its thread until the task that it spawns has run.
async fn stuck() -> Duration {
    let (tx, rx) = mpsc::channel();
    zokio::spawn(async move { tx.send(()).unwrap() });
    let start = Instant::now();
    rx.recv_timeout(Duration::from_secs(5)).unwrap();
    start.elapsed()
}

#[test]
fn a_task_in_the_lifo_slot_runs_while_its_worker_is_stuck() {
    let rt = two_workers();
    is_helped(20, || rt.block_on(rt.spawn(stuck())).unwrap());
}

#[test]
fn a_queued_task_runs_while_its_worker_is_stuck() {
    let rt = two_workers();
    is_helped(20, || {
        let waited = rt.block_on(rt.spawn(async {
            let (tx, rx) = mpsc::channel();
            for _ in 0..10 {
                let tx = tx.clone();
                zokio::spawn(async move { tx.send(()).unwrap() });
            }
            let start = Instant::now();
            for _ in 0..10 {
                rx.recv_timeout(Duration::from_secs(5)).unwrap();
            }
            start.elapsed()
        }));
        waited.unwrap()
    });
}

/// A task that was woken is next in the LIFO slot, or in the queue when the slot has had its turn:
/// which one changes from round to round.
#[test]
fn the_only_task_that_waits_runs_while_its_worker_is_stuck() {
    let rt = two_workers();
    let mut rounds = (0..20).cycle();
    is_helped(20, || {
        let round = rounds.next().unwrap();
        let waited = rt.block_on(rt.spawn(async move {
            let (questions, mut asked) = zokio::sync::mpsc::channel::<mpsc::Sender<()>>(1);
            zokio::spawn(async move {
                while let Some(answer) = asked.recv().await {
                    answer.send(()).unwrap();
                }
            });
            let (answer, answered) = mpsc::channel();
            for _ in 0..round {
                questions.send(answer.clone()).await.unwrap();
                zokio::task::yield_now().await;
            }
            questions.send(answer).await.unwrap();
            let start = Instant::now();
            for _ in 0..=round {
                answered.recv_timeout(Duration::from_secs(5)).unwrap();
            }
            start.elapsed()
        }));
        waited.unwrap()
    });
}

/// Two tasks that wake each other until `end`.
async fn ping_pong(end: impl Fn() -> bool + Send + 'static) {
    let pair = Arc::new((Notify::new(), Notify::new()));
    let other = pair.clone();
    let echo = zokio::spawn(async move {
        loop {
            other.0.notified().await;
            other.1.notify_one();
        }
    });
    while !end() {
        for _ in 0..50 {
            pair.0.notify_one();
            pair.1.notified().await;
        }
    }
    echo.abort();
}

/// The alarm once went to a busy worker, which did nothing about it: the task in the slot of a stuck
/// one waited for as long as that one was stuck.
#[test]
fn a_busy_worker_looks_after_a_stuck_one() {
    let rt = Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let end = done.clone();
    let busy = rt.spawn(ping_pong(move || end.load(Ordering::Relaxed)));
    is_helped(100, || rt.block_on(rt.spawn(stuck())).unwrap());
    done.store(true, Ordering::Relaxed);
    rt.block_on(busy).unwrap();
}

/// A worker that took an alarm and then found no place to see the next one once left the timer unset,
/// and a pair of tasks that calls for no help did not set it again.
#[test]
fn a_stuck_worker_is_found_after_a_pair_kept_it_at_work() {
    let rt = Builder::new_multi_thread()
        .worker_threads(3)
        .event_interval(3)
        .enable_all()
        .build()
        .unwrap();
    is_helped(60, || {
        let stuck = rt.spawn(async {
            let start = Instant::now();
            ping_pong(move || start.elapsed() > Duration::from_millis(40)).await;
            stuck().await
        });
        rt.block_on(stuck).unwrap()
    });
}

/// While every worker was awake no alarm came, and a worker that always has work of its own takes
/// none from others: what the stuck one had queued waited until it continued.
#[test]
fn a_stuck_worker_is_helped_by_one_that_is_never_idle() {
    let rt = two_workers();
    let end = Arc::new(AtomicBool::new(false));
    let (stuck_tx, is_stuck) = mpsc::channel();
    let (busy_tx, is_busy) = mpsc::channel();
    let stuck = rt.spawn(async move {
        stuck_tx.send(()).unwrap();
        // From here on this worker is stuck, so that the other one is the busy one.
        is_busy.recv().unwrap();
        let (tx, rx) = mpsc::channel();
        for _ in 0..3 {
            let tx = tx.clone();
            zokio::spawn(async move { tx.send(()).unwrap() });
        }
        (0..3).all(|_| rx.recv_timeout(Duration::from_secs(5)).is_ok())
    });
    is_stuck.recv().unwrap();
    let ended = end.clone();
    let busy = rt.spawn(async move {
        let mut first = true;
        poll_fn(|cx| {
            if std::mem::take(&mut first) {
                busy_tx.send(()).unwrap();
            }
            cx.waker().wake_by_ref();
            if ended.load(Ordering::Relaxed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    });
    assert!(rt.block_on(stuck).unwrap(), "the stuck poll resumed first");
    end.store(true, Ordering::Relaxed);
    rt.block_on(busy).unwrap();
}

/// A task that yields is deferred until its worker has polled the driver, which a task that computes
/// keeps it from.
#[test]
fn a_task_that_has_yielded_runs_beside_one_that_computes() {
    for yields in [1, 2, 3, 50] {
        let rt = two_workers();
        let computes = rt.spawn(async move {
            let (done, is_done) = mpsc::channel();
            let other = spawn(async move {
                for _ in 0..yields {
                    yield_now().await;
                }
                done.send(()).unwrap();
            });
            yield_now().await;
            let seen = is_done.recv_timeout(LONG);
            other.await.unwrap();
            seen
        });
        rt.block_on(computes).unwrap().unwrap();
    }
}

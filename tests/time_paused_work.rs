//! A paused clock beside work that takes real time: files, closures on the blocking pool, tasks
//! from other threads. No timeout of an hour elapses while such work is under way.

#[path = "support/fs.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use zokio::fs::{self, File};
use zokio::io::AsyncReadExt;
use zokio::runtime::{Builder, Handle, Runtime};
use zokio::sync::Notify;
use zokio::task::spawn_blocking;
use zokio::time::{Instant, sleep, timeout};

use self::support::{piped_in, within_the_limit};

const HOUR: Duration = Duration::from_secs(3600);

fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// The clock once ran ahead while a read was in flight: only closures held it.
#[test]
fn the_clock_waits_for_a_read() {
    let (pipe, mut writer) = piped_in();
    let writing = thread::spawn(move || {
        // The byte comes when the runtime has long been waiting for it.
        thread::sleep(Duration::from_millis(50));
        writer.write_all(b"x").unwrap();
    });
    paused().block_on(async {
        let mut file = File::from_std(pipe);
        let mut byte = [0];
        let read = timeout(HOUR, file.read_exact(&mut byte)).await;
        read.expect("the clock ran ahead").unwrap();
    });
    writing.join().unwrap();
}

/// Without a timer there is nothing to hold the clock for. A read was looked after every millisecond
/// all the same.
#[test]
fn a_read_without_timers_is_just_waited_for() {
    let parked = Arc::new(AtomicUsize::new(0));
    let counted = parked.clone();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .on_thread_park(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    let (pipe, mut writer) = piped_in();
    let writing = thread::spawn(move || {
        // Long enough for a hundred looks.
        thread::sleep(Duration::from_millis(100));
        writer.write_all(b"x").unwrap();
    });
    runtime.block_on(async {
        File::from_std(pipe).read_exact(&mut [0]).await.unwrap();
    });
    writing.join().unwrap();
    assert!(parked.load(Ordering::SeqCst) < 20);
}

/// As for reads: the kernel's own threads do these, and the clock once did not know.
#[test]
fn the_clock_waits_for_what_is_done_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: String| dir.path().join(name);
    paused().block_on(async {
        for round in 0..20 {
            let made = path(format!("dir {round}"));
            let (from, to) = (path(format!("file {round}")), path(format!("to {round}")));
            let create = timeout(HOUR, fs::create_dir(made)).await;
            create.expect("the clock ran ahead of create_dir").unwrap();
            let open = timeout(HOUR, File::create(&from)).await;
            let file = open.expect("the clock ran ahead of create").unwrap();
            let sync = timeout(HOUR, file.sync_all()).await;
            sync.expect("the clock ran ahead of sync_all").unwrap();
            let rename = timeout(HOUR, fs::rename(from, to)).await;
            rename.expect("the clock ran ahead of rename").unwrap();
        }
    });
}

/// A hand-written waker that wakes a task late, and another one before it.
struct Late {
    task: Waker,
    other: Arc<Notify>,
}

impl Wake for Late {
    fn wake(self: Arc<Self>) {
        self.other.notify_one();
        // The runtime runs the other task and has nothing more to do: time for the clock to run
        // ahead, if it may.
        thread::sleep(Duration::from_millis(20));
        self.task.wake_by_ref();
    }
}

/// A closure once let the clock go before it had woken who awaited it, and between the two the
/// clock could run ahead.
#[test]
fn the_clock_waits_until_a_closure_has_woken_its_task() {
    let work = async {
        let other = Arc::new(Notify::new());
        let notified = other.clone();
        zokio::spawn(async move { notified.notified().await });
        let (go, wait) = mpsc::channel();
        let mut closure = spawn_blocking(move || wait.recv().unwrap());
        let joined = poll_fn(|cx| {
            let (task, other) = (cx.waker().clone(), other.clone());
            let late = Waker::from(Arc::new(Late { task, other }));
            let polled = Pin::new(&mut closure).poll(&mut Context::from_waker(&late));
            // The closure ends after the first poll; there is no receiver at the second one.
            let _ = go.send(());
            polled
        });
        let begin = Instant::now();
        let joined = timeout(HOUR, joined).await;
        joined.expect("the clock ran ahead").unwrap();
        assert!(begin.elapsed() < HOUR, "the clock ran ahead");
    };
    within_the_limit(|| paused().block_on(work));
}

/// A wake-up by another thread keeps the clock from advancing once, and not for good when the
/// runtime was awake as it came.
#[test]
fn a_wake_that_is_left_over_does_not_stop_the_clock() {
    let rounds = async {
        for _ in 0..10 {
            let handle = Handle::current();
            let spawner = thread::spawn(move || drop(handle.spawn(async {})));
            spawner.join().unwrap();
            sleep(HOUR).await;
        }
    };
    within_the_limit(|| paused().block_on(rounds));
}

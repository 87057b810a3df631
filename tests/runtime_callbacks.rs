//! What a runtime calls that is not a task: the thread callbacks and the wakers, with what may go
//! wrong in them. And what they let a test do: hold a worker at a point of its way to sleep.

#[path = "support/fs.rs"]
mod support;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use zokio::runtime::{Builder, Handle, Runtime};
use zokio::task::block_in_place;

use self::support::{LONG, within_the_limit};

/// The pool once did not count out a thread whose callback panicked, and waited for it forever.
#[test]
fn a_stop_callback_that_panics_does_not_hang_the_end() {
    within_the_limit(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_stop(|| panic!("from on_thread_stop"))
            .build()
            .unwrap();
        runtime.block_on(async {});
        drop(runtime);
    });
}

/// As with the other callback, and the thread's closure once never ran.
#[test]
fn a_start_callback_that_panics_does_not_hang_the_end() {
    within_the_limit(|| {
        let runtime = Builder::new_current_thread()
            .on_thread_start(|| panic!("from on_thread_start"))
            .build()
            .unwrap();
        let ran = runtime.spawn_blocking(|| 7);
        assert_eq!(runtime.block_on(ran).unwrap(), 7);
        drop(runtime);
    });
}

/// A callback once lent the core as a task does. If a thread took that, the worker, which had not
/// expected it, panicked.
#[test]
fn a_worker_keeps_its_core_while_a_callback_uses_block_in_place() {
    let (called_tx, called) = mpsc::channel();
    let called_tx = Mutex::new(Some(called_tx));
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_park(move || {
            let first = called_tx.lock().unwrap().take();
            if let Some(called) = first {
                // Time for another thread to take the core, if it may.
                block_in_place(|| thread::sleep(Duration::from_millis(20)));
                called.send(thread::current().id()).unwrap();
            }
        })
        .build()
        .unwrap();
    let worker = called.recv_timeout(LONG).unwrap();
    let now = within_the_limit(|| {
        let task = runtime.spawn(async { thread::current().id() });
        runtime.block_on(task).unwrap()
    });
    assert_eq!(now, worker, "another thread is the worker now");
}

/// Holds the next thread that comes by, once it is armed.
#[derive(Default)]
struct Gate(Mutex<Option<(Sender<()>, Receiver<()>)>>);

impl Gate {
    /// Returns a channel that reports a thread that is held, and one that lets it go.
    fn arm(&self) -> (Receiver<()>, Sender<()>) {
        let (held_tx, held) = mpsc::channel();
        let (go, wait) = mpsc::channel();
        *self.0.lock().unwrap() = Some((held_tx, wait));
        (held, go)
    }

    fn pass(&self) {
        let armed = self.0.lock().unwrap().take();
        if let Some((held, wait)) = armed {
            held.send(()).unwrap();
            let _ = wait.recv_timeout(LONG);
        }
    }
}

/// Waits until so many workers sleep.
fn until_asleep(runtime: &Runtime, count: usize) {
    let metrics = runtime.metrics();
    let sleeps = |worker: &usize| metrics.worker_park_unpark_count(*worker) % 2 == 1;
    let begin = Instant::now();
    while (0..metrics.num_workers()).filter(sleeps).count() < count {
        assert!(begin.elapsed() < LONG, "the workers do not sleep");
        thread::yield_now();
    }
}

/// A worker on its way to sleep once missed a task that came while all were awake and another was
/// searching; when that one found something else and got stuck, the task waited for as long.
#[test]
fn a_worker_looks_at_the_injection_queue_before_it_sleeps() {
    let (park, unpark) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let (on_park, on_unpark) = (park.clone(), unpark.clone());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_park(move || on_park.pass())
        .on_thread_unpark(move || on_unpark.pass())
        .build()
        .unwrap();
    until_asleep(&runtime, 2);

    // The first worker runs a task.
    let (end_first, wait) = mpsc::channel::<()>();
    let (started_tx, started) = mpsc::channel();
    runtime.spawn(async move {
        started_tx.send(()).unwrap();
        wait.recv().unwrap();
    });
    started.recv().unwrap();
    until_asleep(&runtime, 1);

    // The second one is woken to search, and held while it counts as searching.
    let (held, let_search) = unpark.arm();
    runtime.spawn(async {});
    held.recv_timeout(LONG).unwrap();

    // The first one ends its task, runs the new one (if the other has not taken that), finds
    // nothing more, and is held before it sleeps.
    let (held, let_sleep) = park.arm();
    end_first.send(()).unwrap();
    held.recv_timeout(LONG).unwrap();

    // The second one gets a task that blocks it until the last task has run.
    let (blocked_tx, blocked) = mpsc::channel();
    let (last_tx, last) = mpsc::channel();
    let blocking = runtime.spawn(async move {
        blocked_tx.send(()).unwrap();
        last.recv_timeout(Duration::from_secs(5))
    });
    let_search.send(()).unwrap();
    blocked.recv_timeout(LONG).unwrap();

    // No worker is woken for the last one, because none sleeps.
    runtime.spawn(async move { last_tx.send(()) });
    let_sleep.send(()).unwrap();
    let ran = runtime.block_on(blocking).unwrap();
    ran.expect("a worker sleeps while a task waits in the injection queue");
}

/// Runs a test of this program in a process of its own, where `CHILD` is set, and checks that it
/// is aborted with a word on why.
#[track_caller]
fn aborts(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("a worker of the runtime panicked outside of tasks: the process ends"),
        "{stderr}"
    );
}

const CHILD: &str = "ZOKIO_CALLBACKS_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// How long the child lives if it is not aborted.
const REPRIEVE: Duration = Duration::from_secs(5);

/// A worker whose callback panicked once took its core with it: nothing ran any more, and the
/// runtime did not end.
#[test]
fn a_callback_that_panics_on_a_worker_aborts_the_process() {
    if !is_child() {
        return aborts("a_callback_that_panics_on_a_worker_aborts_the_process");
    }
    let first = AtomicBool::new(true);
    let _runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_park(move || assert!(!first.swap(false, Ordering::SeqCst), "from the callback"))
        .build()
        .unwrap();
    thread::sleep(REPRIEVE);
}

/// The inner of two calls once took the worker back that the outer one had put down, and kept it
/// while it waited for a timer that no thread looked after any more.
#[test]
fn a_block_in_place_within_another_leaves_the_worker_to_others() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sleep = || Handle::current().block_on(zokio::time::sleep(Duration::from_millis(1)));
    let nested = async move {
        block_in_place(|| Handle::current().block_on(async { block_in_place(sleep) }));
    };
    within_the_limit(|| runtime.block_on(runtime.spawn(nested)).unwrap());
}

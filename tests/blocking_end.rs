//! What the end of a runtime does to closures and tasks that were accepted, to the threads of the
//! pool, and to their memory; and how many threads there are.

#[path = "support/apart.rs"]
mod apart;

use std::cell::RefCell;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use zokio::runtime::{Handle, Runtime};
use zokio::task::{block_in_place, spawn_blocking, unconstrained};

use self::apart::{apart, builder, on_each_scheduler, on_schedulers};

/// Ways to end a runtime, each on every scheduler.
fn ends() -> Vec<String> {
    let ends = ["drop", "shutdown_timeout", "shutdown_background"];
    let schedulers = apart::SCHEDULERS.iter();
    schedulers
        .flat_map(|workers| ends.map(|end| format!("{end}, {workers} workers")))
        .collect()
}

/// The workers in a name of [`ends`].
fn workers(name: &str) -> usize {
    let mut words = name.split(' ');
    words.nth(1).unwrap().parse().unwrap()
}

/// Ends a runtime in the way that a name of [`ends`] tells.
fn end(runtime: Runtime, name: &str, timeout: Duration) {
    match name.split(',').next().unwrap() {
        "drop" => drop(runtime),
        "shutdown_timeout" => runtime.shutdown_timeout(timeout),
        _ => runtime.shutdown_background(),
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

fn until_threads(count: usize) {
    while threads() > count {
        thread::yield_now();
    }
}

/// Closures that waited for a thread were cancelled, where tokio runs them: the thread that is busy
/// takes them.
#[test]
fn closures_that_were_accepted_run() {
    apart(
        "closures_that_were_accepted_run",
        &ends(),
        |_| {},
        |name| {
            let runtime = builder(workers(name)).max_blocking_threads(1).build();
            let runtime = runtime.unwrap();
            let (begun, has_begun) = mpsc::channel();
            let (go, wait) = mpsc::channel::<()>();
            let _busy = runtime.spawn_blocking(move || {
                begun.send(()).unwrap();
                wait.recv().unwrap();
            });
            has_begun.recv().unwrap();
            let closures: Vec<_> = (0..20).map(|i| runtime.spawn_blocking(move || i)).collect();
            let ending = thread::spawn({
                let name = name.to_owned();
                move || end(runtime, &name, Duration::from_millis(1))
            });
            if !name.starts_with("drop") {
                ending.join().unwrap();
            }
            go.send(()).unwrap();
            let results = block_on(futures::future::join_all(closures));
            for (i, result) in results.into_iter().enumerate() {
                assert_eq!(result.unwrap(), i);
            }
        },
    );
}

/// Tasks that a worker would have polled next were dropped unpolled, where tokio usually polls them
/// once. A worker that has just made 61 polls need not, so one round of many is enough. With two
/// workers the other one, or the monitor, may take the tasks away.
#[test]
fn tasks_that_are_ready_are_polled() {
    on_schedulers("tasks_that_are_ready_are_polled", &[1], |workers| {
        let mut best = 0;
        for _ in 0..100 {
            best = best.max(polls_after_the_end(workers));
            if best >= 10 {
                return;
            }
        }
        panic!("{best} polls");
    });
}

/// Ends a runtime whose worker runs a task and has ten more in its queue; returns how many polls of
/// these there were.
fn polls_after_the_end(workers: usize) -> usize {
    let runtime = builder(workers).build().unwrap();
    let polled = Arc::new(AtomicUsize::new(0));
    let (begun, has_begun) = mpsc::channel();
    let count = polled.clone();
    runtime.spawn(async move {
        for _ in 0..10 {
            let polled = count.clone();
            zokio::spawn(async move {
                polled.fetch_add(1, Ordering::SeqCst);
                pending::<()>().await;
            });
        }
        begun.send(()).unwrap();
        // Until the runtime ends. Without a budget, which only a poll that returns gets back.
        while block_on(unconstrained(spawn_blocking(|| ()))).is_ok() {}
    });
    has_begun.recv().unwrap();
    drop(runtime);
    polled.load(Ordering::SeqCst)
}

/// Waits in its destructor until the sender is gone.
struct Lingers(mpsc::Receiver<()>);

/// How many of them are gone.
static GONE: AtomicUsize = AtomicUsize::new(0);

impl Drop for Lingers {
    fn drop(&mut self) {
        let _ = self.0.recv();
        GONE.fetch_add(1, Ordering::SeqCst);
    }
}

thread_local! {
    static LINGERS: RefCell<Option<Lingers>> = const { RefCell::new(None) };
}

/// A thread that had run its last closure, and was dropping its thread-local values, was waited for.
#[test]
fn what_does_not_wait_does_not_wait_for_thread_locals() {
    let names: Vec<String> = (ends().into_iter())
        .filter(|name| !name.starts_with("drop"))
        .flat_map(|name| [format!("{name}, idle"), format!("{name}, ended")])
        .collect();
    let test = "what_does_not_wait_does_not_wait_for_thread_locals";
    apart(
        test,
        &names,
        |_| {},
        |name| {
            let stopped = Arc::new(AtomicUsize::new(0));
            let stops = stopped.clone();
            let mut builder = builder(workers(name));
            builder.on_thread_stop(move || {
                stops.fetch_add(1, Ordering::SeqCst);
            });
            if name.ends_with("ended") {
                builder.thread_keep_alive(Duration::ZERO);
            }
            let runtime = builder.build().unwrap();
            let (release, wait) = mpsc::channel::<()>();
            let closure = runtime.spawn_blocking(move || LINGERS.set(Some(Lingers(wait))));
            runtime.block_on(closure).unwrap();
            while name.ends_with("ended") && stopped.load(Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
            end(runtime, name, Duration::from_millis(20));
            drop(release);
        },
    );
}

/// The same as tokio: what a thread leaves behind has been dropped when the runtime is gone.
#[test]
fn a_drop_waits_for_thread_locals() {
    on_each_scheduler("a_drop_waits_for_thread_locals", |workers| {
        let runtime = builder(workers).build().unwrap();
        let (release, wait) = mpsc::channel::<()>();
        let closure = runtime.spawn_blocking(move || LINGERS.set(Some(Lingers(wait))));
        runtime.block_on(closure).unwrap();
        let releases = thread::spawn(move || {
            // By then the drop waits.
            thread::sleep(Duration::from_millis(50));
            drop(release);
        });
        drop(runtime);
        assert_eq!(GONE.load(Ordering::SeqCst), 1);
        releases.join().unwrap();
    });
}

/// Every thread that outlived `shutdown_background` kept its stack for as long as a handle to the
/// runtime lived.
#[test]
fn threads_that_outlive_the_runtime_leave_no_stacks() {
    const STACK: usize = 8 << 20;
    const COUNT: usize = 64;
    let mapped = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').next().unwrap().parse::<usize>().unwrap() * 4096
    };
    on_each_scheduler(
        "threads_that_outlive_the_runtime_leave_no_stacks",
        |workers| {
            let threads_before = threads();
            let runtime = builder(workers).thread_stack_size(STACK).build().unwrap();
            let handle = runtime.handle().clone();
            let (release, wait) = mpsc::channel::<()>();
            let wait = Arc::new(Mutex::new(wait));
            let (begun, has_begun) = mpsc::channel();
            for _ in 0..COUNT {
                let (begun, wait) = (begun.clone(), wait.clone());
                runtime.spawn_blocking(move || {
                    begun.send(()).unwrap();
                    let _ = wait.lock().unwrap().recv();
                });
            }
            assert_eq!(has_begun.iter().take(COUNT).count(), COUNT);
            let before = mapped();
            runtime.shutdown_background();
            drop(release);
            until_threads(threads_before);
            let freed = before.saturating_sub(mapped());
            assert!(freed > COUNT * STACK / 2, "{freed} bytes were freed");
            drop(handle);
        },
    );
}

/// Each call started a thread, without a limit.
#[test]
fn calls_of_block_in_place_are_bounded() {
    on_schedulers("calls_of_block_in_place_are_bounded", &[1, 2], |workers| {
        const EXTRA: usize = 3;
        let runtime = builder(workers).max_blocking_threads(EXTRA).build();
        let runtime = runtime.unwrap();
        let gauge = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let gauge = gauge.clone();
                runtime.spawn(async move {
                    block_in_place(|| {
                        let now = gauge.0.fetch_add(1, Ordering::SeqCst) + 1;
                        gauge.1.fetch_max(now, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(5));
                        gauge.0.fetch_sub(1, Ordering::SeqCst);
                    });
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        let peak = gauge.1.load(Ordering::SeqCst);
        assert!((2..=workers + EXTRA).contains(&peak), "{peak} at a time");
        // Closures have threads of their own.
        assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 5)).unwrap(), 5);
    });
}

/// A worker that has no thread of its own ends all the same: its tasks are dropped and the timers
/// end, which is what the others wait for.
#[test]
fn workers_that_wait_for_a_thread_end_with_the_runtime() {
    on_schedulers(
        "workers_that_wait_for_a_thread_end_with_the_runtime",
        &[1, 2],
        |workers| {
            let runtime = builder(workers).max_blocking_threads(1).build();
            let runtime = runtime.unwrap();
            let (begun, has_begun) = mpsc::channel();
            for _ in 0..=workers {
                let begun = begun.clone();
                runtime.spawn(async move {
                    begun.send(()).unwrap();
                    let forever = zokio::time::sleep(Duration::from_secs(1_000_000));
                    block_in_place(|| Handle::current().block_on(forever));
                });
            }
            assert_eq!(has_begun.iter().take(workers + 1).count(), workers + 1);
            drop(runtime);
        },
    );
}

/// Each call queued the worker once more if no thread came for it.
#[test]
fn a_worker_is_queued_once() {
    on_schedulers("a_worker_is_queued_once", &[1], |workers| {
        let runtime = builder(workers).max_blocking_threads(1).build();
        let runtime = runtime.unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (end, wait) = mpsc::channel::<()>();
        let blocks = runtime.spawn(async move {
            block_in_place(|| {
                begun.send(()).unwrap();
                wait.recv().unwrap();
            });
        });
        has_begun.recv().unwrap();
        let resident = || {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
            pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
        };
        let grown = runtime.spawn(async move {
            let mut before = 0;
            for call in 0..200_000 {
                block_in_place(|| ());
                if call == 1000 {
                    before = resident();
                }
            }
            resident().saturating_sub(before)
        });
        let grown = runtime.block_on(grown).unwrap();
        assert!(grown < 4 << 20, "{grown} bytes");
        end.send(()).unwrap();
        runtime.block_on(blocks).unwrap();
    });
}

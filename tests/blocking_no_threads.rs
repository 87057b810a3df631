//! A process that can start no more threads: what needs one panics as `spawn_blocking` does, or waits
//! for a thread that is busy, and nothing is left waiting for a thread that does not come.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;

use std::any::Any;
use std::fmt::Debug;
use std::io::{ErrorKind, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use zokio::runtime::Runtime;
use zokio::task::JoinHandle;

use self::apart::{
    SCHEDULERS, apart, builder, on_schedulers_prepared, sanitizer, without_search_for_leaks,
};

/// Runs the scenario of `test` once for each of `schedulers`.
#[track_caller]
fn on_schedulers(test: &str, schedulers: &[usize], scenario: impl Fn(usize)) {
    on_schedulers_prepared(test, schedulers, without_search_for_leaks, scenario);
}

#[track_caller]
fn on_each_scheduler(test: &str, scenario: impl Fn(usize)) {
    on_schedulers(test, &SCHEDULERS, scenario);
}

/// Lets this thread, and those that it has started from here on, start no more.
fn refuse_threads() {
    sanitizer::start_symbolizer();
    filter::refuse(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| format!("{:?}", payload.downcast_ref::<&str>()))
}

/// Fails unless `f` panics because there is no thread.
#[track_caller]
fn has_no_thread<R: Debug>(name: &str, f: impl FnOnce() -> R) {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => panic!("{name}: {result:?}"),
        Err(payload) => {
            let text = text(&*payload);
            let expected = "OS can't spawn worker thread: Resource temporarily unavailable";
            assert!(text.starts_with(expected), "{name}: {text}");
        }
    }
}

/// Waits until the process has `count` threads.
fn until_threads(count: usize) {
    while std::fs::read_dir("/proc/self/task").unwrap().count() != count {
        thread::yield_now();
    }
}

/// What became of a closure that was accepted: `true` if it ran.
fn ran(runtime: &Runtime, closure: JoinHandle<()>) -> bool {
    match runtime.block_on(closure) {
        Ok(()) => true,
        Err(error) if error.is_cancelled() => false,
        Err(error) => panic!("{error}"),
    }
}

/// Some panicked and some returned an error of kind `Other`, as after the end of a runtime.
#[test]
fn operations_panic_as_spawn_blocking_does() {
    on_each_scheduler("operations_panic_as_spawn_blocking_does", |workers| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "hello").unwrap();
        let std = std::fs::File::options().read(true).write(true).open(&path);
        // One that is shared, so that nothing is done inline.
        let mut file = File::from_std(std.unwrap());
        let runtime = builder(workers).on_thread_start(refuse_threads).build();
        let runtime = runtime.unwrap();
        refuse_threads();
        macro_rules! no_thread {
            ($($operation:expr;)*) => { $(
                has_no_thread(stringify!($operation), || {
                    runtime.block_on(async { $operation.await.map(drop) })
                });
            )* };
        }
        let new = dir.path().join("new");
        no_thread! {
            zokio::task::spawn_blocking(|| ());
            fs::create_dir(&new);
            fs::create_dir_all(new.join("deep"));
            fs::remove_dir_all(&new);
            fs::remove_file(&new);
            fs::rename(&path, &new);
            fs::hard_link(&path, &new);
            fs::symlink(&path, &new);
            fs::read_link(&path);
            fs::canonicalize(&path);
            fs::copy(&path, &new);
            fs::write(&new, "x");
            fs::read_dir(&path);
            File::create(&new);
            file.set_len(1);
            file.sync_all();
            zokio::net::lookup_host("localhost:80");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let _shown = std::os::fd::AsRawFd::as_raw_fd(&file);
        no_thread! {
            file.read(&mut [0; 1]);
            file.seek(SeekFrom::Start(1));
        }
        // A write is accepted or not, so its error can be returned.
        for _ in 0..2 {
            let error = runtime.block_on(file.write(b"x")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Other);
            runtime.block_on(file.flush()).unwrap();
        }
        let error = runtime.block_on(zokio::io::stderr().write(b"x"));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Other);
    });
}

/// As on tokio.
#[test]
fn a_closure_waits_for_a_thread_that_is_busy() {
    on_each_scheduler("a_closure_waits_for_a_thread_that_is_busy", |workers| {
        let runtime = builder(workers).build().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let busy = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            ended.recv().unwrap();
        });
        has_begun.recv().unwrap();
        refuse_threads();
        let waits = runtime.spawn_blocking(|| ());
        end.send(()).unwrap();
        assert!(ran(&runtime, busy) && ran(&runtime, waits));
    });
}

/// A closure that was spawned while the only thread called its callback was accepted, although that
/// thread did not come back for it. It was cancelled, or, where there were workers, waited for one
/// of them.
#[test]
fn a_thread_that_leaves_is_not_relied_on() {
    on_each_scheduler("a_thread_that_leaves_is_not_relied_on", |workers| {
        static LEAVING: AtomicBool = AtomicBool::new(false);
        let (go, gone) = mpsc::channel::<()>();
        let gone = Mutex::new(gone);
        let runtime = builder(workers)
            .thread_keep_alive(Duration::from_millis(1))
            .max_blocking_threads(1)
            .on_thread_start(refuse_threads)
            .on_thread_stop(move || {
                LEAVING.store(true, Ordering::SeqCst);
                let _ = gone.lock().unwrap().recv();
            })
            .build()
            .unwrap();
        let first = runtime.spawn_blocking(|| ());
        assert!(ran(&runtime, first));
        while !LEAVING.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        refuse_threads();
        has_no_thread("spawn_blocking", || {
            let closure = runtime.spawn_blocking(|| ());
            drop(go);
            ran(&runtime, closure)
        });
    });
}

/// A closure that finds the only thread on its way cannot be refused any more when that one does not
/// come. Where there were workers it waited for one of them.
#[test]
fn a_closure_that_relied_on_a_start_is_cancelled() {
    on_each_scheduler("a_closure_that_relied_on_a_start_is_cancelled", |workers| {
        let is_refused = Arc::new(AtomicBool::new(false));
        let (begun, has_begun) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let gates = Mutex::new((begun, gone));
        let refused = is_refused.clone();
        let runtime = builder(workers)
            .max_blocking_threads(1)
            .thread_name_fn(move || {
                if refused.load(Ordering::SeqCst) {
                    let gates = gates.lock().unwrap();
                    gates.0.send(()).unwrap();
                    gates.1.recv().unwrap();
                    refuse_threads();
                }
                "test".to_owned()
            })
            .build()
            .unwrap();
        is_refused.store(true, Ordering::SeqCst);
        let handle = runtime.handle().clone();
        let first = thread::spawn(move || {
            has_no_thread("first", || handle.spawn_blocking(|| ()));
        });
        has_begun.recv().unwrap();
        let second = runtime.spawn_blocking(|| ());
        go.send(()).unwrap();
        first.join().unwrap();
        assert!(!ran(&runtime, second));
    });
}

/// The first thread once took the job of the second worker, so that there seemed to be a thread for
/// each, and the first worker was run by the thread of the first closure.
#[test]
fn a_worker_that_cannot_be_started_fails_the_build() {
    on_schedulers(
        "a_worker_that_cannot_be_started_fails_the_build",
        &[2],
        |workers| {
            static CALLS: AtomicUsize = AtomicUsize::new(0);
            static PARKED: AtomicBool = AtomicBool::new(false);
            static MAY_START: AtomicBool = AtomicBool::new(false);
            let until = |flag: &AtomicBool| {
                while !flag.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            };
            let before = std::fs::read_dir("/proc/self/task").unwrap().count();
            let built = builder(workers)
                .thread_keep_alive(Duration::from_secs(1_000_000))
                .thread_name_fn(move || {
                    // The first worker starts when the second is queued as well.
                    if CALLS.fetch_add(1, Ordering::SeqCst) == 1 {
                        refuse_threads();
                        MAY_START.store(true, Ordering::SeqCst);
                        until(&PARKED);
                    }
                    "test".to_owned()
                })
                .on_thread_start(move || until(&MAY_START))
                .on_thread_park(|| PARKED.store(true, Ordering::SeqCst))
                .build();
            assert_eq!(built.map(drop).unwrap_err().kind(), ErrorKind::WouldBlock);
            // The first worker's thread waited for jobs as long as the keep-alive lasts.
            until_threads(before);
        },
    );
}

/// The panic left the thread counted, and the end of the runtime waited for it.
#[test]
fn a_thread_without_a_name_is_not_started() {
    const NAMES: [&str; 2] = ["a panic, 0 workers", "a zero byte, 2 workers"];
    apart(
        "a_thread_without_a_name_is_not_started",
        &NAMES,
        |_| {},
        |name| {
            static HAS_NAME: AtomicBool = AtomicBool::new(true);
            let panics = name == NAMES[0];
            let runtime = builder(if panics { 0 } else { 2 })
                .thread_name_fn(move || {
                    let has_name = HAS_NAME.load(Ordering::SeqCst);
                    assert!(has_name || !panics, "there is no name");
                    if has_name { "test" } else { "te\0st" }.to_owned()
                })
                .build()
                .unwrap();
            HAS_NAME.store(false, Ordering::SeqCst);
            let closure = || runtime.spawn_blocking(|| ());
            let panic = catch_unwind(AssertUnwindSafe(closure)).unwrap_err();
            assert!(text(&*panic).starts_with("OS can't spawn worker thread: "));
            HAS_NAME.store(true, Ordering::SeqCst);
            assert!(ran(&runtime, closure()));
            drop(runtime);
        },
    );
}

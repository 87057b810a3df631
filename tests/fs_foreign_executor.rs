//! Operations on files need no thread of their runtime: they end while its threads are in another
//! executor, wait for another thread, or compute.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::{join_all, poll_fn};
use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::runtime::{Handle, Runtime};
use zokio::task::{JoinHandle, block_in_place};

use self::apart::{apart, on_each_scheduler, on_schedulers, runtime};
use self::support::{mkfifo, piped_in};

/// Creates, writes, reads.
async fn create(dir: &Path) {
    let path = dir.join("created");
    let mut file = File::create(&path).await.unwrap();
    file.write_all(b"bytes").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(fs::read(&path).await.unwrap(), b"bytes");
}

async fn eight_creates(dir: &Path) {
    let files = (0..8).map(|number| File::create(dir.join(format!("of eight {number}"))));
    for file in join_all(files).await {
        file.unwrap();
    }
}

async fn four_renames(dir: &Path) {
    let renames = (0..4).map(|number| {
        let path = dir.join(format!("of four {number}"));
        std::fs::write(&path, "").unwrap();
        let to = path.with_extension("renamed");
        fs::rename(path, to)
    });
    for renamed in join_all(renames).await {
        renamed.unwrap();
    }
}

/// Reads two files at once that are not in the page cache.
async fn cold_reads(dir: &Path) {
    let bytes = vec![7; 256 << 10];
    let files = ["cold", "colder"].map(|name| {
        let path = dir.join(name);
        std::fs::write(&path, &bytes).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        file.sync_all().unwrap();
        let advice = libc::POSIX_FADV_DONTNEED;
        // SAFETY: posix_fadvise(2) takes no pointer.
        let result = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, advice) };
        assert_eq!(result, 0);
        File::from_std(file)
    });
    let reads = files.map(|mut file| async move {
        let mut found = Vec::new();
        file.read_to_end(&mut found).await.unwrap();
        found
    });
    for found in join_all(reads).await {
        assert!(found == bytes);
    }
}

/// Reads from a pipe that is written to only after the read began.
async fn pipe_read() {
    let (pipe, mut writer) = piped_in();
    let mut pipe = File::from_std(pipe);
    let mut byte = [0];
    let mut reading = pin!(pipe.read(&mut byte));
    assert!(futures::poll!(&mut reading).is_pending());
    let feeder = thread::spawn(move || writer.write_all(b"x").unwrap());
    assert_eq!(reading.await.unwrap(), 1);
    feeder.join().unwrap();
}

async fn synchronize(dir: &Path) {
    let mut file = File::create(dir.join("synchronized")).await.unwrap();
    file.write_all(b"bytes").await.unwrap();
    file.sync_all().await.unwrap();
    file.set_len(2).await.unwrap();
    assert_eq!(file.metadata().await.unwrap().len(), 2);
}

async fn metadata(dir: &Path) {
    assert!(fs::metadata(dir).await.unwrap().is_dir());
}

const KINDS: [&str; 7] = [
    "create",
    "eight creates",
    "four renames",
    "cold reads",
    "pipe read",
    "synchronize",
    "metadata",
];

async fn operate(kind: &str, dir: &Path) {
    match kind {
        "create" => create(dir).await,
        "eight creates" => eight_creates(dir).await,
        "four renames" => four_renames(dir).await,
        "cold reads" => cold_reads(dir).await,
        "pipe read" => pipe_read().await,
        "synchronize" => synchronize(dir).await,
        "metadata" => metadata(dir).await,
        kind => panic!("no kind of operation: {kind}"),
    }
}

/// All that goes to the disk, one after the other.
async fn work(dir: PathBuf) {
    create(&dir).await;
    synchronize(&dir).await;
    fs::rename(dir.join("created"), dir.join("renamed"))
        .await
        .unwrap();
    fs::remove_file(dir.join("renamed")).await.unwrap();
}

/// A task that waited for a file by another executor once never ended, because its thread was the
/// only one that took completions.
#[test]
fn another_executor_waits_in_a_task() {
    let names: Vec<String> = KINDS
        .iter()
        .flat_map(|kind| [0, 1].map(|workers| format!("{workers}, {kind}")))
        .collect();
    apart(
        "another_executor_waits_in_a_task",
        &names,
        |_| {},
        |name| {
            let (workers, kind) = name.split_once(", ").unwrap();
            let runtime = runtime(workers.parse().unwrap());
            let dir = tempfile::tempdir().unwrap();
            let (kind, path) = (kind.to_owned(), dir.path().to_owned());
            let task = runtime.spawn(async move { block_on(operate(&kind, &path)) });
            runtime.block_on(task).unwrap();
        },
    );
}

/// As above, where no worker is left to take the completions of the others.
#[test]
fn another_executor_waits_on_every_worker() {
    let test = "another_executor_waits_on_every_worker";
    on_schedulers(test, &[1, 2], |workers| {
        let runtime = runtime(workers);
        let all_stuck = Arc::new(Barrier::new(workers));
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let all_stuck = all_stuck.clone();
                runtime.spawn(async move {
                    let dir = tempfile::tempdir().unwrap();
                    all_stuck.wait();
                    block_on(work(dir.path().to_owned()));
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

/// A task that waited for a thread which waited for a file once never ended.
#[test]
fn a_task_waits_for_a_thread_that_waits_for_a_file() {
    let test = "a_task_waits_for_a_thread_that_waits_for_a_file";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let all_stuck = Arc::new(Barrier::new(workers.max(1)));
        let tasks: Vec<_> = (0..workers.max(1))
            .map(|_| {
                let all_stuck = all_stuck.clone();
                runtime.spawn(async move {
                    let dir = tempfile::tempdir().unwrap();
                    let path = dir.path().to_owned();
                    let handle = Handle::current();
                    all_stuck.wait();
                    let thread = thread::spawn(move || handle.block_on(work(path)));
                    thread.join().unwrap();
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

/// Tasks that compute on every thread of a runtime until they are told to stop, or for so long
/// that all else should be done.
struct Computing {
    running: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Computing {
    /// Returns when they run; a current-thread runtime is driven by a thread that it starts.
    fn on(runtime: &Arc<Runtime>, workers: usize) -> Computing {
        let running = Arc::new(AtomicBool::new(true));
        let stop = Arc::new(AtomicBool::new(false));
        let all_compute = Arc::new(Barrier::new(workers.max(1) + 1));
        let tasks = (0..workers.max(1)).map(|_| {
            let (running, stop) = (running.clone(), stop.clone());
            let all_compute = all_compute.clone();
            runtime.spawn(async move {
                all_compute.wait();
                let begin = Instant::now();
                while !stop.load(Ordering::Relaxed) && begin.elapsed() < Duration::from_secs(5) {
                    std::hint::spin_loop();
                }
                running.store(false, Ordering::Relaxed);
            })
        });
        let mut tasks: Vec<_> = tasks.collect();
        if workers == 0 {
            let (runtime, task) = (runtime.clone(), tasks.remove(0));
            thread::spawn(move || runtime.block_on(task).unwrap());
        }
        all_compute.wait();
        Computing {
            running,
            stop,
            tasks,
        }
    }

    /// They still run, and stop.
    fn end(self) {
        assert!(
            self.running.load(Ordering::Relaxed),
            "files waited until the tasks that compute were done"
        );
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            block_on(task).unwrap();
        }
    }
}

/// Files that a thread of the blocking pool waited for once waited for a worker that was free.
#[test]
fn a_blocking_thread_waits_for_files_while_all_workers_compute() {
    let test = "a_blocking_thread_waits_for_files_while_all_workers_compute";
    on_each_scheduler(test, |workers| {
        let runtime = Arc::new(runtime(workers));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let computing = Computing::on(&runtime, workers);
        let handle = runtime.handle().clone();
        let closure = runtime.spawn_blocking(move || handle.block_on(work(path)));
        block_on(closure).unwrap();
        computing.end();
    });
}

/// As above, for the future that `block_on` runs, which is the one of `#[main]`.
#[test]
fn the_main_future_waits_for_files_while_all_workers_compute() {
    let test = "the_main_future_waits_for_files_while_all_workers_compute";
    on_each_scheduler(test, |workers| {
        let runtime = Arc::new(runtime(workers));
        let dir = tempfile::tempdir().unwrap();
        let computing = Computing::on(&runtime, workers);
        // On a current-thread runtime, the one of a second thread.
        runtime.block_on(work(dir.path().to_owned()));
        computing.end();
    });
}

/// Opens a FIFO that a thread opens for writing, by the runtime `by`, on the runtime of the task.
async fn open_by(by: &Runtime, dir: PathBuf) {
    let path = dir.join("fifo");
    mkfifo(&path);
    let mut opening = pin!(File::open(path.clone()));
    let mut writer = None;
    poll_fn(|cx| {
        let _entered = by.enter();
        let polled = opening.as_mut().poll(cx);
        writer.get_or_insert_with(|| {
            let path = path.clone();
            thread::spawn(move || std::fs::File::options().write(true).open(path).unwrap())
        });
        polled
    })
    .await
    .unwrap();
    writer.unwrap().join().unwrap();
}

/// A runtime that had run on this thread once took an operation for its own ring and never
/// submitted it, because it was another runtime that ran.
#[test]
fn a_runtime_that_ran_here_before_opens_a_file_under_another() {
    let test = "a_runtime_that_ran_here_before_opens_a_file_under_another";
    on_each_scheduler(test, |workers| {
        let (before, now) = (runtime(0), runtime(workers));
        let dir = tempfile::tempdir().unwrap();
        before.block_on(async {});
        now.block_on(open_by(&before, dir.path().to_owned()));
    });
}

/// As above, where a worker had run the other one inside of a task.
#[test]
fn a_runtime_that_ran_inside_a_task_before_opens_a_file_under_another() {
    let test = "a_runtime_that_ran_inside_a_task_before_opens_a_file_under_another";
    on_schedulers(test, &[1, 2], |workers| {
        let (before, now) = (Arc::new(runtime(0)), runtime(workers));
        for _ in 0..4 {
            let dir = tempfile::tempdir().unwrap();
            let (before, path) = (before.clone(), dir.path().to_owned());
            let task = now.spawn(async move {
                block_in_place(|| before.block_on(async {}));
                open_by(&before, path).await;
            });
            now.block_on(task).unwrap();
        }
    });
}

//! Changes of names that a worker performs itself, when the poll that has begun them is over. They
//! depend on that poll for no longer than a moment, and what they wait for holds no other task up.

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::path::Path;
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use futures::join;
use tempfile::TempDir;
use zokio::fs;
use zokio::task::{block_in_place, spawn_blocking, yield_now};

use self::apart::{on_schedulers, runtime};
use self::support::{until, until_kept};

/// Only with several workers there is one that takes over.
const SEVERAL: [usize; 2] = [2, 4];

/// A folder with a file.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one"), "text").unwrap();
    folder
}

async fn rename(folder: &Path) {
    let (one, two) = (folder.join("one"), folder.join("two"));
    fs::rename(one, two).await.unwrap();
}

/// Keeps its thread until the file has its new name.
fn wait_for_rename(folder: &Path) {
    while !folder.join("two").exists() {
        std::thread::yield_now();
    }
}

/// How many threads this process has.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// No thread is started for what a worker performs itself.
#[test]
fn a_worker_performs_what_its_tasks_begin() {
    on_schedulers(
        "a_worker_performs_what_its_tasks_begin",
        &SEVERAL,
        |workers| {
            // The monitor has a thread perform what it finds waiting, which is rare.
            let is_kept = || {
                let runtime = runtime(workers);
                runtime.block_on(async {
                    let folder = folder();
                    let path = folder.path().to_owned();
                    until_kept(&path).await;
                    let before = threads();
                    let task = zokio::spawn(async move {
                        for _ in 0..10 {
                            let file = fs::File::create(path.join("made")).await.unwrap();
                            drop(file);
                            fs::rename(path.join("made"), path.join("named"))
                                .await
                                .unwrap();
                            fs::hard_link(path.join("named"), path.join("linked"))
                                .await
                                .unwrap();
                            fs::remove_file(path.join("linked")).await.unwrap();
                            fs::remove_file(path.join("named")).await.unwrap();
                            fs::create_dir(path.join("made")).await.unwrap();
                            fs::remove_dir(path.join("made")).await.unwrap();
                        }
                    });
                    task.await.unwrap();
                    threads() == before
                })
            };
            while !is_kept() {}
        },
    );
}

/// Runs tasks that begin a change and, in the same poll, do `then`.
fn in_one_poll(test: &str, then: fn(&Path)) {
    on_schedulers(test, &SEVERAL, |workers| {
        runtime(workers).block_on(async {
            for _ in 0..10 {
                let folder = folder();
                let path = folder.path().to_owned();
                until_kept(&path).await;
                let task = zokio::spawn(async move {
                    join!(rename(&path), async { then(&path) });
                });
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_poll_that_does_not_end_holds_up_no_change() {
    in_one_poll(
        "a_poll_that_does_not_end_holds_up_no_change",
        wait_for_rename,
    );
}

#[test]
fn blocking_in_place_holds_up_no_change() {
    in_one_poll("blocking_in_place_holds_up_no_change", |path| {
        block_in_place(|| wait_for_rename(path));
    });
}

/// A runtime that ends while a task, in the poll that has begun a change, waits for it.
#[test]
fn a_change_happens_although_the_runtime_ends() {
    on_schedulers(
        "a_change_happens_although_the_runtime_ends",
        &SEVERAL,
        |workers| {
            for _ in 0..10 {
                let folder = folder();
                let path = folder.path().to_owned();
                let (begun, beginning) = mpsc::channel();
                let (done, end) = mpsc::channel();
                let runtime = runtime(workers);
                runtime.block_on(until_kept(&path));
                runtime.spawn(async move {
                    join!(rename(&path), async {
                        begun.send(()).unwrap();
                        wait_for_rename(&path);
                        done.send(()).unwrap();
                    });
                });
                beginning.recv().unwrap();
                runtime.shutdown_background();
                end.recv().unwrap();
            }
        },
    );
}

/// Several changes that one poll begins, of which one future is dropped.
#[test]
fn every_change_that_was_begun_happens() {
    on_schedulers("every_change_that_was_begun_happens", &SEVERAL, |workers| {
        runtime(workers).block_on(async {
            let folder = folder();
            let path = folder.path().to_owned();
            until_kept(&path).await;
            let task = zokio::spawn(async move {
                for name in ["a", "b", "c", "d"] {
                    let made = fs::create_dir(path.join(name));
                    let _ = futures::poll!(pin!(made));
                }
                path
            });
            let path = task.await.unwrap();
            until(|| {
                ["a", "b", "c", "d"]
                    .iter()
                    .all(|name| path.join(name).exists())
            })
            .await;
        });
    });
}

/// Other tasks, timers and sockets proceed beside tasks that change names all the time.
#[test]
fn changes_leave_room_for_other_tasks() {
    on_schedulers("changes_leave_room_for_other_tasks", &SEVERAL, |workers| {
        runtime(workers).block_on(async {
            let folders: Vec<TempDir> = (0..2 * workers).map(|_| folder()).collect();
            until_kept(folders[0].path()).await;
            let tasks: Vec<_> = folders
                .iter()
                .map(|folder| {
                    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
                    zokio::spawn(async move {
                        loop {
                            fs::rename(&one, &two).await.unwrap();
                            fs::rename(&two, &one).await.unwrap();
                        }
                    })
                })
                .collect();
            for _ in 0..20 {
                zokio::spawn(yield_now()).await.unwrap();
                zokio::time::sleep(Duration::from_millis(1)).await;
                spawn_blocking(|| {}).await.unwrap();
            }
            for task in tasks {
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            }
        });
    });
}

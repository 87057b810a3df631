//! Workers that are held up by what they perform for their tasks, and runtimes that end in between.

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use tempfile::TempDir;
use zokio::fs;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::task::yield_now;

use self::apart::{builder, on_schedulers, runtime};
use self::support::{mkfifo, until_kept};

/// Only with several workers there is one that takes over.
const SEVERAL: [usize; 2] = [2, 4];

/// Makes FIFOs whose paths are so long that no worker finds out what they are before it opens them.
fn fifos(folder: &TempDir, count: usize) -> Vec<PathBuf> {
    let parent = folder.path().join("a".repeat(180)).join("b".repeat(180));
    std::fs::create_dir_all(&parent).unwrap();
    let paths = (0..count).map(|i| parent.join(format!("{}{i}", "c".repeat(200))));
    paths.inspect(|path| mkfifo(path)).collect()
}

/// Each worker that a FIFO holds up took one of the threads for what blocks in place, until no worker
/// had a thread.
#[test]
fn operations_that_wait_leave_threads_for_the_workers() {
    on_schedulers(
        "operations_that_wait_leave_threads_for_the_workers",
        &SEVERAL,
        |workers| {
            for extra in [1, workers] {
                let runtime = builder(workers).max_blocking_threads(extra).build();
                runtime.unwrap().block_on(async {
                    let folder = tempfile::tempdir().unwrap();
                    let paths = fifos(&folder, 64);
                    until_kept(paths[0].parent().unwrap()).await;
                    let writers: Vec<_> = paths
                        .iter()
                        .cloned()
                        .map(|path| {
                            zokio::spawn(async move {
                                let mut file = fs::File::create(path).await.unwrap();
                                file.write_all(b"text").await.unwrap();
                                file.flush().await.unwrap();
                            })
                        })
                        .collect();
                    let made = folder.path().join("made");
                    for _ in 0..20 {
                        let made = made.clone();
                        let task = zokio::spawn(async move {
                            fs::create_dir(&made).await.unwrap();
                            fs::remove_dir(&made).await.unwrap();
                            zokio::time::sleep(Duration::from_millis(1)).await;
                        });
                        task.await.unwrap();
                    }
                    for path in paths {
                        assert_eq!(std::fs::read(path).unwrap(), b"text");
                    }
                    for writer in writers {
                        writer.await.unwrap();
                    }
                });
            }
        },
    );
}

/// The core that a worker had lent to an operation that waits was not picked up when the runtime
/// ended, so the driver never ended, and the operation may have to wait for that.
#[test]
fn a_runtime_ends_although_a_worker_is_held_up() {
    on_schedulers(
        "a_runtime_ends_although_a_worker_is_held_up",
        &SEVERAL,
        |workers| {
            for wait in [0, 5, 50] {
                let folder = tempfile::tempdir().unwrap();
                let path = fifos(&folder, 1).remove(0);
                let runtime = runtime(workers);
                let listener = runtime.block_on(async {
                    until_kept(path.parent().unwrap()).await;
                    TcpListener::bind("127.0.0.1:0").await.unwrap()
                });
                let (begun, beginning) = mpsc::channel();
                let handle = runtime.handle().clone();
                let other_end = thread::spawn({
                    let path = path.clone();
                    let at = listener.local_addr().unwrap();
                    move || {
                        let waits = async {
                            let mut stream = TcpStream::connect(at).await.unwrap();
                            begun.send(()).unwrap();
                            stream.read_u8().await.unwrap_err();
                        };
                        handle.block_on(waits);
                        std::fs::read(path).unwrap();
                    }
                });
                beginning.recv().unwrap();
                let (begun, beginning) = mpsc::channel();
                runtime.spawn(async move {
                    let mut opening = pin!(fs::File::create(path));
                    assert!(opening.as_mut().now_or_never().is_none());
                    begun.send(()).unwrap();
                    opening.await.unwrap();
                });
                beginning.recv().unwrap();
                thread::sleep(Duration::from_millis(wait));
                drop(runtime);
                other_end.join().unwrap();
            }
        },
    );
}

/// Writes that succeeded while the runtime ended in the background did not happen.
#[test]
fn what_a_closing_runtime_accepts_is_written() {
    const TASKS: usize = 4;
    on_schedulers(
        "what_a_closing_runtime_accepts_is_written",
        &SEVERAL,
        |workers| {
            for round in 0..30 {
                let folder = tempfile::tempdir().unwrap();
                let runtime = runtime(workers);
                runtime.block_on(until_kept(folder.path()));
                let (counts, accepted) = mpsc::channel();
                for i in 0..TASKS {
                    let path = folder.path().join(format!("{i}"));
                    let mut file = fs::File::from_std(std::fs::File::create(&path).unwrap());
                    let counts = counts.clone();
                    runtime.spawn(async move {
                        loop {
                            match file.write(b"12345678").await {
                                Ok(count) => counts.send((path.clone(), count as u64)).unwrap(),
                                Err(_) => return,
                            }
                            if file.flush().await.is_err() {
                                return;
                            }
                            yield_now().await;
                        }
                    });
                }
                drop(counts);
                thread::sleep(Duration::from_micros(100 * round));
                runtime.shutdown_background();
                let mut expected = vec![0; TASKS];
                // Ends when the tasks have been dropped.
                for (path, count) in accepted {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    expected[name.parse::<usize>().unwrap()] += count;
                }
                for (i, expected) in expected.into_iter().enumerate() {
                    let path = folder.path().join(format!("{i}"));
                    while std::fs::metadata(&path).unwrap().len() < expected {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            }
        },
    );
}

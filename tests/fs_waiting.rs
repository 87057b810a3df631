//! Operations that wait without bound, and blocking closures that fill their pool, hold up no
//! operation on a file.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::runtime::{DriverKind, Runtime};
use zokio::task::{JoinHandle, yield_now};

use self::apart::{SCHEDULERS, apart, builder, on_each_scheduler, runtime};
use self::support::{mkfifo, piped_in};

/// How many operations wait: fewer, as many and more than the kernel has threads for.
const WAITING: [usize; 3] = [8, 16, 64];

/// What the scenarios run with: how many operations wait, and on which scheduler.
fn names() -> Vec<String> {
    WAITING
        .iter()
        .flat_map(|count| SCHEDULERS.map(|workers| format!("{count} waiting, {workers} workers")))
        .collect()
}

/// The numbers in a name.
fn numbers(name: &str) -> (usize, usize) {
    let mut numbers = name.split([' ', ',']).filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn fifos(dir: &Path, count: usize) -> Vec<PathBuf> {
    let paths = (0..count).map(|number| dir.join(format!("fifo{number}")));
    paths.inspect(|path| mkfifo(path)).collect()
}

/// Tasks that open the FIFOs for reading, which waits for a writer, and read from them.
async fn readers(fifos: &[PathBuf]) -> Vec<JoinHandle<Vec<u8>>> {
    let tasks = fifos.iter().map(|path| {
        let path = path.clone();
        zokio::spawn(async move {
            let mut text = Vec::new();
            let mut file = File::open(path).await.unwrap();
            file.read_to_end(&mut text).await.unwrap();
            text
        })
    });
    let tasks = tasks.collect();
    // Each has begun before the first operation of the others.
    for _ in 0..8 {
        yield_now().await;
    }
    tasks
}

/// What a file can be asked that no cache answers.
async fn work(dir: &Path) {
    let (path, renamed) = (dir.join("plain"), dir.join("renamed"));
    let mut file = File::create(&path).await.unwrap();
    file.write_all(b"bytes").await.unwrap();
    file.sync_all().await.unwrap();
    fs::rename(&path, &renamed).await.unwrap();
    assert_eq!(fs::read(&renamed).await.unwrap(), b"bytes");
    fs::create_dir(dir.join("folder")).await.unwrap();
    fs::remove_dir(dir.join("folder")).await.unwrap();
    fs::remove_file(&renamed).await.unwrap();
}

/// FIFO opens wait; files are worked on; then tasks open the other ends, and all end.
fn opens(count: usize, runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_owned();
    let fifos = fifos(&dir, count);
    let all = async move {
        let readers = readers(&fifos).await;
        work(&dir).await;
        let writers = fifos.into_iter().map(|path| {
            zokio::spawn(async move {
                let mut file = fs::OpenOptions::new().write(true).open(path).await.unwrap();
                file.write_all(b"from a task").await.unwrap();
                file.flush().await.unwrap();
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        for reader in readers {
            assert_eq!(reader.await.unwrap(), b"from a task");
        }
    };
    runtime.block_on(runtime.spawn(all)).unwrap();
}

/// Eight FIFO opens that waited once had all of the kernel's threads, and no other operation on a
/// file ended any more, not even those that the opens waited for.
#[test]
fn fifo_opens_that_wait_hold_up_no_file() {
    let test = "fifo_opens_that_wait_hold_up_no_file";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            let (count, workers) = numbers(name);
            opens(count, &runtime(workers));
        },
    );
}

/// The kernel's threads are fewer where a process has one core.
#[test]
fn fifo_opens_that_wait_hold_up_no_file_on_one_core() {
    let test = "fifo_opens_that_wait_hold_up_no_file_on_one_core";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            use_one_core();
            let (count, workers) = numbers(name);
            opens(count, &runtime(workers));
        },
    );
}

/// Binds this thread, and what it starts, to the core that it is on.
fn use_one_core() {
    // SAFETY: an all-zero set is a valid, empty one; CPU_SET writes into it, and the pointer is to
    // it, which lives across the call.
    let result = unsafe {
        let mut cores: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(libc::sched_getcpu() as usize, &mut cores);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cores)
    };
    assert_eq!(result, 0);
}

/// Reads of empty pipes that wait, too, leave room for others.
#[test]
fn pipe_reads_that_wait_hold_up_no_file() {
    let test = "pipe_reads_that_wait_hold_up_no_file";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            let (count, workers) = numbers(name);
            let runtime = runtime(workers);
            let dir = tempfile::tempdir().unwrap();
            let dir = dir.path().to_owned();
            let all = async move {
                let (readers, writers): (Vec<_>, Vec<_>) = (0..count)
                    .map(|_| {
                        let (pipe, writer) = piped_in();
                        let mut pipe = File::from_std(pipe);
                        (zokio::spawn(async move { pipe.read_u8().await }), writer)
                    })
                    .unzip();
                for _ in 0..8 {
                    yield_now().await;
                }
                work(&dir).await;
                for mut writer in writers {
                    writer.write_all(b"x").unwrap();
                }
                for reader in readers {
                    assert_eq!(reader.await.unwrap().unwrap(), b'x');
                }
            };
            runtime.block_on(runtime.spawn(all)).unwrap();
        },
    );
}

/// A closure of `spawn_blocking` that waits for an operation on a file, and has the only thread of
/// the pool, does not keep that operation from ending.
#[test]
fn closures_that_fill_the_blocking_pool_hold_up_no_file() {
    let test = "closures_that_fill_the_blocking_pool_hold_up_no_file";
    on_each_scheduler(test, |workers| {
        let runtime = builder(workers).max_blocking_threads(1).build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().to_owned();
        let (finish, finished) = mpsc::channel();
        let (begin, begun) = mpsc::channel();
        let closure = runtime.spawn_blocking(move || {
            begin.send(()).unwrap();
            finished.recv().unwrap();
        });
        begun.recv().unwrap();
        let all = async move {
            work(&dir).await;
            // Two at a time, one of which waits.
            let (pipe, mut writer) = piped_in();
            let mut pipe = File::from_std(pipe);
            let reading = zokio::spawn(async move { pipe.read_u8().await });
            yield_now().await;
            work(&dir).await;
            writer.write_all(b"x").unwrap();
            assert_eq!(reading.await.unwrap().unwrap(), b'x');
        };
        runtime.block_on(runtime.spawn(all)).unwrap();
        finish.send(()).unwrap();
        runtime.block_on(closure).unwrap();
    });
}

/// A runtime that ends waits for no FIFO open.
#[test]
fn a_runtime_ends_while_fifo_opens_wait() {
    let test = "a_runtime_ends_while_fifo_opens_wait";
    apart(
        test,
        &names(),
        |_| {},
        |name| {
            let (count, workers) = numbers(name);
            let dir = tempfile::tempdir().unwrap();
            let fifos = fifos(dir.path(), count);
            for dropped in [true, false] {
                let runtime = runtime(workers);
                runtime.block_on(async { drop(readers(&fifos).await) });
                // A thread in open(2) cannot be called back, and without a ring all opens are there.
                let on_a_ring = runtime.handle().driver_info().kind() == DriverKind::Ring;
                if dropped && on_a_ring {
                    drop(runtime);
                } else {
                    runtime.shutdown_background();
                }
            }
        },
    );
}

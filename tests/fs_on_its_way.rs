//! An operation on a file that was begun is in the kernel while its thread computes, and the
//! system calls of that thread are not interrupted when it ends.
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{join3, poll_fn};
use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::task::{block_in_place, yield_now};

use self::apart::{on_each_scheduler, runtime};
use self::support::{mkfifo, piped_in, piped_out};

/// For how long the next task computes at most.
const COMPUTES: Duration = Duration::from_secs(5);

/// Begins `operation` in a task and computes in the next one until `seen` returns, on another
/// thread, because the kernel has the operation.
fn is_on_its_way<F>(workers: usize, operation: F, seen: impl FnOnce() + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = runtime(workers);
    let begun = Arc::new(AtomicBool::new(false));
    let is_seen = Arc::new(AtomicBool::new(false));
    let flags = (begun.clone(), is_seen.clone());
    let watching = thread::spawn(move || {
        seen();
        is_seen.store(true, Ordering::Release);
    });
    let operation = runtime.spawn(async move {
        let mut operation = pin!(operation);
        poll_fn(|cx| {
            let polled = operation.as_mut().poll(cx);
            begun.store(true, Ordering::Release);
            polled
        })
        .await;
    });
    let computing = runtime.spawn(async move {
        let (begun, is_seen) = flags;
        while !begun.load(Ordering::Acquire) {
            yield_now().await;
        }
        let begin = Instant::now();
        while !is_seen.load(Ordering::Acquire) {
            assert!(
                begin.elapsed() < COMPUTES,
                "the kernel does not have the operation while the next task computes"
            );
            std::hint::spin_loop();
        }
    });
    runtime.block_on(computing).unwrap();
    watching.join().unwrap();
    runtime.block_on(operation).unwrap();
}

/// Waits until a FIFO has a reader, and returns a writer of it.
fn wait_for_reader(path: &Path) -> std::fs::File {
    let mut options = std::fs::File::options();
    options.write(true).custom_flags(libc::O_NONBLOCK);
    loop {
        match options.open(path) {
            Ok(file) => return file,
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ENXIO)),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// An operation once stayed in its runtime until the thread had nothing to compute.
#[test]
fn an_open_is_made_while_the_next_task_computes() {
    let test = "an_open_is_made_while_the_next_task_computes";
    on_each_scheduler(test, |workers| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        mkfifo(&path);
        let seen = {
            let path = path.clone();
            move || drop(wait_for_reader(&path))
        };
        let open = async move { drop(File::open(path).await.unwrap()) };
        is_on_its_way(workers, open, seen);
    });
}

/// As above, for three operations at once.
#[test]
fn names_change_while_the_next_task_computes() {
    let test = "names_change_while_the_next_task_computes";
    on_each_scheduler(test, |workers| {
        let dir = tempfile::tempdir().unwrap();
        let [created, old, renamed, folder]: [PathBuf; 4] =
            ["created", "old", "renamed", "folder"].map(|name| dir.path().join(name));
        std::fs::write(&old, "").unwrap();
        let names = [created.clone(), renamed.clone(), folder.clone()];
        let seen = move || {
            while !names.iter().all(|name| name.exists()) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        let change = async move {
            let all = join3(
                File::create(&created),
                fs::rename(&old, &renamed),
                fs::create_dir(&folder),
            );
            let (created, renamed, made) = all.await;
            created.map(drop).and(renamed).and(made).unwrap();
        };
        is_on_its_way(workers, change, seen);
    });
}

/// As above, for a write that was accepted, beside a read that waits.
#[test]
fn a_write_is_made_while_the_next_task_computes() {
    let test = "a_write_is_made_while_the_next_task_computes";
    on_each_scheduler(test, |workers| {
        let (to, mut reader) = piped_out();
        let (from, mut writer) = piped_in();
        let seen = move || {
            reader.read_exact(&mut [0; 5]).unwrap();
            writer.write_all(b"x").unwrap();
        };
        let exchange = async move {
            let (mut to, mut from) = (File::from_std(to), File::from_std(from));
            let mut read = pin!(from.read_u8());
            assert!(read.as_mut().now_or_never().is_none());
            to.write_all(b"bytes").await.unwrap();
            to.flush().await.unwrap();
            assert_eq!(read.await.unwrap(), b'x');
        };
        is_on_its_way(workers, exchange, seen);
    });
}

const PIPES: usize = 16;

/// The kernel once interrupted the thread that had begun a read when there were bytes to read, so
/// that a blocking call of that thread failed with `Interrupted` although no signal was sent.
#[test]
fn a_blocking_call_is_not_interrupted_by_an_operation_that_ends() {
    let test = "a_blocking_call_is_not_interrupted_by_an_operation_that_ends";
    on_each_scheduler(test, |workers| {
        let runtime = runtime(workers);
        let (pipes, writers): (Vec<_>, Vec<_>) = (0..PIPES).map(|_| piped_in()).unzip();
        let task = runtime.spawn(async move {
            let mut reads: Vec<_> = pipes
                .into_iter()
                .map(|pipe| {
                    let mut pipe = File::from_std(pipe);
                    Box::pin(async move { pipe.read_u8().await })
                })
                .collect();
            for read in &mut reads {
                assert!(read.as_mut().now_or_never().is_none());
            }
            for _ in 0..64 {
                yield_now().await;
            }
            // The task may be on another thread by now.
            for read in &mut reads {
                assert!(read.as_mut().now_or_never().is_none());
            }
            if workers == 0 {
                receive_nothing(writers);
            } else {
                block_in_place(|| receive_nothing(writers));
            }
            for mut read in reads {
                let byte = poll_fn(|cx| read.as_mut().poll(cx)).await;
                assert_eq!(byte.unwrap(), b'x');
            }
        });
        runtime.block_on(task).unwrap();
    });
}

/// Waits for a datagram that does not come, while the pipes get their bytes.
fn receive_nothing(writers: Vec<std::io::PipeWriter>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let patience = Duration::from_millis(20) * PIPES as u32 * 2;
    socket.set_read_timeout(Some(patience)).unwrap();
    let feeding = thread::spawn(move || {
        for mut writer in writers {
            thread::sleep(Duration::from_millis(20));
            writer.write_all(b"x").unwrap();
        }
    });
    let error = socket.recv(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    feeding.join().unwrap();
}

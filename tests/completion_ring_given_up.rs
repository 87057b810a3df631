//! A ring that the kernel refuses from some moment on, while no thread can be started to take over:
//! the operation says so, and its buffer comes back.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/ended.rs"]
mod ended;
#[path = "support/filter.rs"]
mod filter;

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use zokio::completion::fs::File;
use zokio::completion::{BufferPool, submit_all};
use zokio::io::AsyncReadExt;
use zokio::runtime::{DriverKind, Runtime};

use self::apart::{builder, on_schedulers_prepared, sanitizer, skip, without_search_for_leaks};
use self::ended::{threads, until_threads};

const BLOCK: usize = 4096;

#[track_caller]
fn lacks_a_thread(error: &io::Error) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let inner: &zokio::Error = inner.unwrap_or_else(|| panic!("not zokio's: {error}"));
    assert!(inner.is_resource() && inner.is_transient(), "{inner:?}");
    let text = "cannot read a file: no thread could be started: ";
    assert!(error.to_string().starts_with(text), "{error}");
}

/// Waits until the ring's thread sleeps in the kernel.
fn until_the_ring_sleeps() {
    let enter = format!("{} ", libc::SYS_io_uring_enter);
    let sleeps = |task: std::fs::DirEntry| {
        let read = |name| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        read("comm").trim() == "zokio-ring" && read("syscall").starts_with(&enter)
    };
    while !std::fs::read_dir("/proc/self/task")
        .unwrap()
        .flatten()
        .any(sleeps)
    {
        std::thread::yield_now();
    }
}

/// Runs the scenario of `test` in a runtime whose ring was used, with an empty pipe.
#[track_caller]
#[allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]
fn with_a_ring(test: &str, scenario: impl Fn(&Runtime, zokio::fs::File)) {
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let mut builder = builder(workers);
        builder.thread_keep_alive(Duration::from_millis(1));
        let Ok(runtime) = builder.driver(DriverKind::Ring).build() else {
            skip("no io_uring here");
        };
        let (reader, mut writer) = io::pipe().unwrap();
        let reader = std::fs::File::from(OwnedFd::from(reader));
        let mut reader = zokio::fs::File::from_std(reader);
        runtime.block_on(async {
            let mut byte = [0];
            let (read, ()) = zokio::join!(biased; reader.read(&mut byte), async {
                writer.write_all(b"a").unwrap();
            });
            assert_eq!((read.unwrap(), byte), (1, *b"a"));
        });
        scenario(&runtime, reader);
        drop(writer);
    });
}

/// Refuses entries to the rings of all threads, and new threads.
fn refuse_both() {
    until_the_ring_sleeps();
    sanitizer::start_symbolizer();
    filter::refuse_everywhere(&[libc::SYS_io_uring_enter], libc::EPERM);
    filter::refuse_everywhere(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
}

#[test]
fn reads_of_a_file_that_no_thread_takes_over() {
    let test = "reads_of_a_file_that_no_thread_takes_over";
    with_a_ring(test, |runtime, _reader| {
        let mut file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        file.write_all(&[7; 3 * BLOCK]).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags(libc::O_DIRECT);
        let Ok(file) = options.open(file.path()) else {
            skip("no direct I/O here");
        };
        let file = File::from(file);
        let pool = BufferPool::new(3, BLOCK).unwrap();
        let read = |place| file.read_exact_at(pool.try_get().unwrap(), place * BLOCK as u64);
        let before = threads();
        // Only a thread finds out what file system it is of.
        let (done, _) = runtime.block_on(read(0));
        done.unwrap();
        until_threads(before);
        refuse_both();
        // The ring is given up with the first ones, and the others find it given up.
        for _ in 0..2 {
            for (done, buffer) in runtime.block_on(submit_all((0..3).map(read))) {
                lacks_a_thread(&done.unwrap_err());
                assert!(buffer.is_empty());
            }
        }
    });
}

/// No thread for the ring, either. That is known at once, and `fs` panics as `spawn_blocking` does.
#[test]
#[allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]
fn a_ring_whose_thread_cannot_be_started() {
    let test = "a_ring_whose_thread_cannot_be_started";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let Ok(runtime) = builder(workers).driver(DriverKind::Ring).build() else {
            skip("no io_uring here");
        };
        let (reader, _writer) = io::pipe().unwrap();
        let reader = std::fs::File::from(OwnedFd::from(reader));
        let mut reader = zokio::fs::File::from_std(reader);
        sanitizer::start_symbolizer();
        filter::refuse_everywhere(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
        let mut byte = [0];
        let read = || runtime.block_on(reader.read(&mut byte));
        let payload = catch_unwind(AssertUnwindSafe(read)).unwrap_err();
        let text = payload.downcast_ref::<String>().unwrap();
        assert!(text.starts_with("OS can't spawn worker thread: "), "{text}");
    });
}

#[test]
fn a_read_of_a_pipe_that_no_thread_takes_over() {
    let test = "a_read_of_a_pipe_that_no_thread_takes_over";
    with_a_ring(test, |runtime, mut reader| {
        refuse_both();
        let read = runtime.block_on(reader.read(&mut [0]));
        lacks_a_thread(&read.unwrap_err());
    });
}

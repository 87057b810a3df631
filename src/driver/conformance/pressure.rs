//! Full queues, many threads, operations that wait, threads that exit.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Op, Rig, Which, on_every_backend, pipe, read, read_at, write_to};

/// Far more submissions at once than the queue holds, and far more completions (I6).
#[test]
fn queues_are_full() {
    let rig = Rig::with_entries(Which::Ring, 2);
    let file = Arc::new(rig.file(b"hello world"));
    let waiting: Vec<_> = (0..500).map(|_| rig.submit(read_at(&file, 6))).collect();
    for one in waiting {
        assert_eq!(rig.block_on(one).transferred().1, b"world");
    }
    let (reader, writer) = pipe();
    let mut waiting: Vec<_> = (0..500).map(|_| rig.submit(read(&reader, 1))).collect();
    assert!(waiting.iter_mut().all(|one| rig.is_pending(one)));
    write_to(&writer, &[b'x'; 500]);
    for one in waiting {
        assert_eq!(rig.block_on(one).transferred().0.unwrap(), 1);
    }
    rig.until_quiet();
}

/// More operations wait than there are threads; other operations continue (I11).
fn waiting_operations_hold_up_no_others(rig: &Rig) {
    let paths: Vec<_> = (0..16).map(|n| rig.path(&format!("fifo{n}"))).collect();
    let open = |path: &std::path::Path, flags| Op::Open {
        path: CString::new(path.as_os_str().as_bytes()).unwrap(),
        flags,
        mode: 0o600,
    };
    let mut waiting = Vec::new();
    for path in &paths {
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: the name ends in a zero byte.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        waiting.push(rig.submit(open(path, libc::O_RDONLY)));
    }
    let plain = rig.path("plain");
    let creates = libc::O_CREAT | libc::O_RDWR;
    for _ in 0..16 {
        rig.run(open(&plain, creates)).opened().unwrap();
        let path = CString::new(plain.as_os_str().as_bytes()).unwrap();
        let directory = false;
        rig.run(Op::Unlink { path, directory }).done().unwrap();
    }
    let others: Vec<_> = paths
        .iter()
        .map(|path| rig.submit(open(path, libc::O_WRONLY)))
        .collect();
    for one in waiting.into_iter().chain(others) {
        rig.block_on(one).opened().unwrap();
    }
}

/// The thread that submitted is gone before the operation ends (I5).
fn submitter_exits(rig: &Rig) {
    let (reader, writer) = pipe();
    for _ in 0..10 {
        let waiting =
            thread::scope(|scope| scope.spawn(|| rig.submit(read(&reader, 8))).join().unwrap());
        write_to(&writer, b"x");
        assert_eq!(rig.block_on(waiting).transferred().1, b"x");
    }
}

/// The submitter never comes back to the driver, and neither does any other thread.
fn submitter_is_stuck(rig: &Rig) {
    let file: Arc<fs::File> = Arc::new(rig.file(b"hello"));
    let waiting = rig.submit(read_at(&file, 0));
    // This thread is stuck in user code.
    rig.until(|| rig.completions.in_flight() == 0);
    assert_eq!(rig.block_on(waiting).transferred().1, b"hello");
}

/// The ring's thread ends when it has nothing to do, and another takes its place.
#[test]
fn operations_after_a_pause() {
    let rig = Rig::new(Which::Ring);
    let file = Arc::new(rig.file(b"hello"));
    for pause in [0, 1, 12_000] {
        thread::sleep(Duration::from_millis(pause));
        let (count, _) = rig.run(read_at(&file, 0)).transferred();
        assert_eq!(count.unwrap(), 5);
    }
}

/// Many threads use the same driver concurrently.
fn many_threads(rig: &Rig) {
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for round in 0..300 {
                    let (reader, writer) = pipe();
                    let mut waiting = rig.submit(read(&reader, 8));
                    if round % 3 == 0 {
                        let _ = rig.is_pending(&mut waiting);
                    }
                    write_to(&writer, b"abc");
                    if round % 5 == 0 {
                        drop(waiting);
                        continue;
                    }
                    assert_eq!(rig.block_on(waiting).transferred().0.unwrap(), 3);
                }
            });
        }
    });
    rig.until_quiet();
}

on_every_backend!(
    waiting_operations_hold_up_no_others,
    submitter_exits,
    submitter_is_stuck,
    many_threads,
);

//! Futures dropped and detached, before, during and after: nothing leaked, nothing released twice.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::{Op, Rig, Which, on_every_backend, open_descriptors, pipe, read, write, write_to};

/// Ends the wait of a thread in read(2).
fn help_a_thread(rig: &Rig, writer: &std::os::fd::OwnedFd) {
    if rig.which == Which::Threads {
        write_to(writer, b"x");
    }
}

fn dropped_at_once(rig: &Rig) {
    let (reader, writer) = pipe();
    for _ in 0..100 {
        // At most one byte, so that no read takes what another one needs to end.
        drop(rig.submit(read(&reader, 1)));
        help_a_thread(rig, &writer);
    }
    rig.until_quiet();
    rig.until(|| Arc::strong_count(&reader) == 1);
}

fn dropped_while_reading(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut waiting = rig.submit(read(&reader, 4096));
    assert!(rig.is_pending(&mut waiting));
    std::thread::sleep(std::time::Duration::from_millis(10));
    drop(waiting);
    help_a_thread(rig, &writer);
    rig.until_quiet();
    rig.until(|| Arc::strong_count(&reader) == 1);
}

/// Dropping one of many waiting futures does not affect the others (I4).
fn dropped_among_many(rig: &Rig) {
    let pipes: Vec<_> = (0..32).map(|_| pipe()).collect();
    let mut waiting: Vec<_> = pipes
        .iter()
        .map(|(reader, _)| Some(rig.submit(read(reader, 8))))
        .collect();
    for round in 0..1000 {
        let at = round * 7 % 32;
        waiting[at] = None;
        help_a_thread(rig, &pipes[at].1);
        // Otherwise one of the two reads might take the other's byte.
        rig.until(|| Arc::strong_count(&pipes[at].0) == 1);
        waiting[at] = Some(rig.submit(read(&pipes[at].0, 8)));
    }
    for (waiting, (_, writer)) in waiting.into_iter().zip(&pipes) {
        write_to(writer, b"y");
        let (count, _) = rig.block_on(waiting.unwrap()).transferred();
        assert!(count.unwrap() >= 1);
    }
    rig.until_quiet();
}

/// An open whose future is gone closes what it opened (I3).
fn dropped_while_opening(rig: &Rig) {
    let path = rig.path("fifo");
    let name = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the name ends in a zero byte.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let open = Op::Open {
        path: name,
        flags: libc::O_RDONLY,
        mode: 0,
    };
    let mut waiting = rig.submit(open);
    assert!(rig.is_pending(&mut waiting));
    std::thread::sleep(std::time::Duration::from_millis(10));
    drop(waiting);
    // Lets an open that continued regardless succeed.
    let other_end = fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    rig.until_quiet();
    assert_eq!(open_descriptors(&path), 1);
    drop(other_end);
}

fn dropped_after_opening(rig: &Rig) {
    let path = rig.path("file");
    for _ in 0..50 {
        let open = Op::Open {
            path: CString::new(path.as_os_str().as_bytes()).unwrap(),
            flags: libc::O_CREAT | libc::O_RDWR,
            mode: 0o600,
        };
        drop(rig.submit(open));
    }
    rig.until_quiet();
    assert_eq!(open_descriptors(&path), 0);
}

/// A detached operation runs to completion.
fn detached(rig: &Rig) {
    let path = rig.path("file");
    let file = Arc::new(fs::File::create(&path).unwrap());
    for _ in 0..50 {
        rig.submit(write(&file, b"0123456789")).detach();
    }
    rig.until_quiet();
    assert_eq!(fs::metadata(&path).unwrap().len(), 500);
    assert_eq!(Arc::strong_count(&file), 1);
    let (reader, writer) = pipe();
    rig.submit(read(&reader, 8)).detach();
    assert_eq!(rig.completions.in_flight(), 1);
    write_to(&writer, b"x");
    rig.until_quiet();
    rig.until(|| Arc::strong_count(&reader) == 1);
}

on_every_backend!(
    dropped_at_once,
    dropped_while_reading,
    dropped_among_many,
    dropped_while_opening,
    dropped_after_opening,
    detached,
);

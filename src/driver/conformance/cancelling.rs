//! Cancel before, during and after; futures dropped; nothing leaked, nothing released twice.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::{Op, Rig, on_every_backend, open_descriptors, pipe, poll_in, read, write_to};

/// Bytes that count how often they are released.
struct Counted(Arc<AtomicUsize>, Vec<u8>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counted(len: usize) -> (Bytes, Arc<AtomicUsize>) {
    let releases = Arc::new(AtomicUsize::new(0));
    let bytes = Bytes::from_owner(Counted(releases.clone(), vec![b'x'; len]));
    (bytes, releases)
}

/// The request is there before the kernel has seen the operation.
fn before(rig: &Rig) {
    let (reader, _writer) = pipe();
    let waiting = rig.as_worker(|| {
        let waiting = rig.submit(poll_in(&reader));
        waiting.cancel();
        waiting
    });
    let error = rig.block_on(waiting).polled().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
    rig.until(|| Arc::strong_count(&reader) == 1);
}

fn during(rig: &Rig) {
    let (reader, _writer) = pipe();
    let mut waiting = rig.submit(poll_in(&reader));
    assert!(rig.is_pending(&mut waiting));
    // The pool needs a moment to begin; a ring has begun.
    std::thread::sleep(std::time::Duration::from_millis(20));
    waiting.cancel();
    waiting.cancel();
    let error = rig.block_on(waiting).polled().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
}

fn after(rig: &Rig) {
    let mut done = rig.submit(Op::Nop);
    rig.until(|| rig.completions.in_flight() == 0);
    done.cancel();
    done.cancel();
    assert!(!rig.is_pending(&mut done));
    // The slot is used again; a late request must not reach it (I4).
    let (reader, writer) = pipe();
    let mut next = rig.submit(poll_in(&reader));
    done.cancel();
    drop(done);
    assert!(rig.is_pending(&mut next));
    write_to(&writer, b"x");
    rig.block_on(next).polled().unwrap();
}

fn dropped_while_reading(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut waiting = rig.submit(read(&reader, 4096));
    assert!(rig.is_pending(&mut waiting));
    drop(waiting);
    // A thread in read(2) cannot be called back: it ends when bytes come.
    if rig.which == super::Which::Pool {
        std::thread::sleep(std::time::Duration::from_millis(10));
        write_to(&writer, b"x");
    }
    rig.until(|| Arc::strong_count(&reader) == 1);
    assert_eq!(rig.completions.in_flight(), 0);
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
    // Lets an open that went on regardless succeed.
    let other_end = fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    rig.until(|| rig.completions.in_flight() == 0);
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
    rig.until(|| rig.completions.in_flight() == 0);
    assert_eq!(open_descriptors(&path), 0);
}

fn dropped_before_closing(rig: &Rig) {
    let path = rig.path("file");
    for _ in 0..50 {
        let fd = fs::File::create(&path).unwrap().into();
        drop(rig.as_worker(|| rig.submit(Op::Close { fd })));
    }
    rig.until(|| rig.completions.in_flight() == 0);
    assert_eq!(open_descriptors(&path), 0);
}

/// The buffer is released once, and not before the operation's end.
fn buffers_are_released_once(rig: &Rig) {
    for detach in [false, true] {
        let (reader, writer) = pipe();
        let (bytes, releases) = counted(1 << 20);
        // The pipe is full, so the write stays in flight.
        write_to(&writer, &[0; 1 << 16]);
        let mut waiting = rig.submit(Op::Write {
            regular: false,
            fd: Arc::new(writer.into()),
            buffer: bytes.into(),
            at: 0,
            max: usize::MAX,
            offset: None,
            all: false,
        });
        // The pool needs a moment to begin; a ring has begun.
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(rig.is_pending(&mut waiting));
        assert_eq!(releases.load(Ordering::SeqCst), 0);
        if detach {
            waiting.detach();
        } else {
            drop(waiting);
        }
        if detach || rig.which == super::Which::Pool {
            // Still in flight: it ends when the last reader goes.
            assert_eq!(releases.load(Ordering::SeqCst), 0);
            ignore_sigpipe();
            drop(reader);
        }
        rig.until(|| releases.load(Ordering::SeqCst) == 1);
    }
}

/// As `std` does in programs that have a `main`.
fn ignore_sigpipe() {
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

fn written_buffers_come_back(rig: &Rig) {
    let path = rig.path("file");
    let fd = Arc::new(fs::File::create(&path).unwrap());
    let (bytes, releases) = counted(100);
    let write = |buffer| Op::Write {
        regular: false,
        fd: fd.clone(),
        buffer,
        at: 0,
        max: usize::MAX,
        offset: None,
        all: false,
    };
    let (count, buffer) = rig.run(write(bytes.into())).transferred();
    assert_eq!(count.unwrap(), 100);
    assert_eq!(releases.load(Ordering::SeqCst), 0);
    rig.submit(write(buffer)).detach();
    rig.until(|| rig.completions.in_flight() == 0);
    assert_eq!(releases.load(Ordering::SeqCst), 1);
    assert_eq!(fs::metadata(&path).unwrap().len(), 200);
}

/// A detached operation goes on.
fn detached(rig: &Rig) {
    let (reader, writer) = pipe();
    rig.submit(poll_in(&reader)).detach();
    assert_eq!(rig.completions.in_flight(), 1);
    write_to(&writer, b"x");
    rig.until(|| rig.completions.in_flight() == 0);
    assert_eq!(Arc::strong_count(&reader), 1);
}

fn cancelled_is_an_error_of_its_own(rig: &Rig) {
    let (reader, _writer) = pipe();
    let waiting = rig.submit(poll_in(&reader));
    waiting.cancel();
    let error = rig.block_on(waiting).polled().unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Interrupted);
}

on_every_backend!(
    before,
    during,
    after,
    dropped_while_reading,
    dropped_while_opening,
    dropped_after_opening,
    dropped_before_closing,
    buffers_are_released_once,
    written_buffers_come_back,
    detached,
    cancelled_is_an_error_of_its_own,
);

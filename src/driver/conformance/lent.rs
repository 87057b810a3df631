//! Operations on memory that a user lent: the buffer comes back, whatever happens, and is released
//! exactly once.

use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::forbidden::forbid_from;
use super::{LIMIT, Op, Rig, SharedFd, Which, on_every_backend, pipe, read_at, write_to};
use crate::driver::backend::BackendKind;
use crate::driver::completion::lent::{Lent, Parts};
use crate::driver::completion::op::Completed;

/// A user's buffer.
struct Owner {
    bytes: Vec<u8>,
    drops: Arc<AtomicUsize>,
    panics: bool,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics, "the destructor of a buffer panics");
    }
}

/// Lends buffers, and counts those that were released.
#[derive(Default)]
struct Lender {
    drops: Arc<AtomicUsize>,
    panics: AtomicBool,
}

impl Lender {
    fn lend(&self, bytes: &[u8]) -> Lent {
        self.lend_parts(bytes, &[bytes.len()])
    }

    /// Lends the first bytes, in parts of these lengths.
    fn lend_parts(&self, bytes: &[u8], lens: &[usize]) -> Lent {
        let mut owner = Box::new(Owner {
            bytes: bytes.to_vec(),
            drops: self.drops.clone(),
            panics: self.panics.load(Ordering::SeqCst),
        });
        let mut rest = owner.bytes.as_mut_ptr();
        let mut place = |len| {
            let start = rest;
            rest = rest.wrapping_add(len);
            (start, len)
        };
        let parts = match *lens {
            [len] => Parts::one(place(len).0, len),
            _ => Parts::many(lens.iter().map(|len| place(*len))),
        };
        // SAFETY: the parts are within the vector of the owner, which nothing touches before it is
        // taken back.
        unsafe { Lent::new(owner, parts) }
    }

    fn dropped(&self) -> usize {
        self.drops.load(Ordering::SeqCst)
    }
}

fn read_into(fd: &SharedFd, offset: u64, into: Lent) -> Op {
    Op::ReadAt {
        fd: fd.clone(),
        offset,
        into,
        on_ring: true,
    }
}

fn write_from(fd: &SharedFd, offset: u64, from: Lent) -> Op {
    Op::WriteAt {
        fd: fd.clone(),
        offset,
        from,
        on_ring: true,
        synced: None,
    }
}

/// The result, and the content of the buffer that came back.
fn returned(completed: Completed) -> (io::Result<usize>, Vec<u8>) {
    let (result, lent) = completed.returned();
    let owner: Box<Owner> = lent.into_owner().downcast().unwrap();
    (result, owner.bytes.clone())
}

fn code(result: io::Result<usize>) -> i32 {
    result.unwrap_err().raw_os_error().unwrap()
}

fn transfers(rig: &Rig) {
    let lender = Lender::default();
    let file = Arc::new(rig.file(b"hello world"));
    let (count, bytes) = returned(rig.run(write_from(&file, 6, lender.lend(b"there"))));
    assert_eq!((count.unwrap(), &bytes[..]), (5, &b"there"[..]));
    let (count, bytes) = returned(rig.run(read_into(&file, 3, lender.lend(&[b'.'; 10]))));
    assert_eq!((count.unwrap(), &bytes[..]), (8, &b"lo there.."[..]));
    let (count, bytes) = returned(rig.run(read_into(&file, 100, lender.lend(b"ab"))));
    assert_eq!((count.unwrap(), &bytes[..]), (0, &b"ab"[..]));

    let parts = lender.lend_parts(&[b'.'; 10], &[2, 0, 3, 4]);
    let (count, bytes) = returned(rig.run(read_into(&file, 1, parts)));
    assert_eq!((count.unwrap(), &bytes[..]), (9, &b"ello ther."[..]));
    let parts = lender.lend_parts(b"abcdef", &[1, 4]);
    let (count, _) = returned(rig.run(write_from(&file, 9, parts)));
    assert_eq!(count.unwrap(), 5);
    let content = fs::read(rig.path("content")).unwrap();
    assert_eq!(content, b"hello theabcde");
    assert_eq!(lender.dropped(), 5);
}

fn fails(rig: &Rig) {
    let lender = Lender::default();
    drop(rig.file(b"hello"));
    let path = rig.path("content");
    let reader = Arc::new(fs::File::open(&path).unwrap());
    let writer = Arc::new(fs::File::options().write(true).open(&path).unwrap());
    let (count, bytes) = returned(rig.run(read_into(&writer, 0, lender.lend(b"ab"))));
    assert_eq!((code(count), &bytes[..]), (libc::EBADF, &b"ab"[..]));
    let (count, bytes) = returned(rig.run(write_from(&reader, 0, lender.lend(b"ab"))));
    assert_eq!((code(count), &bytes[..]), (libc::EBADF, &b"ab"[..]));
    // Numbers that are no offsets; io_uring takes the greatest for the current position.
    for offset in [u64::MAX, 1 << 63] {
        let (count, _) = returned(rig.run(read_into(&reader, offset, lender.lend(b"ab"))));
        assert_eq!(code(count), libc::EINVAL);
    }
    assert_eq!(lender.dropped(), 4);
}

fn allocates_and_closes(rig: &Rig) {
    let file = Arc::new(rig.file(b"hello"));
    let allocate = |offset, len| {
        let fd = file.clone();
        rig.run(Op::Allocate { fd, offset, len }).done()
    };
    allocate(0, 1000).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 1000);
    let refused = allocate(0, 0).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
    let path = rig.path("content");
    assert_eq!(super::open_descriptors(&path), 1);
    let fd = Some(OwnedFd::from(Arc::into_inner(file).unwrap()));
    rig.run(Op::Close { fd }).done().unwrap();
    assert_eq!(super::open_descriptors(&path), 0);
    // A close that is refused closes all the same.
    let file = rig.file(b"hello");
    rig.completions.shutdown(Some(Instant::now() + LIMIT));
    let fd = Some(OwnedFd::from(file));
    assert!(rig.run(Op::Close { fd }).done().is_err());
    assert_eq!(super::open_descriptors(&path), 0);
}

/// A read that waits on the ring is ended by the kernel, and the buffer is the user's again: bytes
/// that come later do not reach it.
#[test]
fn cancelled_while_it_waits() {
    let rig = Rig::new(Which::Ring);
    if rig.completions.backend().kind != BackendKind::Ring {
        eprintln!("skipped: without io_uring no read waits at an offset");
        return;
    }
    let lender = Lender::default();
    let (reader, writer) = pipe();
    for pause in [0, 1, 10] {
        // A ring reads a pipe whatever the offset.
        let mut waiting = rig.submit(read_into(&reader, 0, lender.lend(b"ab")));
        assert!(rig.is_pending(&mut waiting));
        std::thread::sleep(Duration::from_millis(pause));
        waiting.cancel();
        waiting.cancel();
        let (result, lent) = rig.block_on(waiting).returned();
        assert_eq!(code(result), libc::ECANCELED);
        write_to(&writer, b"xy");
        let owner: Box<Owner> = lent.into_owner().downcast().unwrap();
        assert_eq!(owner.bytes, b"ab");
        let taken = returned(rig.run(read_into(&reader, 0, lender.lend(b"  "))));
        assert_eq!(taken.1, b"xy");
    }
    assert_eq!(lender.dropped(), 6);
}

/// Cancelled at any time, an operation ends once, with its result or as cancelled.
fn cancelled_at_any_time(rig: &Rig) {
    let lender = Lender::default();
    let file = Arc::new(rig.file(b"hello"));
    for round in 0..300 {
        let op = match round % 2 {
            0 => read_into(&file, 0, lender.lend(b"12345")),
            _ => write_from(&file, 0, lender.lend(b"hello")),
        };
        let waiting = rig.submit(op);
        if round % 3 == 0 {
            std::thread::yield_now();
        }
        waiting.cancel();
        let (result, bytes) = returned(rig.block_on(waiting));
        match result {
            Ok(count) => assert_eq!((count, &bytes[..]), (5, &b"hello"[..])),
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ECANCELED)),
        }
        assert_eq!(lender.dropped(), round + 1);
    }
    rig.until_quiet();
}

/// What a thread has begun cannot be interrupted; its result counts.
fn cancelled_on_a_thread(rig: &Rig) {
    let path = rig.path("fifo");
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: the name ends in a zero byte.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let mut begins = Duration::from_millis(20);
    let waiting = loop {
        let mut waiting = rig.submit(Op::Open {
            path: name.clone(),
            flags: libc::O_RDONLY,
            mode: 0,
        });
        assert!(rig.is_pending(&mut waiting));
        std::thread::sleep(begins);
        waiting.cancel();
        if rig.is_pending(&mut waiting) {
            break waiting;
        }
        // No thread has begun by then: the machine is busy.
        begins *= 2;
        assert!(begins < Duration::from_secs(30), "the call was cancelled");
    };
    let _writer = fs::File::options().write(true).open(&path).unwrap();
    rig.block_on(waiting).opened().unwrap();
}

fn dropped_at_any_time(rig: &Rig) {
    let lender = Lender::default();
    let file = Arc::new(rig.file(b"hello"));
    for round in 0..300 {
        let op = match round % 2 {
            0 => read_into(&file, 0, lender.lend(b"12345")),
            _ => write_from(&file, 0, lender.lend(b"hello")),
        };
        let mut waiting = rig.submit(op);
        match round % 5 {
            0 => waiting.cancel(),
            1 => {
                let _ = rig.is_pending(&mut waiting);
            }
            2 => std::thread::sleep(Duration::from_micros(50)),
            _ => {}
        }
    }
    rig.until_quiet();
    rig.until(|| lender.dropped() == 300 && Arc::strong_count(&file) == 1);
}

/// A destructor that panics ends nothing but itself.
fn destructors_panic(rig: &Rig) {
    let lender = Lender::default();
    lender.panics.store(true, Ordering::SeqCst);
    let file = Arc::new(rig.file(b"hello"));
    for _ in 0..50 {
        let waiting = rig.submit(read_into(&file, 0, lender.lend(b"12345")));
        // It is dropped where it completes, or here if it has completed.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waiting.detach()));
    }
    rig.until(|| lender.dropped() == 50);
    assert_eq!(rig.run(read_at(&file, 0)).transferred().1, b"hello");
    rig.until_quiet();
}

/// Where no thread takes them, outcomes that no future waits for are dropped on the ring's thread,
/// which has to survive their destructors.
#[test]
fn destructors_panic_on_the_rings_thread() {
    let rig = Rig::new(Which::Ring);
    if rig.completions.backend().kind != BackendKind::Ring {
        eprintln!("skipped: there is no ring");
        return;
    }
    let file = Arc::new(rig.file(b"hello"));
    let lender = Lender::default();
    let (reader, writer) = pipe();
    let kept = rig.submit(read_into(&reader, 0, lender.lend(b"  ")));
    lender.panics.store(true, Ordering::SeqCst);
    let cancelled: Vec<_> = (0..5)
        .map(|_| rig.submit(read_into(&reader, 0, lender.lend(b"  "))))
        .collect();
    // Once this has ended, the ring's thread has begun those before.
    assert_eq!(rig.run(read_at(&file, 0)).transferred().1, b"hello");
    assert!(rig.threads.shutdown(Some(LIMIT)));
    drop(cancelled);
    rig.until(|| lender.dropped() == 5);
    write_to(&writer, b"xy");
    assert_eq!(returned(rig.block_on(kept)).1, b"xy");
    rig.until_quiet();
}

/// The end of the driver: what was lent comes back to futures that are polled later.
fn shut_down(rig: &Rig) {
    let lender = Lender::default();
    let file = Arc::new(rig.file(b"hello"));
    let (reader, _writer) = pipe();
    let mut waiting: Vec<_> = (0..20)
        .map(|_| rig.submit(write_from(&file, 0, lender.lend(b"hello"))))
        .collect();
    // On a thread: no pipe is read at an offset.
    waiting.push(rig.submit(read_into(&reader, 0, lender.lend(b"ab"))));
    rig.completions.shutdown(Some(Instant::now() + LIMIT));
    waiting.push(rig.submit(write_from(&file, 0, lender.lend(b"hello"))));
    assert!(rig.threads.shutdown(Some(LIMIT)));
    for one in waiting {
        match returned(rig.block_on(one)).0 {
            Ok(count) => assert_eq!(count, 5),
            Err(error) => assert!(matches!(
                error.raw_os_error(),
                Some(libc::ECANCELED | libc::ESPIPE)
            )),
        }
    }
    assert_eq!(lender.dropped(), 22);
}

/// What the kernel has taken comes back also from a ring that may not be entered any more, after the
/// kernel has let go of it. It was never given back once.
#[test]
fn a_ring_that_is_given_up() {
    let rig = Rig::new(Which::Ring);
    if rig.completions.backend().kind != BackendKind::Ring {
        eprintln!("skipped: there is no ring");
        return;
    }
    std::thread::scope(|scope| {
        let given_up = scope.spawn(|| {
            // The first two operations and the read of the alarm may be submitted by one call.
            forbid_from(libc::SYS_io_uring_enter, libc::EPERM, 4);
            let lender = Lender::default();
            let (reader, writer) = pipe();
            let mut waiting = rig.submit(read_into(&reader, 0, lender.lend(b"ab")));
            let file = Arc::new(rig.file(b"hello"));
            // Once this has ended, the kernel has the one before.
            assert_eq!(rig.run(read_at(&file, 0)).transferred().1, b"hello");
            let completed = loop {
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(completed) = waiting.poll(&mut cx) {
                    break completed;
                }
                let reads: Vec<_> = (0..40).map(|_| rig.submit(read_at(&file, 0))).collect();
                for read in reads {
                    // Some may have been taken together with the first.
                    match rig.block_on(read).transferred() {
                        (Ok(count), bytes) => assert_eq!((count, &bytes[..]), (5, &b"hello"[..])),
                        (Err(error), _) => assert_eq!(error.raw_os_error(), Some(libc::EPERM)),
                    }
                }
            };
            let (result, lent) = completed.returned();
            assert_eq!(code(result), libc::EPERM);
            // Bytes that come now stay in the pipe.
            write_to(&writer, b"xy");
            let owner: Box<Owner> = lent.into_owner().downcast().unwrap();
            assert_eq!(owner.bytes, b"ab");
            let mut found = [0; 2];
            (&*reader).read_exact(&mut found).unwrap();
            assert_eq!(&found, b"xy");
        });
        if let Err(panic) = given_up.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

on_every_backend!(
    transfers,
    fails,
    allocates_and_closes,
    cancelled_at_any_time,
    cancelled_on_a_thread,
    dropped_at_any_time,
    destructors_panic,
    shut_down,
);

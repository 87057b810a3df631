//! Every operation: success, and an error with the system's code.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    Choice, LIMIT, Op, Rig, SharedFd, Which, decide, on_every_backend, pipe, poll_in, read,
    write_to,
};

fn name(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

fn open(rig: &Rig, path: &Path, flags: i32) -> io::Result<SharedFd> {
    let path = name(path);
    let mode = 0o640;
    let opened = rig.run(Op::Open { path, flags, mode }).opened();
    opened.map(|fd| Arc::new(fd.into()))
}

fn code<T: std::fmt::Debug>(result: io::Result<T>) -> i32 {
    result.unwrap_err().raw_os_error().unwrap()
}

fn nop(rig: &Rig) {
    rig.run(Op::Nop).done().unwrap();
}

/// In a runtime with one thread. Two at a time share the ring's system calls.
#[test]
fn a_lone_operation_that_takes_a_thread_takes_one_of_the_pool() {
    let mut rig = Rig::new(Which::Ring);
    let file: SharedFd = Arc::new(tempfile::tempfile().unwrap());
    let sync = || Op::Sync {
        fd: file.clone(),
        data_only: true,
    };
    let one = rig.as_worker(|| rig.submit(sync()));
    rig.block_on(one).done().unwrap();
    let has_ring = rig.pool.threads() == 0;
    rig.completions = rig.completions.unattended();
    let one = rig.as_worker(|| rig.submit(sync()));
    rig.block_on(one).done().unwrap();
    assert_eq!(rig.pool.threads(), 1);
    let (one, two, three) = rig.as_worker(|| {
        let all = (rig.submit(sync()), rig.submit(sync()), rig.submit(sync()));
        rig.completions.flush(0);
        all
    });
    for each in [one, two, three] {
        rig.block_on(each).done().unwrap();
    }
    if has_ring {
        // The first of the three may come before the thread from above is idle again.
        assert!(rig.pool.threads() <= 2);
    }
    assert_eq!(has_ring, decide(Choice::ForceUring).is_ok());
}

fn opens_and_closes(rig: &Rig) {
    let path = rig.path("file");
    assert_eq!(code(open(rig, &path, libc::O_RDONLY)), libc::ENOENT);
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7117, 0);
    // SAFETY: a plain query.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) };
    assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    let fd = Arc::into_inner(fd).unwrap().into();
    rig.run(Op::Close { fd }).done().unwrap();
    assert_eq!(super::open_descriptors(&path), 0);
    let again = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    assert_eq!(code(open(rig, &path, again)), libc::EEXIST);
}

fn reads_and_writes(rig: &Rig) {
    let path = rig.path("file");
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let write = |buffer, at, max, offset| {
        let fd = fd.clone();
        rig.run(Op::Write {
            regular: false,
            fd,
            buffer,
            at,
            max,
            offset,
            all: false,
        })
        .transferred()
    };
    let (count, buffer) = write(b"hello world".to_vec().into(), 0, usize::MAX, None);
    assert_eq!((count.unwrap(), buffer.len()), (11, 11));
    // The position moved.
    let (count, _) = write(Bytes::from_static(b"??!!").into(), 2, 1, None);
    assert_eq!(count.unwrap(), 1);
    let (count, _) = write(vec![b'J'].into_boxed_slice().into(), 0, 9, Some(0));
    assert_eq!(count.unwrap(), 1);
    assert_eq!(fs::read(&path).unwrap(), b"Jello world!");
    let read = |buffer, at, max, offset| {
        let fd = fd.clone();
        let done = rig.run(Op::Read {
            fd,
            buffer,
            at,
            max,
            offset,
        });
        let (count, buffer) = done.transferred();
        (count.unwrap(), buffer.source(0, usize::MAX).to_vec())
    };
    let empty = Vec::with_capacity(64);
    assert_eq!(read(empty.into(), 0, 5, Some(6)), (5, b"world".to_vec()));
    let some = BytesMut::from(&b"ab"[..]);
    assert_eq!(read(some.into(), 1, 1, Some(0)), (1, b"aJ".to_vec()));
    // The position is at the end.
    assert_eq!(read(vec![0; 4].into(), 0, 4, None), (0, vec![0; 4]));
    let closed = open(rig, &path, libc::O_WRONLY).unwrap();
    let (count, buffer) = rig.run(super::read(&closed, 8)).transferred();
    assert_eq!((code(count), buffer.len()), (libc::EBADF, 0));
}

fn attributes(rig: &Rig) {
    let path = rig.path("file");
    fs::write(&path, b"12345").unwrap();
    let stat = |path: &Path| {
        let path = name(path);
        rig.run(Op::StatxPath {
            path,
            flags: 0,
            mask: libc::STATX_BASIC_STATS,
            out: Op::statx_buffer(),
        })
        .stat()
    };
    let expected = fs::metadata(&path).unwrap();
    let found = stat(&path).unwrap();
    assert_eq!(found.stx_size, 5);
    assert_eq!(found.stx_ino, expected.ino());
    assert_eq!(code(stat(&rig.path("none"))), libc::ENOENT);
    let fd = open(rig, &path, libc::O_RDONLY).unwrap();
    let found = rig.run(Op::StatxFd {
        fd,
        mask: libc::STATX_BASIC_STATS,
        out: Op::statx_buffer(),
    });
    assert_eq!(found.stat().unwrap().stx_ino, expected.ino());
}

fn sizes(rig: &Rig) {
    let path = rig.path("file");
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let len = || fs::metadata(&path).unwrap().len();
    let truncate = |fd: &SharedFd, len| {
        let fd = fd.clone();
        rig.run(Op::Truncate { fd, len }).done()
    };
    truncate(&fd, 1000).unwrap();
    assert_eq!(len(), 1000);
    let allocate = Op::Allocate {
        fd: fd.clone(),
        mode: 0,
        offset: 0,
        len: 5000,
    };
    rig.run(allocate).done().unwrap();
    assert_eq!(len(), 5000);
    let readonly = open(rig, &path, libc::O_RDONLY).unwrap();
    assert_eq!(code(truncate(&readonly, 1)), libc::EINVAL);
    for data_only in [false, true] {
        let fd = fd.clone();
        rig.run(Op::Sync { fd, data_only }).done().unwrap();
    }
    let (fd, _writer) = pipe();
    let sync = Op::Sync {
        fd,
        data_only: true,
    };
    assert_eq!(code(rig.run(sync).done()), libc::EINVAL);
}

fn names(rig: &Rig) {
    let [dir, from, to] = ["dir", "dir/from", "dir/to"].map(|path| rig.path(path));
    let make = || {
        let path = name(&dir);
        let mode = 0o700;
        rig.run(Op::MakeDirectory { path, mode }).done()
    };
    make().unwrap();
    assert_eq!(code(make()), libc::EEXIST);
    fs::write(&from, b"x").unwrap();
    let rename = |flags| {
        let (from, to) = (name(&from), name(&to));
        rig.run(Op::Rename { from, to, flags }).done()
    };
    rename(0).unwrap();
    assert!(to.exists() && !from.exists());
    assert_eq!(code(rename(0)), libc::ENOENT);
    fs::write(&from, b"y").unwrap();
    assert_eq!(code(rename(libc::RENAME_NOREPLACE)), libc::EEXIST);
    let link = |from: &Path, to: &Path| {
        let (from, to) = (name(from), name(to));
        rig.run(Op::Link { from, to }).done()
    };
    let other = rig.path("other");
    link(&to, &other).unwrap();
    assert_eq!(fs::metadata(&other).unwrap().nlink(), 2);
    assert_eq!(code(link(&to, &other)), libc::EEXIST);
    let symlink = || {
        let (target, link) = (c"dir/to".to_owned(), name(&rig.path("symlink")));
        rig.run(Op::Symlink { target, link }).done()
    };
    symlink().unwrap();
    assert_eq!(fs::read(rig.path("symlink")).unwrap(), b"x");
    assert_eq!(code(symlink()), libc::EEXIST);
    let unlink = |path: &Path, directory| {
        let path = name(path);
        rig.run(Op::Unlink { path, directory }).done()
    };
    assert_eq!(code(unlink(&dir, true)), libc::ENOTEMPTY);
    assert_eq!(code(unlink(&from, true)), libc::ENOTDIR);
    unlink(&from, false).unwrap();
    unlink(&to, false).unwrap();
    unlink(&dir, true).unwrap();
    assert!(!dir.exists());
}

fn polls(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut waiting = rig.submit(poll_in(&reader));
    assert!(rig.is_pending(&mut waiting));
    write_to(&writer, b"x");
    let events = rig.block_on(waiting).polled().unwrap();
    assert_eq!(events, libc::POLLIN as u32);
    drop(writer);
    let events = rig.run(poll_in(&reader)).polled().unwrap();
    assert_eq!(events, (libc::POLLIN | libc::POLLHUP) as u32);
}

/// A write of everything goes on in parts, also when nobody waits.
fn writes_everything(rig: &Rig) {
    for detach in [false, true] {
        let (reader, writer) = pipe();
        let writing = rig.submit(Op::Write {
            regular: false,
            fd: Arc::new(writer.into()),
            buffer: vec![b'x'; 1 << 20].into(),
            at: 1,
            max: usize::MAX,
            offset: None,
            all: true,
        });
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            io::copy(&mut &*reader, &mut all).unwrap();
            all.len()
        });
        if detach {
            writing.detach();
            rig.until(|| rig.completions.in_flight() == 0);
        } else {
            rig.block_on(writing).transferred().0.unwrap();
        }
        assert_eq!(reading.join().unwrap(), (1 << 20) - 1);
    }
}

/// Reads that have to wait, on a blocking and on a non-blocking descriptor (I5).
fn pipes(rig: &Rig) {
    let (reader, writer) = pipe();
    for flags in [0, libc::O_NONBLOCK] {
        // SAFETY: a plain call on an open descriptor.
        unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, flags) };
        let mut waiting = rig.submit(read(&reader, 16));
        assert!(rig.is_pending(&mut waiting));
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(rig.is_pending(&mut waiting));
        write_to(&writer, b"abc");
        let (count, buffer) = rig.block_on(waiting).transferred();
        assert_eq!((count.unwrap(), buffer.source(0, 9)), (3, &b"abc"[..]));
    }
    drop(writer);
    let (count, _) = rig.run(read(&reader, 16)).transferred();
    assert_eq!(count.unwrap(), 0);
}

/// A signal that interrupts the call reaches nobody (I5).
fn interrupted(rig: &Rig) {
    extern "C" fn ignore(_: libc::c_int) {}
    let (reader, writer) = pipe();
    // SAFETY: the handler does nothing; without SA_RESTART it makes blocking calls fail.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGUSR2, &raw const action, std::ptr::null_mut());
    }
    let mut waiting = rig.submit(read(&reader, 16));
    let begin = std::time::Instant::now();
    for thread in fs::read_dir("/proc/self/task").unwrap() {
        let thread = thread.unwrap().path();
        let Ok(comm) = fs::read_to_string(thread.join("comm")) else {
            continue;
        };
        if rig.which == Which::Pool && comm.trim() == "conformance" {
            let id: i32 = thread
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            // SAFETY: a plain call.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, libc::SIGUSR2) };
        }
    }
    assert!(rig.is_pending(&mut waiting));
    write_to(&writer, b"abc");
    let (count, _) = rig.block_on(waiting).transferred();
    assert_eq!(count.unwrap(), 3);
    assert!(begin.elapsed() < LIMIT);
}

/// An operation keeps its descriptor open, and lets go of it with its outcome.
fn owns_its_descriptor(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut waiting = rig.submit(read(&reader, 16));
    assert!(rig.is_pending(&mut waiting));
    let witness = Arc::downgrade(&reader);
    drop(reader);
    assert!(witness.upgrade().is_some());
    write_to(&writer, b"abc");
    let completed = rig.block_on(waiting);
    drop(completed);
    assert!(witness.upgrade().is_none());
    let _: OwnedFd = writer;
}

on_every_backend!(
    nop,
    opens_and_closes,
    reads_and_writes,
    attributes,
    sizes,
    names,
    polls,
    writes_everything,
    pipes,
    interrupted,
    owns_its_descriptor,
);

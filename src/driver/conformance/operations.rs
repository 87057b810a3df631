//! Every operation: success, and failure with the system's error code.

use std::ffi::CString;
use std::fs;
use std::io::{self, Seek};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Op, ReadFrom, Rig, SharedFd, on_every_backend, pipe, read, read_at, write, write_to};

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

fn opens(rig: &Rig) {
    let path = rig.path("file");
    assert_eq!(code(open(rig, &path, libc::O_RDONLY)), libc::ENOENT);
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7117, 0);
    // SAFETY: a plain query.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) };
    assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    drop(fd);
    assert_eq!(super::open_descriptors(&path), 0);
    let again = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    assert_eq!(code(open(rig, &path, again)), libc::EEXIST);
}

fn reads_and_writes(rig: &Rig) {
    let path = rig.path("file");
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let (count, buffer) = rig.run(write(&fd, b"hello ")).transferred();
    assert_eq!((count.unwrap(), buffer.len()), (6, 6));
    // The position has moved.
    let (count, _) = rig.run(write(&fd, b"world")).transferred();
    assert_eq!(count.unwrap(), 5);
    assert_eq!(fs::read(&path).unwrap(), b"hello world");
    let (count, buffer) = rig.run(read_at(&fd, 6)).transferred();
    assert_eq!((count.unwrap(), buffer), (5, b"world".to_vec()));
    assert_eq!((&*fd).stream_position().unwrap(), 11, "it has not moved");
    (&*fd).rewind().unwrap();
    let at_position = |buffer: Vec<u8>, max| {
        let (fd, from) = (fd.clone(), ReadFrom::Position);
        let done = rig.run(Op::Read {
            fd,
            from,
            buffer,
            max,
        });
        let (count, buffer) = done.transferred();
        (count.unwrap(), buffer)
    };
    let mut some = b"ab".to_vec();
    some.reserve_exact(9);
    assert_eq!(at_position(some, 4), (4, b"abhell".to_vec()));
    let rest = Vec::with_capacity(64);
    assert_eq!(at_position(rest, 64), (7, b"o world".to_vec()));
    assert_eq!(at_position(Vec::with_capacity(8), 8), (0, Vec::new()));
    let closed = open(rig, &path, libc::O_WRONLY).unwrap();
    for from in [ReadFrom::Position, ReadFrom::Offset(0)] {
        let read = Op::Read {
            fd: closed.clone(),
            from,
            buffer: Vec::with_capacity(8),
            max: 8,
        };
        let (count, buffer) = rig.run(read).transferred();
        assert_eq!((code(count), buffer.len()), (libc::EBADF, 0));
    }
}

fn sizes(rig: &Rig) {
    let path = rig.path("file");
    let fd = open(rig, &path, libc::O_CREAT | libc::O_RDWR).unwrap();
    let truncate = |fd: &SharedFd, len| {
        let fd = fd.clone();
        rig.run(Op::Truncate { fd, len }).done()
    };
    truncate(&fd, 1000).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 1000);
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
    let rename = || {
        let (from, to) = (name(&from), name(&to));
        rig.run(Op::Rename { from, to }).done()
    };
    rename().unwrap();
    assert!(to.exists() && !from.exists());
    assert_eq!(code(rename()), libc::ENOENT);
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
    assert_eq!(code(unlink(&to, true)), libc::ENOTDIR);
    unlink(&to, false).unwrap();
    unlink(&dir, true).unwrap();
    assert!(!dir.exists());
}

/// A write continues in parts, even when its future is gone.
fn writes_everything(rig: &Rig) {
    for detach in [false, true] {
        let (reader, writer) = pipe();
        let writer: SharedFd = Arc::new(writer.into());
        let writing = rig.submit(write(&writer, &[b'x'; 1 << 20]));
        drop(writer);
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            io::copy(&mut &*reader, &mut all).unwrap();
            all.len()
        });
        if detach {
            writing.detach();
            rig.until_quiet();
        } else {
            rig.block_on(writing).transferred().0.unwrap();
        }
        assert_eq!(reading.join().unwrap(), 1 << 20);
    }
}

/// Reads that have to wait.
fn pipes(rig: &Rig) {
    let (reader, writer) = pipe();
    let mut waiting = rig.submit(read(&reader, 16));
    assert!(rig.is_pending(&mut waiting));
    std::thread::sleep(Duration::from_millis(5));
    assert!(rig.is_pending(&mut waiting));
    write_to(&writer, b"abc");
    let (count, buffer) = rig.block_on(waiting).transferred();
    assert_eq!((count.unwrap(), buffer), (3, b"abc".to_vec()));
    drop(writer);
    let (count, _) = rig.run(read(&reader, 16)).transferred();
    assert_eq!(count.unwrap(), 0);
}

/// Nothing waits on a non-blocking descriptor (I12).
fn non_blocking_pipes(rig: &Rig) {
    let (reader, writer) = pipe();
    let writer: SharedFd = Arc::new(writer.into());
    for fd in [&reader, &writer] {
        // SAFETY: a plain call on an open descriptor.
        unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    }
    let (count, _) = rig.run(read(&reader, 16)).transferred();
    assert_eq!(code(count), libc::EAGAIN);
    // More than a pipe holds, so a part is written.
    let (count, _) = rig.run(write(&writer, &[b'x'; 1 << 20])).transferred();
    assert_eq!(code(count), libc::EAGAIN);
    let (count, _) = rig.run(read(&reader, 16)).transferred();
    assert_eq!(count.unwrap(), 16);
}

/// A signal that interrupts the call is not noticed (I5).
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
    for thread in fs::read_dir("/proc/self/task").unwrap() {
        let thread = thread.unwrap();
        let comm = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        if ["conformance", "zokio-ring"].contains(&comm.trim()) {
            let id: i32 = thread.file_name().to_str().unwrap().parse().unwrap();
            // SAFETY: a plain call.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, libc::SIGUSR2) };
        }
    }
    assert!(rig.is_pending(&mut waiting));
    write_to(&writer, b"abc");
    let (count, _) = rig.block_on(waiting).transferred();
    assert_eq!(count.unwrap(), 3);
}

/// An operation keeps its descriptor open, and releases it with its outcome.
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
    opens,
    reads_and_writes,
    sizes,
    names,
    writes_everything,
    pipes,
    non_blocking_pipes,
    interrupted,
    owns_its_descriptor,
);

//! The system calls of copies that stay in the kernel: pipes, and splice(2) into and out of them.
//!
//! None of those between streams waits: every descriptor is in non-blocking mode, and a pipe is told
//! so by a flag as well. A socket takes `O_NONBLOCK` alone into account (`splice_to_socket` in
//! fs/splice.c). Those that read or write a file may wait for its device.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::c_int;
use socket2::{SockRef, Type};

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// Makes a pipe whose ends do not block and are not inherited: the end to read and the end to
/// write.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [-1; 2];
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) })?;
    let [reader, writer] = ends;
    // SAFETY: the kernel just made these two descriptors for us.
    Ok(unsafe { (OwnedFd::from_raw_fd(reader), OwnedFd::from_raw_fd(writer)) })
}

/// Asks for a pipe of `bytes` bytes, and returns how many it has now; fcntl(2), `F_SETPIPE_SZ`.
pub(crate) fn set_capacity(pipe: BorrowedFd<'_>, bytes: c_int) -> io::Result<c_int> {
    // SAFETY: these calls take no pointers.
    unsafe {
        check(libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, bytes))
            .or_else(|_| check(libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ)))
    }
}

/// The most bytes that are asked for at once. The kernel refuses more than `isize::MAX`
/// (`rw_verify_area` in fs/read_write.c), and stops at what a pipe holds anyway.
const MOST: usize = 1 << 30;

/// Moves up to `len` bytes, without waiting; splice(2).
pub(crate) fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, len: usize) -> io::Result<usize> {
    // SAFETY: both offsets are null, so no memory is passed.
    let moved = unsafe {
        libc::splice(
            from.as_raw_fd(),
            ptr::null_mut(),
            to.as_raw_fd(),
            ptr::null_mut(),
            len.min(MOST),
            libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK,
        )
    };
    count(moved)
}

/// Moves up to `len` bytes from a pipe into a file, at `offset`; splice(2).
pub(crate) fn splice_at(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    offset: i64,
    len: usize,
) -> io::Result<usize> {
    let mut offset: libc::loff_t = offset;
    // SAFETY: the kernel reads and writes one offset, which lives across the call.
    let moved = unsafe {
        libc::splice(
            from.as_raw_fd(),
            ptr::null_mut(),
            to.as_raw_fd(),
            &raw mut offset,
            len,
            libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK,
        )
    };
    count(moved)
}

/// Copies up to `len` bytes from one file to another; copy_file_range(2).
pub(crate) fn copy_range(
    (from, from_offset): (BorrowedFd<'_>, i64),
    (to, to_offset): (BorrowedFd<'_>, i64),
    len: usize,
) -> io::Result<usize> {
    let (mut read_at, mut write_at): (libc::loff_t, libc::loff_t) = (from_offset, to_offset);
    // SAFETY: the kernel reads and writes two offsets, which live across the call.
    count(unsafe {
        libc::copy_file_range(
            from.as_raw_fd(),
            &raw mut read_at,
            to.as_raw_fd(),
            &raw mut write_at,
            len,
            0,
        )
    })
}

/// Sends up to `len` bytes of a file to a stream, which does not wait; sendfile(2).
pub(crate) fn send_file(
    (from, offset): (BorrowedFd<'_>, i64),
    to: BorrowedFd<'_>,
    len: usize,
) -> io::Result<usize> {
    let mut offset: libc::off64_t = offset;
    // SAFETY: the kernel reads and writes one offset, which lives across the call.
    count(unsafe { libc::sendfile64(to.as_raw_fd(), from.as_raw_fd(), &raw mut offset, len) })
}

/// Reads up to `len` bytes from a stream; read(2). The memory, which is as large, is not touched
/// where nothing is read.
pub(crate) fn read(from: BorrowedFd<'_>, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::<u8>::with_capacity(len);
    // SAFETY: the vector has room for as many bytes, which are ours to write.
    let read = count(unsafe { libc::read(from.as_raw_fd(), bytes.as_mut_ptr().cast(), len) })?;
    // SAFETY: read(2) has written as many of the first bytes.
    unsafe { bytes.set_len(read) };
    Ok(bytes)
}

/// Writes to a stream: send(2) without a signal if it is a socket, else write(2).
pub(crate) fn write(to: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    match SockRef::from(&to).send_with_flags(bytes, libc::MSG_NOSIGNAL) {
        Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => {
            // SAFETY: the pointer and the length come from one slice.
            count(unsafe { libc::write(to.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) })
        }
        sent => sent,
    }
}

/// Turns the result of a call that returns a number of bytes into its error.
fn count(moved: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(moved).map_err(|_| io::Error::last_os_error())
}

/// Tells a refusal of a call that moves bytes between files from an error of these.
///
/// The first is a property of the kernel, of a filter of system calls, of the kind of descriptor or
/// of the memory at hand, and an ordinary read or write does better or reports it. A file reports
/// its errors again, unlike a stream: see [`Call::is_refused`].
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    // The last is the answer for two file systems.
    is_refused_anywhere(error) || is_doubtful(error) || error.raw_os_error() == Some(libc::EXDEV)
}

/// A call that moves bytes from a stream or to one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Splice,
    SendFile,
}

impl Call {
    /// Tells a refusal of the call from an error of the stream, which has to be reported: the kernel
    /// reports most of them once, and an ordinary read would return the end of the stream.
    pub(crate) fn is_refused(self, error: &io::Error) -> bool {
        is_refused_anywhere(error) || (is_doubtful(error) && self.is_forbidden())
    }

    /// Returns whether a filter keeps this thread from making the call, whatever the descriptors.
    fn is_forbidden(self) -> bool {
        // SAFETY: all offsets are null, so no memory is passed.
        let result = count(unsafe {
            match self {
                Call::Splice => libc::splice(-1, ptr::null_mut(), -1, ptr::null_mut(), 1, 0),
                Call::SendFile => libc::sendfile64(-1, -1, ptr::null_mut(), 1),
            }
        });
        // What the kernel itself finds wrong with these.
        result.is_err_and(|error| error.raw_os_error() != Some(libc::EBADF))
    }
}

/// Returns whether this error is a refusal, whatever the descriptors are.
fn is_refused_anywhere(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::EINVAL
                | libc::ENOSYS
                | libc::EBADF
                | libc::ESPIPE
                | libc::ENOMEM
                // An offset that is none; an ordinary read has another error for it.
                | libc::EOVERFLOW
        )
    )
}

/// Returns whether this error may be a refusal, or that of a connection that has failed because of
/// what a router or the local table of routes answered (`icmp_err_convert` in net/ipv4/icmp.c,
/// `icmpv6_err_convert` in net/ipv6/icmp.c).
fn is_doubtful(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EPERM | libc::EACCES | libc::EOPNOTSUPP)
    )
}

/// Returns whether splicing moves the same bytes as read(2) and write(2) do: for a stream socket,
/// and for a pipe that does not make a packet of each write (`O_DIRECT`). Anything else, such as a
/// terminal that was passed off as a pipe, may treat the two differently.
pub(crate) fn suits(fd: BorrowedFd<'_>) -> bool {
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `about` is a whole `stat`.
    if unsafe { libc::fstat(fd.as_raw_fd(), about.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: `stat` is plain integers and was zeroed.
    match unsafe { about.assume_init() }.st_mode & libc::S_IFMT {
        libc::S_IFSOCK => SockRef::from(&fd)
            .r#type()
            .is_ok_and(|kind| kind == Type::STREAM),
        // SAFETY: this call takes no pointers.
        libc::S_IFIFO => check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })
            .is_ok_and(|flags| flags & libc::O_DIRECT == 0),
        _ => false,
    }
}

/// Returns whether the process ignores `SIGPIPE`, as Rust programs do unless told otherwise.
///
/// splice(2) to a socket whose peer is gone raises the signal, since there is no flag like the
/// `MSG_NOSIGNAL` of send(2).
pub(crate) fn ignores_sigpipe() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: no new action is passed, and `action` is a whole `sigaction`.
    let result = unsafe { libc::sigaction(libc::SIGPIPE, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all-zero is a valid `sigaction`, whether or not the kernel wrote over it.
    result == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Returns how many descriptors the process may have open; getrlimit(2).
pub(crate) fn max_descriptors() -> u64 {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: `limit` is a whole `rlimit`, which is plain integers and was zeroed: it is
    // initialized whether or not the call succeeds.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr());
        limit.assume_init().rlim_cur.into()
    }
}

//! The system calls of copies that stay in the kernel: pipes, and splice(2) into and out of them.
//!
//! None of them waits: every descriptor is in non-blocking mode, and a pipe is told so by a flag as
//! well. A socket takes `O_NONBLOCK` alone into account (`splice_to_socket` in fs/splice.c).

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

/// Moves up to `len` bytes, without waiting; splice(2).
pub(crate) fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, len: usize) -> io::Result<usize> {
    // SAFETY: both offsets are null, so no memory is passed.
    let moved = unsafe {
        libc::splice(
            from.as_raw_fd(),
            ptr::null_mut(),
            to.as_raw_fd(),
            ptr::null_mut(),
            len,
            libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK,
        )
    };
    usize::try_from(moved).map_err(|_| io::Error::last_os_error())
}

/// Returns whether a filter keeps this thread from calling splice(2), whatever the descriptors.
pub(crate) fn is_forbidden() -> bool {
    // SAFETY: both offsets are null, so no memory is passed.
    let result =
        check(unsafe { libc::splice(-1, ptr::null_mut(), -1, ptr::null_mut(), 1, 0) as c_int });
    // What the kernel itself finds wrong with these.
    result.is_err_and(|error| error.raw_os_error() != Some(libc::EBADF))
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
        libc::S_IFIFO => match check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) }) {
            Ok(flags) => flags & libc::O_DIRECT == 0,
            Err(_) => false,
        },
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
        limit.assume_init().rlim_cur
    }
}

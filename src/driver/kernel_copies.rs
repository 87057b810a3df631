//! The system calls of copies that stay in the kernel: pipes, and splice(2) into and out of them.
//!
//! None of those between streams waits: every descriptor is in non-blocking mode, and a pipe is told
//! so by a flag as well. A socket takes `O_NONBLOCK` alone into account (`splice_to_socket` in
//! fs/splice.c). Those that read or write a file may wait for its device.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::c_int;
use socket2::{SockRef, Type};

use super::splice::{Call, count};

/// Turns the -1 of a system call into its error.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
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

/// Returns whether a filter keeps this thread from making the call, whatever the descriptors.
pub(super) fn is_forbidden(call: Call) -> bool {
    // SAFETY: all offsets are null, so no memory is passed.
    let result = count(unsafe {
        match call {
            Call::Splice => libc::splice(-1, ptr::null_mut(), -1, ptr::null_mut(), 1, 0),
            Call::SendFile => libc::sendfile64(-1, -1, ptr::null_mut(), 1),
        }
    });
    // What the kernel itself finds wrong with these.
    result.is_err_and(|error| error.raw_os_error() != Some(libc::EBADF))
}

//! The system calls of copies between descriptors, and what their errors mean. Those that stay in the
//! kernel are in `kernel_copies.rs`; where the system has none, a copy goes through memory.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use socket2::SockRef;

use super::kernel_copies::is_forbidden;
pub(crate) use super::kernel_copies::{
    copy_range, send_file, set_capacity, splice, splice_at, suits,
};
pub(crate) use crate::util::system::pipe;

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
pub(super) fn count(moved: libc::ssize_t) -> io::Result<usize> {
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
        is_refused_anywhere(error) || (is_doubtful(error) && is_forbidden(self))
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
        limit.assume_init().rlim_cur as _
    }
}

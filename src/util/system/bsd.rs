//! FreeBSD and its relatives.

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

pub(crate) use libc::{
    CLOCK_MONOTONIC_FAST as COARSE_CLOCK, MAP_PREFAULT_READ as MAP_POPULATE, O_DIRECT, fdatasync,
    fsync, ftruncate, openat, pread, preadv, pwritev,
};
use libc::{c_int, iovec, ssize_t};

use super::{Credentials, check};

/// There is none: every file may be large.
pub(crate) const O_LARGEFILE: c_int = 0;
/// There is none.
pub(crate) const O_NOATIME: c_int = 0;

/// Returns `None`: no call writes and syncs at the same time.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn write_synced(
    _fd: RawFd,
    _parts: *const iovec,
    _count: c_int,
    _offset: u64,
    _data_only: bool,
) -> Option<ssize_t> {
    None
}

/// Reserves room for a part of a file, which becomes as long as that; posix_fallocate(2).
pub(crate) fn allocate(fd: RawFd, offset: i64, len: i64) -> io::Result<()> {
    // SAFETY: this call takes no pointers.
    match unsafe { libc::posix_fallocate(fd, offset, len) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Returns who is at the other end of a Unix stream, apart from the process; getpeereid(3).
pub(crate) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both pointers are those of one number.
    check(unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) })?;
    Ok((None, user, group))
}

/// Returns the greatest number of a signal, `SIGRTMAX` of signal.h.
pub(crate) fn last_signal() -> c_int {
    126
}

/// Returns how often this thread has yielded its processor because it had to wait; getrusage(2).
pub(crate) fn voluntary_switches() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a whole `rusage`, which is plain integers and was zeroed: it is
    // initialized whether or not the call succeeds.
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_nvcsw
    }
}

/// Returns the kernel's number of the calling thread; pthread_getthreadid_np(3).
pub(crate) fn thread_number() -> i32 {
    // SAFETY: the call has no preconditions.
    unsafe { libc::pthread_getthreadid_np() }
}

/// Returns where the stack of the calling thread is, without guard pages; an empty range if that is not
/// known. pthread_attr_get_np(3).
pub(crate) fn thread_stack() -> Range<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the attributes are written by the call.
    if unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) } != 0 {
        return 0..0;
    }
    // SAFETY: the call has succeeded, and initializes them then.
    let mut attributes = unsafe { attributes.assume_init() };
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the thread is the calling one, the attributes are initialized, and the others are places
    // to write to.
    let known = unsafe {
        let known = libc::pthread_attr_get_np(libc::pthread_self(), &mut attributes) == 0
            && libc::pthread_attr_getstack(&attributes, &mut start, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        known
    };
    match known {
        true => start.addr()..start.addr() + size,
        false => 0..0,
    }
}

//! macOS and the other systems of Apple.

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;

pub(crate) use libc::{
    CLOCK_MONOTONIC_RAW_APPROX as COARSE_CLOCK, ftruncate, openat, pread, preadv, pwritev,
};
use libc::{c_int, iovec, ssize_t};

use super::{Credentials, check};

/// There is none: a file is told to bypass the cache by fcntl(2), `F_NOCACHE`.
pub(crate) const O_DIRECT: c_int = 0;
/// There is none: every file may be large.
pub(crate) const O_LARGEFILE: c_int = 0;
/// There is none.
pub(crate) const O_NOATIME: c_int = 0;
/// There is none: pages come when they are touched.
pub(crate) const MAP_POPULATE: c_int = 0;

/// Has the device write what it has of a file; fcntl(2), `F_FULLFSYNC`. fsync(2) leaves it in the
/// device's memory there.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn fsync(fd: RawFd) -> c_int {
    // SAFETY: this call takes no pointers.
    unsafe { libc::fcntl(fd, libc::F_FULLFSYNC) }
}

/// The same: no call syncs less than all.
///
/// # Safety
///
/// None is needed.
pub(crate) unsafe fn fdatasync(fd: RawFd) -> c_int {
    // SAFETY: as above.
    unsafe { fsync(fd) }
}

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

/// Reserves room behind the end of a file, which becomes as long as `offset + len`; fcntl(2),
/// `F_PREALLOCATE`. Holes within the file stay.
pub(crate) fn allocate(fd: RawFd, offset: i64, len: i64) -> io::Result<()> {
    let end = offset.checked_add(len).filter(|_| offset >= 0 && len > 0);
    let end = end.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `about` is a whole `stat`, which is plain integers and was zeroed.
    let size = unsafe {
        check(libc::fstat(fd, about.as_mut_ptr()))?;
        about.assume_init().st_size
    };
    if end <= size {
        return Ok(());
    }
    let mut room = libc::fstore_t {
        fst_flags: libc::F_ALLOCATEALL,
        fst_posmode: libc::F_PEOFPOSMODE,
        fst_offset: 0,
        fst_length: end - size,
        fst_bytesalloc: 0,
    };
    // SAFETY: the pointer is that of one `fstore_t`.
    check(unsafe { libc::fcntl(fd, libc::F_PREALLOCATE, &raw mut room) })?;
    // SAFETY: this call takes no pointers.
    check(unsafe { libc::ftruncate(fd, end) }).map(drop)
}

/// Returns who is at the other end of a Unix stream; getpeereid(3) and `LOCAL_PEERPID`.
pub(crate) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both pointers are those of one number.
    check(unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) })?;
    let mut process: libc::pid_t = 0;
    let mut len = size_of::<libc::pid_t>() as libc::socklen_t;
    // SAFETY: pointer and length are those of one number.
    check(unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEERPID,
            (&raw mut process).cast(),
            ptr::from_mut(&mut len),
        )
    })?;
    Ok((Some(process), user, group))
}

/// Returns the greatest number of a signal, `NSIG` of signal.h less one.
pub(crate) fn last_signal() -> c_int {
    31
}

/// Returns 0, since the system counts by process. It matters to calls that were made inline alone,
/// and none is (`fs/inline`).
pub(crate) fn voluntary_switches() -> i64 {
    0
}

/// Returns the low half of the kernel's number of the calling thread; pthread_threadid_np(3).
pub(crate) fn thread_number() -> i32 {
    let mut number = 0;
    // SAFETY: zero stands for the calling thread, and the pointer is that of one number.
    unsafe { libc::pthread_threadid_np(0, &raw mut number) };
    number as i32
}

/// Returns where the stack of the calling thread is; pthread_get_stackaddr_np(3), which is its end.
pub(crate) fn thread_stack() -> Range<usize> {
    // SAFETY: the thread is the calling one.
    let (end, size) = unsafe {
        let thread = libc::pthread_self();
        (
            libc::pthread_get_stackaddr_np(thread).addr(),
            libc::pthread_get_stacksize_np(thread),
        )
    };
    end.saturating_sub(size)..end
}

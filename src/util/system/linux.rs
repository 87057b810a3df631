//! Linux.

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr;

pub(crate) use libc::{
    CLOCK_MONOTONIC_COARSE as COARSE_CLOCK, MAP_POPULATE, O_DIRECT, O_LARGEFILE, O_NOATIME,
    fdatasync, fsync, ftruncate64 as ftruncate, openat64 as openat, pread64 as pread,
    preadv64 as preadv, pwritev64 as pwritev,
};
use libc::{c_int, iovec, ssize_t};

use super::{Credentials, check};

/// Writes, and syncs what was written, and nothing else: its data, or its attributes as well;
/// pwritev2(2). `None` where the kernel, the file system or a filter does not offer that.
///
/// # Safety
///
/// `parts` has `count` entries of readable memory.
pub(crate) unsafe fn write_synced(
    fd: RawFd,
    parts: *const iovec,
    count: c_int,
    offset: u64,
    data_only: bool,
) -> Option<ssize_t> {
    // To this call, minus one means the position of the open file (pwritev2(2)).
    let offset = i64::try_from(offset).ok()?;
    let flag = if data_only {
        libc::RWF_DSYNC
    } else {
        libc::RWF_SYNC
    };
    // SAFETY: the caller's promise.
    let written = unsafe { super::pwritev2(fd, parts, count, offset, flag) };
    let errno = (written == -1).then(|| io::Error::last_os_error().raw_os_error());
    match errno.flatten() {
        Some(libc::ENOSYS | libc::EOPNOTSUPP | libc::EPERM) => None,
        _ => Some(written),
    }
}

/// Reserves room for a part of a file, which becomes as long as that; fallocate(2).
pub(crate) fn allocate(fd: RawFd, offset: i64, len: i64) -> io::Result<()> {
    // SAFETY: this call takes no pointers.
    check(unsafe { libc::fallocate64(fd, 0, offset, len) }).map(drop)
}

/// Returns who is at the other end of a Unix stream, as it was when the connection was made.
pub(crate) fn peer_credentials(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let mut credentials = MaybeUninit::<libc::ucred>::zeroed();
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: pointer and length are those of one `ucred`.
    check(unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            credentials.as_mut_ptr().cast(),
            ptr::from_mut(&mut len),
        )
    })?;
    // SAFETY: all-zero is a valid `ucred`, and the kernel wrote over it.
    let it = unsafe { credentials.assume_init() };
    // 0 is a process outside of this PID namespace.
    Ok(((it.pid != 0).then_some(it.pid), it.uid, it.gid))
}

/// Returns the greatest number of a signal.
pub(crate) fn last_signal() -> c_int {
    libc::SIGRTMAX()
}

/// Returns how often this thread has yielded its processor because it had to wait; getrusage(2).
pub(crate) fn voluntary_switches() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a whole `rusage`, which is plain integers and was zeroed: it is
    // initialized whether or not the call succeeds.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init()
    };
    usage.ru_nvcsw as _
}

/// Returns the kernel's number of the calling thread.
pub(crate) fn thread_number() -> i32 {
    // By its number, since glibc has the function only from 2.30 on.
    // SAFETY: gettid(2) has no preconditions.
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}

/// Returns where the stack of the calling thread is, without guard pages; an empty range if that is not
/// known. That of the main thread is found in /proc/self/maps.
pub(crate) fn thread_stack() -> Range<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the thread is the calling one, and the attributes are written by the call.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) } != 0 {
        return 0..0;
    }
    // SAFETY: the call has succeeded, and initializes them then.
    let mut attributes = unsafe { attributes.assume_init() };
    let (mut start, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the attributes are initialized, and the others are places to write to.
    let known = unsafe { libc::pthread_attr_getstack(&attributes, &mut start, &mut size) } == 0;
    // SAFETY: `pthread_getattr_np` made them, and they are not used again.
    unsafe { libc::pthread_attr_destroy(&mut attributes) };
    match known {
        true => start.addr()..start.addr() + size,
        false => 0..0,
    }
}

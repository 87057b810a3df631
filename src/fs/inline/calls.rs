//! System calls that do not wait.
//!
//! Each either succeeds from what is in memory or reports that it would have to wait. Only calls
//! that promise not to wait are made here, so a worker may make them; a caller that gets
//! [`Refusal::Waits`] submits the operation instead. Those that only Linux has are in
//! `without_waiting.rs`.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use super::without_waiting::cached_read;
pub(crate) use super::without_waiting::{
    clear_nonblock, facts, locate, open, read_parts, text_is_in_inode, write, write_parts,
};
use crate::driver::completion::op::MAX_TRANSFER;
use crate::io::ReadBuf;
use crate::util::clock::clock_ns;
use crate::util::system::COARSE_CLOCK;

/// The reason why a call returned no result.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It would wait, or only the waiting call can tell.
    Waits,
    /// The file system or the kernel does not offer the call without waiting.
    Unsupported,
    /// The waiting call would fail the same way.
    Failed(io::Error),
}

/// What an open file is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Its type and permissions, as in `st_mode`.
    pub(crate) mode: u16,
    pub(crate) size: u64,
    /// The mount that it is on; `None` where the kernel does not report it.
    pub(crate) mount: Option<u64>,
}

impl Facts {
    fn kind(&self) -> libc::mode_t {
        libc::mode_t::from(self.mode) & libc::S_IFMT
    }

    /// Returns `true` if it is a regular file.
    pub(crate) fn is_regular(&self) -> bool {
        self.kind() == libc::S_IFREG
    }

    /// Returns `true` if it is a symbolic link.
    pub(crate) fn is_link(&self) -> bool {
        self.kind() == libc::S_IFLNK
    }

    /// Returns `true` if it is a pipe or a socket, which have no position.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.kind(), libc::S_IFIFO | libc::S_IFSOCK)
    }

    /// Returns `true` if it is a directory.
    pub(crate) fn is_directory(&self) -> bool {
        self.kind() == libc::S_IFDIR
    }
}

/// Where a file's bytes are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The page cache, since the file may have to wait for a disk; preadv2(2), `RWF_NOWAIT`.
    Cache,
    /// Memory, where the file lives; read(2).
    Memory,
}

pub(super) fn last_error() -> Refusal {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR) => Refusal::Waits,
        // The last two may come from a filter of system calls, which may let the waiting call pass.
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL | libc::EPERM | libc::EACCES) => {
            Refusal::Unsupported
        }
        _ => Refusal::Failed(error),
    }
}

pub(super) fn vector(start: *const u8, len: usize) -> libc::iovec {
    libc::iovec {
        iov_base: start.cast_mut().cast(),
        iov_len: len.min(MAX_TRANSFER),
    }
}

/// Reads at the file's position, at most `max` bytes, into the free part of `into`.
pub(crate) fn read_to_buf(
    file: &File,
    source: Source,
    into: &mut ReadBuf<'_>,
    max: usize,
) -> Result<usize, Refusal> {
    // SAFETY: the slice goes to the kernel only, which never makes a byte uninitialized.
    let free = unsafe { into.unfilled_mut() };
    let len = free.len().min(max);
    let count = read(file, source, &mut free[..len])?;
    // SAFETY: the kernel wrote that many bytes at the start of the slice.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}

/// Reads at the file's position and appends to `into`, within its capacity.
pub(crate) fn read_to_vec(
    file: &File,
    source: Source,
    into: &mut Vec<u8>,
) -> Result<usize, Refusal> {
    let count = read(file, source, into.spare_capacity_mut())?;
    // SAFETY: the kernel wrote that many bytes behind the vector's end, within its capacity.
    unsafe { into.set_len(into.len() + count) };
    Ok(count)
}

/// Reads at the file's position; returns how many bytes the kernel wrote to the front of `into`.
// A function of its own would be a tenth of a read of what is in memory.
#[inline(always)]
fn read(file: &File, source: Source, into: &mut [MaybeUninit<u8>]) -> Result<usize, Refusal> {
    let vector = vector(into.as_mut_ptr().cast(), into.len());
    // SAFETY: the kernel writes only to the borrowed slice, of which the vector is the front.
    let count = unsafe {
        match source {
            Source::Cache => return cached_read(file, &vector),
            Source::Memory => libc::read(file.as_raw_fd(), vector.iov_base, vector.iov_len),
        }
    };
    usize::try_from(count).map_err(|_| last_error())
}

/// Writes with write(2). For files that live in memory.
pub(crate) fn write_memory(file: &File, from: &[u8]) -> Result<usize, Refusal> {
    let len = from.len().min(MAX_TRANSFER);
    // SAFETY: the kernel only reads the borrowed slice.
    let count = unsafe { libc::write(file.as_raw_fd(), from.as_ptr().cast(), len) };
    usize::try_from(count).map_err(|_| last_error())
}

/// Returns the text of the symbolic link at `path`, relative to `at`, or of `at` itself where
/// `path` is empty; readlinkat(2). Returns `None` where it fails or the text is very long.
///
/// It does not wait where the text is in memory: in `/proc`, and where the link was just walked
/// through from the cache.
pub(crate) fn read_link(at: &OwnedFd, path: &CStr) -> Option<OsString> {
    let mut text = [0_u8; libc::PATH_MAX as usize];
    // SAFETY: the path ends in a zero byte and the buffer has the length that is passed.
    let len = unsafe {
        libc::readlinkat(
            at.as_raw_fd(),
            path.as_ptr(),
            text.as_mut_ptr().cast(),
            text.len(),
        )
    };
    let len = usize::try_from(len).ok().filter(|&len| len < text.len())?;
    Some(OsStr::from_bytes(&text[..len]).to_owned())
}

/// Returns whether files of this process may grow without a limit; getrlimit(2), `RLIMIT_FSIZE`.
pub(crate) fn files_have_no_limit() -> bool {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: `limit` is a whole `rlimit`, which is plain integers and was zeroed: it is initialized
    // whether or not the call succeeds.
    unsafe {
        libc::getrlimit(libc::RLIMIT_FSIZE, limit.as_mut_ptr());
        limit.assume_init().rlim_cur == libc::RLIM_INFINITY
    }
}

/// Returns whether the table of mounts changed since this was last asked of `mountinfo`, an open
/// `/proc/self/mountinfo`; proc_pid_mountinfo(5) and poll(2).
pub(crate) fn mounts_changed(mountinfo: &File) -> bool {
    let mut entry = libc::pollfd {
        fd: mountinfo.as_raw_fd(),
        events: libc::POLLPRI,
        revents: 0,
    };
    // SAFETY: one entry, as passed; a zero time limit does not wait.
    unsafe { libc::poll(&raw mut entry, 1, 0) != 0 }
}

/// Returns the monotonic clock as of the kernel's last tick, in nanoseconds; clock_gettime(2).
#[inline]
pub(crate) fn coarse_ns() -> u64 {
    clock_ns(COARSE_CLOCK)
}

/// Returns the length of a tick of the kernel, 1 to 10 ms, in nanoseconds; clock_getres(2).
pub(crate) fn tick_ns() -> u64 {
    let mut length = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: `length` is a whole `timespec`, plain integers that were zeroed, so it is initialized.
    let length = unsafe {
        libc::clock_getres(COARSE_CLOCK, length.as_mut_ptr());
        length.assume_init()
    };
    length.tv_nsec as u64
}

//! On this system no call promises not to wait for a disk, so that none is made inline: the callers
//! submit their operations.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use super::calls::{Facts, Refusal, Source};
use crate::util::system::O_DIRECT;

/// # Safety
///
/// None is needed.
pub(super) unsafe fn cached_read(_file: &File, _vector: &libc::iovec) -> Result<usize, Refusal> {
    Err(Refusal::Unsupported)
}

pub(crate) fn write(_file: &File, _from: &[u8]) -> Result<usize, Refusal> {
    Err(Refusal::Unsupported)
}

/// # Safety
///
/// None is needed.
pub(crate) unsafe fn read_parts(
    _file: &File,
    _into: &[libc::iovec],
    _offset: i64,
    _source: Source,
) -> Result<usize, Refusal> {
    Err(Refusal::Unsupported)
}

/// # Safety
///
/// None is needed.
pub(crate) unsafe fn write_parts(
    _file: &File,
    _from: &[libc::iovec],
    _offset: i64,
    _source: Source,
) -> Result<usize, Refusal> {
    Err(Refusal::Unsupported)
}

pub(crate) fn open(_path: &CStr, _flags: i32) -> Result<OwnedFd, Refusal> {
    Err(Refusal::Unsupported)
}

pub(crate) fn locate(_path: &CStr, _follow: bool) -> Result<OwnedFd, Refusal> {
    Err(Refusal::Unsupported)
}

pub(crate) fn text_is_in_inode(_link: &OwnedFd, _facts: &Facts) -> bool {
    false
}

/// Returns `None`: fstat(2) may wait for a server.
pub(crate) fn facts(_file: &impl AsRawFd) -> Option<Facts> {
    None
}

/// Clears `O_NONBLOCK` again; fcntl(2), `F_SETFL`.
pub(crate) fn clear_nonblock(file: &impl AsRawFd, flags: i32) -> io::Result<()> {
    let keep = flags & (libc::O_APPEND | O_DIRECT);
    // SAFETY: a plain call.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, keep) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

//! The status flags of an open file.

use std::io;
use std::os::fd::AsRawFd;

/// Returns the access mode and the status flags of an open file; fcntl(2), `F_GETFL`.
pub(crate) fn status_flags(file: &impl AsRawFd) -> io::Result<i32> {
    // SAFETY: a plain call.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) } {
        -1 => Err(io::Error::last_os_error()),
        flags => Ok(flags),
    }
}

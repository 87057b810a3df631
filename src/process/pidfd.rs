//! The descriptor of a process.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Returns a file descriptor that becomes readable when the process ends.
///
/// # Errors
///
/// Returns an error if the kernel is too old (`ENOSYS`), if a sandbox forbids the call (`EPERM`),
/// or for any other reason in pidfd_open(2).
pub(super) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = libc::pid_t::try_from(pid).expect("a process number is a pid_t");
    // SAFETY: pidfd_open(2) takes two integers and no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = i32::try_from(fd).expect("a file descriptor is an int");
    // SAFETY: the call succeeded, so this is a new descriptor that nothing else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

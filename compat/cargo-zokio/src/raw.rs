//! The two system calls that `std` has no name for, behind safe functions.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// Waits for an exclusive lock of a file, which lasts until the file is closed.
pub fn lock(file: &File) -> io::Result<()> {
    // SAFETY: `flock` reads the descriptor only, and `file` keeps it open during the call.
    retry(|| unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) })
}

/// Waits for a child to end and returns what the kernel counted for it.
///
/// Takes the child, so that it cannot have been waited for, and its number cannot be another's.
pub fn wait(child: Child) -> io::Result<(ExitStatus, libc::rusage)> {
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for writes during the call, and the kernel keeps neither.
    retry(|| unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) })?;
    // SAFETY: all-zero bytes, and what the kernel wrote over them, are a valid `rusage`: it consists of
    // integers.
    Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }))
}

/// Repeats a call that a signal has interrupted.
fn retry(mut call: impl FnMut() -> libc::c_int) -> io::Result<()> {
    loop {
        if call() != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

//! How a thread learns that the kernel has released a ring.
//!
//! Closing a ring cancels what is in flight, but returns before that has ended, and a ring that may
//! not be entered reports no completion. The kernel holds the files that are registered with a ring
//! until its last request is gone (`io_ring_ctx_free` in io_uring/io_uring.c). So the writing end
//! of a pipe is registered and closed here, and the reading end sees the end of the file when the
//! kernel touches none of the ring's memory any more.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use io_uring::IoUring;

/// The reading end of the pipe.
pub(in crate::driver) struct Released(File);

impl Released {
    /// Prepares for the end of a ring that has no registered files.
    pub(in crate::driver) fn of(io: &IoUring) -> io::Result<Released> {
        let (reader, writer) = pipe()?;
        io.submitter().register_files(&[writer.as_raw_fd()])?;
        Ok(Released(File::from(reader)))
    }

    /// Closes the ring, and waits until the kernel has released it.
    pub(in crate::driver) fn close(mut self, io: IoUring) {
        drop(io);
        // Interrupted reads are repeated. Nothing is ever written, so any other return is the end.
        let end = self.0.read_exact(&mut [0]);
        debug_assert!(end.is_err());
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the array has room for both descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let [read, write] = ends;
    // SAFETY: the kernel has just made these descriptors for us.
    Ok(unsafe { (OwnedFd::from_raw_fd(read), OwnedFd::from_raw_fd(write)) })
}

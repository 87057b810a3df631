//! How rings are made.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use io_uring::IoUring;

/// Completion queue entries per submission queue entry: operations wait long, submissions do not.
const COMPLETIONS_PER_SUBMISSION: u32 = 8;

/// Makes a ring that threads may share, muted, and signals `wake` when it is not.
///
/// Newer flags are tried first and left out where the kernel does not know them.
pub(crate) fn ring(entries: u32, wake: Option<BorrowedFd<'_>>) -> io::Result<IoUring> {
    let io = match build(entries, true) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => build(entries, false)?,
        other => other?,
    };
    if let Some(wake) = wake {
        // Not `EVENTFD_ASYNC`: that signals only for completions which a kernel worker thread
        // posts (`io_eventfd_trigger` in io_uring/eventfd.c), and so misses an armed poll or
        // a buffered read that comes back through its submitter's task work.
        io.submitter().register_eventfd(wake.as_raw_fd())?;
    }
    Ok(io)
}

fn build(entries: u32, newer: bool) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .dontfork()
        .setup_clamp()
        .setup_cqsize(entries * COMPLETIONS_PER_SUBMISSION);
    if newer {
        // 5.18: one refused entry does not hold up those behind it.
        builder.setup_submit_all();
        // 6.6: one indirection less.
        builder.setup_no_sqarray();
    }
    builder.build(entries)
}

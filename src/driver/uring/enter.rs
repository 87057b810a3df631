//! io_uring_enter(2), as the threads that own a ring call it.

use std::io;
use std::time::Duration;

use io_uring::IoUring;
use io_uring::types::{SubmitArgs, Timespec};

/// `IORING_ENTER_*` (io_uring_enter(2)).
const GETEVENTS: u32 = 1 << 0;
const EXT_ARG: u32 = 1 << 3;
/// Linux 6.15: the wait does not count as the processor's waiting for a disk.
const NO_IOWAIT: u32 = 1 << 7;

/// How many times in a row the kernel may refuse entries before the ring is given up. From the ninth
/// refusal on, attempts are a millisecond apart.
const REFUSALS: u32 = 1000;

/// The kernel's private codes for a call that is to be restarted (include/linux/errno.h). io_uring
/// passes them on unchanged when a signal, such as that of a stop and continue, ends a wait.
const RESTARTS: [i32; 4] = [512, 513, 514, 516];

/// Returns whether an operation with this error ended without being carried out, by a cancellation
/// or a signal (I5).
pub(super) fn is_interruption(errno: i32) -> bool {
    matches!(errno, libc::ECANCELED | libc::EINTR) || RESTARTS.contains(&errno)
}

/// What one ring's calls have shown of the kernel.
pub(super) struct Enter {
    /// The flags of every call.
    flags: u32,
    /// How many times in a row the kernel refused entries.
    refusals: u32,
}

impl Enter {
    pub(super) fn new() -> Enter {
        Enter {
            flags: GETEVENTS | EXT_ARG | NO_IOWAIT,
            refusals: 0,
        }
    }

    /// Hands the kernel what is queued and waits for a completion, at most for `limit`; returns
    /// whether the limit was reached.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel no longer serves the ring.
    pub(super) fn enter(&mut self, io: &mut IoUring, limit: Option<Duration>) -> io::Result<bool> {
        let queued = io.submission().len() as u32;
        let timespec = limit.map(Timespec::from);
        let args = match &timespec {
            Some(timespec) => SubmitArgs::new().timespec(timespec),
            None => SubmitArgs::new(),
        };
        let want = u32::from(limit != Some(Duration::ZERO));
        let submitter = io.submitter();
        // SAFETY: with `EXT_ARG` the kernel takes what `SubmitArgs` is (io_uring_enter(2)); it and
        // the time that it points to live across the call.
        let Err(error) = (unsafe { submitter.enter(queued, want, self.flags, Some(&args)) }) else {
            self.refusals = 0;
            return Ok(false);
        };
        match error.raw_os_error() {
            Some(libc::ETIME) => {
                self.refusals = 0;
                Ok(true)
            }
            // The process was stopped and continued.
            Some(libc::EINTR) => Ok(false),
            // Completions must be taken before there is room for more, or there is no memory for
            // requests: what is queued stays queued.
            Some(libc::EBUSY | libc::EAGAIN | libc::ENOMEM) if self.refusals < REFUSALS => {
                self.refusals += 1;
                if self.refusals > 8 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(false)
            }
            Some(libc::EINVAL) if self.flags & NO_IOWAIT != 0 => {
                self.flags &= !NO_IOWAIT;
                Ok(false)
            }
            _ => Err(error),
        }
    }
}

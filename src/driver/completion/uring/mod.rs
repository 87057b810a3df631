//! Rings that threads share.
//!
//! A ring is set up without `SINGLE_ISSUER`, `DEFER_TASKRUN` and `COOP_TASKRUN`, so any thread may
//! submit to it and reap it, and a completion never waits for its submitter to enter the kernel
//! (io_uring_setup(2)). It comes as two handles. [`Queue`] is the one user-space end of both
//! queues: there is one per ring, it lives behind its shard's lock, and no system call is made
//! while that lock is held. [`Ring`] enters the kernel and needs no lock: io_uring_enter(2) takes
//! what it finds in the submission queue, whoever put it there.
//!
//! `setup.rs` makes rings, `prepare.rs` turns operations into submission queue entries.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{IoUring, opcode, squeue};

pub(crate) mod prepare;
pub(crate) mod setup;

/// The kernel end of a ring: enters the kernel, from any thread.
#[derive(Clone)]
pub(crate) struct Ring(Arc<IoUring>);

/// The user-space end of a ring's two queues; one per ring, used by one thread at a time.
pub(crate) struct Queue(Arc<IoUring>);

/// The submission queue has no room.
#[derive(Debug)]
pub(crate) struct Full;

impl Ring {
    /// Takes a new ring apart into its two handles.
    pub(crate) fn split(io: IoUring) -> (Ring, Queue) {
        let io = Arc::new(io);
        (Ring(io.clone()), Queue(io))
    }

    /// Hands the kernel what is queued; moves an overflow of the completion queue along. Never
    /// waits for a completion.
    pub(crate) fn enter(&self) -> io::Result<usize> {
        self.0.submit()
    }

    /// Hands the kernel what is queued and waits for a completion, at most for `timeout`. For
    /// teardown only.
    pub(crate) fn enter_and_wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = Timespec::from(timeout);
        let args = SubmitArgs::new().timespec(&timeout);
        match self.0.submitter().submit_with_args(1, &args) {
            Ok(_) => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl AsRawFd for Ring {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Queue {
    /// Queues `entry`; the caller enters the kernel later.
    ///
    /// # Safety
    /// What `entry` points to stays valid and untouched until its final completion (I1).
    pub(crate) unsafe fn push(&mut self, entry: &squeue::Entry) -> Result<(), Full> {
        // SAFETY: there is one `Queue` per ring and it is borrowed mutably, so this is the only
        // `SubmissionQueue`.
        let mut queue = unsafe { self.0.submission_shared() };
        // SAFETY: the caller's promise.
        unsafe { queue.push(entry) }.map_err(|_| Full)
    }

    /// Queues an entry that does nothing.
    pub(crate) fn push_nop(&mut self) -> Result<(), Full> {
        // SAFETY: the entry points to nothing.
        unsafe { self.push(&opcode::Nop::new().build()) }
    }

    /// Queues a request to cancel the operation that carries `target`.
    pub(crate) fn push_cancel(&mut self, target: u64) -> Result<(), Full> {
        let entry = opcode::AsyncCancel::new(target).build().user_data(u64::MAX);
        // SAFETY: the entry points to nothing.
        unsafe { self.push(&entry) }
    }

    /// How many entries the kernel has not taken yet.
    pub(crate) fn queued(&mut self) -> usize {
        // SAFETY: as in `push`.
        unsafe { self.0.submission_shared() }.len()
    }

    /// Whether [`push`](Queue::push) would fail.
    pub(crate) fn is_full(&mut self) -> bool {
        // SAFETY: as in `push`.
        unsafe { self.0.submission_shared() }.is_full()
    }

    /// Whether the kernel holds completions back because the queue was full; the next
    /// [`Ring::enter`] brings them (I6).
    pub(crate) fn is_overflown(&mut self) -> bool {
        // SAFETY: as in `push`.
        unsafe { self.0.submission_shared() }.cq_overflow()
    }

    /// Whether completions wait to be drained.
    pub(crate) fn has_completions(&mut self) -> bool {
        // SAFETY: there is one `Queue` per ring and it is borrowed mutably, so this is the only
        // `CompletionQueue`.
        !unsafe { self.0.completion_shared() }.is_empty()
    }

    /// Takes at most `max` completions: their word and their result.
    pub(crate) fn drain(&mut self, max: usize, mut each: impl FnMut(u64, i32)) -> usize {
        // SAFETY: as in `has_completions`.
        let queue = unsafe { self.0.completion_shared() };
        let mut count = 0;
        for entry in queue.take(max) {
            each(entry.user_data(), entry.result());
            count += 1;
        }
        count
    }

    /// Completions write to the registered eventfd from now on.
    ///
    /// A completion that came before may not have: look at the queue afterwards. The fence orders
    /// the flag before that look; the kernel has a full barrier between publishing a completion
    /// and reading the flag (`wq_has_sleeper` in `io_cqring_wake`, before
    /// `io_commit_cqring_flush`).
    pub(crate) fn unmute(&mut self) {
        // SAFETY: as in `has_completions`.
        unsafe { self.0.completion_shared() }.enable_eventfd();
        fence(Ordering::SeqCst);
    }

    /// Completions write to no eventfd from now on.
    pub(crate) fn mute(&mut self) {
        // SAFETY: as in `has_completions`.
        unsafe { self.0.completion_shared() }.disable_eventfd();
    }
}

//! [`Ring`]: the ring on which receives wait. It belongs to a thread.
//!
//! A ring for a single issuer may be entered by the thread that made it and by no other, and closing
//! a ring interrupts a system call of the thread that has used it (`io_ring_exit_work` in
//! io_uring/io_uring.c), which must not happen to user code (I10). So the ring of a thread stays with
//! the thread until that ends: it is lent to the runtime that the thread drives, and comes back at
//! rest, when the kernel has nothing of it in hand.

use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use io_uring::types::{CancelBuilder, Fd};
use io_uring::{IoUring, cqueue, opcode, squeue};

use super::buffers::{Buffers, GROUP, Memory, SIZE};
use super::reaped::{Completion, Reaped};
use crate::driver::uring::enter::Enter;
use crate::driver::uring::released::Released;

/// Submission queue entries: they only wait for the next call.
const ENTRIES: u32 = 256;
/// Completion queue entries. More than these the kernel keeps for us (`IORING_FEAT_NODROP`).
const COMPLETIONS: u32 = 4096;

/// `IORING_RECVSEND_POLL_FIRST`: wait first, as there is nothing to receive now.
const POLL_FIRST: u16 = 1;

/// The user data of the poll of the epoll descriptor.
const READINESS: u64 = u64::MAX;
/// The user data of a request to cancel.
const CANCEL: u64 = u64::MAX - 1;

thread_local! {
    /// The ring of this thread, while no runtime has it.
    static AT_REST: Cell<Option<(Box<Ring>, Buffers)>> = const { Cell::new(None) };
}

/// See the module.
pub(super) struct Ring {
    /// Taken in the drop.
    io: ManuallyDrop<IoUring>,
    /// Tells when the kernel has released the ring, if it is given up.
    released: Option<Released>,
    /// Dropped after the kernel has let go of it (B2).
    memory: Arc<Memory>,
    /// How many entries are queued or with the kernel.
    busy: usize,
    /// Whether the epoll descriptor is being watched.
    watching: bool,
    /// The error with which the kernel has ended the watch of the epoll descriptor.
    failure: Option<i32>,
    /// Whether the epoll descriptor may have events that it was not asked for.
    pub(super) unread: bool,
    enter: Enter,
}

impl Ring {
    /// Takes the ring of this thread, or makes one.
    pub(super) fn of_this_thread() -> io::Result<(Box<Ring>, Buffers)> {
        match AT_REST.try_with(Cell::take).ok().flatten() {
            Some(both) => Ok(both),
            None => Ring::new(),
        }
    }

    /// Keeps a ring at rest, with all its buffers, for the next runtime that this thread drives.
    pub(super) fn keep(self: Box<Self>, buffers: Buffers) {
        debug_assert_eq!(self.busy, 0);
        // On a thread whose locals are destroyed, this closes it.
        let _ = AT_REST.try_with(|place| place.set(Some((self, buffers))));
    }

    pub(super) fn new() -> io::Result<(Box<Ring>, Buffers)> {
        let io = IoUring::builder()
            .dontfork()
            .setup_clamp()
            .setup_cqsize(COMPLETIONS)
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .build(ENTRIES)?;
        let mut probe = io_uring::Probe::new();
        io.submitter().register_probe(&mut probe)?;
        let codes = [
            opcode::Recv::CODE,
            opcode::PollAdd::CODE,
            opcode::AsyncCancel2::CODE,
        ];
        let known = codes.into_iter().all(|code| probe.is_supported(code));
        if !known || !io.params().is_feature_nodrop() || !io.params().is_feature_ext_arg() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let released = Released::of(&io)?;
        let buffers = Buffers::new(&io)?;
        let ring = Box::new(Ring {
            io: ManuallyDrop::new(io),
            released: Some(released),
            memory: buffers.memory().clone(),
            busy: 0,
            watching: false,
            failure: None,
            unread: false,
            enter: Enter::new(),
        });
        Ok((ring, buffers))
    }

    /// Whether the kernel has anything of this ring in hand.
    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    /// Queues a receive into one of the buffers; returns `false` if the queue is full.
    #[must_use]
    pub(super) fn receive(&mut self, fd: RawFd, word: u64) -> bool {
        let entry = opcode::Recv::new(Fd(fd), std::ptr::null_mut(), SIZE as u32)
            .buf_group(GROUP)
            .ioprio(POLL_FIRST)
            .build()
            .flags(squeue::Flags::BUFFER_SELECT);
        // SAFETY: I1: it writes to the ring's buffers only (B2).
        unsafe { self.push(&entry.user_data(word)) }
    }

    /// Queues the cancellation of a receive; returns `false` if the queue is full.
    #[must_use]
    pub(super) fn cancel(&mut self, word: u64) -> bool {
        self.push_cancel(CancelBuilder::user_data(word))
    }

    /// Queues the cancellation of everything; returns `false` if the queue is full.
    #[must_use]
    pub(super) fn cancel_all(&mut self) -> bool {
        self.push_cancel(CancelBuilder::any())
    }

    fn push_cancel(&mut self, what: CancelBuilder) -> bool {
        let entry = opcode::AsyncCancel2::new(what).build().user_data(CANCEL);
        // SAFETY: the entry points to nothing.
        unsafe { self.push(&entry) }
    }

    /// Queues a lasting watch of the epoll descriptor, unless there is one; returns `false` if the
    /// queue is full.
    #[must_use]
    pub(super) fn watch(&mut self, epoll: RawFd) -> bool {
        if !self.watching {
            let entry = opcode::PollAdd::new(Fd(epoll), libc::POLLIN as u32)
                .multi(true)
                .build();
            // SAFETY: the entry points to nothing.
            self.watching = unsafe { self.push(&entry.user_data(READINESS)) };
        }
        self.watching
    }

    /// # Safety
    ///
    /// What `entry` points to stays valid until its final completion (I1).
    unsafe fn push(&mut self, entry: &squeue::Entry) -> bool {
        // SAFETY: the caller's promise.
        let pushed = unsafe { self.io.submission().push(entry) }.is_ok();
        self.busy += usize::from(pushed);
        pushed
    }

    /// Whether entries are queued that the kernel has not taken.
    pub(super) fn has_queued(&mut self) -> bool {
        !self.io.submission().is_empty()
    }

    /// Whether a call would yield completions, as far as can be seen without one.
    pub(super) fn has_news(&mut self) -> bool {
        self.io.submission().taskrun() || !self.io.completion().is_empty()
    }

    /// Hands the kernel what is queued and waits for a completion, at most for `limit`.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel no longer serves the ring.
    pub(super) fn enter(&mut self, limit: Option<Duration>) -> io::Result<()> {
        if let Some(errno) = self.failure {
            return Err(io::Error::from_raw_os_error(errno));
        }
        self.enter.enter(&mut self.io, limit)?;
        Ok(())
    }

    /// Takes all available completions.
    pub(super) fn reap(&mut self, into: &mut Reaped) {
        for entry in self.io.completion() {
            let flags = entry.flags();
            let more = cqueue::more(flags);
            self.busy -= usize::from(!more);
            let word = entry.user_data();
            match word {
                CANCEL => {}
                READINESS => {
                    self.watching = more;
                    into.readiness = true;
                    let errno = entry.result().wrapping_neg();
                    if errno > 0 && errno != libc::ECANCELED {
                        // Another watch would end in the same way.
                        self.failure = Some(errno);
                    }
                }
                word => into.completions.push(Completion {
                    word,
                    result: entry.result(),
                    received: cqueue::buffer_select(flags).and_then(|id| {
                        let len = entry.result().max(0) as usize;
                        // SAFETY: B1: the kernel's completion names the buffer, and completions are
                        // taken once.
                        unsafe { self.memory.received(id, len) }
                    }),
                }),
            }
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: nothing uses the field afterwards.
        let io = unsafe { ManuallyDrop::take(&mut self.io) };
        match self.released.take() {
            // The kernel may still write to the memory, and may not be entered to end that.
            Some(released) if self.busy > 0 => released.close(io),
            _ => drop(io),
        }
    }
}

//! The ring, on a thread of its own.
//!
//! A [`Ring`] is what everybody else has of it: a list of requests ([`hand_over`]) and a way to wake
//! the thread that serves it ([`thread`]). The thread is started by the first request and ends when
//! it has had nothing to do for a while. It alone touches the ring, which is therefore set up for a
//! single issuer with deferred task work ([`setup`]).
//!
//! # Why a thread of its own
//!
//! A ring on a thread that runs user code makes every operation depend on that code: to be submitted,
//! to be finished, to be noticed; and the kernel's task work interrupts the system calls of that
//! code. Here nothing does (I9, I10): from the push on, an operation goes its way whatever the
//! submitting thread does next, also if it never comes back.
//!
//! The thread runs no code of the user's but wakers, and blocks all signals that it may, so that no
//! handler runs on it. It drops no descriptor either, since close(2) may wait.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use crate::blocking::Pool;
use crate::blocking::pool::Kind;
use crate::driver::completion::{Submitted, threads};
use crate::loom::sync::OnceLock;

pub(super) mod entry;
mod hand_over;
pub(super) mod setup;
mod thread;

use hand_over::{HandOver, Pushed};

/// What the ring's thread is asked for.
#[derive(Debug)]
enum Request {
    CarryOut(Submitted),
    /// The future of the operation is gone.
    Cancel(Submitted),
}

/// A ring, from any thread.
#[derive(Debug)]
pub(super) struct Ring {
    requests: HandOver<Request>,
    /// An eventfd that ends the wait of the ring's thread; made together with the first thread.
    alarm: OnceLock<File>,
    /// Submission queue entries.
    entries: u32,
    /// Where operations go that the ring cannot take.
    pool: Pool,
}

impl Ring {
    pub(super) fn new(entries: u32, pool: Pool) -> Ring {
        Ring {
            requests: HandOver::new(),
            alarm: OnceLock::new(),
            entries,
            pool,
        }
    }

    /// Has the ring carry `operation` out; a thread, where there is no ring.
    pub(super) fn submit(self: &Arc<Ring>, operation: Submitted) {
        self.push(Request::CarryOut(operation));
    }

    /// Asks for the end of an operation that was submitted here.
    pub(super) fn cancel(self: &Arc<Ring>, operation: Submitted) {
        self.push(Request::Cancel(operation));
    }

    fn push(self: &Arc<Ring>, request: Request) {
        match self.requests.push(request) {
            Ok(pushed) => self.follow(pushed),
            Err(request) => self.refuse(request),
        }
    }

    fn follow(self: &Arc<Ring>, pushed: Pushed) {
        match pushed {
            Pushed::Done => {}
            Pushed::Wake => self.wake(),
            Pushed::Start => {
                if let Err(error) = self.start() {
                    log::debug!("zokio: no thread for the ring, others serve instead: {error}");
                    self.give_up(false);
                }
            }
        }
    }

    fn start(self: &Arc<Ring>) -> io::Result<()> {
        if self.alarm.get().is_none() {
            let made = eventfd()?;
            // A thread that ended long ago has left the cell filled, so no other starter races.
            let _ = self.alarm.set(made);
        }
        thread::start(self.clone())
    }

    fn wake(&self) {
        if let Some(mut alarm) = self.alarm.get() {
            // It fails only when the counter is full, and then the thread wakes all the same.
            let _ = alarm.write(&1_u64.to_ne_bytes());
        }
    }

    /// What the ring does not take goes to threads.
    fn refuse(&self, request: Request) {
        if let Request::CarryOut(operation) = request {
            threads::submit(&self.pool, operation, Kind::Detached);
        }
    }

    /// No thread serves the ring (any more, with `for_good`).
    fn give_up(&self, for_good: bool) {
        for request in self.requests.give_up(for_good) {
            self.refuse(request);
        }
    }

    /// Has the thread cancel what is in flight and end.
    pub(super) fn close(&self) {
        if self.requests.close() == Pushed::Wake {
            self.wake();
        }
    }

    /// Waits until the thread has ended, at most until `deadline`; whether it has. What the kernel
    /// does not give back in time stays with the thread, which ends when it does (I7).
    pub(super) fn wait_until_gone(&self, deadline: Option<Instant>) -> bool {
        self.requests.wait_until_gone(deadline)
    }
}

/// A new eventfd, which does not make the ring's read of it fail when it is zero.
fn eventfd() -> io::Result<File> {
    // SAFETY: a plain call; the result is checked before it is owned.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

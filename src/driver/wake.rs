//! How a thread is woken from the driver's wait.
//!
//! One eventfd, registered in the mio poll. The state beside it saves the system call when no
//! thread sleeps:
//!
//! - `AWAKE`: no thread sleeps in the wait.
//! - `ASLEEP`: a thread sleeps in the wait or is about to.
//! - `NOTIFIED`: a wake came since the last time a thread left the wait.
//!
//! A waiter goes `AWAKE -> ASLEEP` before it sleeps; if it finds `NOTIFIED`, it does not sleep. A
//! waker always writes `NOTIFIED` and calls the kernel only if it replaced `ASLEEP`, so any number
//! of wakes cost one system call. The waiter writes `AWAKE` when it is back.
//!
//! The eventfd is edge-triggered and never read: every write raises a new edge, as epoll(7)
//! documents for eventfds. The counter would be full after 2^64 - 2 writes, which is never reached.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};

use libc::c_int;

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const NOTIFIED: u8 = 2;

/// Creates an eventfd with `flags`, which is not inherited; eventfd(2).
pub(super) fn eventfd(flags: c_int) -> io::Result<OwnedFd> {
    // SAFETY: eventfd(2) takes no pointer.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was made above and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[derive(Debug)]
pub(crate) struct Wake {
    fd: OwnedFd,
    state: AtomicU8,
}

impl Wake {
    pub(super) fn new() -> io::Result<Wake> {
        Ok(Wake {
            fd: eventfd(libc::EFD_NONBLOCK)?,
            state: AtomicU8::new(AWAKE),
        })
    }

    /// Wakes the thread in the wait, or makes the next wait return at once.
    pub(super) fn wake(&self) {
        if self.state.swap(NOTIFIED, Ordering::SeqCst) == ASLEEP {
            self.signal();
        }
    }

    /// Writes to the eventfd, which ends a sleep or the next one.
    pub(super) fn signal(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the pointer and the length name eight initialized bytes.
        let written = unsafe { libc::write(self.fd.as_raw_fd(), one.as_ptr().cast(), 8) };
        // It waits for nothing, so that no signal interrupts it. Otherwise the counter is full, which
        // it never is (eventfd(2)).
        assert_eq!(written, 8, "a write to an eventfd failed");
    }

    /// Consumes a wake that came while no thread slept. Called with the turn held, by a thread that
    /// looks for work before it sleeps.
    pub(super) fn take(&self) -> bool {
        self.state.load(Ordering::SeqCst) == NOTIFIED && self.end_sleep()
    }

    /// Announces a sleep; returns `false` if a wake came first, in which case the thread must not
    /// sleep.
    pub(super) fn begin_sleep(&self) -> bool {
        self.state
            .compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Ends the sleep, or one that was not begun; returns whether a wake came.
    pub(super) fn end_sleep(&self) -> bool {
        self.state.swap(AWAKE, Ordering::SeqCst) == NOTIFIED
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

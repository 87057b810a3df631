//! The event that ends a wait: an eventfd, registered in the mio poll.
//!
//! It is edge-triggered and never read: every write raises a new edge, as epoll(7) documents for
//! eventfds. The counter would be full after 2^64 - 2 writes, which is never reached.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libc::c_int;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

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

/// See the file's documentation.
#[derive(Debug)]
pub(super) struct WakeEvent(OwnedFd);

impl WakeEvent {
    /// Creates an event of the poll of `registry`.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<WakeEvent> {
        let fd = eventfd(libc::EFD_NONBLOCK)?;
        registry.register(&mut SourceFd(&fd.as_raw_fd()), token, Interest::READABLE)?;
        Ok(WakeEvent(fd))
    }

    /// Raises the event.
    pub(super) fn raise(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the pointer and the length name eight initialized bytes.
        let written = unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), 8) };
        // It waits for nothing, so that no signal interrupts it. Otherwise the counter is full, which
        // it never is (eventfd(2)).
        assert_eq!(written, 8, "a write to an eventfd failed");
    }
}

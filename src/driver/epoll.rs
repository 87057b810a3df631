//! epoll_pwait2(2): a wait for events whose time-out is exact.
//!
//! mio's poll rounds its time-out up to whole milliseconds. Its descriptor is that of an epoll
//! instance whose events carry the token as their data, so this call can take the poll's place.
//! mio promises neither, and kernels before 5.11 and some containers do not have the call, so
//! [`works`] tries it, once per process. Where it fails, `poller.rs` uses mio's poll.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use libc::{EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, c_int};
use mio::{Poll, Token};

use super::poller::flags;
use crate::loom::unmodeled::sync::OnceLock;
use crate::stream::Ready;

/// `struct __kernel_timespec`, which is that of the C library where this has 64 bits.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanoseconds: i64,
}

/// The events of one wait.
pub(super) struct EpollEvents(Vec<libc::epoll_event>);

impl EpollEvents {
    /// Creates a buffer for at most `capacity` events, which is not zero.
    pub(super) fn with_capacity(capacity: usize) -> EpollEvents {
        EpollEvents(Vec::with_capacity(capacity))
    }

    /// Waits until there are events, at most for `timeout`, and takes at most `most` of them.
    /// `None` waits without a limit; zero does not wait.
    pub(super) fn wait(
        &mut self,
        poll: &Poll,
        most: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let events = &mut self.0;
        events.clear();
        let most = c_int::try_from(most.min(events.capacity())).unwrap_or(c_int::MAX);
        let (epoll, start) = (poll.as_raw_fd(), events.as_mut_ptr());
        let no_mask = std::ptr::null::<libc::sigset_t>();
        let count = match timeout {
            // The older call has no time to copy and to convert, which is a tenth of a poll.
            None | Some(Duration::ZERO) => {
                let timeout: c_int = if timeout.is_none() { -1 } else { 0 };
                // SAFETY: the buffer has room for `most` events; there is no signal mask, so its
                // size is not read.
                unsafe {
                    libc::syscall(
                        libc::SYS_epoll_pwait,
                        epoll,
                        start,
                        most,
                        timeout,
                        no_mask,
                        0_usize,
                    )
                }
            }
            Some(timeout) => {
                let timeout = KernelTimespec {
                    // The kernel adds it to the present and stops at the end of its clock.
                    seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
                    nanoseconds: timeout.subsec_nanos().into(),
                };
                // SAFETY: as above; the time-out outlives the call.
                unsafe {
                    libc::syscall(
                        libc::SYS_epoll_pwait2,
                        epoll,
                        start,
                        most,
                        &raw const timeout,
                        no_mask,
                        0_usize,
                    )
                }
            }
        };
        let Ok(count) = usize::try_from(count) else {
            return Err(io::Error::last_os_error());
        };
        // SAFETY: the kernel has written `count` events, which are at most `most`.
        unsafe { events.set_len(count) };
        Ok(())
    }

    /// Returns how many events the last wait took.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the token of each event and the flags that it sets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Token, Ready)> + '_ {
        self.0
            .iter()
            .map(|event| (Token(event.u64 as usize), of_epoll(event.events)))
    }
}

impl std::fmt::Debug for EpollEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EpollEvents").field(&self.0.len()).finish()
    }
}

/// Returns whether the call works on a mio poll. The first call in a process finds out: `raise`
/// must cause a readable event of `token`, the only one of `poll`, which is used up.
pub(super) fn works(poll: &Poll, token: Token, raise: impl FnOnce()) -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        raise();
        let mut events = EpollEvents::with_capacity(2);
        match events.wait(poll, 2, Some(Duration::from_nanos(1))) {
            Ok(()) => {
                let mut events = events.iter();
                let only = events.next() == Some((token, Ready::READABLE));
                only && events.next().is_none()
            }
            Err(error) => {
                log::debug!("zokio: waits are rounded up to milliseconds: epoll_pwait2: {error}");
                false
            }
        }
    })
}

/// Returns the flags that an event of the kernel sets.
///
/// | epoll | flags |
/// |---|---|
/// | `IN` | readable |
/// | `OUT` | writable |
/// | `PRI` | priority, readable |
/// | `IN` with `RDHUP` | read closed |
/// | `HUP` | read closed, write closed |
/// | `ERR` | error, readable, writable: either operation reports the error |
/// | `ERR` alone or with `OUT` | also write closed: the reader of a pipe is gone |
fn of_epoll(bits: u32) -> Ready {
    let any = |of: c_int| bits & of as u32 != 0;
    flags([
        (any(EPOLLIN | EPOLLPRI), Ready::READABLE),
        (any(EPOLLOUT), Ready::WRITABLE),
        (
            any(EPOLLHUP) || any(EPOLLIN) && any(EPOLLRDHUP),
            Ready::READ_CLOSED,
        ),
        (
            any(EPOLLHUP) || any(EPOLLERR) && (any(EPOLLOUT) || bits == EPOLLERR as u32),
            Ready::WRITE_CLOSED,
        ),
        (any(EPOLLPRI), Ready::PRIORITY),
        (
            any(EPOLLERR),
            Ready::ERROR | Ready::READABLE | Ready::WRITABLE,
        ),
    ])
}

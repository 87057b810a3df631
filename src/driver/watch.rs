//! A timer that gets an idle worker out of bed while others run user code.
//!
//! The wait must not be left unattended: the worker that had it may run user code that never
//! comes back. Handing the wait on at every event would cost a thread switch each time, so an
//! idle worker is called instead, at most once in [`PERIOD`], and only while some worker is
//! active; one that is active may answer in its place. The timer is a timerfd that stands both in
//! the mio poll, for an idle worker that has the turn, and in [`Watch::sleep`], for one that sleeps
//! without it. Arming it is one system call a period at most; in an idle runtime it is not armed
//! and nothing ticks.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The time between two alarms. What a stuck worker left behind is taken over at the second that
/// finds it so at the latest, unless two lookers come at the same time.
pub(crate) const PERIOD: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Watch {
    timer: OwnedFd,
    bell: OwnedFd,
    armed: AtomicBool,
}

impl Watch {
    pub(super) fn new() -> io::Result<Watch> {
        // SAFETY: timerfd_create(2) takes no pointer.
        let timer = unsafe {
            libc::timerfd_create(
                libc::CLOCK_MONOTONIC,
                libc::TFD_NONBLOCK | libc::TFD_CLOEXEC,
            )
        };
        let timer = owned(timer)?;
        // SAFETY: eventfd(2) takes no pointer.
        let bell = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        Ok(Watch {
            timer,
            bell: owned(bell)?,
            armed: AtomicBool::new(false),
        })
    }

    /// Makes the timer fire one period from now, unless it is armed already.
    #[inline]
    pub(crate) fn arm(&self) {
        if !self.armed.load(Ordering::SeqCst) && !self.armed.swap(true, Ordering::SeqCst) {
            self.set_timer();
        }
    }

    #[cold]
    fn set_timer(&self) {
        let zero = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let spec = libc::itimerspec {
            it_interval: zero,
            it_value: libc::timespec {
                tv_sec: 0,
                tv_nsec: PERIOD.as_nanos() as libc::c_long,
            },
        };
        // SAFETY: `spec` lives across the call, and a null pointer asks for no former value.
        let result = unsafe {
            libc::timerfd_settime(self.timer.as_raw_fd(), 0, &spec, std::ptr::null_mut())
        };
        assert_eq!(result, 0, "timerfd_settime takes this descriptor and time");
    }

    /// The timer fired: it may be armed again.
    ///
    /// Somebody who called [`arm`](Watch::arm) just before this found it armed and did nothing.
    /// So the caller looks after this whether one worker is active and another sleeps, and if so
    /// arms it.
    ///
    /// False when another thread was told too and has done so: then it does the looking.
    pub(crate) fn acknowledge(&self) -> bool {
        let first = drain(&self.timer);
        if first {
            self.armed.store(false, Ordering::SeqCst);
        }
        first
    }

    /// Sleeps until the timer fires (true) or somebody calls [`ring`](Watch::ring) (false).
    ///
    /// Only one thread may sleep here at a time. A ring that came before counts.
    pub(crate) fn sleep(&self) -> bool {
        let entry = |fd: &OwnedFd| libc::pollfd {
            fd: fd.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut fds = [entry(&self.timer), entry(&self.bell)];
        loop {
            // SAFETY: the pointer and the length name two initialised entries.
            let ready = unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) };
            if ready < 0 {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                // poll(2): `EINVAL` under a limit of fewer than two descriptors, `ENOMEM`. Then the
                // thread looks for itself, as often as the timer would have told it to.
                std::thread::sleep(PERIOD);
                drain(&self.bell);
                self.acknowledge();
                return true;
            }
            if fds[1].revents != 0 {
                drain(&self.bell);
            }
            return fds[0].revents != 0 && self.acknowledge();
        }
    }

    /// Wakes the thread in [`sleep`](Watch::sleep).
    pub(crate) fn ring(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the pointer and the length name eight initialised bytes. The write fails only
        // when the counter is full, and then the sleeper wakes all the same.
        let _ = unsafe { libc::write(self.bell.as_raw_fd(), one.as_ptr().cast(), 8) };
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the caller made the descriptor just now and passes it on.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Resets the counter; false when it was reset already.
fn drain(fd: &OwnedFd) -> bool {
    let mut count = [0u8; 8];
    // SAFETY: the pointer and the length name eight writable bytes.
    unsafe { libc::read(fd.as_raw_fd(), count.as_mut_ptr().cast(), 8) == 8 }
}

#[cfg(test)]
mod tests {
    use super::{PERIOD, Watch};
    use std::time::Instant;

    #[test]
    fn fires_once_for_many_arms_and_hears_the_bell() {
        let watch = Watch::new().unwrap();
        watch.ring();
        assert!(!watch.sleep());
        let start = Instant::now();
        for _ in 0..100 {
            watch.arm();
        }
        assert!(watch.sleep());
        assert!(start.elapsed() >= PERIOD);
        watch.ring();
        assert!(!watch.sleep(), "the timer must not fire twice for one arm");
    }
}

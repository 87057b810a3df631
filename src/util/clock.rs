//! The clocks of the system, in nanoseconds.

use std::mem::MaybeUninit;

/// Returns the monotonic clock, which on Linux and FreeBSD is that of [`std::time::Instant`].
#[inline]
pub(crate) fn monotonic_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

/// Returns the time of a clock that every system has; clock_gettime(2).
#[inline]
pub(crate) fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut now = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: `now` is a whole `timespec`, plain integers that were zeroed, so it is initialized
    // whatever the call does.
    let now = unsafe {
        libc::clock_gettime(clock, now.as_mut_ptr());
        now.assume_init()
    };
    (now.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(now.tv_nsec as u64)
}

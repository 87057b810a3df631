//! How often a thread has had to wait, as the kernel counts it.

use std::mem::MaybeUninit;

/// Returns how often this thread has yielded its processor because it had to wait; getrusage(2).
pub(crate) fn voluntary_switches() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a whole `rusage`, which is plain integers and was zeroed: it is
    // initialized whether or not the call succeeds.
    unsafe {
        libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr());
        usage.assume_init().ru_nvcsw.into()
    }
}

//! The one place where a signal handler is installed.
//!
//! What runs inside of the handler is all here, because it must not do anything that is not
//! async-signal-safe.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

/// From now on a signal sets `pending` and then makes the other end of `wake` readable.
///
/// # Errors
///
/// Those of `sigaction`.
pub(super) fn install(
    signum: c_int,
    pending: &'static AtomicBool,
    wake: &'static UnixStream,
) -> io::Result<()> {
    let action = move || {
        pending.store(true, Ordering::SeqCst);
        // A socket that is full is readable already.
        let _ = (&*wake).write(&[1]);
    };
    // SAFETY: the action must be async-signal-safe. It stores to an atomic and calls `write` on a
    // non-blocking socket, both of which are; it neither allocates, locks nor panics, it borrows
    // for ever, and the registry's handler keeps `errno`.
    unsafe { signal_hook_registry::register(signum, action) }.map(drop)
}

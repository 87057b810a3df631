//! The only place where a signal handler is installed.
//!
//! All code that runs inside the handler is here, because it must not do anything that is not
//! async-signal-safe.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

/// Makes a signal set `pending` and then make the other end of `wake` readable.
///
/// # Errors
///
/// Returns an error if the handler cannot be installed; see sigaction(2).
pub(super) fn install(
    signum: c_int,
    pending: &'static AtomicBool,
    wake: &'static UnixStream,
) -> io::Result<()> {
    let action = move || {
        pending.store(true, Ordering::SeqCst);
        // A socket that is full is already readable.
        let _ = (&*wake).write(&[1]);
    };
    // SAFETY: the action must be async-signal-safe. It stores to an atomic and calls `write` on a
    // non-blocking socket, both of which are; it neither allocates, locks nor panics, its borrows
    // are `'static`, and the registry's handler keeps `errno`.
    unsafe { signal_hook_registry::register(signum, action) }.map(drop)
}

//! What a test has to know of the sanitizers, which `.ci/asan` and `.ci/tsan` announce to every
//! test by the variables of their options.
#![allow(dead_code)]

use std::env;
use std::hint::black_box;
use std::sync::{Arc, Once};
use std::thread;

/// Whether ThreadSanitizer watches.
///
/// It holds a signal back until the thread that the kernel gave it to calls something that it
/// intercepts, and the standard library parks a thread by a system call that it does not.
pub fn holds_signals_back() -> bool {
    env::var_os("TSAN_OPTIONS").is_some()
}

/// Whether ThreadSanitizer watches, which does not let the child of a process with threads start one.
pub fn forbids_threads_after_fork() -> bool {
    env::var_os("TSAN_OPTIONS").is_some()
}

/// How many times longer than usual a test may wait for what is not to be late: a sanitizer makes
/// the code some five to fifteen times slower, and so does the emulator of `.ci/platforms`.
pub fn slowness() -> u32 {
    let watched = ["ASAN_OPTIONS", "TSAN_OPTIONS", "ZOKIO_TEST_EMULATED"]
        .iter()
        .any(|options| env::var_os(options).is_some());
    if watched { 10 } else { 1 }
}

/// Starts the process that tells ThreadSanitizer the names in a report.
///
/// It starts at the first report that a suppression may hide. For a moment it has all descriptors of
/// this process, so that a listener that a test has dropped still listens, and two pipes to it stay
/// open. A test for which that matters has it start here, before it opens anything.
pub fn start_symbolizer() {
    static STARTED: Once = Once::new();
    struct Shared(u64);
    if env::var_os("TSAN_OPTIONS").is_none() {
        return;
    }
    STARTED.call_once(|| {
        // That the last owner of an `Arc` knows of the others' end is not seen: this is reported,
        // and hidden.
        let shared = Arc::new(Shared(1));
        let other = shared.clone();
        let thread = thread::spawn(move || black_box(other.0));
        while Arc::strong_count(&shared) > 1 {
            thread::yield_now();
        }
        drop(shared);
        thread.join().unwrap();
    });
}

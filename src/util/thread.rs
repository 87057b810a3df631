//! Starting the runtime's own threads, and telling threads apart.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::loom::thread::{Builder, JoinHandle};

/// Starts a thread that calls `run`.
///
/// What the standard library does to start a thread is compiled for each type of closure, so all
/// threads of the crate are started here, with one type.
pub(crate) fn start(builder: Builder, run: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    builder.spawn(run)
}

/// Returns the number of the calling thread: above 0, and that of no other thread of the process, at
/// any time.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

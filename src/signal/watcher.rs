//! One runtime's watcher of the socket that signal handlers write to.
//!
//! It starts when a signal is first asked for in that runtime and lasts until the runtime is shut
//! down. No task is needed: the watcher is the waker that the driver wakes when the socket becomes
//! readable, and does all its work there.
#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::table::Table;
use crate::driver::readiness::{Direction, Registration};
use crate::io::Interest;
use crate::loom::unmodeled::sync::Mutex;
use crate::runtime::{Handle, Id};
use crate::util::budget::{self, Budget};

static WATCHERS: Mutex<Vec<Arc<Watcher>>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Watcher {
    runtime: Id,
    table: &'static Table,
    registration: Registration,
}

/// Makes sure that a runtime watches for signals.
///
/// # Errors
///
/// Returns an error if the socket cannot be registered, or if the runtime has been shut down.
///
/// # Panics
///
/// Panics if the runtime's I/O is not enabled.
#[track_caller]
pub(super) fn watch(handle: &Handle, table: &'static Table) -> io::Result<()> {
    let driver = handle.io_driver();
    let runtime = handle.id();
    let mut watchers = WATCHERS.lock();
    if watchers.iter().any(|watcher| watcher.runtime == runtime) {
        return Ok(());
    }
    let registration = driver
        .readiness()
        .register(table.reader().as_raw_fd(), Interest::READABLE)?;
    let watcher = Arc::new(Watcher {
        runtime,
        table,
        registration,
    });
    watchers.push(watcher.clone());
    drop(watchers);
    watcher.run();
    Ok(())
}

impl Watcher {
    /// Dispatches the signals that came and waits for more; ends with the runtime.
    fn run(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        // The first runtime takes the bytes; their signals are dispatched here.
        self.table.dispatch();
        loop {
            let read = budget::with(Budget::UNCONSTRAINED, || {
                self.registration
                    .poll_io(&mut cx, Direction::Read, |_| drain(self.table))
            });
            match read {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => self.table.dispatch(),
                Poll::Ready(Err(_)) => {
                    // The runtime is gone; the other runtimes continue to watch.
                    WATCHERS
                        .lock()
                        .retain(|watcher| watcher.runtime != self.runtime);
                    return;
                }
            }
        }
    }
}

impl Wake for Watcher {
    fn wake(self: Arc<Self>) {
        self.run();
    }
}

/// Reads some bytes from the socket; returns `WouldBlock` if there are none.
fn drain(table: &Table) -> io::Result<()> {
    let mut bytes = [0; 64];
    loop {
        match table.reader().read(&mut bytes) {
            // The writer is never closed.
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

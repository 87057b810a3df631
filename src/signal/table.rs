//! Every signal of the process: whether it came, and its listeners.
//!
//! There is one table per process, because handlers belong to the process. It is created at the
//! first use and never dropped. Its sockets are created before (`runtime/signal_socket.rs`).
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

use super::broadcast::{Broadcast, Listener};
use super::raw;
use crate::loom::sync::{Mutex, OnceLock};
use crate::runtime::signal_socket::{SignalSockets, signal_sockets};
use crate::util::system::last_signal;

static TABLE: OnceLock<Table> = OnceLock::new();

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Table {
    /// Indexed by the signal's number.
    signals: Vec<Signal>,
    sockets: &'static SignalSockets,
}

#[derive(Debug)]
struct Signal {
    /// Set by the handler, taken by [`Table::dispatch`].
    pending: AtomicBool,
    installed: Mutex<bool>,
    listeners: Broadcast,
}

impl Table {
    /// Returns the process's table.
    ///
    /// # Errors
    ///
    /// Returns an error if the sockets have to be created and the process has no file descriptor
    /// left.
    pub(super) fn global() -> io::Result<&'static Table> {
        if let Some(table) = TABLE.get() {
            return Ok(table);
        }
        let sockets = signal_sockets()?;
        Ok(TABLE.get_or_init(|| Table::new(sockets)))
    }

    fn new(sockets: &'static SignalSockets) -> Table {
        let mut signals = Vec::new();
        for _ in 0..=last_signal() {
            signals.push(Signal {
                pending: AtomicBool::new(false),
                installed: Mutex::new(false),
                listeners: Broadcast::new(),
            });
        }
        Table { signals, sockets }
    }

    /// Returns the socket that becomes readable when a signal came.
    pub(super) fn reader(&self) -> &UnixStream {
        &self.sockets.reader
    }

    /// Listens to a signal, installing its handler if there is none.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such signal, if it cannot be handled, or if the handler
    /// cannot be installed; see sigaction(2).
    pub(super) fn listen(&'static self, signum: c_int) -> io::Result<Listener> {
        let signal = usize::try_from(signum)
            .ok()
            .and_then(|index| self.signals.get(index))
            .filter(|_| !signal_hook_registry::FORBIDDEN.contains(&signum))
            .ok_or_else(|| refused(signum))?;
        let mut installed = signal.installed.lock();
        if !*installed {
            raw::install(signum, &signal.pending, &self.sockets.writer)?;
            *installed = true;
        }
        drop(installed);
        Ok(signal.listeners.listen())
    }

    /// Notifies the listeners of each signal that came.
    pub(super) fn dispatch(&self) {
        for signal in &self.signals {
            if signal.pending.load(Ordering::SeqCst) && signal.pending.swap(false, Ordering::SeqCst)
            {
                signal.listeners.send();
            }
        }
    }
}

fn refused(signum: c_int) -> io::Error {
    io::Error::other(format!(
        "signal {signum} cannot be waited for: it does not exist or cannot be handled"
    ))
}

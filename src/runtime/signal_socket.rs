//! The sockets through which signal handlers wake runtimes.
//!
//! There is one pair per process, because handlers belong to the process. It is made together with
//! the first runtime that has I/O, so that signals, and with them the ends of children, can be waited
//! for in a process that has no file descriptor left by then. Read `signal/table.rs` next.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::net::UnixStream;

use crate::loom::sync::OnceLock;

static SOCKETS: OnceLock<SignalSockets> = OnceLock::new();

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct SignalSockets {
    /// Handlers write to it, and are never blocked by that.
    pub(crate) writer: UnixStream,
    /// Becomes readable when a handler has written. Every runtime in which a signal is waited for
    /// watches it.
    pub(crate) reader: UnixStream,
}

/// The process's sockets.
///
/// # Errors
///
/// When they have to be made and the process has no file descriptor left.
pub(crate) fn signal_sockets() -> io::Result<&'static SignalSockets> {
    if let Some(sockets) = SOCKETS.get() {
        return Ok(sockets);
    }
    let (writer, reader) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    reader.set_nonblocking(true)?;
    // If another thread was faster, its pair counts and this one was never used.
    Ok(SOCKETS.get_or_init(|| SignalSockets { writer, reader }))
}

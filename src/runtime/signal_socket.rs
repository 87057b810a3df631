//! The sockets through which signal handlers wake runtimes.
//!
//! There is one pair per process, because handlers belong to the process. It is created with the
//! first runtime that has I/O, so that signals, and with them the exit of children, can be waited
//! for even when the process later runs out of file descriptors. Read `signal/table.rs` next.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::net::UnixStream;

use crate::loom::sync::OnceLock;

static SOCKETS: OnceLock<SignalSockets> = OnceLock::new();

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct SignalSockets {
    /// Signal handlers write to it, which never blocks.
    pub(crate) writer: UnixStream,
    /// Becomes readable when a handler has written. Every runtime that waits for a signal watches
    /// it.
    pub(crate) reader: UnixStream,
}

/// Returns the process's sockets.
///
/// # Errors
///
/// Returns an error if the sockets have to be created and the process has no file descriptor left.
pub(crate) fn signal_sockets() -> io::Result<&'static SignalSockets> {
    if let Some(sockets) = SOCKETS.get() {
        return Ok(sockets);
    }
    let (writer, reader) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    reader.set_nonblocking(true)?;
    // If another thread was faster, its pair is used and this one is dropped.
    Ok(SOCKETS.get_or_init(|| SignalSockets { writer, reader }))
}

//! The sockets through which signal handlers wake runtimes: Windows has no signals, and none of them.
#![forbid(unsafe_code)]

use std::io;

/// Makes nothing.
pub(crate) fn signal_sockets() -> io::Result<()> {
    Ok(())
}

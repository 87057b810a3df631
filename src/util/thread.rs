//! Starting the runtime's own threads.
#![forbid(unsafe_code)]

use std::io;

use crate::loom::thread::{Builder, JoinHandle};

/// Starts a thread that calls `run`.
///
/// What the standard library does to start a thread is compiled for each type of closure, so all
/// threads of the crate are started here, with one type.
pub(crate) fn start(builder: Builder, run: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    builder.spawn(run)
}

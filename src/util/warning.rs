//! Warnings of what the person who has started the program asked for.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, Write};

/// Warns that what an environment variable or an option asked for is not available, or that it has
/// found something: in the log, or on standard error if the program has no log.
///
/// `#[tokio::main]` builds the runtime before the body of `main` can install a logger, and what is
/// logged by then is lost.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    if log::max_level() == log::LevelFilter::Off {
        // If standard error is closed, there is no reader to be warned.
        let _ = writeln!(io::stderr(), "{message}");
        return;
    }
    log::warn!("{message}");
}

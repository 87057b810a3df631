//! The standard streams of the process.
//!
//! A terminal or a file may not be waited for through readiness, and the streams are shared with
//! everything else in the process, so each operation runs on the blocking pool ([`blocking`]).
#![forbid(unsafe_code)]

mod blocking;
#[cfg_attr(windows, path = "handles.rs")]
mod descriptors;
mod output;
mod stdin;

pub use self::output::{Stderr, Stdout, stderr, stdout};
pub use self::stdin::{Stdin, stdin};

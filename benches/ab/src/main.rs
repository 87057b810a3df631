//! `zokio-ab`: programs on tokio and on zokio, measured in pairs.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    zokio_ab::run()
}

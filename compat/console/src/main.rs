//! `zokio-top`: the exit code is 0 if all went well, 1 if there is no such process or it cannot be
//! attached to, and 2 if the arguments are wrong.
#![forbid(unsafe_code)]

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use zokio_top::text::printable;
use zokio_top::{arguments, commands};

fn main() -> ExitCode {
    let command = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            report(&format!("zokio-top: {error}\n\n{}", arguments::USAGE));
            return ExitCode::from(2);
        }
    };
    match commands::run(command) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("zokio-top: {}", printable(&format!("{error:#}"))));
            ExitCode::from(1)
        }
    }
}

/// Writes to standard error, which may be closed: the exit code remains.
fn report(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

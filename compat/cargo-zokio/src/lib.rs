//! `cargo zokio`: runs a project that uses tokio on zokio.
//!
//! Cargo calls this program as `cargo-zokio zokio ARGS`. It drives cargo and links no part of zokio.
//!
//! The commands that edit nothing (`build`, `run`, `test`, ...) need a lock file of their own, because
//! cargo writes the lock of every build and a lock with zokio in it does not fit the unpatched
//! project. Where cargo has the setting `resolver.lockfile-path` (1.97 and later), that is used, and
//! the project's folder is only read. Older releases have no stable setting for it, and a lock put
//! into the project for the time of a build stays there if the build is killed. There, cargo runs on a
//! tree of symbolic links to the project (`tree`), which lies in the target folder and has a lock
//! of its own. Either way no file of the project is ever opened for writing, so a `kill -9` at any time
//! leaves it as it was.
//!
//! What a program can tell from the tree of links: `CARGO_MANIFEST_DIR` of the root package (and
//! `file!()`-like absolute paths that a build script makes from it) name the tree in the target folder.
//! All files that exist are found there. A file that a test of the root package makes in its own
//! top-level folder is made in the tree; in any folder below, in the project. `..` from the root
//! package's folder shows what is in the project's git repository, and the path dependencies. The
//! working folder of `cargo run` is the caller's.
//!
//! Read on in `resolve`, which puts zokio into the copy of the lock and verifies it.

mod args;
mod cargo;
mod check;
mod compare;
mod error;
mod files;
mod forward;
mod graph;
mod help;
mod install;
mod lock;
mod manifest;
mod measure;
mod project;
mod raw;
mod report;
mod resolve;
mod settings;
mod shell;
mod source;
mod stage;
mod switch;
mod syscalls;
mod tree;

use std::process::ExitCode;

use crate::args::{Invocation, Request};
use crate::error::{Error, Result};
use crate::shell::Shell;

/// The version of zokio's `tokio` package, which lies above every requirement on tokio 1.
pub(crate) const ZOKIO_VERSION: &str = "1.999.0";

/// Runs the command that the arguments of the process name.
pub fn run() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|first| first == measure::HELPER) {
        return measure::help(&args[1..]);
    }
    if args.first().is_some_and(|first| first == "zokio") {
        args.remove(0);
    }
    let request = match args::parse(args) {
        Ok(request) => request,
        Err(error) => return Shell::new(None, false).fail(&error),
    };
    match request {
        Request::Help => {
            Shell::print(help::TEXT);
            ExitCode::SUCCESS
        }
        Request::Version => {
            Shell::print(concat!("cargo-zokio ", env!("CARGO_PKG_VERSION"), "\n"));
            ExitCode::SUCCESS
        }
        Request::Command(invocation) => {
            let shell = Shell::new(invocation.color(), invocation.quiet);
            match dispatch(&shell, &invocation) {
                Ok(code) => code,
                Err(error) => shell.fail(&error),
            }
        }
    }
}

fn dispatch(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    match invocation.command.as_str() {
        "on" => switch::on(shell, invocation),
        "off" => switch::off(shell, invocation),
        "check" => check::check(shell, invocation),
        "compare" => compare::compare(shell, invocation),
        "install" => install::install(shell, invocation),
        command if forward::COMMANDS.contains(&command) => forward::forward(shell, invocation),
        command if forward::WRITERS.contains(&command) => Err(Error::new(format!(
            "`cargo zokio {command}` does not exist, because `cargo {command}` edits the project or \
             publishes it"
        ))
        .help("run it without `zokio`")),
        command => Err(Error::new(format!("no such command: `{command}`"))
            .help("view the commands with `cargo zokio --help`")),
    }
}

//! The commands that are cargo's own, run on zokio.

#![forbid(unsafe_code)]

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::args::Invocation;
use crate::cargo::{Cargo, cannot_run};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::resolve;
use crate::shell::Shell;
use crate::source::Source;
use crate::stage::Stage;

/// The commands that build or read.
pub const COMMANDS: &[&str] = &[
    "build", "b", "c", "clippy", "test", "t", "run", "r", "bench", "doc", "d", "rustc", "rustdoc",
    "tree", "metadata", "fetch", "nextest",
];

/// Those among them that have no target folder.
const BUILDS_NOTHING: &[&str] = &["tree", "metadata", "fetch"];

/// The commands of cargo that write the project or publish it.
pub const WRITERS: &[&str] = &[
    "add",
    "fix",
    "generate-lockfile",
    "init",
    "new",
    "package",
    "publish",
    "remove",
    "rm",
    "update",
    "vendor",
    "yank",
];

/// Puts zokio into the project's copy of the lock and becomes cargo.
///
/// # Errors
///
/// Returns an error if zokio cannot be used.
pub fn forward(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    let cargo = Cargo::find(invocation)?;
    if invocation
        .args
        .iter()
        .any(|arg| arg == "--help" || arg == "-h")
    {
        let mut command = cargo.command(&invocation.command);
        let error = command.arg("--help").exec();
        return Err(cannot_run(&command, &error));
    }
    if invocation.args.iter().any(|arg| arg == "--fix") {
        return Err(Error::new(format!(
            "`cargo zokio {}` does not take `--fix`",
            invocation.command
        ))
        .note("it edits the project")
        .help("run it without `zokio`"));
    }
    let project = Project::find(&cargo, invocation)?;
    let source = Source::find(invocation, &project)?;
    if invocation.locked {
        resolve::must_be_locked(&cargo, &project)?;
    }
    let stage = Stage::for_builds(shell, &cargo, &project, "zokio")?;
    resolve::put_in(shell, &cargo, &project, &source, &stage)?;

    let mut args = invocation.args.iter();
    let name = invocation.command.as_str();
    let mut command = match name {
        // Its own command comes before all options.
        "nextest" => cargo.command_of(name, args.next()),
        _ => cargo.command(name),
    };
    command.args(&stage.args);
    if BUILDS_NOTHING.contains(&name) {
        add_patch(&mut command, source.config());
        // They have no `--target-dir`, and `metadata` reports the folder.
        command.env("CARGO_TARGET_DIR", &project.base);
    } else {
        add_build(&mut command, source.config(), &project.base);
    }
    command.args(args);
    if let Some(rest) = &invocation.rest {
        command.arg("--").args(rest);
    }
    drop(stage);
    // The exit status, and a signal's, are then cargo's without a detour.
    let error = command.exec();
    Err(cannot_run(&command, &error))
}

/// Adds the options of a build with a verified lock, in a target folder of its own.
pub fn add_build(command: &mut Command, patch: Vec<String>, target: &Path) {
    add_patch(command, patch);
    // Not by `--config`, which `CARGO_TARGET_DIR` overrides, and not by that variable, which programs
    // that run would see.
    command.arg("--target-dir").arg(target);
}

fn add_patch(command: &mut Command, patch: Vec<String>) {
    command.args(patch).arg("--locked");
}

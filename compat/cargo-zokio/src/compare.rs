//! `compare`: a program of the project on the published tokio and on zokio, run in pairs.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use crate::args::Invocation;
use crate::cargo::{Cargo, cannot_run, status_code};
use crate::error::{Error, Result};
use crate::files;
use crate::forward::add_build;
use crate::measure::{self, Sample};
use crate::project::Project;
use crate::report;
use crate::resolve;
use crate::shell::Shell;
use crate::source::Source;
use crate::stage::Stage;
use crate::syscalls;

const PAIRS: usize = 5;

/// One of the two builds.
struct Side {
    name: &'static str,
    program: PathBuf,
    samples: Vec<Sample>,
}

impl Side {
    fn new(name: &'static str, program: PathBuf) -> Side {
        Side {
            name,
            program,
            samples: Vec::new(),
        }
    }
}

/// Builds both, runs them in pairs and prints the table to standard output.
///
/// # Errors
///
/// Returns an error if a build fails or a run does not end with success.
pub fn compare(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    let command = invocation
        .rest
        .as_deref()
        .and_then(<[OsString]>::split_first);
    let Some((bin, args)) = command else {
        return Err(Error::new("no program is named")
            .help("name a binary of the project: `cargo zokio compare -- BIN [ARGS]`"));
    };
    let cargo = Cargo::find(invocation)?;
    let project = Project::find(&cargo, invocation)?;
    let source = Source::find(invocation, &project)?;
    if invocation.locked {
        resolve::must_be_locked(&cargo, &project)?;
    }
    let mut tokio = build_published(shell, &cargo, &project, invocation, bin)?;
    let mut zokio = build_zokio(shell, &cargo, &project, invocation, bin, &source)?;

    // The first run reads the program from the disk and is not counted.
    for side in [&tokio, &zokio] {
        once(side, args)?;
    }
    for pair in 0..invocation.pairs.unwrap_or(PAIRS) {
        // Each is first in every other pair.
        let mut sides = [&mut tokio, &mut zokio];
        if pair % 2 == 1 {
            sides.reverse();
        }
        for side in sides {
            let sample = once(side, args)?;
            side.samples.push(sample);
        }
    }
    Shell::print(&report::table(&tokio.samples, &zokio.samples));
    let scratch = project.base.join("cargo-zokio").join("strace");
    let counts = syscalls::count(&tokio.program, args, &scratch)
        .and_then(|left| Ok((left, syscalls::count(&zokio.program, args, &scratch)?)));
    match counts {
        Ok((left, right)) => Shell::print(&report::syscalls(&left, &right)),
        Err(reason) => shell.note(&format!("no system calls: {reason}")),
    }
    Ok(ExitCode::SUCCESS)
}

fn once(side: &Side, args: &[OsString]) -> Result<Sample> {
    let sample = measure::run(&side.program, args)
        .map_err(|error| Error::file("run", &side.program, error))?;
    if sample.status.success() {
        return Ok(sample);
    }
    let program = side.program.display();
    Err(Error::new(format!(
        "on {}, the program ended with {}",
        side.name, sample.status
    ))
    .note(format!("it is `{program}`; its output was thrown away"))
    .help("compare needs a command that ends by itself, with success"))
}

fn build_published(
    shell: &Shell,
    cargo: &Cargo,
    project: &Project,
    invocation: &Invocation,
    bin: &OsString,
) -> Result<Side> {
    let stage = Stage::for_builds(shell, cargo, project, "tokio")?;
    stage.set_lock(files::read(&project.lock())?.as_deref())?;
    // Writes the copy if there is no lock, or one behind the manifests.
    crate::cargo::run(cargo.metadata().args(&stage.args))
        .map_err(|error| stage.in_project(error))?;
    let tokios = resolve::locked(&stage)?.tokios();
    let Some(version) = tokios.published.filter(|_| !tokios.zokio) else {
        let error = Error::new(
            "the project is not on the published tokio, so there is nothing to compare with",
        );
        return Err(if tokios.zokio {
            error.help("run `cargo zokio off` first")
        } else {
            error
        });
    };
    shell.status("Building", &format!("on tokio {version}"));
    let mut command = cargo.command("build");
    command.args(&stage.args);
    add_build(&mut command, Vec::new(), &project.base.join("tokio"));
    Ok(Side::new("tokio", build(command, invocation, bin)?))
}

fn build_zokio(
    shell: &Shell,
    cargo: &Cargo,
    project: &Project,
    invocation: &Invocation,
    bin: &OsString,
    source: &Source,
) -> Result<Side> {
    let stage = Stage::for_builds(shell, cargo, project, "zokio")?;
    resolve::put_in(shell, cargo, project, source, &stage)?;
    shell.status("Building", "on zokio");
    let mut command = cargo.command("build");
    command.args(&stage.args);
    add_build(&mut command, source.config(), &project.base);
    Ok(Side::new("zokio", build(command, invocation, bin)?))
}

/// Runs a build and returns the path of the program.
fn build(mut command: Command, invocation: &Invocation, bin: &OsString) -> Result<PathBuf> {
    let is_profile = |arg: &OsString| {
        let text = arg.to_string_lossy();
        text == "--release" || text == "-r" || text.starts_with("--profile")
    };
    if !invocation.args.iter().any(is_profile) {
        command.arg("--release");
    }
    command.args(&invocation.args).arg("--bin").arg(bin);
    command.args(["--message-format", "json-render-diagnostics"]);
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|error| cannot_run(&command, &error))?;
    if !output.status.success() {
        // Cargo has told why.
        return Err(Error::new("").code(status_code(output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut programs = text.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let named = message["target"]["name"]
            .as_str()
            .is_some_and(|name| bin == name);
        let program = message["executable"].as_str().filter(|_| named)?;
        Some(Path::new(program).to_owned())
    });
    programs.next_back().ok_or_else(|| {
        Error::new(format!(
            "cargo has not built a program named `{}`",
            bin.to_string_lossy()
        ))
    })
}

//! Calls of cargo.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus, Output};

use semver::Version;

use crate::args::Invocation;
use crate::error::{CARGO_FAILED, Error, Result};

/// The cargo that called this program, with the options that each call takes.
pub struct Cargo {
    program: OsString,
    common: Vec<OsString>,
    /// Its version.
    pub version: Version,
    /// The target that it builds for: `--target`, else the host.
    pub target: String,
}

impl Cargo {
    /// Asks cargo for its version.
    ///
    /// # Errors
    ///
    /// Returns an error if cargo cannot be run.
    pub fn find(invocation: &Invocation) -> Result<Self> {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = run(Command::new(&program).arg("-vV"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let version = field("release: ").and_then(|version| Version::parse(version.trim()).ok());
        let (Some(version), Some(host)) = (version, field("host: ")) else {
            return Err(Error::new("failed to read the output of `cargo -vV`"));
        };
        Ok(Self {
            program,
            common: invocation.common.clone(),
            version,
            target: invocation.target().unwrap_or(host).to_owned(),
        })
    }

    /// A call of a subcommand with the common options.
    pub fn command(&self, subcommand: &str) -> Command {
        self.command_of(subcommand, None)
    }

    /// The same with a subcommand's own command in front of the options.
    pub fn command_of(&self, subcommand: &str, own: Option<&OsString>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(subcommand).args(own).args(&self.common);
        command
    }

    /// A call of `metadata` that resolves nothing for other platforms, so that it needs no crate that
    /// a build does not need.
    pub fn metadata(&self) -> Command {
        let mut command = self.command("metadata");
        command.args(["--format-version", "1", "--filter-platform", &self.target]);
        command
    }

    /// Returns true if this cargo reads `resolver.lockfile-path` without an unstable flag.
    pub fn has_lockfile_path(&self) -> bool {
        let (major, minor) = (self.version.major, self.version.minor);
        if (major, minor) < (1, 97) {
            return false;
        }
        // Nightlies of 1.97 exist on either side of the change. The list names what is unstable.
        Command::new(&self.program)
            .args(["-Z", "help"])
            .output()
            .is_ok_and(|help| {
                let help = String::from_utf8_lossy(&help.stdout).into_owned();
                help.contains("-Z ") && !help.contains("lockfile-path")
            })
    }
}

/// Runs a call to its end and returns its output; what it prints is not shown.
///
/// # Errors
///
/// Returns cargo's own text and status if it fails.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .map_err(|error| cannot_run(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if stderr.is_empty() {
        return Err(Error::new(format!("`cargo` failed: {}", output.status)));
    }
    Err(Error::cargo(stderr, status_code(output.status)))
}

/// The error for a program that cannot be started.
pub fn cannot_run(command: &Command, error: &std::io::Error) -> Error {
    Error::file("run", Path::new(command.get_program()), error)
}

/// The exit status that stands for another program's end.
pub fn status_code(status: ExitStatus) -> u8 {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(CARGO_FAILED)
}

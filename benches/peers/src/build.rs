//! Builds the programs, each package by itself: one that does not build is reported, and the others are
//! measured.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::runtime::Runtime;

/// The programs that were built.
pub(crate) struct Builds {
    programs: BTreeMap<String, PathBuf>,
    /// The packages that were not, with the first error.
    pub(crate) failed: BTreeMap<&'static str, String>,
    /// The version of each runtime's crate.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Builds {
    /// Builds what the runtimes need, optimized unless `debug` is set.
    ///
    /// # Errors
    ///
    /// Returns an error if cargo cannot be run.
    pub(crate) fn make(runtimes: &[&'static Runtime], debug: bool) -> Result<Builds> {
        let packages = runtimes.iter().map(|runtime| runtime.package);
        let packages: BTreeSet<_> = packages.collect();
        Builds::of_packages(&Vec::from_iter(packages), debug)
    }

    /// Builds packages.
    ///
    /// # Errors
    ///
    /// Returns an error if cargo cannot be run.
    pub(crate) fn of_packages(packages: &[&'static str], debug: bool) -> Result<Builds> {
        let mut builds = Builds {
            programs: BTreeMap::new(),
            failed: BTreeMap::new(),
            versions: versions()?,
        };
        for package in packages {
            builds.build(package, debug)?;
        }
        Ok(builds)
    }

    /// Returns the path of a runtime's program, unless it was not built.
    pub(crate) fn program(&self, runtime: &Runtime) -> Option<&Path> {
        self.named(runtime.program)
    }

    /// Returns the path of a program, unless it was not built.
    pub(crate) fn named(&self, program: &str) -> Option<&Path> {
        self.programs.get(program).map(PathBuf::as_path)
    }

    fn build(&mut self, package: &'static str, debug: bool) -> Result<()> {
        let mut cargo = cargo();
        cargo.args(["build", "--quiet", "--locked", "--package", package]);
        cargo.args(["--message-format", "json"]);
        if !debug {
            cargo.arg("--release");
        }
        cargo.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = cargo.spawn().context("starting cargo")?;
        let stdout = child.stdout.take().context("the pipe was asked for")?;
        let mut error = None;
        for line in BufReader::new(stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(&line?) else {
                continue;
            };
            let name = message["target"]["name"].as_str();
            if let (Some(name), Some(path)) = (name, message["executable"].as_str()) {
                self.programs.insert(name.to_owned(), path.into());
            }
            let message = &message["message"];
            if error.is_none() && message["level"] == "error" {
                error = message["message"].as_str().map(str::to_owned);
            }
        }
        let mut stderr = String::new();
        let mut pipe = child.stderr.take().context("the pipe was asked for")?;
        pipe.read_to_string(&mut stderr)?;
        if !child.wait()?.success() {
            let error = error.or_else(|| stderr.lines().next().map(str::to_owned));
            self.failed.insert(package, error.unwrap_or_default());
        }
        Ok(())
    }
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.stdin(Stdio::null());
    cargo
}

/// Reads the versions of the lock file. Of several of one crate, the newest is last.
fn versions() -> Result<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = std::fs::read_to_string(&path);
    let lock = lock.with_context(|| format!("reading {}", path.display()))?;
    let mut versions = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_matches('"').to_owned())
        };
        if let (Some(name), Some(version)) = (field("name = "), field("version = ")) {
            versions.insert(name, version);
        }
    }
    Ok(versions)
}

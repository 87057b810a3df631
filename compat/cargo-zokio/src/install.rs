//! `install`: a program from crates.io or from a folder, on zokio, with the lock that it ships.
//!
//! Cargo's own `install` with a patch builds the published tokio with `--locked`, and the newest
//! version of everything without. Here the published sources are copied, zokio is put into the lock
//! that came with them, and cargo installs from there.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::{Invocation, takes_value};
use crate::cargo::{Cargo, cannot_run, run, status_code};
use crate::error::{Error, Result};
use crate::files;
use crate::forward::add_build;
use crate::project::{Project, json};
use crate::resolve;
use crate::shell::Shell;
use crate::source::{Source, toml_string};
use crate::stage::Stage;

/// The package that depends on the published program.
const REQUEST: &str = "cargo-zokio-request";

/// Installs one program.
///
/// # Errors
///
/// Returns an error if the program is not found, or zokio cannot be used in it.
pub fn install(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    let names = invocation.positionals();
    let unsupported = ["--git", "--index", "--registry", "--list"];
    let text: Vec<_> = invocation
        .args
        .iter()
        .map(|arg| arg.to_string_lossy())
        .collect();
    if let Some(option) = text
        .iter()
        .find(|arg| unsupported.contains(&arg.split('=').next().unwrap_or(arg)))
    {
        return Err(
            Error::new(format!("`cargo zokio install` does not take `{option}`"))
                .help("clone or download the sources and name their folder with `--path`"),
        );
    }
    let cargo = Cargo::find(invocation)?;
    match (&invocation.path, names.as_slice()) {
        (Some(folder), names) => build(shell, &cargo, invocation, folder, names, None),
        (None, [name]) => {
            let (name, version) = match name.split_once('@') {
                Some((name, version)) => (name, Some(version.to_owned())),
                None => (name.as_str(), version(&text)),
            };
            let scratch = Scratch::new()?;
            let folder = download(&cargo, &scratch.0, name, version.as_deref())?;
            shell.status(
                "Downloaded",
                &folder.file_name().unwrap_or_default().to_string_lossy(),
            );
            build(shell, &cargo, invocation, &folder, &[], Some(&scratch))
        }
        (None, []) => Err(Error::new("no program is named")
            .help("name a published program, or a folder with `--path`")),
        (None, _) => Err(Error::new(
            "`cargo zokio install` takes one program at a time",
        )),
    }
}

fn build(
    shell: &Shell,
    cargo: &Cargo,
    invocation: &Invocation,
    folder: &Path,
    names: &[String],
    scratch: Option<&Scratch>,
) -> Result<ExitCode> {
    let seen = Invocation {
        manifest_path: Some(folder.join("Cargo.toml")),
        target_dir: invocation
            .target_dir
            .clone()
            .or(scratch.map(|scratch| scratch.0.join("target"))),
        ..Invocation::default()
    };
    let project = Project::find(cargo, &seen)?;
    let source = Source::find(invocation, &project)?;
    // As in cargo, a published program without a lock is no error.
    if invocation.locked && (scratch.is_none() || project.lock().exists()) {
        resolve::must_be_locked(cargo, &project)?;
    }
    // A tree in all releases of cargo: some read `resolver.lockfile-path` for builds only.
    let stage = Stage::of_links(shell, &project, "install", None)?;
    resolve::put_in(shell, cargo, &project, &source, &stage)?;
    let mut command = cargo.command("install");
    command
        .arg("--path")
        .arg(stage.manifest.parent().unwrap_or(folder));
    add_build(&mut command, source.config(), &project.base);
    command
        .args(names)
        .args(options(invocation, scratch.is_some()));
    let status = command
        .status()
        .map_err(|error| cannot_run(&command, &error))?;
    if scratch.is_some() {
        // Under `--target-dir`, they are not in the scratch folder, and no later run looks for them.
        for name in ["install", "resolve", "resolve-lock"] {
            let _ = fs::remove_dir_all(project.folder(name));
        }
    }
    Ok(ExitCode::from(if status.success() {
        0
    } else {
        status_code(status)
    }))
}

/// The options for `cargo install --path`: without the version of a published program.
fn options(invocation: &Invocation, published: bool) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut args = invocation.args.iter().peekable();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        if !text.starts_with('-') {
            continue;
        }
        let value = args.next_if(|_| takes_value(&text));
        if !(published && text.starts_with("--vers")) {
            kept.extend([arg].into_iter().chain(value).cloned());
        }
    }
    kept
}

fn version(args: &[std::borrow::Cow<'_, str>]) -> Option<String> {
    let is_version = |name: &str| name == "--version" || name == "--vers";
    args.iter()
        .enumerate()
        .find_map(|(at, arg)| match arg.split_once('=') {
            Some((name, value)) if is_version(name) => Some(value.to_owned()),
            None if is_version(arg) => args.get(at + 1).map(|value| value.to_string()),
            _ => None,
        })
}

/// Has cargo download a published package, as the dependency of a package made for it, and copies its
/// sources.
fn download(cargo: &Cargo, scratch: &Path, name: &str, version: Option<&str>) -> Result<PathBuf> {
    let request = scratch.join(REQUEST);
    files::create_dir(&request.join("src"))?;
    files::write(&request.join("src/lib.rs"), "")?;
    // As in `cargo install`, a bare version is that version.
    let version = match version {
        Some(version) if version.starts_with(|c: char| c.is_ascii_digit()) => format!("={version}"),
        Some(version) => version.to_owned(),
        None => "*".to_owned(),
    };
    let manifest = format!(
        "[package]\nname = \"{REQUEST}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies.program]\npackage = {}\nversion = {}\ndefault-features = false\n",
        toml_string(name),
        toml_string(&version)
    );
    let path = request.join("Cargo.toml");
    files::write(&path, &manifest)?;
    let metadata = json(&run(cargo.metadata().arg("--manifest-path").arg(&path))?.stdout)?;
    let packages = metadata["packages"].as_array();
    let package = packages
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name);
    let sources =
        package.and_then(|package| Path::new(package["manifest_path"].as_str()?).parent());
    let Some(sources) = sources else {
        return Err(Error::new(format!("cargo has not downloaded `{name}`")));
    };
    let folder = scratch.join(sources.file_name().unwrap_or_default());
    copy(sources, &folder).map_err(|error| Error::file("copy", sources, error))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A folder that goes when the program is installed.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let mut number = std::process::id();
        loop {
            let path = std::env::temp_dir().join(format!("cargo-zokio-{number}"));
            match fs::create_dir(&path) {
                // One that a killed run has left, or another user's.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    number = number.wrapping_add(1);
                    continue;
                }
                Err(error) => return Err(Error::file("create directory", &path, error)),
                Ok(()) => {}
            }
            let path = path.canonicalize();
            return path
                .map(Self)
                .map_err(|error| Error::file("find", &std::env::temp_dir(), error));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

//! The generated package that holds an archive's tests, unchanged, in the build folder.
//!
//! tokio's tests cannot stay in a package named `tokio`, for that is what they depend on: their
//! package is written from the archive's metadata. Every other archive is copied unchanged. Both
//! get the patch that puts the drop-in in force, and a lock file of their own.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::archive::Archive;
use crate::cargo::{self, text};
use crate::options::{Against, Options};

/// A package that is ready to be built.
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    /// Where its builds go: shared by all suites on the same runtime.
    pub(crate) target: PathBuf,
    against: Against,
    unstable: bool,
}

impl Package {
    pub(crate) fn lay_out(archive: &Archive, options: &Options) -> Result<Package> {
        let (runtime, target) = match options.against {
            Against::Zokio => ("zokio", "drop-in"),
            Against::Tokio => ("tokio", "upstream"),
        };
        // Cargo would build everything again at each change of the flags.
        let target = match options.unstable {
            true => format!("{target}-unstable"),
            false => target.to_string(),
        };
        // Two checkouts may share a build folder, and must not share a patch.
        let mut hasher = DefaultHasher::new();
        cargo::root().hash(&mut hasher);
        let checkout = hasher.finish() as u32;
        let name = format!("{}-on-{runtime}-{checkout:08x}", options.id());
        let folder = cargo::target().join("suite").join(name);
        let package = Package {
            folder,
            target: cargo::target().join(target),
            against: options.against,
            unstable: options.unstable,
        };
        if archive.suite.name == "tokio" {
            package.write_tokio(archive, &options.suite_features())?;
        } else {
            package.copy_archive(archive)?;
        }
        Ok(package)
    }

    /// Returns a cargo command that builds this package, with the flags that its tests need.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo::cargo(&self.folder, &self.target);
        if self.unstable {
            let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
            command.env("RUSTFLAGS", format!("{flags} --cfg tokio_unstable"));
        }
        command
    }

    /// Checks that there is exactly one tokio, the requested one: cargo ignores a patch that does
    /// not fit.
    pub(crate) fn check_the_tokio_in_force(&self) -> Result<()> {
        let metadata = cargo::metadata(&self.folder)?;
        let found: Vec<&Value> = cargo::packages(&metadata, "tokio").collect();
        let versions: Vec<&str> = found
            .iter()
            .map(|package| text(&package["version"]))
            .collect();
        let ours = found.iter().all(|package| package["source"].is_null());
        match (found.len(), ours, self.against) {
            (1, true, Against::Zokio) | (1, false, Against::Tokio) => Ok(()),
            _ => bail!(
                "the wrong tokio is in force in {}: {versions:?}",
                self.folder.display()
            ),
        }
    }

    fn write_tokio(&self, archive: &Archive, enabled: &[&str]) -> Result<()> {
        replace_folder(&archive.folder.join("tests"), &self.folder.join("tests"))?;
        fs::create_dir_all(self.folder.join("src"))?;
        write_if_other(&self.folder.join("src/lib.rs"), "")?;
        let mut manifest = format!(
            "[package]\nname = \"tests-of-{}\"\nversion = \"0.0.0\"\nedition = \"{}\"\nhomepage = \"{}\"\npublish = false\n\n",
            archive.suite.name,
            text(&archive.package["edition"]),
            text(&archive.package["homepage"]),
        );
        manifest.push_str(&features(archive, enabled));
        let requirement = match self.against {
            Against::Zokio => "1".to_string(),
            Against::Tokio => format!("={}", archive.suite.version),
        };
        write!(
            manifest,
            "[dependencies.tokio]\nversion = \"{requirement}\"\nfeatures = {enabled:?}\n\n",
        )?;
        manifest.push_str(&dependencies(archive)?);
        manifest.push_str(&self.tail());
        write_if_other(&self.folder.join("Cargo.toml"), &manifest)
    }

    fn copy_archive(&self, archive: &Archive) -> Result<()> {
        replace_folder(&archive.folder, &self.folder)?;
        let path = self.folder.join("Cargo.toml");
        let manifest = fs::read_to_string(archive.folder.join("Cargo.toml"))? + &self.tail();
        write_if_other(&path, &manifest)
    }

    /// Returns what every generated manifest ends in.
    fn tail(&self) -> String {
        // Tests of task dumps look for the names of functions.
        let debug = match self.unstable {
            true => "\"line-tables-only\"",
            false => "false",
        };
        let mut tail =
            format!("\n[workspace]\n\n[profile.dev]\ndebug = {debug}\nincremental = false\n");
        if self.against == Against::Zokio {
            let path = cargo::root().join("compat/tokio");
            let _ = write!(
                tail,
                "\n[patch.crates-io]\ntokio = {{ path = {:?} }}\n",
                path.display().to_string()
            );
        }
        tail
    }
}

/// Returns the archive's feature names, with those of `enabled` on: `cfg(feature)` in a test reads
/// the features of the package that holds it.
fn features(archive: &Archive, enabled: &[&str]) -> String {
    let names = archive.package["features"].as_object();
    let known: BTreeSet<&str> = names
        .iter()
        .flat_map(|names| names.keys())
        .map(String::as_str)
        .collect();
    let mut section = "[features]\n".to_string();
    for name in known.iter().filter(|name| **name != "default") {
        let members: Vec<&str> = archive.package["features"][name]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect();
        let members: Vec<&&str> = members
            .iter()
            .filter(|member| known.contains(**member))
            .collect();
        let _ = writeln!(section, "{name} = {members:?}");
    }
    let _ = writeln!(section, "default = {enabled:?}\n");
    section
}

/// Returns the archive's dependencies, including dev-dependencies, a table for each target and
/// name.
fn dependencies(archive: &Archive) -> Result<String> {
    let mut merged: BTreeMap<(String, String), (String, bool, BTreeSet<String>)> = BTreeMap::new();
    let all = archive.package["dependencies"]
        .as_array()
        .context("cargo metadata lists dependencies")?;
    for dependency in all
        .iter()
        .filter(|dependency| dependency["kind"] != "build")
    {
        let key = (
            text(&dependency["target"]).to_string(),
            text(&dependency["name"]).to_string(),
        );
        let entry = merged.entry(key).or_default();
        entry.0 = text(&dependency["req"]).to_string();
        entry.1 |= dependency["uses_default_features"] == true;
        entry.2.extend(
            dependency["features"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| text(name).to_string()),
        );
    }
    let mut sections = String::new();
    for ((target, name), (requirement, default_features, features)) in merged {
        let features = Vec::from_iter(features);
        let table = if target.is_empty() {
            String::new()
        } else {
            format!("target.'{target}'.")
        };
        writeln!(
            sections,
            "[{table}dependencies.{name}]\nversion = {requirement:?}"
        )?;
        writeln!(
            sections,
            "default-features = {default_features}\nfeatures = {features:?}\n"
        )?;
    }
    Ok(sections)
}

/// Makes `to` a copy of `from` without its lock file, and leaves files alone that are the same.
fn replace_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            replace_folder(&path, &copy)?;
        } else if entry.file_name() != "Cargo.lock" && entry.file_name() != "Cargo.toml" {
            let bytes = fs::read(&path)?;
            if fs::read(&copy).ok().as_ref() != Some(&bytes) {
                fs::write(&copy, bytes)?;
            }
        }
    }
    Ok(())
}

fn write_if_other(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).ok().as_deref() != Some(content) {
        fs::write(path, content)?;
    }
    Ok(())
}

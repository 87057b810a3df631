//! The calls of cargo: where builds go, and what a failed call reports.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Returns a cargo command for the package in `folder`. Its builds go to `target`.
pub(crate) fn cargo(folder: &Path, target: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .stdin(Stdio::null());
    command
}

/// Returns the repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the package is two folders below the root")
}

/// Returns the folder for builds, as the call of this program set it.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Returns `cargo metadata` for the package in `folder`, after fetching its dependencies.
pub(crate) fn metadata(folder: &Path) -> Result<Value> {
    let output = cargo(folder, &target())
        .args(["metadata", "--format-version", "1", "--quiet"])
        .output()?;
    if !output.status.success() {
        bail!(
            "cargo metadata in {}:\n{}",
            folder.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata did not print JSON")
}

/// Returns the packages of that name in the metadata, each with its version.
pub(crate) fn packages<'a>(metadata: &'a Value, name: &'a str) -> impl Iterator<Item = &'a Value> {
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |package| package["name"] == name)
}

/// Returns the text of a JSON value that cargo always writes as a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

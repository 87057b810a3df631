//! The build of the tests: every file that compiles is kept, every other reported with its first
//! error.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo::text;
use crate::options::Options;
use crate::package::Package;

/// The result of the build for each group.
#[derive(Default)]
pub(crate) struct Compiled {
    /// The test program of each group that compiled.
    pub(crate) programs: BTreeMap<String, Program>,
    /// The errors of each group that did not.
    pub(crate) broken: BTreeMap<String, Vec<String>>,
}

/// A test program.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// Whether it holds the unit tests of the library rather than a file of `tests/`.
    pub(crate) is_lib: bool,
}

pub(crate) fn compile(package: &Package, options: &Options) -> Result<Compiled> {
    let mut command = package.cargo();
    command.args([
        "build",
        "--keep-going",
        "--quiet",
        "--message-format",
        "json",
    ]);
    command.args(["--features", &options.features()]);
    command.args(options.target_arguments());
    let lib = options.suite.name.replace('-', "_");
    if options.groups.is_empty() {
        command.arg("--tests");
    }
    for group in &options.groups {
        if *group == lib {
            command.arg("--lib");
        } else {
            command.args(["--test", group]);
        }
    }
    eprintln!("building {} ...", package.folder.display());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().context("the pipe was asked for")?;
    let mut compiled = Compiled::default();
    let mut dependency_errors = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else {
            continue;
        };
        compiled.note(&message, package, &mut dependency_errors);
    }
    let output = child.wait_with_output()?;
    if !dependency_errors.is_empty() {
        bail!(
            "what the tests depend on does not compile:\n{}",
            dependency_errors.join("\n")
        );
    }
    if !output.status.success() && compiled.broken.is_empty() {
        bail!(
            "the build failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(compiled)
}

impl Compiled {
    fn note(&mut self, message: &Value, package: &Package, dependency_errors: &mut Vec<String>) {
        let group = text(&message["target"]["name"]).to_string();
        let manifest = package.folder.join("Cargo.toml");
        let own = message["manifest_path"]
            .as_str()
            .is_some_and(|path| manifest.as_os_str() == path);
        match text(&message["reason"]) {
            "compiler-artifact" if message["profile"]["test"] == true => {
                let Some(path) = message["executable"].as_str() else {
                    return;
                };
                let is_lib = message["target"]["kind"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|kind| kind == "lib");
                self.programs.insert(
                    group,
                    Program {
                        path: path.into(),
                        is_lib,
                    },
                );
            }
            "compiler-message" if message["message"]["level"] == "error" => {
                let error = &message["message"];
                let span = error["spans"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|span| span["is_primary"] == true);
                let place = span.map_or(String::new(), |span| {
                    format!("{}:{}: ", text(&span["file_name"]), span["line_start"])
                });
                let line = format!("{place}{}", text(&error["message"]));
                if own {
                    self.broken.entry(group).or_default().push(line);
                } else {
                    dependency_errors.push(line);
                }
            }
            _ => {}
        }
    }
}

//! One run of the compiled tests: what performs it, and which tests are run a second time as an
//! unprivileged user because root is let through where they expect a refusal.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::Result;

use crate::compile::Compiled;
use crate::expect::Expectations;
use crate::options::Options;
use crate::package::Package;
use crate::{nextest, plain};

/// A test's group and name.
pub(crate) type Key = (String, String);

/// How a test ended.
#[derive(Clone, PartialEq)]
pub(crate) enum Outcome {
    Passed,
    /// With the first lines of its panic.
    Failed(String),
}

/// All tests under one back-end.
pub(crate) struct Run {
    /// Its name in the report.
    pub(crate) name: String,
    pub(crate) outcomes: BTreeMap<Key, Outcome>,
}

pub(crate) fn run(
    package: &Package,
    compiled: &Compiled,
    expectations: &Expectations,
    driver: Option<&str>,
    options: &Options,
) -> Result<Run> {
    let name = driver.unwrap_or("tokio").to_string();
    eprintln!("running {} groups on {name} ...", compiled.programs.len());
    let mut outcomes = if !options.plain && has_nextest() {
        nextest::run(package, compiled, driver, options)?
    } else {
        plain::run(package, compiled, driver, options)?
    };
    if is_root()? {
        let wanted: Vec<&Key> = expectations
            .unprivileged
            .iter()
            .filter(|key| outcomes.contains_key(*key))
            .collect();
        for (key, outcome) in plain::run_unprivileged(package, compiled, &wanted, driver, options)?
        {
            outcomes.insert(key, outcome);
        }
    }
    Ok(Run { name, outcomes })
}

fn has_nextest() -> bool {
    let output = Command::new("cargo")
        .args(["nextest", "--version"])
        .output();
    output.is_ok_and(|output| output.status.success())
}

fn is_root() -> Result<bool> {
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

/// Returns the lines of a failed test's output that tell why: the first panic and its message.
pub(crate) fn first_panic(output: &str) -> String {
    let mut lines = output
        .lines()
        .skip_while(|line| !line.contains("panicked at"))
        .take(3);
    let Some(first) = lines.next() else {
        let last = output
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("no output");
        return last.trim().to_string();
    };
    let place = first.rsplit("panicked at ").next().unwrap_or(first);
    let message: Vec<&str> = lines
        .take_while(|line| !line.starts_with("note:") && !line.starts_with("stack backtrace"))
        .collect();
    format!("{place} {}", message.join(" "))
}

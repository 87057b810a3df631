//! The run with cargo-nextest: its configuration, the call, and its JUnit report.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::compile::Compiled;
use crate::options::Options;
use crate::package::Package;
use crate::run::{Key, Outcome, first_panic};

pub(crate) fn run(
    package: &Package,
    compiled: &Compiled,
    driver: Option<&str>,
    options: &Options,
) -> Result<BTreeMap<Key, Outcome>> {
    if compiled.programs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let config = package.target.join("nextest-suite.toml");
    let limit = options.limit_s;
    fs::write(
        &config,
        format!(
            "[store]\ndir = {:?}\n\n[profile.suite]\nslow-timeout = {{ period = \"{limit}s\", terminate-after = 1, grace-period = \"1s\" }}\n\
             leak-timeout = \"2s\"\n\n[profile.suite.junit]\npath = \"junit.xml\"\n",
            package.target.join("nextest")
        ),
    )?;
    let report = package.target.join("nextest/suite/junit.xml");
    let _ = fs::remove_file(&report);
    let mut command = package.cargo();
    command.args([
        "nextest",
        "run",
        "--no-fail-fast",
        "--no-tests",
        "pass",
        "--profile",
        "suite",
        "--config-file",
    ]);
    command
        .arg(&config)
        .args(["--cargo-quiet", "--cargo-quiet", "--status-level", "none"]);
    command.args([
        "--final-status-level",
        "none",
        "--show-progress",
        "none",
        "--failure-output",
        "never",
    ]);
    command.args(["--features", &options.features()]);
    command.args(options.target_arguments());
    command.args(["--test-threads", &options.jobs.to_string()]);
    for (group, program) in &compiled.programs {
        match program.is_lib {
            true => command.arg("--lib"),
            false => command.args(["--test", group]),
        };
    }
    if let Some(text) = &options.filter {
        command.arg(text);
    }
    if let Some(driver) = driver {
        command.env("ZOKIO_DRIVER", driver);
    }
    let output = command.env("RUST_BACKTRACE", "0").output()?;
    // 100: some tests failed, which the report lists name by name.
    if !matches!(output.status.code(), Some(0 | 100)) {
        bail!("cargo nextest: {}", String::from_utf8_lossy(&output.stderr));
    }
    if !report.exists() {
        return Ok(BTreeMap::new());
    }
    let text =
        fs::read_to_string(&report).with_context(|| format!("reading {}", report.display()))?;
    Ok(parse(&text))
}

/// Reads nextest's JUnit report: a `testsuite` for each program, a `testcase` for each test.
fn parse(xml: &str) -> BTreeMap<Key, Outcome> {
    let mut outcomes = BTreeMap::new();
    for suite in xml.split("<testsuite ").skip(1) {
        let id = attribute(suite, "name");
        let group = id.rsplit("::").next().unwrap_or(&id).replace('-', "_");
        for case in suite.split("<testcase ").skip(1) {
            let name = attribute(case, "name");
            let outcome = if case.contains("<failure") || case.contains("<error") {
                let output = ["<system-err>", "<system-out>"].map(|tag| between(case, tag));
                let why = match case.contains("test timeout") {
                    true => "timed out".to_string(),
                    false => first_panic(&unescape(&output.join("\n"))),
                };
                Outcome::Failed(why)
            } else {
                Outcome::Passed
            };
            outcomes.insert((group.clone(), name), outcome);
        }
    }
    outcomes
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag
        .split(&format!("{name}=\""))
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    unescape(value.unwrap_or_default())
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    text.split(tag)
        .nth(1)
        .and_then(|rest| rest.split("</").next())
        .unwrap_or_default()
}

fn unescape(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#10;", "\n"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_string(), |text, (from, to)| text.replace(from, to))
}

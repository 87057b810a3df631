//! The lists that a run is compared with: `reference/` (what passes on tokio itself) and
//! `expected/` (what differs here, each line with its reason).

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::compile::Compiled;
use crate::options::Options;
use crate::run::{Key, Outcome, Run};

/// What is expected of the tests.
#[derive(Default)]
pub(crate) struct Expectations {
    /// Every test that passes on tokio.
    pub(crate) reference: BTreeSet<Key>,
    /// Tests that must fail here, because they assert something that zokio does better.
    pub(crate) must_fail: BTreeMap<Key, String>,
    /// Tests that fail so far, or that assert what zokio does otherwise.
    pub(crate) fails: BTreeMap<Key, String>,
    /// Tests that make no sense as root: as root they are judged by a run as another user.
    pub(crate) unprivileged: BTreeSet<Key>,
}

impl Expectations {
    pub(crate) fn load(options: &Options) -> Result<Expectations> {
        let mut expectations = Expectations::default();
        let reference = file("reference", options);
        let expected = file("expected", options);
        if !reference.exists() && !options.write_reference {
            bail!(
                "{} is missing: make it with `--against tokio --write-reference`",
                reference.display()
            );
        }
        for line in lines(&reference)? {
            let (group, name) = line
                .split_once(' ')
                .with_context(|| format!("`{line}` is not `GROUP NAME`"))?;
            expectations
                .reference
                .insert((group.to_string(), name.to_string()));
        }
        for line in lines(&expected)? {
            let mut parts = line.splitn(4, ' ').map(str::to_string);
            let (Some(kind), Some(group), Some(name), Some(reason)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                bail!(
                    "{}: `{line}` is not `KIND GROUP NAME REASON`",
                    expected.display()
                );
            };
            let key = (group, name);
            if !expectations.reference.contains(&key) {
                bail!(
                    "{}: `{} {}` is not in the reference list",
                    expected.display(),
                    key.0,
                    key.1
                );
            }
            match kind.as_str() {
                "must-fail" => drop(expectations.must_fail.insert(key, reason)),
                "fails" => drop(expectations.fails.insert(key, reason)),
                "unprivileged" => drop(expectations.unprivileged.insert(key)),
                _ => bail!("{}: `{kind}` is not a kind", expected.display()),
            }
        }
        Ok(expectations)
    }
}

/// Writes the names that passed on tokio as the reference list.
pub(crate) fn write_reference(options: &Options, compiled: &Compiled, runs: &[Run]) -> Result<()> {
    let mut text = String::new();
    for (group, errors) in &compiled.broken {
        eprintln!("left out: {group} does not compile: {}", errors[0]);
    }
    for (key, outcome) in runs.iter().flat_map(|run| &run.outcomes) {
        match outcome {
            Outcome::Passed => writeln!(text, "{} {}", key.0, key.1)?,
            Outcome::Failed(why) => eprintln!("left out: {} {}: {why}", key.0, key.1),
        }
    }
    let path = file("reference", options);
    fs::write(&path, &text)?;
    println!("{}: {} names", path.display(), text.lines().count());
    Ok(())
}

fn file(folder: &str, options: &Options) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(format!("{}.txt", options.id()))
}

/// Returns the lines of a list, without comments; an absent list is empty.
fn lines(path: &Path) -> Result<Vec<String>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_string)
        .collect())
}

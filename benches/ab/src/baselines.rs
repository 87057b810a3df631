//! `benches/baselines.jsonl`: what was saved, a line of JSON for each `--save`.

#![forbid(unsafe_code)]

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use crate::build::root;

/// The file.
pub(crate) struct Baselines(PathBuf);

impl Baselines {
    /// Returns the repository's.
    pub(crate) fn of_the_repository() -> Baselines {
        Baselines(root().join("benches/baselines.jsonl"))
    }

    /// Returns the lines that have all fields of `kind` with the same values, the oldest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is there and cannot be read.
    pub(crate) fn matching(&self, kind: &Map<String, Value>) -> Result<Vec<Value>> {
        let mut lines = self.lines()?;
        lines.retain(|line| kind.iter().all(|(name, value)| line[name] == *value));
        Ok(lines)
    }

    fn lines(&self) -> Result<Vec<Value>> {
        let reading = || format!("reading {}", self.0.display());
        let text = match fs::read_to_string(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            text => text.with_context(reading)?,
        };
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().with_context(reading)
    }

    /// Appends a line: the fields of `kind`, those of `figures`, the commit and the time.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub(crate) fn append(
        &self,
        kind: &Map<String, Value>,
        figures: Map<String, Value>,
        commit: &str,
    ) -> Result<()> {
        let mut line = kind.clone();
        line.extend(figures);
        line.insert("commit".into(), commit.into());
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        line.insert("unix_time_s".into(), now.as_secs().into());
        let text = format!("{}\n", Value::Object(line));
        let file = OpenOptions::new().create(true).append(true).open(&self.0);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("writing {}", self.0.display()))
    }
}

/// Returns the commit that is checked out, with `+` if files differ from it.
///
/// # Errors
///
/// Returns an error if this is no checkout of git's.
pub(crate) fn commit() -> Result<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(args)
            .current_dir(root())
            .output()
            .context("starting git")?;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "git {}: {error}", args.join(" "));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    // What was saved before may not be committed yet.
    let others = [
        "status",
        "--porcelain",
        "--",
        ".",
        ":!benches/baselines.jsonl",
    ];
    let is_clean = git(&others)?.is_empty();
    Ok(if is_clean { commit } else { commit + "+" })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Baselines;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_saved_is_found_by_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let baselines = Baselines(folder.path().join("baselines.jsonl"));
        let [one, other] = [1, 2].map(|cores| object(json!({"kind": "ratios", "cores": cores})));
        assert!(baselines.matching(&one).unwrap().is_empty());
        for (kind, figure) in [(&one, 1), (&other, 2), (&one, 3)] {
            let figures = object(json!({ "figure": figure }));
            baselines.append(kind, figures, "abc").unwrap();
        }
        let found = baselines.matching(&one).unwrap();
        let figures: Vec<_> = found.iter().map(|line| line["figure"].as_u64()).collect();
        assert_eq!(figures, [Some(1), Some(3)]);
        assert_eq!(found[0]["commit"], "abc");
        std::fs::write(&baselines.0, "{\"kind\"\n").unwrap();
        let error = baselines.matching(&one).unwrap_err();
        assert!(error.to_string().contains("baselines.jsonl"));
    }
}

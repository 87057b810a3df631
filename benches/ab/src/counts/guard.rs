//! Saves counts, and compares with what was saved.
//!
//! Another compiler, glibc or Valgrind makes other instructions of the same source, and another
//! processor architecture has other ones. So only lines of the same four are compared with: the guard
//! looks at what a change of the source does. The path of the checkout, the processor (see
//! `valgrind.rs`) and the load of the machine do not matter.

#![forbid(unsafe_code)]

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::count::Count;
use super::paths::Path;
use super::{Counter, Row};
use crate::Verdict;
use crate::baselines::{self, Baselines};
use crate::build::{Profile, Side};

/// How much worse a count may be, as a part of the saved one.
const BOUND: f64 = 0.03;

/// A count that was saved with more doubt than this is not compared with.
const DOUBT: f64 = 0.005;

/// How often a count that is worse is taken, before it is reported.
const TRIES: usize = 5;

/// The lines of the file that can be compared with.
pub(super) struct Saved {
    file: Baselines,
    kind: Map<String, Value>,
    workers: usize,
    /// The latest.
    line: Option<Value>,
}

impl Saved {
    /// Looks for the lines of this machine's kind.
    pub(super) fn find(
        valgrind: &str,
        driver: &str,
        workers: usize,
        profile: Profile,
    ) -> Result<Saved> {
        let kind = json!({
            "kind": "counts",
            "architecture": std::env::consts::ARCH,
            "rust": rust()?,
            "libc": libc_version()?,
            "valgrind": valgrind,
            "driver": driver,
            "workers": workers,
            "optimized": profile == Profile::Counts,
            // Lines without this are of programs that were compiled in parts.
            "whole_packages": true,
        });
        let Value::Object(kind) = kind else {
            unreachable!("it was written as an object")
        };
        let file = Baselines::of_the_repository();
        let line = file.matching(&kind)?.pop();
        Ok(Saved {
            file,
            kind,
            workers,
            line,
        })
    }

    /// Appends a line.
    pub(super) fn save(&self, rows: &[Row], tokio: &str) -> Result<()> {
        let counts = |of: fn(&Row) -> &Count| {
            let counts = rows.iter().filter_map(|row| {
                let count = of(row);
                let entry = json!({"count": count.figure()?, "doubt": count.doubt()?});
                Some((row.path.name.to_owned(), entry))
            });
            Value::Object(counts.collect())
        };
        let figures = Map::from_iter([
            ("tokio_version".to_owned(), tokio.into()),
            ("tokio".to_owned(), counts(|row| &row.tokio)),
            ("zokio".to_owned(), counts(|row| &row.zokio)),
        ]);
        self.file.append(&self.kind, figures, &baselines::commit()?)
    }

    /// Compares zokio's counts with the latest line, and prints those that are compared.
    pub(super) fn check(&self, counter: &Counter, paths: &[&'static Path]) -> Result<Verdict> {
        let Some(line) = &self.line else {
            let kind = Value::Object(self.kind.clone());
            return Ok(Verdict::Unknown(format!("no counts are saved of {kind}")));
        };
        println!(
            "instructions on zokio, {} worker(s), now and at {}:",
            self.workers,
            line["commit"].as_str().unwrap_or("an unknown commit")
        );
        let mut verdict = Verdict::Passed;
        for &path in paths {
            let entry = &line["zokio"][path.name];
            let doubt = entry["doubt"].as_f64();
            let saved = entry["count"].as_f64().filter(|_| doubt <= Some(DOUBT));
            let Some(saved) = saved else {
                println!(
                    "  {:15} not compared: saved with doubt, or not at all",
                    path.name
                );
                continue;
            };
            let now = self.count(counter, path, saved)?;
            let Some(now) = now else {
                println!("  {:15} not compared: Valgrind cannot run it", path.name);
                continue;
            };
            let worse = is_worse(saved, now);
            if worse {
                verdict = Verdict::Worse;
            }
            println!(
                "  {:15}{now:>9.0} {saved:>9.0} {:>+7.1}%{}",
                path.name,
                100.0 * (now / saved - 1.0),
                if worse { "  worse than saved" } else { "" }
            );
        }
        Ok(verdict)
    }

    /// Counts a path until it is not worse than what was saved, or often enough to believe it.
    fn count(&self, counter: &Counter, path: &Path, saved: f64) -> Result<Option<f64>> {
        let mut count = Count::new(path.times);
        for _ in 0..TRIES {
            counter.once(Side::Zokio, path, self.workers, &mut count)?;
            match count.figure() {
                Some(now) if is_worse(saved, now) => {}
                _ => break,
            }
        }
        Ok(count.figure())
    }
}

fn is_worse(saved: f64, now: f64) -> bool {
    now > saved * (1.0 + BOUND)
}

/// Returns the version of the compiler that builds the programs.
fn rust() -> Result<String> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    first_line(Command::new(compiler).arg("--version"))
}

fn libc_version() -> Result<String> {
    first_line(Command::new("getconf").arg("GNU_LIBC_VERSION"))
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = command.output();
    let output = output.with_context(|| format!("starting {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_worse;

    #[test]
    fn three_percent_are_the_bound() {
        assert!(!is_worse(1000.0, 1030.0));
        assert!(is_worse(1000.0, 1031.0));
        assert!(!is_worse(1000.0, 500.0));
    }
}

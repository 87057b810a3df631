//! Saves the ratios of a run, compares with what was saved, and draws its history.
//!
//! Times depend on the machine, on its load and on its mood; the ratio of a pair mostly does not.
//! What is compared is the CPU time, the system calls and the memory: what latencies and throughput
//! show depends on the load as well.

#![forbid(unsafe_code)]

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

use crate::baselines::{self, Baselines};
use crate::chart::{self, Bar, Line};
use crate::machine::Machine;
use crate::options::Options;
use crate::page::CHARTS;
use crate::pairs::{Case, Outcome};
use crate::sample::{self, MEASURES, Measure};
use crate::statistics::Spread;

/// How much worse a ratio may be, as a part of the saved one. It has to be beyond the spread as well.
const BOUND: f64 = 0.1;

/// What is compared.
const GUARDED: [&str; 3] = ["cpu_us", "system_calls", "peak_mib"];

/// What the charts of saved runs show, with the title that it has elsewhere.
const SHOWN: (&str, &str) = CHARTS[0];

const NOT_SAVED: &str = "none of the scenarios is saved of this kind of machine";

/// The lines that were saved on this kind of machine.
pub(crate) struct Guard {
    file: Baselines,
    kind: Map<String, Value>,
    lines: Vec<Value>,
}

impl Guard {
    /// Reads what was saved on machines like this one, with the driver of the options.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub(crate) fn of(machine: &Machine, options: &Options) -> Result<Guard> {
        let file = Baselines::of_the_repository();
        let kind = kind(machine, options);
        let lines = file.matching(&kind)?;
        Ok(Guard { file, kind, lines })
    }

    /// Returns why nothing can be compared.
    pub(crate) fn is_empty(&self) -> Option<String> {
        let kind = || Value::Object(self.kind.clone());
        self.lines
            .is_empty()
            .then(|| format!("no run is saved of {}", kind()))
    }

    /// Appends a line.
    pub(crate) fn save(
        &self,
        machine: &Machine,
        tokio: &str,
        options: &Options,
        outcomes: &[Outcome],
    ) -> Result<()> {
        let figures = json!({
            "kernel": machine.kernel,
            "tokio_version": tokio,
            "rounds": options.rounds,
            "seconds": options.time.as_secs_f64(),
            "cases": outcomes.iter().map(entry).collect::<Vec<_>>(),
        });
        let Value::Object(figures) = figures else {
            unreachable!("it was written as an object")
        };
        self.file.append(&self.kind, figures, &baselines::commit()?)
    }

    /// Returns what is worse than it was when this case was saved last, or `None` if it never was.
    pub(crate) fn worse(&self, outcome: &Outcome) -> Option<Vec<String>> {
        let saved = self.saved(&outcome.case)?;
        let guarded = MEASURES
            .iter()
            .filter(|measure| GUARDED.contains(&measure.key));
        let worse = guarded.filter_map(|measure| {
            let before = spread(&saved["ratios"][measure.key])?;
            let now = ratio(outcome, measure)?;
            is_worse(before, now).then(|| {
                format!(
                    "{}: the ratio is {:.2} ({:.2} to {:.2}), and was {:.2} ({:.2} to {:.2})",
                    measure.label(outcome.case.scenario),
                    now.median,
                    now.low,
                    now.high,
                    before.median,
                    before.low,
                    before.high,
                )
            })
        });
        Some(worse.collect())
    }

    /// Returns what was saved last of a case.
    fn saved(&self, wanted: &Case) -> Option<&Value> {
        let lines = self.lines.iter();
        lines.rev().find_map(|line| case(line, wanted))
    }

    /// Draws the ratio of the CPU time of cases, as each was saved last.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing was saved.
    pub(crate) fn latest(&self, cases: &[Case]) -> Result<String> {
        let bar = |wanted: &Case| {
            Some(Bar {
                name: wanted.to_string(),
                ratio: spread(&self.saved(wanted)?["ratios"][SHOWN.0])?,
            })
        };
        let bars: Vec<Bar> = cases.iter().filter_map(bar).collect();
        ensure!(!bars.is_empty(), NOT_SAVED);
        chart::ratios(SHOWN.1, &bars)
    }

    /// Draws the ratio of the CPU time of cases, a point for each line that was saved.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing was saved.
    pub(crate) fn history(&self, cases: &[Case]) -> Result<String> {
        let lines: Vec<Line> = cases
            .iter()
            .map(|wanted| {
                let ratios = self.lines.iter().enumerate().filter_map(|(place, line)| {
                    let ratio = spread(&case(line, wanted)?["ratios"][SHOWN.0])?;
                    Some((place, ratio.median))
                });
                Line {
                    name: wanted.to_string(),
                    points: ratios.collect(),
                }
            })
            .filter(|line| !line.points.is_empty())
            .collect();
        ensure!(!lines.is_empty(), NOT_SAVED);
        let commits = self.lines.iter().map(|line| {
            let commit = line["commit"].as_str().unwrap_or("?");
            commit.chars().take(7).collect()
        });
        chart::history(
            "CPU time, zokio / tokio, by commit",
            &commits.collect::<Vec<String>>(),
            &lines,
        )
    }
}

fn kind(machine: &Machine, options: &Options) -> Map<String, Value> {
    let kind = json!({
        "kind": "ratios",
        "architecture": std::env::consts::ARCH,
        "processor": machine.processor,
        "cores": machine.cores,
        "files_on": machine.files_on,
        "driver": options.driver.as_deref().unwrap_or("chosen"),
        "optimized": !options.debug,
    });
    match kind {
        Value::Object(kind) => kind,
        _ => unreachable!("it was written as an object"),
    }
}

fn entry(outcome: &Outcome) -> Value {
    let ratios = MEASURES.iter().filter_map(|measure| {
        let Spread { low, median, high } = ratio(outcome, measure)?;
        let value = json!({"low": low, "median": median, "high": high});
        Some((measure.key.to_owned(), value))
    });
    json!({
        "scenario": outcome.case.scenario.name,
        "workers": outcome.case.workers,
        "ratios": Value::Object(ratios.collect()),
    })
}

/// Returns the entry of a case in a line.
fn case<'a>(line: &'a Value, wanted: &Case) -> Option<&'a Value> {
    line["cases"]
        .as_array()?
        .iter()
        .find(|case| case["scenario"] == wanted.scenario.name && case["workers"] == wanted.workers)
}

fn spread(value: &Value) -> Option<Spread> {
    Some(Spread {
        low: value["low"].as_f64()?,
        median: value["median"].as_f64()?,
        high: value["high"].as_f64()?,
    })
}

fn ratio(outcome: &Outcome, measure: &Measure) -> Option<Spread> {
    let [tokio, zokio] =
        [&outcome.tokio, &outcome.zokio].map(|samples| sample::column(samples, measure));
    Spread::of_ratios(&tokio, &zokio)
}

/// More than the bound, and by more than what each of the two varies.
fn is_worse(before: Spread, now: Spread) -> bool {
    now.median > before.median * (1.0 + BOUND) && now.low > before.high
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Guard, is_worse};
    use crate::baselines::Baselines;
    use crate::pairs::Case;
    use crate::scenario;
    use crate::statistics::Spread;

    #[test]
    fn the_latest_saved_ratio_of_each_case_is_drawn() {
        let line = |scenario: &str, median: f64| {
            let ratio = json!({"low": median, "median": median, "high": median});
            json!({"cases": [{"scenario": scenario, "workers": 1, "ratios": {"cpu_us": ratio}}]})
        };
        let guard = Guard {
            file: Baselines::of_the_repository(),
            kind: Map::new(),
            lines: vec![line("echo", 0.71), line("echo", 0.72), line("http", 0.73)],
        };
        let cases = |names: &[&str]| -> Vec<Case> {
            let cases = names.iter().map(|name| Case {
                scenario: scenario::named(name).unwrap(),
                workers: 1,
            });
            cases.collect()
        };
        let chart = guard.latest(&cases(&["echo", "http", "fsync"])).unwrap();
        for (part, is_there) in [
            ("0.71", false),
            ("0.72", true),
            ("0.73", true),
            ("fsync", false),
        ] {
            assert_eq!(chart.contains(part), is_there, "{part}");
        }
        let error = guard.latest(&cases(&["fsync"])).unwrap_err();
        assert!(error.to_string().contains("is saved of this kind"));
    }

    #[test]
    fn worse_is_more_than_the_bound_and_the_spread() {
        let spread = |low, median, high| Spread { low, median, high };
        let before = spread(0.9, 1.0, 1.1);
        assert!(!is_worse(before, spread(1.04, 1.09, 1.2)));
        assert!(!is_worse(before, spread(1.05, 1.3, 1.5)));
        assert!(is_worse(before, spread(1.11, 1.3, 1.5)));
        assert!(!is_worse(spread(1.0, 1.0, 1.0), spread(1.05, 1.09, 1.1)));
        assert!(!is_worse(before, spread(0.5, 0.6, 0.7)));
    }
}

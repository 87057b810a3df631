//! `--json`: every figure of every run, for programs.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::build::Builds;
use crate::machine::Machine;
use crate::options::Options;
use crate::pairs::Outcome;
use crate::sample::{self, MEASURES};
use crate::statistics::Spread;

/// Writes the file.
///
/// # Errors
///
/// Returns an error if it cannot be written.
pub(crate) fn write(
    path: &Path,
    machine: &Machine,
    builds: &Builds,
    options: &Options,
    outcomes: &[Outcome],
) -> Result<()> {
    let value = json!({
        "tokio": builds.tokio,
        "zokio": env!("CARGO_PKG_VERSION"),
        "driver": options.driver,
        "optimized": !options.debug,
        "seconds": options.time.as_secs_f64(),
        "kernel": machine.kernel,
        "processor": machine.processor,
        "cores": machine.cores,
        "files_on": machine.files_on,
        "scenarios": outcomes.iter().map(scenario).collect::<Vec<_>>(),
    });
    let text = format!("{value:#}\n");
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn scenario(outcome: &Outcome) -> Value {
    let mut measures = Map::new();
    for measure in MEASURES {
        let [tokio, zokio] =
            [&outcome.tokio, &outcome.zokio].map(|samples| sample::column(samples, measure));
        if tokio.iter().chain(&zokio).all(Option::is_none) {
            continue;
        }
        let ratio = Spread::of_ratios(&tokio, &zokio).map(
            |Spread { low, median, high }| json!({"low": low, "median": median, "high": high}),
        );
        let value = json!({"tokio": tokio, "zokio": zokio, "ratio": ratio});
        measures.insert(measure.key.to_owned(), value);
    }
    json!({
        "name": outcome.case.scenario.name,
        "about": outcome.case.scenario.about,
        "unit": outcome.case.scenario.unit[0],
        "workers": outcome.case.workers,
        "program_cores": outcome.cores.program,
        "load_core": outcome.case.has_load().then_some(outcome.cores.load),
        "rate": outcome.rate,
        "no_system_calls": outcome.no_calls,
        "measures": measures,
    })
}

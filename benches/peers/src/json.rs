//! `--json`: every figure of every run, for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use zokio_ab::{Machine, Sample, Spread};

use crate::build::Builds;
use crate::options::Options;
use crate::report::{column, cpu};
use crate::rounds::{Missing, Outcome, Row};
use crate::runtime::BASE;

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
        "optimized": !options.debug,
        "seconds": options.time.as_secs_f64(),
        "kernel": machine.kernel,
        "processor": machine.processor,
        "cores": machine.cores,
        "files_on": machine.files_on,
        "versions": builds.versions,
        "not_built": builds.failed,
        "cells": outcomes.iter().map(cell).collect::<Vec<_>>(),
    });
    let text = format!("{value:#}\n");
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn cell(outcome: &Outcome) -> Value {
    let base = outcome.rows.iter().find(|row| row.runtime.name == BASE);
    let rows = outcome.rows.iter();
    let rows = rows.map(|row| (row.runtime.name.to_owned(), self::row(row, base)));
    json!({
        "name": outcome.cell.name,
        "about": outcome.cell.about,
        "unit": outcome.cell.unit,
        "program_cores": outcome.cores.program,
        "load_core": outcome.cores.load,
        "runtimes": rows.collect::<Map<_, _>>(),
    })
}

fn row(row: &Row, base: Option<&Row>) -> Value {
    let ratio = base.and_then(|base| Spread::of_ratios(&column(base, cpu), &column(row, cpu)));
    let missing = match &row.missing {
        None => None,
        Some(Missing::Lacks(reason)) => Some((*reason).to_owned()),
        Some(Missing::NotBuilt) => Some("was not built".to_owned()),
        Some(Missing::Failed(reason)) => Some(format!("failed: {reason}")),
    };
    json!({
        "missing": missing,
        "cpu_ratio": ratio.map(
            |Spread { low, median, high }| json!({"low": low, "median": median, "high": high}),
        ),
        "samples": row.samples.iter().map(|sample| sample.as_ref().map(self::sample)).collect::<Vec<_>>(),
    })
}

fn sample(sample: &Sample) -> Value {
    json!({
        "cpu_us": sample.cpu_us,
        "units_per_s": sample.units_per_s,
        "latency_us": sample.latency_us,
        "switches": sample.switches,
        "busy_percent": sample.busy,
        "load_percent": sample.load,
        "others_percent": sample.others,
        "idle_mib": sample.idle_mib,
        "peak_mib": sample.peak_mib,
        "late_percent": sample.late,
    })
}

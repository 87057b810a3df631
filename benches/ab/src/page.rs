//! `--svg` and `--html`: the figures as charts, and a page that holds all of them.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::chart::{self, Bar};
use crate::options::Options;
use crate::pairs::Outcome;
use crate::report;
use crate::sample::{self, MEASURES, Measure};
use crate::statistics::Spread;

/// What has a chart, with its title. In the first one, less is better.
pub(crate) const CHARTS: [(&str, &str); 5] = [
    (
        "cpu_us",
        "CPU time of a unit, zokio / tokio (less is better)",
    ),
    ("units_per_s", "Throughput, zokio / tokio (more is better)"),
    (
        "p99_us",
        "99th percentile of the latency, zokio / tokio (less is better)",
    ),
    (
        "system_calls",
        "System calls of a unit, zokio / tokio (less is better)",
    ),
    ("peak_mib", "Peak memory, zokio / tokio (less is better)"),
];

/// Writes what the options ask for.
///
/// # Errors
///
/// Returns an error if a chart cannot be drawn or a file cannot be written.
pub(crate) fn write(options: &Options, heading: &str, outcomes: &[Outcome]) -> Result<()> {
    if let Some(path) = &options.svg {
        let (key, title) = CHARTS[0];
        save(path, &chart::ratios(title, &bars(outcomes, key))?)?;
    }
    if let Some(path) = &options.html {
        save(path, &page(heading, outcomes)?)?;
    }
    Ok(())
}

pub(crate) fn save(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn bars(outcomes: &[Outcome], key: &str) -> Vec<Bar> {
    let measure = MEASURES.iter().find(|measure| measure.key == key);
    let ratio = |outcome: &Outcome, measure: &Measure| {
        let [tokio, zokio] =
            [&outcome.tokio, &outcome.zokio].map(|samples| sample::column(samples, measure));
        Spread::of_ratios(&tokio, &zokio)
    };
    let bar = |outcome: &Outcome| {
        Some(Bar {
            name: outcome.case.to_string(),
            ratio: ratio(outcome, measure?)?,
        })
    };
    outcomes.iter().filter_map(bar).collect()
}

fn page(heading: &str, outcomes: &[Outcome]) -> Result<String> {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tokio and zokio</title>\n\
         <style>body {{ font-family: sans-serif; color: #333; max-width: 880px; margin: 2em auto; }}\n\
         svg {{ max-width: 100%; height: auto; }}\n\
         pre {{ overflow-x: auto; background: #f6f6f6; padding: 1em; }}</style>\n\
         <h1>tokio and zokio</h1>\n<pre>{}</pre>\n\
         <p>A bar is the median of the ratios of all pairs, the line on it their quartiles.</p>\n",
        escaped(heading.trim_end())
    );
    for (key, title) in CHARTS {
        let bars = bars(outcomes, key);
        if !bars.is_empty() {
            writeln!(page, "{}", chart::ratios(title, &bars)?)?;
        }
    }
    page += "<h2>Figures</h2>\n";
    for outcome in outcomes {
        writeln!(
            page,
            "<pre>{}</pre>",
            escaped(report::table(outcome, ["tokio", "zokio"]).trim_end())
        )?;
    }
    page += "</html>\n";
    Ok(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_is_printed_is_no_markup() {
        assert_eq!(escaped("a < b && c"), "a &lt; b &amp;&amp; c");
    }
}

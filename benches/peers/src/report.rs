//! What is printed on the terminal.

use zokio_ab::{Machine, Sample, Spread, figure};

use crate::build::Builds;
use crate::options::Options;
use crate::rounds::{Missing, Outcome, Row};
use crate::runtime::BASE;

/// The lines above all tables.
pub(crate) fn heading(machine: &Machine, builds: &Builds, options: &Options) -> String {
    let mut text = format!(
        "{} rounds of {} s\n{}, {} cores, Linux {}, files on {}\n",
        options.rounds,
        options.time.as_secs_f64(),
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.files_on,
    );
    let crates = [
        "tokio",
        "smol",
        "monoio",
        "compio",
        "glommio",
        "tokio-uring",
    ];
    let versions = crates.iter().filter_map(|name| {
        let version = builds.versions.get(*name)?;
        Some(format!("{name} {version}"))
    });
    text += &format!("{}\n", versions.collect::<Vec<_>>().join(", "));
    if options.debug {
        text += "Not optimized: the figures show that the programs run, and nothing else.\n";
    }
    for (package, error) in &builds.failed {
        text += &format!("NOT BUILT: {package}: {error}\n");
    }
    text
}

/// The table of a cell: medians, and the ratio to tokio of the CPU time of a unit, round by round, as
/// median and quartiles, which fewer than three rounds do not have.
pub(crate) fn table(outcome: &Outcome) -> String {
    let cell = outcome.cell;
    let cores: Vec<_> = outcome.cores.program.iter().map(usize::to_string).collect();
    let mut text = format!("{}: {}\n", cell.name, cell.about);
    text += &format!("  program on {}", cores.join(", "));
    text += &match cell.load {
        crate::cell::Load::Own => "\n".to_owned(),
        _ => format!(", load on {}\n", outcome.cores.load),
    };
    text += &line([
        "",
        &format!("CPU us/{}", cell.unit),
        "ratio",
        "quartiles",
        "a second",
        "p50 us",
        "p99 us",
        "others %",
    ]);
    let base = outcome.rows.iter().find(|row| row.runtime.name == BASE);
    for row in &outcome.rows {
        text += &self::row(row, base);
    }
    text
}

fn row(row: &Row, base: Option<&Row>) -> String {
    let name = row.runtime.name;
    let reason = match &row.missing {
        None => "",
        Some(Missing::Lacks(reason)) => reason,
        Some(Missing::NotBuilt) => "was not built",
        Some(Missing::Failed(reason)) => reason,
    };
    if !reason.is_empty() {
        return format!("  {name:<14} - {reason}\n");
    }
    let median = |of: fn(&Sample) -> Option<f64>| {
        Spread::of(&column(row, of)).map_or_else(|| "-".to_owned(), |it| figure(it.median))
    };
    let ratio = base.and_then(|base| Spread::of_ratios(&column(base, cpu), &column(row, cpu)));
    let quartiles = ratio.filter(|_| row.samples.len() >= 3).map_or_else(
        || "-".to_owned(),
        |Spread { low, high, .. }| format!("{low:.2} to {high:.2}"),
    );
    line([
        name,
        &median(cpu),
        &ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{:.2}", ratio.median)),
        &quartiles,
        &median(|sample| Some(sample.units_per_s)),
        &median(|sample| sample.latency_us.map(|[half, _, _]| half)),
        &median(|sample| sample.latency_us.map(|[_, slow, _]| slow)),
        &median(|sample| Some(sample.others)),
    ])
}

/// Returns a figure of each round.
pub(crate) fn column(row: &Row, of: fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    let samples = row.samples.iter();
    samples.map(|sample| sample.as_ref().and_then(of)).collect()
}

/// Returns the CPU time of a unit, in microseconds.
pub(crate) fn cpu(sample: &Sample) -> Option<f64> {
    Some(sample.cpu_us)
}

fn line([name, cpu, ratio, quartiles, rate, half, slow, others]: [&str; 8]) -> String {
    let line = format!(
        "  {name:<14}{cpu:>18}{ratio:>8}  {quartiles:<15}{rate:>12}{half:>10}{slow:>10}{others:>10}"
    );
    format!("{}\n", line.trim_end())
}

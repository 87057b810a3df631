//! The table of `compare`.

#![forbid(unsafe_code)]

use std::time::Duration;

use crate::measure::Sample;
use crate::syscalls::Calls;

/// A row: its name, a number of a sample, and how to print it.
type Row = (&'static str, fn(&Sample) -> f64, fn(f64) -> String);

const ROWS: &[Row] = &[
    ("time", |s| millis(s.wall), print_millis),
    ("user CPU", |s| millis(s.user), print_millis),
    ("system CPU", |s| millis(s.system), print_millis),
    (
        "peak memory",
        |s| s.peak_kib as f64,
        |kib| format!("{:.1} MiB", kib / 1024.0),
    ),
    (
        "voluntary switches",
        |s| s.voluntary as f64,
        |n| format!("{n:.0}"),
    ),
    (
        "involuntary switches",
        |s| s.involuntary as f64,
        |n| format!("{n:.0}"),
    ),
];

/// The samples of both sides, in the order of the pairs, as a table: the medians, the median of the
/// pairs' ratios (zokio by tokio), and the least and the greatest of them.
pub fn table(tokio: &[Sample], zokio: &[Sample]) -> String {
    let mut lines = vec![line(["", "tokio", "zokio", "ratio", "least to greatest"])];
    for (name, number, print) in ROWS {
        let of = |samples: &[Sample]| samples.iter().map(number).collect::<Vec<_>>();
        let (left, right) = (of(tokio), of(zokio));
        let ratios = left
            .iter()
            .zip(&right)
            .filter(|(l, _)| **l > 0.0)
            .map(|(l, r)| r / l);
        let mut ratios: Vec<f64> = ratios.collect();
        ratios.sort_by(f64::total_cmp);
        let (ratio, spread) = match ratios.as_slice() {
            [least, .., greatest] | [least @ greatest] => (
                format!("{:.2}", median(&ratios)),
                format!("{least:.2} to {greatest:.2}"),
            ),
            [] => ("-".to_owned(), "-".to_owned()),
        };
        lines.push(line([
            name,
            &print(median(&left)),
            &print(median(&right)),
            &ratio,
            &spread,
        ]));
    }
    lines.concat()
}

/// The number of system calls of one run each, with the most frequent ones.
pub fn syscalls(tokio: &Calls, zokio: &Calls) -> String {
    let row = |name: &str, left: u64, right: u64| {
        let ratio = if left > 0 {
            format!("{:.2}", right as f64 / left as f64)
        } else {
            "-".to_owned()
        };
        line([name, &left.to_string(), &right.to_string(), &ratio, ""])
    };
    let mut text = row("system calls", tokio.values().sum(), zokio.values().sum());
    let of = |calls: &Calls, name: &str| calls.get(name).copied().unwrap_or(0);
    let mut names: Vec<&String> = tokio.keys().chain(zokio.keys()).collect();
    names.sort_by_key(|name| {
        (
            std::cmp::Reverse(of(tokio, name).max(of(zokio, name))),
            *name,
        )
    });
    names.dedup();
    for name in names.into_iter().take(8) {
        text += &row(&format!("  {name}"), of(tokio, name), of(zokio, name));
    }
    text
}

fn line(cells: [&str; 5]) -> String {
    let [name, tokio, zokio, ratio, spread] = cells;
    let line = format!("{name:<22} {tokio:>12} {zokio:>12} {ratio:>7}   {spread}");
    format!("{}\n", line.trim_end())
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => 0.0,
        (len, middle) if len % 2 == 0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        (_, middle) => sorted[middle],
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn print_millis(millis: f64) -> String {
    if millis < 10_000.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{:.2} s", millis / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{syscalls, table};
    use crate::measure::Sample;
    use crate::syscalls::Calls;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn sample(wall_ms: u64, voluntary: u64) -> Sample {
        Sample {
            wall: Duration::from_millis(wall_ms),
            user: Duration::ZERO,
            system: Duration::from_millis(1),
            peak_kib: 2048,
            voluntary,
            involuntary: 0,
            status: ExitStatus::from_raw(0),
        }
    }

    #[test]
    fn medians_and_the_spread_of_pairs() {
        let tokio = [sample(100, 10), sample(200, 10), sample(400, 0)];
        let zokio = [sample(50, 5), sample(200, 10), sample(300, 1)];
        let table = table(&tokio, &zokio);
        let row = |name: &str| {
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("time"), "time 200.0 ms 200.0 ms 0.75 0.50 to 1.00");
        assert_eq!(row("peak"), "peak memory 2.0 MiB 2.0 MiB 1.00 1.00 to 1.00");
        // No ratio to zero; the pair is left out.
        assert_eq!(
            row("voluntary"),
            "voluntary switches 10 5 0.75 0.50 to 1.00"
        );
        assert_eq!(row("user"), "user CPU 0.0 ms 0.0 ms - -");
    }

    #[test]
    fn system_calls_are_added_up() {
        let tokio = Calls::from([("futex".to_owned(), 10), ("read".to_owned(), 10)]);
        let zokio = Calls::from([("io_uring_enter".to_owned(), 5)]);
        let text = syscalls(&tokio, &zokio);
        assert!(
            text.starts_with("system calls                     20            5    0.25\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4);
    }
}

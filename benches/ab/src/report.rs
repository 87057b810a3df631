//! What is printed on the terminal.

#![forbid(unsafe_code)]

use crate::build::Builds;
use crate::machine::Machine;
use crate::options::Options;
use crate::pairs::Outcome;
use crate::sample::{self, MEASURES};
use crate::statistics::Spread;

/// The lines above all tables.
pub(crate) fn heading(builds: &Builds, machine: &Machine, options: &Options) -> String {
    let driver = match options.driver.as_deref() {
        Some("mio") => "without io_uring",
        Some(_) => "with io_uring",
        None => "with io_uring if that works",
    };
    let optimized = match (options.debug, crate::OPTIMIZED) {
        (true, _) => "\nNot optimized: the figures show that the scenarios run, and nothing else.",
        (false, false) => {
            "\nThe load is not optimized, and may be the limit: use `cargo run --release`."
        }
        (false, true) => "",
    };
    let zokio = env!("CARGO_PKG_VERSION");
    let sides = match options.observed {
        true => format!("zokio {zokio}, without and with the live view,"),
        false => format!("tokio {} and zokio {zokio}", builds.tokio),
    };
    let pairs = match options.rounds {
        1 => "1 pair".to_owned(),
        rounds => format!("{rounds} pairs"),
    };
    format!(
        "{sides} {driver}, {pairs} of {} s\n{}, {} cores, Linux {}, files on {}{optimized}\n",
        options.time.as_secs_f64(),
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.files_on,
    )
}

/// The table of a case: the medians of both sides, and the ratio of each pair (second by first) as
/// median and quartiles, which fewer than three pairs do not have.
pub(crate) fn table(outcome: &Outcome, sides: [&str; 2]) -> String {
    let scenario = outcome.case.scenario;
    let mut text = format!(
        "{}: {}\n  {}\n",
        scenario.name,
        scenario.about,
        setting(outcome)
    );
    text += &line(["", sides[0], sides[1], "ratio", "quartiles"]);
    for measure in MEASURES {
        let [left, right] =
            [&outcome.tokio, &outcome.zokio].map(|samples| sample::column(samples, measure));
        let ratio = Spread::of_ratios(&left, &right);
        let (Some(left), Some(right)) = (Spread::of(&left), Spread::of(&right)) else {
            continue;
        };
        let few = outcome.tokio.len() < 3;
        let (ratio, quartiles) = match ratio {
            Some(Spread { median, .. }) if few => (format!("{median:.2}"), "-".to_owned()),
            Some(Spread { low, median, high }) => {
                (format!("{median:.2}"), format!("{low:.2} to {high:.2}"))
            }
            None => ("-".to_owned(), "-".to_owned()),
        };
        text += &line([
            &measure.label(scenario),
            &figure(left.median),
            &figure(right.median),
            &ratio,
            &quartiles,
        ]);
    }
    if let Some(reason) = &outcome.no_calls {
        text += &format!("  no system calls: {reason}\n");
    }
    text
}

fn setting(outcome: &Outcome) -> String {
    let workers = match outcome.case.workers {
        1 => "current-thread".to_owned(),
        workers => format!("{workers} workers"),
    };
    let cores = |cores: &[usize]| {
        let numbers: Vec<_> = cores.iter().map(usize::to_string).collect();
        let word = if cores.len() == 1 { "core" } else { "cores" };
        format!("{word} {}", numbers.join(", "))
    };
    let program = cores(&outcome.cores.program);
    let load = outcome.cores.load;
    match outcome.rate {
        _ if !outcome.case.has_load() => format!("{workers}, on {program}"),
        Some(rate) => {
            format!("{workers}, on {program}; open loop of {rate:.0} a second, on core {load}")
        }
        None => format!("{workers}, on {program}; closed loop, on core {load}"),
    }
}

fn line(cells: [&str; 5]) -> String {
    let [name, left, right, ratio, quartiles] = cells;
    let line = format!("  {name:<26} {left:>12} {right:>12} {ratio:>8}   {quartiles}");
    format!("{}\n", line.trim_end())
}

/// Three digits, or all of those before the point, in groups of three.
pub fn figure(number: f64) -> String {
    let decimals = match number.abs() {
        small if small < 10.0 => 2,
        medium if medium < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::{figure, table};
    use crate::cores::Cores;
    use crate::pairs::{Case, Outcome};
    use crate::sample::Sample;
    use crate::scenario::named;

    fn sample(cpu_us: f64) -> Sample {
        Sample {
            units_per_s: 123_456.0,
            cpu_us,
            latency_us: None,
            switches: 0.0,
            calls: None,
            busy: 99.0,
            load: None,
            others: 0.0,
            idle_mib: 2.0,
            peak_mib: 3.0,
            late: None,
            connections: None,
        }
    }

    #[test]
    fn a_table_has_ratios_of_pairs_and_leaves_out_what_was_not_measured() {
        let outcome = Outcome {
            case: Case {
                scenario: named("echo").unwrap(),
                workers: 2,
            },
            cores: Cores {
                program: vec![0, 1],
                load: 3,
            },
            rate: Some(5000.0),
            tokio: vec![sample(8.0), sample(10.0), sample(20.0)],
            zokio: vec![sample(4.0), sample(10.0), sample(15.0)],
            no_calls: Some("no tracepoint".into()),
        };
        let table = table(&outcome, ["tokio", "zokio"]);
        let row = |name: &str| {
            let mut lines = table
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>());
            lines.find_map(|words| {
                let line = words.join(" ");
                line.starts_with(name).then_some(line)
            })
        };
        let cpu = "CPU, us a request 10.0 10.0 0.75 0.62 to 0.88";
        assert_eq!(row("CPU").as_deref(), Some(cpu));
        let switches = "context switches a request 0.00 0.00 - -";
        assert_eq!(row("context").as_deref(), Some(switches));
        assert_eq!(row("latency"), None);
        assert!(table.contains("2 workers, on cores 0, 1; open loop of 5000 a second, on core 3"));
        assert!(table.contains("no system calls: no tracepoint"));
    }

    #[test]
    fn figures_have_three_digits_at_least() {
        let figures = [0.0, 1.234, 99.96, 123.4, 1234.5, 1_234_567.0].map(figure);
        assert_eq!(
            figures,
            ["0.00", "1.23", "100.0", "123", "1,234", "1,234,567"]
        );
    }
}

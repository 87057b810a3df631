//! The report: a table with a line per group, the failures with their first panic, and the verdict.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Compiled;
use crate::expect::Expectations;
use crate::options::{Against, Options};
use crate::run::{Key, Outcome, Run};

#[derive(Default, Clone, Copy)]
struct Count {
    passed: usize,
    failed: usize,
    missing: usize,
}

/// Prints the report; returns `true` when no test is worse than expected.
pub(crate) fn report(
    options: &Options,
    compiled: &Compiled,
    expectations: &Expectations,
    runs: &[Run],
) -> bool {
    let wanted: BTreeSet<&Key> = expectations
        .reference
        .iter()
        .filter(|key| options.wants(&key.0, &key.1))
        .collect();
    table(options, &wanted, runs);
    for (group, errors) in &compiled.broken {
        println!("\n{group} does not compile ({} errors):", errors.len());
        errors
            .iter()
            .take(4)
            .for_each(|error| println!("  {error}"));
    }
    // A file without a test asserts by compiling.
    let mut good = compiled.broken.is_empty();
    for run in runs {
        good &= verdict(&wanted, compiled, expectations, run, options.against);
    }
    good
}

fn table(options: &Options, wanted: &BTreeSet<&Key>, runs: &[Run]) {
    let mut counts: BTreeMap<&str, Vec<Count>> = BTreeMap::new();
    let mut totals = vec![Count::default(); runs.len()];
    for key in wanted {
        let group = counts
            .entry(&key.0)
            .or_insert_with(|| vec![Count::default(); runs.len()]);
        for (at, run) in runs.iter().enumerate() {
            for count in [&mut group[at], &mut totals[at]] {
                match run.outcomes.get(*key) {
                    Some(Outcome::Passed) => count.passed += 1,
                    Some(Outcome::Failed(_)) => count.failed += 1,
                    None => count.missing += 1,
                }
            }
        }
    }
    print!("{:34}", "group");
    runs.iter()
        .for_each(|run| print!(" | {:5} passed failed missing", run.name));
    println!();
    for (group, counts) in &counts {
        if !options.brief || counts.iter().any(|count| count.failed + count.missing > 0) {
            row(group, counts);
        }
    }
    row("total", &totals);
}

fn row(name: &str, counts: &[Count]) {
    print!("{name:34}");
    for count in counts {
        print!(
            " | {:>12} {:>6} {:>7}",
            count.passed, count.failed, count.missing
        );
    }
    println!();
}

/// Prints what is not as expected in one run, and returns whether that fails the command.
fn verdict(
    wanted: &BTreeSet<&Key>,
    compiled: &Compiled,
    expectations: &Expectations,
    run: &Run,
    against: Against,
) -> bool {
    let (mut worse, mut known, mut better) = (Vec::new(), Vec::new(), Vec::new());
    for key in wanted {
        let outcome = run.outcomes.get(*key);
        let line = match outcome {
            Some(Outcome::Passed) => format!("  {} {}", key.0, key.1),
            Some(Outcome::Failed(why)) => format!("  {} {}: {why}", key.0, key.1),
            None => format!("  {} {}: missing", key.0, key.1),
        };
        let passed = outcome == Some(&Outcome::Passed);
        let zokio = against == Against::Zokio;
        match (
            expectations.must_fail.get(*key).filter(|_| zokio),
            expectations.fails.get(*key).filter(|_| zokio),
        ) {
            (Some(reason), _) if passed => {
                worse.push(format!("{line}: passes, and must not: {reason}"))
            }
            (Some(_), _) => {}
            (None, Some(reason)) if !passed => known.push(format!("{line} ({reason})")),
            (None, Some(_)) => better.push(line),
            (None, None) if !passed => worse.push(line),
            (None, None) => {}
        }
    }
    let section = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            println!(
                "\n{} {title} on {}:\n{}",
                lines.len(),
                run.name,
                lines.join("\n")
            );
        }
    };
    // A group that does not compile is reported above, and not again name by name.
    let broken = worse.len();
    worse.retain(|line| {
        !compiled
            .broken
            .keys()
            .any(|group| line.starts_with(&format!("  {group} ")))
    });
    let broken = broken - worse.len();
    section("worse than expected", &worse);
    section("known to fail", &known);
    section("listed as failing but passed", &better);
    let passed = wanted
        .iter()
        .filter(|key| run.outcomes.get(**key) == Some(&Outcome::Passed))
        .count();
    let must_fail = wanted
        .iter()
        .filter(|key| against == Against::Zokio && expectations.must_fail.contains_key(**key))
        .count();
    println!(
        "\n{}: {passed} of {} pass; {} worse than expected; {broken} in {} files that do not compile",
        run.name,
        wanted.len() - must_fail,
        worse.len(),
        compiled.broken.len()
    );
    worse.is_empty() && broken == 0
}

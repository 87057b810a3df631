//! The command line.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::counts;
use crate::scenario::{self, SCENARIOS, Scenario};

const HELP: &str = "\
Measures programs on tokio and on zokio, in pairs.

usage: cargo run --release -p zokio-ab -- [SCENARIO...] [options]
       cargo run --release -p zokio-ab -- counts [PATH...] [options]

Without a SCENARIO, all of them are measured (see --list).

  --rounds N           pairs of each scenario (9)
  --seconds S          how long one side of a pair is measured (0.5)
  --workers N[,N...]   workers of the runtimes; 1 is a current-thread runtime (1)
  --rate R             open loop: R requests a second, or R% of what tokio serves in a
                       closed loop; for scenarios with requests
  --driver uring|mio   with or without io_uring (what zokio chooses)
  --observed           both sides on zokio, the second with the live view
  --json FILE          write every figure to FILE
  --svg FILE           draw the ratios of the CPU time
  --html FILE          write a page with charts and tables, which needs no other file
  --save               append the ratios to benches/baselines.jsonl
  --check              compare ratios with the latest saved ones of this kind of machine
                       (processor, cores, file system, driver); fails if one is worse
                       by more than 10% and the spread, three times in a row, and ends
                       with the status 77 if there are none
  --saved FILE         draw the latest saved ratios of the CPU time, measure nothing
  --history FILE       draw the saved ratios of the CPU time by commit, measure nothing
  --debug              build without optimizations: to try the scenarios, not to measure
  --list               the scenarios
  --help               this text

The program runs on the first cores, as many as it has workers, and the load on the
last one; `taskset -c LIST` in front of the command selects the cores that there are.";

/// How many requests a second are sent in an open loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rate {
    /// This many.
    PerSecond(f64),
    /// This part of what tokio serves in a closed loop.
    Share(f64),
}

/// What the user asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To print this.
    Text(String),
    Run(Options),
    Counts(counts::Options),
}

/// The parsed command line of a run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) scenarios: Vec<&'static Scenario>,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) workers: Vec<usize>,
    pub(crate) rate: Option<Rate>,
    pub(crate) driver: Option<String>,
    pub(crate) observed: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
    pub(crate) saved: Option<PathBuf>,
    pub(crate) history: Option<PathBuf>,
    pub(crate) save: bool,
    pub(crate) check: bool,
    pub(crate) debug: bool,
}

impl Options {
    /// Returns what the sides of a pair are called.
    pub(crate) fn names(&self) -> [&'static str; 2] {
        match self.observed {
            true => ["plain", "observed"],
            false => ["tokio", "zokio"],
        }
    }
}

/// Parses the arguments.
///
/// # Errors
///
/// Returns an error that names the argument that is wrong.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Request> {
    let mut args = args.peekable();
    if args.next_if(|arg| arg == "counts").is_some() {
        return counts::parse(args);
    }
    let mut options = Options {
        scenarios: Vec::new(),
        rounds: 9,
        time: Duration::from_millis(500),
        workers: vec![1],
        rate: None,
        driver: None,
        observed: false,
        json: None,
        svg: None,
        html: None,
        saved: None,
        history: None,
        save: false,
        check: false,
        debug: false,
    };
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .with_context(|| format!("`{arg}` needs a value"))
        };
        match arg.as_str() {
            "--help" | "-h" => return Ok(Request::Text(HELP.to_owned())),
            "--list" => return Ok(Request::Text(list())),
            "--debug" => options.debug = true,
            "--rounds" => options.rounds = whole(&arg, &value()?)?,
            "--seconds" => options.time = Duration::from_secs_f64(number(&arg, &value()?, 3600.0)?),
            "--workers" => options.workers = workers(&arg, &value()?)?,
            "--rate" => options.rate = Some(rate(&arg, &value()?)?),
            "--driver" => options.driver = Some(driver(value()?)?),
            "--observed" => options.observed = true,
            "--json" => options.json = Some(value()?.into()),
            "--svg" => options.svg = Some(value()?.into()),
            "--html" => options.html = Some(value()?.into()),
            "--saved" => options.saved = Some(value()?.into()),
            "--history" => options.history = Some(value()?.into()),
            "--save" => options.save = true,
            "--check" => options.check = true,
            name if name.starts_with('-') => bail!("`{name}` is not an option; try --help"),
            name => options.scenarios.push(scenario::named(name)?),
        }
    }
    if options.scenarios.is_empty() {
        options.scenarios = SCENARIOS.iter().collect();
    }
    options.fit()?;
    Ok(Request::Run(options))
}

impl Options {
    /// Refuses options that do not go together.
    fn fit(&self) -> Result<()> {
        let takes_rate = self.scenarios.iter().any(|scenario| scenario.takes_rate());
        ensure!(
            self.rate.is_none() || takes_rate,
            "none of the scenarios has requests that could be sent at a rate"
        );
        ensure!(
            !(self.save && self.debug),
            "`--save` goes with what is optimized"
        );
        let pages = [
            &self.json,
            &self.svg,
            &self.html,
            &self.saved,
            &self.history,
        ];
        let goes_on = self.save || self.check || pages.iter().any(|page| page.is_some());
        ensure!(
            !(self.observed && goes_on),
            "`--observed` prints its tables, and writes and compares nothing"
        );
        Ok(())
    }
}

fn list() -> String {
    let lines = SCENARIOS
        .iter()
        .map(|scenario| format!("{:16} {}", scenario.name, scenario.about));
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) fn workers(option: &str, text: &str) -> Result<Vec<usize>> {
    text.split(',')
        .map(|number| whole(option, number))
        .collect()
}

pub(crate) fn driver(name: String) -> Result<String> {
    let known = ["uring", "mio"].contains(&name.as_str());
    ensure!(known, "`{name}` is not a driver: uring or mio");
    Ok(name)
}

fn whole(option: &str, text: &str) -> Result<usize> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("`{option}` needs a whole number above zero, not `{text}`"),
    }
}

fn number(option: &str, text: &str, most: f64) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= most => Ok(number),
        _ => bail!("`{option}` needs a number above zero and at most {most}, not `{text}`"),
    }
}

fn rate(option: &str, text: &str) -> Result<Rate> {
    match text.strip_suffix('%') {
        Some(part) => Ok(Rate::Share(number(option, part, 1000.0)? / 100.0)),
        None => Ok(Rate::PerSecond(number(option, text, 1e7)?)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Options, Rate, Request, parse};
    use crate::scenario::SCENARIOS;

    fn options(line: &str) -> Result<Options, String> {
        match parse(line.split_whitespace().map(str::to_owned)) {
            Ok(Request::Run(options)) => Ok(options),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn scenarios_and_options_in_any_order() {
        let found = options("--workers 1,2 echo --rate 30% http --seconds 0.1 --rounds 3").unwrap();
        let names: Vec<_> = found.scenarios.iter().map(|s| s.name).collect();
        assert_eq!(names, ["echo", "http"]);
        assert_eq!(found.workers, [1, 2]);
        assert_eq!(found.rate, Some(Rate::Share(0.3)));
        assert_eq!((found.rounds, found.time), (3, Duration::from_millis(100)));
        assert_eq!(options("").unwrap().scenarios.len(), SCENARIOS.len());
        assert!(options("--help").unwrap_err().contains("usage"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |line| options(line).unwrap_err();
        assert_eq!(message("--rounds"), "`--rounds` needs a value");
        assert!(message("--rounds 0").contains("above zero, not `0`"));
        assert!(message("--rate fast").contains("not `fast`"));
        assert!(message("--rate 2000%").contains("at most 1000, not `2000`"));
        assert!(message("--rate 1e8").contains("at most 10000000, not"));
        assert!(message("--seconds inf").contains("not `inf`"));
        assert!(message("--driver epoll").contains("uring or mio"));
        assert!(message("--save --debug").contains("optimized"));
        let options_that_go_on = "--save, --check, --json x, --html x, --saved x, --history x";
        for option in options_that_go_on.split(", ") {
            let error = options(&format!("--observed {option}")).unwrap_err();
            assert!(error.contains("writes and compares nothing"));
        }
        assert!(message("ecko").contains("`ecko`"));
        assert!(message("fsync --rate 100").contains("none of the scenarios"));
    }
}

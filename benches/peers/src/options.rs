//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::cell::{self, CELLS, Cell};
use crate::runtime::{self, RUNTIMES, Runtime};

const HELP: &str = "\
Measures the same work on zokio, tokio and other runtimes, in interleaved rounds.

usage: cargo run --release --manifest-path benches/peers/Cargo.toml -- [CELL...] [options]
       cargo run --release --manifest-path benches/peers/Cargo.toml -- seed [options]

Without a CELL, all of them are measured (see --list). `seed` measures figures of zokio
alone, with their goals; of the options it knows --seconds, --json and --debug.

  --on NAME[,NAME...]  only these runtimes
  --rounds N           rounds of each cell (3)
  --seconds S          how long a run is measured (0.2)
  --json FILE          write every figure to FILE
  --debug              build without optimizations: to try the programs, not to measure
  --list               the cells and the runtimes
  --help               this text

The program runs on the first core, with files on all, and the load on the last one;
`taskset -c LIST` in front of the command selects the cores that there are.";

/// What the user asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To print this.
    Text(String),
    Run(Options),
    /// The figures of zokio alone.
    Seed(Options),
}

/// The parsed command line of a run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) cells: Vec<&'static Cell>,
    pub(crate) runtimes: Vec<&'static Runtime>,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) json: Option<PathBuf>,
    pub(crate) debug: bool,
}

/// Parses the arguments.
///
/// # Errors
///
/// Returns an error that names the argument that is wrong.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Request> {
    let mut options = Options {
        cells: Vec::new(),
        runtimes: Vec::new(),
        rounds: 3,
        time: Duration::from_millis(200),
        json: None,
        debug: false,
    };
    let mut seed = false;
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .with_context(|| format!("`{arg}` needs a value"))
        };
        match arg.as_str() {
            "--help" | "-h" => return Ok(Request::Text(HELP.to_owned())),
            "--list" => return Ok(Request::Text(list())),
            "--debug" => options.debug = true,
            "--on" => {
                let names = value()?;
                let named = names.split(',').map(runtime::named);
                options.runtimes = named.collect::<Result<_>>()?;
            }
            "--rounds" => match value()?.parse() {
                Ok(rounds) if rounds > 0 => options.rounds = rounds,
                _ => bail!("`--rounds` needs a whole number above zero"),
            },
            "--seconds" => match value()?.parse::<f64>() {
                Ok(seconds) if seconds > 0.0 && seconds <= 60.0 => {
                    options.time = Duration::from_secs_f64(seconds);
                }
                _ => bail!("`--seconds` needs a number above zero and at most 60"),
            },
            "--json" => options.json = Some(value()?.into()),
            "seed" => seed = true,
            name if name.starts_with('-') => bail!("`{name}` is not an option; try --help"),
            name => options.cells.push(cell::named(name)?),
        }
    }
    if seed {
        let alone = options.cells.is_empty() && options.runtimes.is_empty();
        ensure!(alone, "`seed` measures zokio alone");
        return Ok(Request::Seed(options));
    }
    if options.cells.is_empty() {
        options.cells = CELLS.iter().collect();
    }
    if options.runtimes.is_empty() {
        options.runtimes = RUNTIMES.iter().collect();
    }
    Ok(Request::Run(options))
}

fn list() -> String {
    let cells = CELLS.iter().map(|cell| (cell.name, cell.about));
    let runtimes = RUNTIMES.iter().map(|runtime| (runtime.name, runtime.about));
    let lines = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        let lines = pairs.map(|(name, about)| format!("  {name:14} {about}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    format!(
        "cells:\n{}\nruntimes:\n{}",
        lines(&mut { cells }),
        lines(&mut { runtimes })
    )
}

#[cfg(test)]
mod tests {
    use super::{Request, parse};
    use crate::cell::CELLS;
    use crate::runtime::RUNTIMES;

    fn parsed(line: &str) -> Result<(Vec<&'static str>, Vec<&'static str>), String> {
        match parse(line.split_whitespace().map(str::to_owned)) {
            Ok(Request::Run(options)) => {
                let cells = options.cells.iter().map(|cell| cell.name).collect();
                let on = options.runtimes.iter().map(|it| it.name).collect();
                Ok((cells, on))
            }
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn cells_and_runtimes_are_selected() {
        let (cells, on) = parsed("echo-64 --on tokio,smol spawn --rounds 2").unwrap();
        assert_eq!(
            (cells, on),
            (vec!["echo-64", "spawn"], vec!["tokio", "smol"])
        );
        let (cells, on) = parsed("").unwrap();
        assert_eq!((cells.len(), on.len()), (CELLS.len(), RUNTIMES.len()));
    }

    #[test]
    fn the_seed_is_alone() {
        assert!(parsed("seed").unwrap_err().starts_with("Seed"));
        assert!(parsed("seed echo-64").unwrap_err().contains("alone"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(parsed("echo-65").unwrap_err().contains("`echo-65`"));
        assert!(parsed("--on tokyo").unwrap_err().contains("`tokyo`"));
        assert!(parsed("--rounds 0").unwrap_err().contains("--rounds"));
        assert!(parsed("--on").unwrap_err().contains("needs a value"));
    }
}

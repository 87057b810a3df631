//! The command line of `counts`.

#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};

use super::paths::{self, PATHS, Path};
use crate::options::{Request, driver, workers};

const HELP: &str = "\
Counts the instructions of hot paths on tokio and on zokio, by callgrind.

usage: cargo run --release -p zokio-ab -- counts [PATH...] [options]

Without a PATH, all of them are counted (see --list).

  --workers N[,N...]   workers of the runtimes; 1 is a current-thread runtime (1)
  --driver uring|mio   io_uring tried out at the start, or not at all (when it is needed)
  --save               append the counts to benches/baselines.jsonl
  --check              compare zokio's with the latest saved ones of the same processor
                       architecture, Rust, glibc and Valgrind; fails if one is worse by
                       more than 3%, and ends with the status 77 if there are none
  --debug              build without optimizations: to try the paths, not to count
  --list               the paths
  --help               this text";

/// What is done with the counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Show,
    Save,
    Check,
}

/// The parsed command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(super) paths: Vec<&'static Path>,
    pub(super) workers: Vec<usize>,
    pub(super) driver: Option<String>,
    pub(super) action: Action,
    pub(super) debug: bool,
}

/// Parses the arguments behind `counts`.
///
/// # Errors
///
/// Returns an error that names the argument that is wrong.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Request> {
    let mut options = Options {
        paths: Vec::new(),
        workers: vec![1],
        driver: None,
        action: Action::Show,
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
            "--workers" => options.workers = workers(&arg, &value()?)?,
            "--driver" => options.driver = Some(driver(value()?)?),
            "--save" | "--check" => {
                ensure!(
                    options.action == Action::Show,
                    "`--save` and `--check` exclude each other"
                );
                options.action = match arg.as_str() {
                    "--save" => Action::Save,
                    _ => Action::Check,
                };
            }
            name if name.starts_with('-') => bail!("`{name}` is not an option; try counts --help"),
            name => options.paths.push(paths::named(name)?),
        }
    }
    if options.paths.is_empty() {
        options.paths = PATHS.iter().collect();
    }
    // What is saved is the whole, so that the latest line has all that can be compared.
    ensure!(
        options.action != Action::Save || (options.paths.len() == PATHS.len() && !options.debug),
        "`--save` goes with all paths, optimized"
    );
    Ok(Request::Counts(options))
}

fn list() -> String {
    let lines = PATHS
        .iter()
        .map(|path| format!("{:15} {}", path.name, path.about));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Action, PATHS, Request, parse};

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_and_an_action() {
        let Ok(Request::Counts(options)) = parsed("wake --check yield --workers 1,2") else {
            panic!("a request for counts");
        };
        assert_eq!(options.paths.len(), 2);
        assert_eq!(options.workers, [1, 2]);
        assert_eq!(options.action, Action::Check);
        let Ok(Request::Counts(options)) = parsed("--save") else {
            panic!("a request for counts");
        };
        assert_eq!(options.paths.len(), PATHS.len());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(parsed("--save --check").unwrap_err().contains("exclude"));
        assert!(parsed("wake --save").unwrap_err().contains("all paths"));
        assert!(parsed("--save --debug").unwrap_err().contains("optimized"));
        assert!(parsed("wakes").unwrap_err().contains("`wakes`"));
    }
}

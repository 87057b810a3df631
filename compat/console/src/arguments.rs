//! The arguments of the program.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use lexopt::{Arg, Parser};

use crate::model::{Column, Filter, Order};

/// What is printed for `--help`.
pub const USAGE: &str = "\
Usage: zokio-top [COMMAND] [PROCESS] [OPTIONS]

PROCESS is the number of a process, or the path of its socket. A process has a socket if it was
started with ZOKIO_MONITOR=PATH in its environment, or uses `Builder::monitor`.

A process that sends no answer for 10 s, as one that is stopped, is an error. `zokio-top list` and
the choice wait for 2 s, and list it as one that does not answer.

Commands:
  zokio-top                   Choose one of your processes that have a socket
  zokio-top PROCESS           Show runtimes, workers, tasks and the ring in the terminal
  zokio-top list              Print your processes that have a socket
  zokio-top serve PROCESS     Show the same as a page for browsers
  zokio-top console PROCESS   Let an unmodified tokio-console attach
  zokio-top trace PROCESS     Write the recorded events as a trace for Perfetto or Chrome
  zokio-top metrics PROCESS   Print the metrics in Prometheus' text format
  zokio-top stack PROCESS [WORKER]
                              Print the stack of a worker, by default of those that are stuck
  zokio-top stack FILE        Print a stack that a process saved when a worker was stuck

Options:
  --once             Print one sample as text and end
  --json             Print samples as JSON, one in a line, or one with --once
  --interval MS      Time between two samples [1000]
  --sort COLUMN      Sort tasks: id, name, state, since, polls, polls/s, busy, 'in polls', wakes,
                     'waits for' or 'spawned at', with a leading - for the greatest first [-busy]
  --filter WORDS     Show tasks with all of these words in their row
  --listen ADDRESS   Where serve and console listen [serve 127.0.0.1:6680, console 127.0.0.1:6669]
  --seconds N        trace: record for this time, beside what is recorded already
  --output FILE      trace: the file to write, or - for standard output [trace-PID.json]
  --runtime N        stack: the runtime of the worker [1]
  --help, --version";

/// What the program is to do.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    /// The first word, or what its absence means.
    pub command: Command,
    /// A number or a path.
    pub process: Option<OsString>,
    /// Only one sample.
    pub once: bool,
    /// JSON in place of text.
    pub json: bool,
    /// Between samples.
    pub interval: Duration,
    /// Of tasks.
    pub order: Order,
    /// Of tasks.
    pub filter: Filter,
    /// An address in place of the default.
    pub listen: Option<SocketAddr>,
    /// How long to record.
    pub duration: Option<Duration>,
    /// Where to write.
    pub output: Option<PathBuf>,
    /// Of the worker.
    pub runtime: u64,
    /// Whose stack is printed.
    pub worker: Option<u64>,
}

/// The first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// None: show a process.
    Show,
    /// `list`
    List,
    /// `serve`
    Serve,
    /// `console`
    Console,
    /// `trace`
    Trace,
    /// `metrics`
    Metrics,
    /// `stack`
    Stack,
    /// `--help`
    Help,
    /// `--version`
    Version,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            command: Command::Show,
            process: None,
            once: false,
            json: false,
            interval: Duration::from_secs(1),
            order: Order::default(),
            filter: Filter::default(),
            listen: None,
            duration: None,
            output: None,
            runtime: 1,
            worker: None,
        }
    }
}

/// Reads the arguments.
///
/// # Errors
///
/// Returns an error if there is an unknown one, or if one is missing.
pub fn parse(mut parser: Parser) -> Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(word) => words.push(word),
            Arg::Long("help") | Arg::Short('h') => arguments.command = Command::Help,
            Arg::Long("version") | Arg::Short('V') => arguments.command = Command::Version,
            Arg::Long("once") => arguments.once = true,
            Arg::Long("json") => arguments.json = true,
            Arg::Long(name) => {
                let name = name.to_string();
                option(&mut arguments, &name, &mut parser)?;
            }
            Arg::Short(_) => return Err(argument.unexpected().into()),
        }
    }
    if !matches!(arguments.command, Command::Help | Command::Version) {
        self::words(&mut arguments, words)?;
    }
    Ok(arguments)
}

fn option(arguments: &mut Arguments, name: &str, parser: &mut Parser) -> Result<()> {
    let known = [
        "interval", "sort", "filter", "listen", "seconds", "output", "runtime",
    ];
    if !known.contains(&name) {
        bail!("there is no option --{name}");
    }
    let value = parser.value()?;
    if name == "output" {
        arguments.output = Some(PathBuf::from(value));
        return Ok(());
    }
    let value = text(value)?;
    match name {
        "interval" => {
            let ms: u64 = number(&value, name)?;
            if !(10..=60_000).contains(&ms) {
                bail!("--interval is from 10 to 60000 ms");
            }
            arguments.interval = Duration::from_millis(ms);
        }
        "sort" => arguments.order = order(&value)?,
        "filter" => arguments.filter = Filter::new(&value),
        "listen" => {
            let address = value.parse();
            let address = address.with_context(|| {
                format!("--listen is an address with a port as 127.0.0.1:8080, not {value:?}")
            })?;
            arguments.listen = Some(address);
        }
        "seconds" => {
            let seconds = number(&value, name)?;
            let duration = Duration::try_from_secs_f64(seconds);
            arguments.duration = Some(duration.context("--seconds is a time")?);
        }
        _ => arguments.runtime = number(&value, name)?,
    }
    Ok(())
}

fn words(arguments: &mut Arguments, words: Vec<OsString>) -> Result<()> {
    let mut words = words.into_iter().peekable();
    let command = words.peek().and_then(|word| command(word.to_str()?));
    if let Some(command) = command {
        arguments.command = command;
        words.next();
    }
    if arguments.command != Command::List {
        arguments.process = words.next();
    }
    if arguments.command == Command::Stack
        && let Some(worker) = words.next()
    {
        arguments.worker = Some(number(&text(worker)?, "WORKER")?);
    }
    if let Some(word) = words.next() {
        bail!("{word:?} is one argument too many");
    }
    let needs_process = !matches!(arguments.command, Command::Show | Command::List);
    if needs_process && arguments.process.is_none() {
        bail!("a process is missing: its number, or the path of its socket");
    }
    Ok(())
}

fn command(word: &str) -> Option<Command> {
    Some(match word {
        "list" => Command::List,
        "serve" => Command::Serve,
        "console" => Command::Console,
        "trace" => Command::Trace,
        "metrics" => Command::Metrics,
        "stack" => Command::Stack,
        _ => return None,
    })
}

fn order(value: &str) -> Result<Order> {
    let (title, descending) = match value.strip_prefix('-') {
        Some(title) => (title, true),
        None => (value, false),
    };
    let column = Column::named(title).ok_or_else(|| anyhow!("tasks have no column {title:?}"))?;
    Ok(Order { column, descending })
}

fn number<T: std::str::FromStr>(value: &str, name: &str) -> Result<T> {
    value
        .parse()
        .map_err(|_| anyhow!("{name} is a number, not {value:?}"))
}

fn text(word: OsString) -> Result<String> {
    word.into_string()
        .map_err(|word| anyhow!("{} is not UTF-8", word.display()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::{Arguments, Column, Command, Duration, Order, Parser, Result, USAGE, parse};

    fn parsed(words: &[&str]) -> Result<Arguments> {
        parse(Parser::from_args(words))
    }

    #[test]
    fn a_process_alone_is_shown() {
        let arguments = parsed(&["4711", "--once", "--json"]).unwrap();
        assert_eq!(arguments.command, Command::Show);
        assert_eq!(arguments.process.as_deref(), Some(OsStr::new("4711")));
        assert!(arguments.once && arguments.json);
        assert_eq!(parsed(&[]).unwrap(), Arguments::default());
    }

    #[test]
    fn a_path_may_have_any_bytes() {
        let path = OsStr::from_bytes(b"/tmp/\xff\n.sock");
        let arguments = parse(Parser::from_args(["metrics".as_ref(), path])).unwrap();
        assert_eq!(arguments.command, Command::Metrics);
        assert_eq!(arguments.process.as_deref(), Some(path));
    }

    #[test]
    fn commands_have_their_words() {
        let arguments = parsed(&["stack", "7", "1", "--runtime", "2"]).unwrap();
        assert_eq!(arguments.command, Command::Stack);
        assert_eq!((arguments.runtime, arguments.worker), (2, Some(1)));
        let arguments = parsed(&["trace", "/tmp/x.sock", "--seconds", "1.5"]).unwrap();
        assert_eq!(arguments.duration, Some(Duration::from_millis(1500)));
        let arguments = parsed(&["7", "--sort", "-polls/s", "--filter=a b"]).unwrap();
        assert_eq!(
            arguments.order,
            Order {
                column: Column::PollRate,
                descending: true
            }
        );
        assert!(USAGE.lines().all(|line| line.len() <= 100));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |words: &[&str]| parsed(words).unwrap_err().to_string();
        assert_eq!(error(&["--many"]), "there is no option --many");
        assert_eq!(error(&["7", "8"]), "\"8\" is one argument too many");
        assert!(error(&["serve"]).starts_with("a process is missing"));
        assert_eq!(
            error(&["7", "--interval", "x"]),
            "interval is a number, not \"x\""
        );
        assert_eq!(
            error(&["7", "--interval", "5"]),
            "--interval is from 10 to 60000 ms"
        );
        assert_eq!(
            error(&["7", "--sort", "age"]),
            "tasks have no column \"age\""
        );
    }
}

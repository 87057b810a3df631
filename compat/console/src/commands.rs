//! Each command, from its arguments to its output.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::arguments::{Arguments, Command, USAGE};
use crate::client::Client;
use crate::model::Seen;
use crate::sampler::{Samples, Wanted};
use crate::{console, find, plain, serve, stack, text, trace, ui};

/// Does what the arguments ask for.
///
/// # Errors
///
/// Returns an error if there is no such process, if it cannot be attached to, or if it ends.
pub fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Help => print(&format!("{USAGE}\n")),
        Command::Version => print(&format!("zokio-top {}\n", env!("CARGO_PKG_VERSION"))),
        Command::List => list(&arguments),
        Command::Show => show(arguments),
        Command::Serve => serve::run(attach(&arguments)?, &arguments),
        Command::Console => console::run(attach(&arguments)?, &arguments),
        Command::Metrics => print(&attach(&arguments)?.metrics()?),
        Command::Trace => record(&arguments),
        Command::Stack => print_stacks(&arguments),
    }
}

fn attach(arguments: &Arguments) -> Result<Client> {
    let process = arguments.process.as_deref();
    find::attach(process.context("a process is missing")?)
}

fn list(arguments: &Arguments) -> Result<()> {
    let found = find::list()?;
    if arguments.json {
        return print(&plain::found_json(&found));
    }
    if found.is_empty() {
        bail!(
            "none of your processes has a socket to attach to: start one with ZOKIO_MONITOR=PATH in \
             its environment, or use `Builder::monitor`"
        );
    }
    print(&plain::found_text(&found))
}

fn show(arguments: Arguments) -> Result<()> {
    let in_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    if arguments.process.is_none() && (arguments.once || arguments.json || !in_terminal) {
        return list(&arguments);
    }
    if arguments.json {
        return stream_json(&arguments);
    }
    if arguments.once {
        return print_once(&arguments);
    }
    if !in_terminal {
        bail!(
            "standard input or output is not a terminal: use --once or --json, or the command serve"
        );
    }
    ui::run(&arguments)
}

/// Two samples, since one has no rates.
fn print_once(arguments: &Arguments) -> Result<()> {
    let client = attach(arguments)?;
    let mut seen = Seen::new(client.hello().clone());
    let mut samples = Samples::of(client);
    // Places are not printed.
    let wanted = Wanted {
        tasks: true,
        places: false,
    };
    seen.update(samples.take(wanted)?);
    thread::sleep(arguments.interval);
    seen.update(samples.take(wanted)?);
    print(&plain::text(&seen, &arguments.filter, arguments.order))
}

fn stream_json(arguments: &Arguments) -> Result<()> {
    let client = attach(arguments)?;
    let hello = client.hello().clone();
    let mut samples = Samples::of(client);
    loop {
        let sample = samples.take(Wanted::ALL)?;
        print(&plain::sample_json(&hello, &sample)?)?;
        if arguments.once {
            return Ok(());
        }
        thread::sleep(arguments.interval);
    }
}

fn record(arguments: &Arguments) -> Result<()> {
    let mut client = attach(arguments)?;
    let (events, lost) = trace::record(&mut client, arguments.duration)?;
    let hello = client.hello().clone();
    let tasks = client.tasks()?;
    let trace = trace::export(&hello, &client.snapshot()?, &tasks, &events);
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("trace-{}.json", hello.pid)),
    };
    if path.as_os_str() == "-" {
        return print(&format!("{trace}\n"));
    }
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    serde_json::to_writer(&mut file, &trace)?;
    file.flush()?;
    let time = match (events.first(), events.last()) {
        (Some(first), Some(last)) => text::duration(last.at - first.at),
        _ => "no time".to_string(),
    };
    print(&format!(
        "{}: {} events of {time}, {lost} lost; open it with https://ui.perfetto.dev or chrome://tracing\n",
        path.display(),
        events.len(),
    ))
}

fn print_stacks(arguments: &Arguments) -> Result<()> {
    for answer in stacks(arguments)? {
        let frames = stack::resolve(&answer)?;
        if arguments.json {
            print(&plain::stack_json(&answer, &frames)?)?;
        } else {
            print(&plain::stack_text(&answer, &frames))?;
        }
    }
    Ok(())
}

/// The stack in a file that a process saved, or those of workers of a process.
fn stacks(arguments: &Arguments) -> Result<Vec<Value>> {
    let path = arguments.process.as_ref().map(Path::new);
    if let Some(path) = path.filter(|path| path.is_file()) {
        return Ok(vec![stack::read(path)?]);
    }
    let mut client = attach(arguments)?;
    let workers = match arguments.worker {
        Some(worker) => vec![(arguments.runtime, worker)],
        None => plain::stuck(&client.snapshot()?),
    };
    if workers.is_empty() {
        bail!("no worker is stuck now; name one to see its stack: zokio-top stack PROCESS WORKER");
    }
    let stacks = workers.into_iter();
    stacks
        .map(|(runtime, worker)| client.stack(runtime, worker))
        .collect()
}

fn print(text: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}

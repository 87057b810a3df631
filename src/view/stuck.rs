//! Names workers in the log that are in one poll for longer than their runtime allows.
//!
//! The thread of the view looks at them twice in that time, but at most every millisecond and at least
//! every second. A poll is logged once. Its stack is saved
//! in a file, from which the names of its functions can be found at any time later. On a busy machine
//! a thread may not run soon enough to answer: it is asked again at the next looks, a few times,
//! before the poll is logged without a stack.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, process};

use super::viewed::{Source, Viewed};
use super::{stack, worker_stack};
use crate::record::Stuck;
use crate::util::warning::warn;

/// The bounds of the time between two looks.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(1);

/// How often a thread is asked for its stack in one poll.
const ATTEMPTS: u32 = 4;

/// The runtime, the worker, and the poll's number.
type PollId = (u64, usize, u64);

/// A poll that was found to take long.
#[derive(Debug)]
struct Found {
    poll: PollId,
    /// How often its thread may still be asked for its stack; 0 once it is logged.
    attempts: u32,
}

/// What has been logged.
#[derive(Debug)]
pub(super) struct StuckLog {
    /// Where stacks are saved.
    folder: PathBuf,
    /// The polls that the last look found.
    found: Vec<Found>,
    /// When to look next; `None` if no runtime asks for that.
    next: Option<u64>,
}

impl StuckLog {
    /// Creates a log without entries. Stacks are saved beside the socket, or in the folder of the
    /// socket, or in that for temporary files if there is no socket.
    pub(super) fn new(socket: Option<&Path>) -> StuckLog {
        let folder = match socket {
            Some(folder) if folder.is_dir() => folder.to_owned(),
            Some(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
            None => env::temp_dir(),
        };
        StuckLog {
            folder,
            found: Vec::new(),
            next: None,
        }
    }

    /// Returns when [`look`](StuckLog::look) is to be called.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.next
    }

    /// Looks at the workers of all runtimes that ask for it, if it is time to.
    pub(super) fn look(&mut self, source: &Source) {
        if self.next.is_some_and(|next| next > source.now) {
            return;
        }
        let limits = source.runtimes.iter().filter_map(|runtime| runtime.stuck);
        let period = limits
            .min()
            .map(|limit| (limit / 2).clamp(SHORTEST, LONGEST));
        self.next = period.map(|period| source.now + period.as_nanos() as u64);
        let mut seen = Vec::new();
        for runtime in &source.runtimes {
            let Some(limit) = runtime.stuck else { continue };
            for stuck in runtime.recorder().stuck(limit) {
                let poll = (runtime.id().get(), stuck.worker, stuck.poll);
                seen.push(poll);
                let Some(at) = self.attempt(poll) else {
                    continue;
                };
                // Before the stack: a call that the signal interrupts may be the end of the task.
                let name = name_of(runtime, stuck.task);
                let stack = worker_stack::line(&source.runtimes, poll.0, poll.1);
                if self.is_last(at, stack.is_ok()) {
                    self.log(runtime, &stuck, &name, stack);
                }
            }
        }
        self.found.retain(|found| seen.contains(&found.poll));
    }

    /// Counts an attempt to get the stack of a poll; returns its place in `found`, or `None` if it is
    /// logged.
    fn attempt(&mut self, poll: PollId) -> Option<usize> {
        let known = self.found.iter().position(|found| found.poll == poll);
        let at = known.unwrap_or_else(|| {
            let attempts = ATTEMPTS;
            self.found.push(Found { poll, attempts });
            self.found.len() - 1
        });
        // Counted before a logger is called, which is foreign and may panic.
        let attempts = &mut self.found[at].attempts;
        *attempts = attempts.checked_sub(1)?;
        Some(at)
    }

    /// Returns whether an attempt was the last for its poll.
    fn is_last(&mut self, at: usize, succeeded: bool) -> bool {
        let attempts = &mut self.found[at].attempts;
        if succeeded {
            *attempts = 0;
        }
        *attempts == 0
    }

    fn log(&self, runtime: &Viewed, stuck: &Stuck, name: &str, stack: Result<Vec<u8>, String>) {
        let id = runtime.id().get();
        let saved = stack.and_then(|line| {
            let file = format!("{}.stack-{id}-{}", process::id(), stuck.worker);
            let path = self.folder.join(file);
            stack::save(&path, &line).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(path)
        });
        let stack = match saved {
            Ok(path) => format!("`zokio-top stack {}` shows where", path.display()),
            Err(reason) => format!("there is no stack: {reason}"),
        };
        let at = stuck.place.map(ToString::to_string).unwrap_or_default();
        let named = runtime.handle.services().name.as_deref();
        let of_runtime = named.map_or_else(|| id.to_string(), escaped);
        warn(format_args!(
            "zokio: worker {} of runtime {} has been in one poll for {} ms, of task {} ({}), spawned \
             at {at}; {stack}",
            stuck.worker,
            of_runtime,
            stuck.for_ns / 1_000_000,
            stuck.task,
            name,
        ));
    }
}

/// Returns what a task is called in the log.
fn name_of(runtime: &Viewed, task: u64) -> String {
    let names = runtime.names(&runtime.recorder().read(), &[task]);
    names
        .of(Some(task))
        .map_or_else(|| "no name".into(), escaped)
}

/// Returns a name that stays within its line of the log, and changes no terminal.
fn escaped(name: &str) -> String {
    name.escape_debug().to_string()
}

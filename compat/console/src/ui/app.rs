//! What the screens show, and what keys do to it.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;

use super::history::History;
use super::task_table::TaskTable;
use crate::arguments::Arguments;
use crate::client::Recorded;
use crate::model::Seen;
use crate::protocol::{Hello, Runtime, Worker};
use crate::sampler::{Command, Report, Wanted};
use crate::stack::{self, Frame};
use crate::trace;

/// Which screen is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Overview,
    Workers,
    Tasks,
    Ring,
    /// One task, which may have ended since.
    Task(u64),
    Stack,
    Help,
}

/// What a key asks of the rest of the program.
#[derive(Debug)]
pub enum Action {
    None,
    Quit,
    Ask(Command),
}

/// The stack of a worker, as it was asked for last.
#[derive(Debug)]
pub struct WorkerStack {
    pub answer: Value,
    pub frames: Vec<Frame>,
    /// The first line that is shown.
    pub top: usize,
}

#[derive(Debug)]
pub struct App {
    pub seen: Seen,
    pub screen: Screen,
    /// Where `Esc` leads from a screen that another one led to.
    pub before: Screen,
    pub history: History,
    pub tasks: TaskTable,
    /// The row of the selected worker, over all runtimes.
    pub worker: usize,
    pub stack: Option<WorkerStack>,
    pub paused: bool,
    /// One sentence at the bottom, until the next key.
    pub status: String,
    /// Why there are no more samples.
    pub ended: Option<String>,
}

impl App {
    pub fn new(hello: Hello, arguments: &Arguments) -> Self {
        Self {
            seen: Seen::new(hello),
            screen: Screen::Overview,
            before: Screen::Overview,
            history: History::default(),
            tasks: TaskTable::new(arguments.order, arguments.filter.clone()),
            worker: 0,
            stack: None,
            paused: false,
            status: String::new(),
            ended: None,
        }
    }

    /// What the screen that is shown needs.
    pub fn wanted(&self) -> Wanted {
        match self.screen {
            Screen::Tasks => Wanted {
                tasks: true,
                places: false,
            },
            Screen::Task(_) => Wanted::ALL,
            _ => Wanted::default(),
        }
    }

    pub fn report(&mut self, report: Report) {
        match report {
            Report::Sample(sample) => {
                self.seen.update(*sample);
                self.history.add(&self.seen);
                if self.seen.current.tasks.is_some() {
                    self.tasks.refresh(&self.seen);
                }
            }
            Report::Stack(answer) => self.show_stack(answer),
            Report::Events(recorded) => {
                self.status = match recorded.and_then(|recorded| self.save(&recorded)) {
                    Ok(status) => status,
                    Err(error) => format!("{error:#}"),
                };
            }
            Report::Ended(error) => self.ended = Some(format!("{error:#}")),
        }
    }

    pub fn key(&mut self, key: KeyEvent) -> Action {
        self.status.clear();
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Action::Quit;
        }
        if self.screen == Screen::Tasks && self.tasks.is_typing() {
            self.tasks.type_key(key.code, &self.seen);
            return Action::None;
        }
        match key.code {
            KeyCode::Char('q') => return Action::Quit,
            KeyCode::Esc | KeyCode::Backspace => self.back(),
            KeyCode::Char('1') => self.screen = Screen::Overview,
            KeyCode::Char('2') => self.screen = Screen::Workers,
            KeyCode::Char('3') => self.screen = Screen::Tasks,
            KeyCode::Char('4') => self.screen = Screen::Ring,
            KeyCode::Tab => self.screen = next(self.screen),
            KeyCode::Char('?' | 'h') => self.lead_to(Screen::Help),
            KeyCode::Char('p' | ' ') => {
                self.paused = !self.paused;
                return Action::Ask(Command::Pause(self.paused));
            }
            KeyCode::Char('t') => {
                self.status = "recording a trace ...".to_string();
                return Action::Ask(Command::Events);
            }
            _ => return self.screen_key(key.code),
        }
        Action::None
    }

    fn screen_key(&mut self, code: KeyCode) -> Action {
        match self.screen {
            Screen::Tasks => match code {
                KeyCode::Enter => match self.tasks.selected() {
                    Some(id) => self.lead_to(Screen::Task(id)),
                    None => self.status = "no task is selected".to_string(),
                },
                _ => self.tasks.key(code, &self.seen),
            },
            Screen::Workers => return self.worker_key(code),
            Screen::Stack => {
                if let Some(stack) = &mut self.stack {
                    let last = (2 * stack.frames.len()).saturating_sub(1);
                    stack.top = moved(stack.top, last, code);
                }
            }
            Screen::Task(id) if code == KeyCode::Char('s') => return self.stack_of_task(id),
            _ => {}
        }
        Action::None
    }

    fn worker_key(&mut self, code: KeyCode) -> Action {
        let last = self.workers().count().saturating_sub(1);
        match code {
            KeyCode::Enter | KeyCode::Char('s') => {
                let selected = self.selected_worker().map(|(runtime, worker)| {
                    let stack = Command::Stack {
                        runtime: runtime.id,
                        worker: worker.worker,
                    };
                    (stack, worker.task)
                });
                match selected {
                    Some((stack, _)) if code == KeyCode::Char('s') => return Action::Ask(stack),
                    Some((_, Some(task))) => self.lead_to(Screen::Task(task)),
                    Some((_, None)) => {
                        self.status = "this worker is not polling a task".to_string()
                    }
                    None => self.status = "there is no worker".to_string(),
                }
            }
            _ => self.worker = moved(self.worker.min(last), last, code),
        }
        Action::None
    }

    /// The stack of the worker that polls the task.
    fn stack_of_task(&mut self, id: u64) -> Action {
        let mut workers = self.workers();
        let polls = workers.find(|(_, worker)| worker.task == Some(id));
        let stack = polls.map(|(runtime, worker)| Command::Stack {
            runtime: runtime.id,
            worker: worker.worker,
        });
        drop(workers);
        match stack {
            Some(stack) => Action::Ask(stack),
            None => {
                self.status = "no worker polls this task now, and so it has no stack".to_string();
                Action::None
            }
        }
    }

    /// All workers, each with its runtime.
    pub fn workers(&self) -> impl Iterator<Item = (&Runtime, &Worker)> {
        let runtimes = self.seen.current.snapshot.runtimes.iter();
        runtimes.flat_map(|runtime| runtime.workers.iter().map(move |worker| (runtime, worker)))
    }

    pub fn selected_worker(&self) -> Option<(&Runtime, &Worker)> {
        self.workers().nth(self.worker)
    }

    fn lead_to(&mut self, screen: Screen) {
        if self.screen != screen {
            self.before = self.screen;
            self.screen = screen;
        }
    }

    fn back(&mut self) {
        self.screen = match self.screen {
            Screen::Task(_) => Screen::Tasks,
            Screen::Stack | Screen::Help => self.before,
            _ => Screen::Overview,
        };
    }

    fn show_stack(&mut self, answer: Result<Value>) {
        let resolved = answer.and_then(|answer| {
            let frames = stack::resolve(&answer)?;
            Ok((answer, frames))
        });
        match resolved {
            Ok((answer, frames)) => {
                let top = 0;
                self.stack = Some(WorkerStack {
                    answer,
                    frames,
                    top,
                });
                self.lead_to(Screen::Stack);
            }
            Err(error) => self.status = format!("{error:#}"),
        }
    }

    fn save(&self, recorded: &Recorded) -> Result<String> {
        let mut record = trace::Record::default();
        record.add(recorded)?;
        let (events, lost) = record.finish();
        let Seen { hello, current, .. } = &self.seen;
        let trace = trace::export(hello, &current.snapshot, self.seen.tasks(), &events);
        let (name, file) = new_file(hello.pid)?;
        let mut file = BufWriter::new(file);
        serde_json::to_writer(&mut file, &trace)?;
        file.flush()?;
        Ok(format!("{name}: {} events, {lost} lost", events.len()))
    }
}

/// Creates the first file of its name that is not there yet.
fn new_file(pid: u32) -> Result<(String, File)> {
    let mut number = 1;
    loop {
        let name = format!("trace-{pid}-{number}.json");
        match File::create_new(&name) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).with_context(|| format!("cannot write {name}")),
        }
    }
}

fn next(screen: Screen) -> Screen {
    match screen {
        Screen::Overview => Screen::Workers,
        Screen::Workers => Screen::Tasks,
        Screen::Tasks | Screen::Task(_) => Screen::Ring,
        Screen::Ring | Screen::Stack | Screen::Help => Screen::Overview,
    }
}

/// Moves a row by a key.
pub fn moved(row: usize, last: usize, code: KeyCode) -> usize {
    let row = match code {
        KeyCode::Up | KeyCode::Char('k') => row.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => row + 1,
        KeyCode::PageUp => row.saturating_sub(20),
        KeyCode::PageDown => row + 20,
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        _ => row,
    };
    row.min(last)
}

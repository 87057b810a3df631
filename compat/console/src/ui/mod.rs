//! The terminal: screens of one process, and the keys that move between them.
//!
//! Two threads send what happens, keys and what the process answered, to the one that draws, which
//! sleeps until something comes.
#![forbid(unsafe_code)]

mod app;
mod choose;
mod help;
mod history;
mod overview;
mod ring;
mod screen;
mod stack;
mod style;
mod task;
mod task_table;
mod tasks;
mod workers;

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use anyhow::{Context, Result};
use crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::DefaultTerminal;

use self::app::{Action, App};
use crate::arguments::Arguments;
use crate::find;
use crate::sampler::{self, Command, Report, Wanted};

/// What happens.
enum Message {
    Key(KeyEvent),
    Resized,
    Report(Report),
    /// The terminal is gone.
    NoKeys(io::Error),
}

/// Shows a process until `q` is pressed.
///
/// # Errors
///
/// Returns an error if the process cannot be attached to, or the terminal cannot be used.
pub fn run(arguments: &Arguments) -> Result<()> {
    // What fails before the first screen is reported on an ordinary terminal.
    let named = arguments.process.as_deref().map(find::attach).transpose()?;
    let (sender, messages) = mpsc::channel();
    let mut terminal = ratatui::try_init().context("cannot use the terminal")?;
    let outcome = read_keys(sender.clone()).and_then(|()| {
        let client = match named {
            Some(client) => Some(client),
            None => choose::choose(&mut terminal, &messages)?,
        };
        let Some(client) = client else { return Ok(()) };
        let mut app = App::new(client.hello().clone(), arguments);
        let report = move |report| {
            // The other end is gone when the program ends.
            let _ = sender.send(Message::Report(report));
        };
        let commands = sampler::start(client, arguments.interval, Wanted::default(), report)?;
        show(&mut terminal, &mut app, &messages, &commands)
    });
    ratatui::restore();
    outcome
}

fn show(
    terminal: &mut DefaultTerminal,
    app: &mut App,
    messages: &Receiver<Message>,
    commands: &Sender<Command>,
) -> Result<()> {
    // Each change is drawn; a screen that did not change is written to the terminal once.
    loop {
        terminal.draw(|frame| screen::draw(frame, app))?;
        let wanted = app.wanted();
        match messages.recv()? {
            Message::Key(key) => match app.key(key) {
                Action::None => {}
                Action::Quit => return Ok(()),
                // The sampler has ended with the process, which the screen tells.
                Action::Ask(command) => drop(commands.send(command)),
            },
            Message::Resized => {}
            Message::Report(report) => app.report(report),
            Message::NoKeys(error) => return Err(error).context("cannot read keys"),
        }
        if app.wanted() != wanted {
            drop(commands.send(Command::Want(app.wanted())));
        }
    }
}

/// Starts the thread that reads keys. It ends with the program.
fn read_keys(sender: Sender<Message>) -> Result<()> {
    thread::Builder::new().name("keys".into()).spawn(move || {
        loop {
            let message = match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Message::Key(key),
                Ok(Event::Resize(..)) => Message::Resized,
                Ok(_) => continue,
                Err(error) => {
                    let _ = sender.send(Message::NoKeys(error));
                    return;
                }
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

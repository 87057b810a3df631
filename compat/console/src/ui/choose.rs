//! The list of processes from which one is chosen.
#![forbid(unsafe_code)]

use std::sync::mpsc::Receiver;

use anyhow::Result;
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::DefaultTerminal;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Row, Table, TableState, Wrap};

use super::app::moved;
use super::{Message, style};
use crate::client::Client;
use crate::find::{self, Found};
use crate::text::printable;

const NONE: &str = "None of your processes has a socket to attach to. Start one with ZOKIO_MONITOR=PATH \
    in its environment, or use `Builder::monitor`, and press r.";

/// Lets the user choose, or returns `None` if they do not.
pub fn choose(
    terminal: &mut DefaultTerminal,
    messages: &Receiver<Message>,
) -> Result<Option<Client>> {
    terminal.draw(|frame| {
        let text = Paragraph::new("Looking for processes ...");
        let block = style::block("Processes on zokio");
        frame.render_widget(text.block(block), frame.area());
    })?;
    let mut found = find::list()?;
    let mut row = 0;
    let mut status = String::new();
    loop {
        terminal.draw(|frame| draw(frame, &found, row, &status))?;
        let key = match messages.recv()? {
            Message::Key(key) => key,
            Message::NoKeys(error) => return Err(error.into()),
            Message::Resized | Message::Report(_) => continue,
        };
        status.clear();
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Ok(None),
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(None),
            KeyCode::Char('r') => found = find::list()?,
            KeyCode::Enter => {
                let Some(process) = found.get(row) else {
                    continue;
                };
                match Client::connect_within(&process.path, find::LIMIT) {
                    Ok(client) => return Ok(Some(client)),
                    Err(error) => status = format!("{error:#}"),
                }
            }
            _ => {}
        }
        row = moved(row, found.len().saturating_sub(1), key.code);
    }
}

fn draw(frame: &mut Frame, found: &[Found], row: usize, status: &str) {
    let rows = [Constraint::Fill(1), Constraint::Length(1)];
    let [body, below] = Layout::vertical(rows).areas(frame.area());
    let block = style::block("Processes on zokio");
    if found.is_empty() {
        let text = Paragraph::new(NONE).wrap(Wrap { trim: true });
        frame.render_widget(text.block(block), body);
    } else {
        let rows = found.iter().map(|process| {
            Row::new([
                process.pid.to_string(),
                process.zokio(),
                process.program(),
                process.socket(),
            ])
        });
        let widths = [
            Constraint::Length(8),
            Constraint::Length(8),
            Constraint::Fill(1),
            Constraint::Fill(1),
        ];
        let table = Table::new(rows, widths)
            .header(style::head(["pid", "zokio", "program", "socket"]))
            .row_highlight_style(style::selected())
            .block(block);
        let mut state = TableState::new().with_selected(row);
        frame.render_stateful_widget(table, body, &mut state);
    }
    let keys = "up/down select  enter attach  r look again  q quit";
    let line = if status.is_empty() {
        Line::styled(keys, style::dim())
    } else {
        Line::raw(printable(status))
    };
    frame.render_widget(Paragraph::new(line), below);
}

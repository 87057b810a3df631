//! The frame around all screens: the process and the tabs above, keys or a message below.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::app::{App, Screen};
use super::{help, overview, ring, stack, style, task, tasks, workers};
use crate::text::printable;

pub fn draw(frame: &mut Frame, app: &App) {
    let rows = [
        Constraint::Length(2),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [above, body, below] = Layout::vertical(rows).areas(frame.area());
    head(frame, app, above);
    match app.screen {
        Screen::Overview => overview::draw(frame, app, body),
        Screen::Workers => workers::draw(frame, app, body),
        Screen::Tasks => tasks::draw(frame, app, body),
        Screen::Ring => ring::draw(frame, app, body),
        Screen::Task(id) => task::draw(frame, app, id, body),
        Screen::Stack => stack::draw(frame, app, body),
        Screen::Help => help::draw(frame, body),
    }
    foot(frame, app, below);
}

fn head(frame: &mut Frame, app: &App, area: Rect) {
    let hello = &app.seen.hello;
    let process = Line::from(vec![
        Span::styled("zokio-top ", style::bold()),
        Span::raw(format!(
            "process {} {} on zokio {}",
            hello.pid,
            printable(hello.program()),
            printable(&hello.zokio)
        )),
        Span::styled(
            if app.paused { "   PAUSED" } else { "" },
            Style::new().fg(Color::Yellow),
        ),
    ]);
    let tabs = [
        ("1 Overview", app.screen == Screen::Overview),
        (
            "2 Workers",
            matches!(app.screen, Screen::Workers | Screen::Stack),
        ),
        (
            "3 Tasks",
            matches!(app.screen, Screen::Tasks | Screen::Task(_)),
        ),
        ("4 Ring", app.screen == Screen::Ring),
        ("? Help", app.screen == Screen::Help),
    ];
    let tabs = tabs.into_iter().flat_map(|(title, is_shown)| {
        let style = if is_shown {
            style::selected()
        } else {
            style::dim()
        };
        [Span::styled(format!(" {title} "), style), Span::raw(" ")]
    });
    let lines = vec![process, Line::from_iter(tabs)];
    frame.render_widget(Paragraph::new(lines), area);
}

fn foot(frame: &mut Frame, app: &App, area: Rect) {
    let line = if let Some(ended) = &app.ended {
        Line::styled(
            format!("{}. This is its last state; q quits.", printable(ended)),
            Style::new().fg(Color::Red),
        )
    } else if !app.status.is_empty() {
        Line::raw(printable(&app.status))
    } else {
        let keys = match app.screen {
            Screen::Workers => "up/down select  enter its task  s stack  t trace  p pause  q quit",
            Screen::Tasks if app.tasks.is_typing() => "type words  enter done  esc all tasks",
            Screen::Tasks => {
                "up/down select  enter look at one  left/right sort  r reverse  / filter  t trace  p pause  q quit"
            }
            Screen::Task(_) => "s stack  esc back  t trace  p pause  q quit",
            Screen::Stack => "up/down scroll  esc back  q quit",
            Screen::Help => "esc back  q quit",
            Screen::Overview | Screen::Ring => "tab next screen  t trace  p pause  ? help  q quit",
        };
        Line::styled(keys, style::dim())
    };
    frame.render_widget(Paragraph::new(line), area);
}

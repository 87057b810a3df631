//! All workers: a row each.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table, TableState};

use super::app::App;
use super::style;
use crate::plain::{doing, label_of};
use crate::protocol::{Runtime, Worker};
use crate::text::{count, duration, or_dash, percent, printable};

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let widths = [
        Constraint::Length(12),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(14),
        Constraint::Length(12),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Fill(2),
        Constraint::Fill(3),
    ];
    let rows = app
        .workers()
        .map(|(runtime, worker)| row(app, runtime, worker));
    let head = style::head([
        "runtime",
        "worker",
        "thread",
        "state",
        "since",
        "busy",
        "polls/s",
        "queue",
        "parks/s",
        "steals/s",
        "overflow",
        "polls",
        "spawned at",
    ]);
    let table = Table::new(rows, widths)
        .header(head)
        .row_highlight_style(style::selected())
        .block(style::block("Workers"));
    let mut state = TableState::new().with_selected(app.worker);
    frame.render_stateful_widget(table, area, &mut state);
}

fn row(app: &App, runtime: &Runtime, worker: &Worker) -> Row<'static> {
    let rates = app.seen.worker_rates(runtime, worker);
    Row::new([
        Cell::new(label_of(runtime)),
        Cell::new(worker.worker.to_string()),
        Cell::new(or_dash(worker.tid, |tid| tid.to_string())),
        Cell::new(Line::styled(
            worker.state.clone(),
            style::state(&worker.state),
        )),
        Cell::new(or_dash(worker.since, |since| duration(app.seen.ago(since)))),
        Cell::new(percent(rates.busy)),
        Cell::new(count(rates.polls)),
        Cell::new(worker.queue.to_string()),
        Cell::new(count(rates.parks)),
        Cell::new(count(rates.steals)),
        Cell::new(worker.overflows.to_string()),
        Cell::new(doing(&app.seen, worker)),
        Cell::new(or_dash(worker.at.as_deref(), printable)),
    ])
}

//! All tasks: a row each. Only the rows in sight are made.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table};

use super::app::App;
use super::style;
use crate::model::{Column, TaskRates, label, waiting};
use crate::protocol::Task;
use crate::text::{count, duration, end_of, or_dash, percent, printable};

/// The width of the column of places.
const PLACE: u16 = 26;

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let all = app.seen.tasks();
    let by_id: HashMap<u64, &Task> = all.iter().map(|task| (task.id, task)).collect();
    let table = &app.tasks;
    // Two borders and the head.
    let height = usize::from(area.height.saturating_sub(3)).max(1);
    let first = table.row().saturating_sub(height / 2);
    let first = first.min(table.rows().len().saturating_sub(height));
    let shown = table.rows().iter().enumerate().skip(first).take(height);
    let rows = shown.filter_map(|(at, id)| {
        let row = row(app, by_id.get(id)?, table.rates(*id));
        Some(if at == table.row() {
            row.style(style::selected())
        } else {
            row
        })
    });
    let widget = Table::new(rows, Column::ALL.map(width))
        .header(head(app))
        .block(style::block(&title(app, all.len())));
    frame.render_widget(widget, area);
}

fn title(app: &App, all: usize) -> String {
    if app.seen.current.tasks.is_none() && !app.tasks.is_typing() {
        return "Tasks: waiting for the answer".to_string();
    }
    let shown = app.tasks.rows().len();
    let filter = app.tasks.filter.text();
    if app.tasks.is_typing() {
        format!("Tasks: {shown} of {all}, filter: {filter}_")
    } else if filter.is_empty() {
        format!("Tasks: {all}")
    } else {
        format!("Tasks: {shown} of {all}, filter: {filter}")
    }
}

fn head(app: &App) -> Row<'static> {
    let order = app.tasks.order;
    let titles = Column::ALL.map(|column| {
        if column != order.column {
            return Line::styled(column.title(), style::bold());
        }
        let arrow = if order.descending { '▼' } else { '▲' };
        Line::styled(format!("{}{arrow}", column.title()), style::selected())
    });
    Row::new(titles)
}

fn width(column: Column) -> Constraint {
    match column {
        Column::Id => Constraint::Length(7),
        Column::Name => Constraint::Length(16),
        Column::State | Column::Polls | Column::PollRate | Column::Wakes => Constraint::Length(8),
        Column::Since | Column::BusyTime => Constraint::Length(11),
        Column::Busy => Constraint::Length(6),
        Column::Waits => Constraint::Fill(1),
        Column::At => Constraint::Length(PLACE),
    }
}

fn row(app: &App, task: &Task, rates: TaskRates) -> Row<'static> {
    Row::new(Column::ALL.map(|column| {
        Cell::new(match column {
            Column::Id => task.id.to_string(),
            Column::Name => label(task.id, task.name.as_deref()),
            Column::State => {
                return Cell::new(Line::styled(task.state.clone(), style::state(&task.state)));
            }
            Column::Since => or_dash(task.since, |since| duration(app.seen.ago(since))),
            Column::Polls => count(task.polls as f64),
            Column::PollRate => count(rates.polls),
            Column::Busy => percent(rates.busy),
            Column::BusyTime => or_dash(task.busy_ns, duration),
            Column::Wakes => or_dash(task.wakes, |wakes| count(wakes as f64)),
            Column::Waits => waiting(task),
            Column::At => end_of(&printable(&task.at), PLACE.into()),
        })
    }))
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::{App, Task};
    use crate::arguments::Arguments;
    use crate::model::Sample;
    use crate::protocol::{Hello, Snapshot};
    use crate::sampler::Report;
    use crate::ui::app::Screen;
    use crate::ui::screen;

    fn shown(app: &App) -> String {
        let mut terminal = Terminal::new(TestBackend::new(120, 12)).unwrap();
        terminal.draw(|frame| screen::draw(frame, app)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn no_number_is_shown_before_the_first_answer() {
        let mut app = App::new(Hello::default(), &Arguments::default());
        let overview = shown(&app);
        assert!(
            overview.contains("Waiting for the first answer"),
            "{overview}"
        );
        app.screen = Screen::Tasks;
        let before = shown(&app);
        assert!(before.contains("Tasks: waiting for the answer"), "{before}");
        let tasks = |tasks| Sample {
            snapshot: Snapshot {
                now: 1,
                ..Snapshot::default()
            },
            tasks,
            places: None,
        };
        // The first sample was asked for on a screen without tasks.
        app.report(Report::Sample(Box::new(tasks(None))));
        let before = shown(&app);
        assert!(before.contains("Tasks: waiting for the answer"), "{before}");
        app.report(Report::Sample(Box::new(tasks(Some(Vec::new())))));
        assert!(shown(&app).contains("Tasks: 0"));
        app.report(Report::Sample(Box::new(tasks(Some(vec![Task::default()])))));
        assert!(shown(&app).contains("Tasks: 1"));
        app.screen = Screen::Overview;
        let overview = shown(&app);
        assert!(
            overview.contains("No runtime of this process"),
            "{overview}"
        );
    }
}

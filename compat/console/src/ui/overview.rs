//! All runtimes: what they have to do, and a bar for each worker.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::app::App;
use super::history::Series;
use super::style;
use crate::plain::{doing, label_of};
use crate::protocol::{Runtime, Worker};
use crate::text::{count, duration, or_dash, percent};

/// Workers of one runtime that have a bar here. The screen of workers has them all.
const BARS: usize = 12;

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let runtimes = &app.seen.current.snapshot.runtimes;
    if runtimes.is_empty() {
        let text = Paragraph::new(if app.seen.is_empty() {
            "Waiting for the first answer."
        } else {
            "No runtime of this process is looked at now."
        });
        return frame.render_widget(text.block(style::block("Runtimes")), area);
    }
    let heights = runtimes.iter().map(height).map(Constraint::Length);
    let areas = Layout::vertical(heights.chain([Constraint::Fill(1)])).split(area);
    for (runtime, area) in runtimes.iter().zip(areas.iter()) {
        draw_runtime(frame, app, runtime, *area);
    }
}

fn height(runtime: &Runtime) -> u16 {
    let bars = runtime.workers.len().min(BARS);
    let more = usize::from(runtime.workers.len() > BARS);
    // Borders, three lines of facts, and one between.
    (2 + 3 + 1 + bars + more) as u16
}

fn draw_runtime(frame: &mut Frame, app: &App, runtime: &Runtime, area: Rect) {
    let title = format!("Runtime {}, {}", label_of(runtime), runtime.kind);
    let block = style::block(&title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = [Constraint::Fill(3), Constraint::Fill(2)];
    let [left, right] = Layout::horizontal(columns).spacing(2).areas(inner);
    frame.render_widget(Paragraph::new(lines(app, runtime)), left);
    charts(frame, app, runtime, right);
}

fn lines(app: &App, runtime: &Runtime) -> Vec<Line<'static>> {
    let rates = app.seen.runtime_rates(runtime);
    let driver = &runtime.driver;
    let mut lines = vec![
        style::facts(&[
            ("tasks", runtime.tasks.to_string()),
            (
                "spawned",
                format!("{} ({}/s)", runtime.spawned, count(rates.spawned)),
            ),
            ("injected", runtime.injected.to_string()),
            ("timers", runtime.timers.to_string()),
            ("budget yields", runtime.budget_yields.to_string()),
        ]),
        style::facts(&[
            ("files by", driver.files.clone()),
            ("descriptors", driver.fds.to_string()),
            ("ready", format!("{}/s", count(rates.sockets_ready))),
            (
                "from outside",
                format!("{}/s", count(rates.remote_schedules)),
            ),
        ]),
        style::facts(&[
            ("blocking threads", runtime.blocking.threads.to_string()),
            ("idle", runtime.blocking.idle.to_string()),
            ("closures that wait", runtime.blocking.queued.to_string()),
        ]),
        Line::default(),
    ];
    let workers = runtime.workers.iter().take(BARS);
    lines.extend(workers.map(|worker| worker_line(app, runtime, worker)));
    if runtime.workers.len() > BARS {
        let more = format!("and {} more workers", runtime.workers.len() - BARS);
        lines.push(Line::styled(more, style::dim()));
    }
    lines
}

fn worker_line(app: &App, runtime: &Runtime, worker: &Worker) -> Line<'static> {
    let rates = app.seen.worker_rates(runtime, worker);
    let since = or_dash(worker.since, |since| duration(app.seen.ago(since)));
    let mut spans = vec![
        Span::styled(format!("worker {:<3}", worker.worker), style::dim()),
        Span::raw(format!(
            "{} {:>5}  ",
            style::bar(rates.busy, 20),
            percent(rates.busy)
        )),
        Span::styled(worker.state.clone(), style::state(&worker.state)),
        Span::raw(format!(" {since}")),
    ];
    if worker.task.is_some() {
        spans.push(Span::raw(format!("  {}", doing(&app.seen, worker))));
    }
    Line::from(spans)
}

fn charts(frame: &mut Frame, app: &App, runtime: &Runtime, area: Rect) {
    let Some(series) = app.history.of(runtime.id) else {
        return;
    };
    let rows = [Constraint::Length(1), Constraint::Fill(1)];
    let [top, bottom] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    let shown = [
        (top, &series.polls, "polls/s", None, Color::Cyan),
        (bottom, &series.busy, "busy %", Some(100), Color::Green),
    ];
    for (area, values, name, max, color) in shown {
        let [head, chart] = Layout::vertical(rows).areas(area);
        let newest = Series::newest(values, area.width);
        let now = newest.last().copied().unwrap_or(0);
        let most = newest.iter().copied().max().unwrap_or(0);
        let line = style::facts(&[(name, count(now as f64)), ("at most", count(most as f64))]);
        frame.render_widget(Paragraph::new(line), head);
        let mut sparkline = Sparkline::default()
            .data(newest)
            .style(Style::new().fg(color));
        if let Some(max) = max {
            sparkline = sparkline.max(max);
        }
        frame.render_widget(sparkline, chart);
    }
}

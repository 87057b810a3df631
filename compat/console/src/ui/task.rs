//! One task: all that is known of it, and how long polls of its place take.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::app::App;
use super::style;
use crate::model::{label, waiting};
use crate::protocol::{Histogram, Task};
use crate::text::{count, duration, or_dash, percent, printable};

pub fn draw(frame: &mut Frame, app: &App, id: u64, area: Rect) {
    let Some(task) = app.seen.task(id) else {
        let text = if app.seen.current.tasks.is_none() {
            "..."
        } else {
            "This task has ended."
        };
        let title = format!("Task {id}");
        return frame.render_widget(Paragraph::new(text).block(style::block(&title)), area);
    };
    let [above, below] =
        Layout::vertical([Constraint::Length(13), Constraint::Fill(1)]).areas(area);
    let title = format!("Task {id}: {}", label(id, task.name.as_deref()));
    let facts = Paragraph::new(facts(app, task))
        .wrap(Wrap { trim: false })
        .block(style::block(&title));
    frame.render_widget(facts, above);
    let columns = [Constraint::Fill(1), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(columns).areas(below);
    let place = app.seen.place(task);
    let polls = place.and_then(|place| place.poll_time.as_ref());
    histogram(frame, "Poll times of all tasks of this place", polls, left);
    let delays = place.and_then(|place| place.schedule_delay.as_ref());
    histogram(frame, "From wake to poll", delays, right);
}

fn facts(app: &App, task: &Task) -> Vec<Line<'static>> {
    let rates = app.tasks.rates(task.id);
    let since = or_dash(task.since, |since| duration(app.seen.ago(since)));
    let place = app.seen.place(task);
    let lines = [
        ("kind", format!("{} of runtime {}", task.kind, task.runtime)),
        ("state", format!("{} for {since}", task.state)),
        ("waits for", waiting(task)),
        ("holder", holder(app, task)),
        ("worker", or_dash(task.worker, |worker| worker.to_string())),
        ("polls", format!("{}, {}/s", task.polls, count(rates.polls))),
        (
            "busy",
            format!(
                "{}, {} in all",
                percent(rates.busy),
                or_dash(task.busy_ns, duration)
            ),
        ),
        (
            "wakes",
            format!(
                "{}, {} by itself",
                or_dash(task.wakes, |wakes| wakes.to_string()),
                or_dash(task.self_wakes, |wakes| wakes.to_string())
            ),
        ),
        ("spawned at", printable(&task.at)),
        (
            "of that place",
            or_dash(place, |place| {
                format!("{} tasks, {} polls", place.alive, place.polls)
            }),
        ),
    ];
    lines
        .into_iter()
        .map(|(name, value)| {
            let name = Span::styled(format!("{name:>14}  "), style::dim());
            Line::from(vec![name, Span::raw(value)])
        })
        .collect()
}

/// What the task that holds what this one waits for does itself.
fn holder(app: &App, task: &Task) -> String {
    let holder = task.waits_for.as_ref().and_then(|wait| wait.holder);
    let Some(id) = holder else {
        return "-".to_string();
    };
    match app.seen.task(id) {
        Some(holder) => format!(
            "{}, {} {}",
            label(id, holder.name.as_deref()),
            holder.state,
            waiting(holder)
        ),
        None => format!("task {id}, which has ended"),
    }
}

fn histogram(frame: &mut Frame, title: &str, histogram: Option<&Histogram>, area: Rect) {
    let lines = match histogram.filter(|histogram| histogram.total() > 0) {
        Some(histogram) => bars(histogram, area.width.saturating_sub(32).into()),
        None => vec![Line::styled("none were timed", style::dim())],
    };
    frame.render_widget(Paragraph::new(lines).block(style::block(title)), area);
}

/// A bar for each bucket, from the first that counts to the last.
fn bars(histogram: &Histogram, width: usize) -> Vec<Line<'static>> {
    let counts = &histogram.counts;
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let rows = counts.iter().enumerate().take(last + 1).skip(first);
    let mut lines: Vec<Line> = rows
        .map(|(at, number)| {
            let name = match histogram.bounds_ns.get(at) {
                Some(bound) => format!("<= {:>9}", duration(*bound)),
                None => format!(
                    " > {:>9}",
                    or_dash(histogram.bounds_ns.last().copied(), duration)
                ),
            };
            let bar = style::bar(*number as f64 / most as f64, width);
            let count = count(*number as f64);
            Line::raw(format!("{name}  {bar} {count}"))
        })
        .collect();
    let quantiles = [("median", 0.5), ("95 %", 0.95), ("99 %", 0.99)];
    let quantiles = quantiles.map(|(name, share)| {
        let bound = or_dash(histogram.quantile(share), |bound| {
            format!("<= {}", duration(bound))
        });
        (name, bound)
    });
    lines.push(style::facts(&quantiles));
    lines
}

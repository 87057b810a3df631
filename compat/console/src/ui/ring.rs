//! What the kernel is asked for: the ring of each runtime, or why there is none.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::app::App;
use super::style;
use crate::plain::label_of;
use crate::protocol::Runtime;
use crate::text::{count, duration, or_dash, printable};

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let runtimes = &app.seen.current.snapshot.runtimes;
    let heights = runtimes.iter().map(|_| Constraint::Length(9));
    let areas = Layout::vertical(heights.chain([Constraint::Fill(1)])).split(area);
    for (runtime, area) in runtimes.iter().zip(areas.iter()) {
        let text = Paragraph::new(lines(app, runtime)).wrap(Wrap { trim: false });
        let title = format!("Driver of runtime {}", label_of(runtime));
        frame.render_widget(text.block(style::block(&title)), *area);
    }
}

fn lines(app: &App, runtime: &Runtime) -> Vec<Line<'static>> {
    let driver = &runtime.driver;
    let sockets = style::facts(&[
        ("descriptors watched", driver.fds.to_string()),
        ("ready events", driver.sockets_ready.to_string()),
        (
            "a second",
            count(app.seen.runtime_rates(runtime).sockets_ready),
        ),
    ]);
    let mut lines = vec![style::facts(&[("files by", driver.files.clone())])];
    if let Some(reason) = &driver.reason {
        lines.push(Line::raw(printable(reason)));
    }
    lines.push(sockets);
    let Some(ring) = &driver.ring else {
        lines.push(Line::raw(
            "No ring is open: it begins with the first operation on a file that may wait.",
        ));
        return lines;
    };
    let rates = app.seen.ring_rates(runtime);
    let in_flight: u64 = ring.in_flight.values().sum();
    let by_name = ring
        .in_flight
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(name, number)| (name.as_str(), number.to_string()));
    let mut flight = vec![("in flight", format!("{in_flight} of {}", ring.queue_depth))];
    flight.extend(by_name);
    lines.push(style::facts(&flight));
    lines.push(style::facts(&[
        (
            "submitted",
            format!("{} ({}/s)", ring.submitted, count(rates.submitted)),
        ),
        (
            "completed",
            format!("{} ({}/s)", ring.completed, count(rates.completed)),
        ),
        (
            "by threads",
            format!(
                "{} ({}/s)",
                ring.handed_to_threads,
                count(rates.handed_to_threads)
            ),
        ),
    ]));
    let bound = |share| or_dash(ring.latency.quantile(share), duration);
    lines.push(style::facts(&[
        ("from submission to completion: median", bound(0.5)),
        ("95 %", bound(0.95)),
        ("99 %", bound(0.99)),
    ]));
    lines
}

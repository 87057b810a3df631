//! The keys, and the words on the screens.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};

use super::style;

const TEXT: &str = "\
1 2 3 4, tab   overview, workers, tasks, ring
esc            back
p, space       stop and resume sampling
t              write the recorded events to trace-PID-N.json, for https://ui.perfetto.dev
q, ctrl-c      quit; the process is left as it was

Workers        up and down select; enter shows the task that the worker polls, s its stack
Tasks          left and right choose the column to sort by, r reverses; / filters by words that a
               row has to have; enter shows one task

running        polls a task                      parked      sleeps
stuck          in one poll for longer than       searching   looks for work
               the limit, by default 100 ms      block_in_place   its thread runs a closure

busy           the part of the time in which the worker did not sleep, the task was polled
in polls       the sum of the times of all polls
waits for      what the task asked for last in a poll that did not end it
held by        the task that locked what this one waits for";

pub fn draw(frame: &mut Frame, area: Rect) {
    let text = Paragraph::new(TEXT)
        .wrap(Wrap { trim: false })
        .block(style::block("Help"));
    frame.render_widget(text, area);
}

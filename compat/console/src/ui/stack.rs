//! The stack of a worker, the innermost function first.
#![forbid(unsafe_code)]

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::app::App;
use super::style;
use crate::plain::{frame_lines, stack_head};
use crate::stack::{Part, blocking};

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let Some(stack) = &app.stack else { return };
    let blocks = blocking(&stack.frames);
    let mut lines = Vec::new();
    for (number, of_stack) in stack.frames.iter().enumerate() {
        let style = if Some(number) == blocks {
            style::selected()
        } else if of_stack.part == Part::Program {
            style::bold()
        } else {
            style::dim()
        };
        let text = frame_lines(number, of_stack);
        lines.extend(text.into_iter().map(|line| Line::styled(line, style)));
    }
    let top = u16::try_from(stack.top).unwrap_or(u16::MAX);
    let title = stack_head(&stack.answer, &stack.frames);
    let lines = Paragraph::new(lines)
        .scroll((top, 0))
        .block(style::block(&title));
    frame.render_widget(lines, area);
}

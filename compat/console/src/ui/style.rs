//! Colors, which only repeat what a word tells, and common parts of screens.
#![forbid(unsafe_code)]

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Row};

/// Of a worker or a task.
pub fn state(state: &str) -> Style {
    match state {
        "stuck" => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        "running" => Style::new().fg(Color::Green),
        "queued" | "searching" => Style::new().fg(Color::Yellow),
        "block_in_place" => Style::new().fg(Color::Magenta),
        _ => Style::new().fg(Color::DarkGray),
    }
}

pub fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

pub fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

pub fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

pub fn block(title: &str) -> Block<'static> {
    Block::bordered()
        .border_style(dim())
        .title(format!(" {title} "))
}

pub fn head<const N: usize>(titles: [&str; N]) -> Row<'static> {
    Row::new(titles.map(String::from)).style(bold())
}

/// A line of values with their names.
pub fn facts(pairs: &[(&str, String)]) -> Line<'static> {
    let spans = pairs.iter().flat_map(|(name, value)| {
        [
            Span::styled(format!("{name} "), dim()),
            Span::raw(format!("{value}   ")),
        ]
    });
    Line::from_iter(spans)
}

/// A bar of `width` characters.
pub fn bar(share: f64, width: usize) -> String {
    let filled = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

//! Charts as SVG: the ratios of all cases, and a ratio over commits.

#![forbid(unsafe_code)]

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, LineSeries, Palette,
    Palette99, PathElement, RGBColor, Rectangle, SVGBackend, SeriesLabelPosition, Text, TextStyle,
    WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::statistics::Spread;

const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
const LESS: RGBColor = RGBColor(0x2a, 0x7f, 0x9e);
const MORE: RGBColor = RGBColor(0xc8, 0x6b, 0x2c);

const WIDTH: i32 = 860;
const NAMES: i32 = 210;
const RIGHT: i32 = 70;
const TOP: i32 = 58;
const ROW: i32 = 26;

/// One bar.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) ratio: Spread,
}

/// Draws a bar for each ratio, with its quartiles. The line is where both sides are equal.
///
/// # Errors
///
/// Returns an error if the chart cannot be drawn.
pub(crate) fn ratios(title: &str, bars: &[Bar]) -> Result<String> {
    draw((WIDTH, TOP + ROW * bars.len() as i32 + 34), |area| {
        let highest = bars.iter().map(|bar| bar.ratio.high).fold(1.2, f64::max);
        let step = step(highest);
        let end = (highest / step).ceil() * step;
        let place = |ratio: f64| {
            let part = ratio.clamp(0.0, end) / end;
            NAMES + (part * f64::from(WIDTH - NAMES - RIGHT)) as i32
        };
        let bottom = TOP + ROW * bars.len() as i32;
        text(area, title, (WIDTH / 2, 16), HPos::Center, 17)?;
        for tick in 0..=(end / step).round() as i32 {
            let ratio = f64::from(tick) * step;
            line(
                area,
                [(place(ratio), TOP - 6), (place(ratio), bottom)],
                GRID,
                1,
            )?;
            text(
                area,
                &format!("{ratio:.1}"),
                (place(ratio), bottom + 14),
                HPos::Center,
                13,
            )?;
        }
        for (row, bar) in bars.iter().enumerate() {
            let middle = TOP + ROW * row as i32 + ROW / 2;
            let Spread { low, median, high } = bar.ratio;
            let color = if median <= 1.0 { LESS } else { MORE };
            text(area, &bar.name, (NAMES - 10, middle), HPos::Right, 13)?;
            let corners = [(place(0.0), middle - 8), (place(median), middle + 8)];
            area.draw(&Rectangle::new(corners, color.filled()))
                .map_err(failed)?;
            line(area, [(place(low), middle), (place(high), middle)], INK, 2)?;
            let number = format!("{median:.2}");
            text(
                area,
                &number,
                (place(high.max(median)) + 6, middle),
                HPos::Left,
                13,
            )?;
        }
        line(area, [(place(1.0), TOP - 10), (place(1.0), bottom)], INK, 1)
    })
}

/// One line of a history: for each place on the axis, the ratio.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(usize, f64)>,
}

/// Draws ratios over commits.
///
/// # Errors
///
/// Returns an error if the chart cannot be drawn.
pub(crate) fn history(title: &str, commits: &[String], lines: &[Line]) -> Result<String> {
    draw((WIDTH, 520), |area| {
        let ratios = lines.iter().flat_map(|line| &line.points);
        let highest = ratios.map(|(_, ratio)| *ratio).fold(1.2, f64::max);
        let last = commits.len().saturating_sub(1) as f64;
        let mut chart = ChartBuilder::on(area)
            .caption(title, style(17))
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(44)
            // Room for a single commit, and for the names of the lines.
            .build_cartesian_2d(-0.5..(last + 0.5) * 1.35 + 0.5, 0.0..highest * 1.05)
            .map_err(failed)?;
        let commit = |place: &f64| {
            let whole = place.fract() == 0.0 && *place >= 0.0;
            let name = commits.get(*place as usize).filter(|_| whole);
            name.cloned().unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .x_labels(commits.len().min(12) * 2)
            .x_label_formatter(&commit)
            .y_label_formatter(&|ratio| format!("{ratio:.1}"))
            .draw()
            .map_err(failed)?;
        for (place, line) in lines.iter().enumerate() {
            let color = Palette99::pick(place).to_rgba();
            let points = line.points.iter().map(|(at, ratio)| (*at as f64, *ratio));
            chart
                .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))
                .map_err(failed)?
                .label(&line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
            chart
                .draw_series(points.map(|point| Circle::new(point, 3, color.filled())))
                .map_err(failed)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE)
            .draw()
            .map_err(failed)
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(size: (i32, i32), content: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut svg = String::new();
    {
        let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        content(&area)?;
        area.present().map_err(failed)?;
    }
    Ok(svg)
}

/// The error of a drawing, which borrows the backend's type.
fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing a chart: {error}")
}

/// A round distance between the lines of the grid.
fn step(highest: f64) -> f64 {
    let steps = [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
    let fits = steps.into_iter().find(|step| highest / step <= 8.0);
    fits.unwrap_or(highest / 8.0)
}

fn style(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), side: HPos, size: i32) -> Result<()> {
    let style = style(size).pos(Pos::new(side, VPos::Center));
    let element = Text::new(text.to_owned(), at, style);
    area.draw(&element).map_err(failed)
}

fn line(area: &Area<'_>, ends: [(i32, i32); 2], color: RGBColor, width: u32) -> Result<()> {
    let element = PathElement::new(ends, color.stroke_width(width));
    area.draw(&element).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::{Bar, Line, history, ratios};
    use crate::statistics::Spread;

    #[test]
    fn bars_have_names_and_ratios() {
        let bar = |name: &str, median: f64| Bar {
            name: name.into(),
            ratio: Spread {
                low: median * 0.9,
                median,
                high: median * 1.1,
            },
        };
        let svg = ratios("CPU", &[bar("echo", 0.91), bar("static-4k & more", 2.5)]).unwrap();
        assert!(svg.starts_with("<svg"));
        assert!(svg.trim_end().ends_with("</svg>"));
        for part in ["CPU", "echo", "0.91", "static-4k &amp; more", "2.50"] {
            assert!(svg.contains(part), "{part}");
        }
        // The bar of what is more has another color than the one of what is less.
        assert!(svg.contains("#2A7F9E") && svg.contains("#C86B2C"));
    }

    #[test]
    fn a_history_has_commits_and_lines() {
        let commits = ["aaa1".to_owned(), "bbb2".to_owned()];
        let line = Line {
            name: "echo".into(),
            points: vec![(0, 1.0), (1, 0.9)],
        };
        let svg = history("CPU", &commits, &[line]).unwrap();
        for part in ["aaa1", "bbb2", "echo"] {
            assert!(svg.contains(part), "{part}");
        }
        let alone = Line {
            name: "echo".into(),
            points: vec![(0, 1.0)],
        };
        assert!(
            history("CPU", &commits[..1], &[alone])
                .unwrap()
                .contains("aaa1")
        );
    }
}

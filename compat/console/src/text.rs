//! How numbers and times are written.
#![forbid(unsafe_code)]

/// Writes a duration in nanoseconds with three digits or so: `850 ns`, `1.25 ms`, `3 min 20 s`.
#[must_use]
pub fn duration(ns: u64) -> String {
    let value = ns as f64;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} us", digits(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} ms", digits(value / 1e6)),
        1_000_000_000..60_000_000_000 => format!("{} s", digits(value / 1e9)),
        _ => {
            let seconds = ns / 1_000_000_000;
            match seconds {
                0..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
                _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
            }
        }
    }
}

/// Writes a count with three digits or so: `950`, `12.3 k`, `4.56 M`.
#[must_use]
pub fn count(value: f64) -> String {
    match value {
        _ if value < 10.0 && value.fract() > 0.05 => format!("{value:.1}"),
        _ if value < 1e4 => format!("{value:.0}"),
        _ if value < 1e6 => format!("{} k", digits(value / 1e3)),
        _ if value < 1e9 => format!("{} M", digits(value / 1e6)),
        _ => format!("{} G", digits(value / 1e9)),
    }
}

/// Writes a part of a whole in percent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share.clamp(0.0, 9.99) * 100.0)
}

/// Writes an optional value, or a dash.
#[must_use]
pub fn or_dash<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_string(), write)
}

/// Replaces what would act on a terminal: names of tasks are the program's, and may be anything.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// Keeps the end of a path that is wider than `width` characters.
#[must_use]
pub fn end_of(path: &str, width: usize) -> String {
    let length = path.chars().count();
    if length <= width {
        return path.to_string();
    }
    let kept = path.chars().skip(length + 1 - width);
    ['\u{2026}'].into_iter().chain(kept).collect()
}

fn digits(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::{count, duration, end_of, percent, printable};

    #[test]
    fn durations_have_the_unit_that_fits() {
        assert_eq!(duration(850), "850 ns");
        assert_eq!(duration(1_250_000), "1.25 ms");
        assert_eq!(duration(700_000_000), "700 ms");
        assert_eq!(duration(12_340_000_000), "12.3 s");
        assert_eq!(duration(200_000_000_000), "3 min 20 s");
        assert_eq!(duration(7_260_000_000_000), "2 h 1 min");
    }

    #[test]
    fn counts_have_the_unit_that_fits() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(1.5), "1.5");
        assert_eq!(count(950.4), "950");
        assert_eq!(count(12_345.0), "12.3 k");
        assert_eq!(count(4_560_000.0), "4.56 M");
        assert_eq!(percent(0.705), "70 %");
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        assert_eq!(end_of("src/main.rs:1:2", 15), "src/main.rs:1:2");
        assert_eq!(end_of("src/main.rs:1:2", 8), "\u{2026}.rs:1:2");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}

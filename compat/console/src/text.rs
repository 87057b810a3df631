//! How numbers, times, and texts of the process are written.
#![forbid(unsafe_code)]

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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

/// Replaces what would act on a terminal, or show text that is not there: names of tasks are the program's,
/// and may be anything.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if acts(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// Returns whether a character is a control or format character, a separator of lines, or none at all:
/// Unicode's categories Cc, Cf, Zl and Zp, and its noncharacters.
fn acts(character: char) -> bool {
    let is_format = matches!(character,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}');
    let is_separator = matches!(character, '\u{2028}' | '\u{2029}');
    let is_none =
        matches!(character, '\u{fdd0}'..='\u{fdef}') || character as u32 & 0xfffe == 0xfffe;
    character.is_control() || is_format || is_separator || is_none
}

/// Writes a path so that a shell reads the same path: as it is if it can be printed, and as `$'...'` with
/// escapes otherwise, which bash, zsh and ksh know.
#[must_use]
pub fn path(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    if let Some(text) = path.to_str()
        && !text.chars().any(acts)
    {
        return text.to_string();
    }
    let mut quoted = String::from("$'");
    for byte in bytes {
        match byte {
            b'\n' => quoted.push_str("\\n"),
            b'\'' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            // Three digits, since what follows might be read as one more.
            _ => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted.push('\'');
    quoted
}

/// Keeps the start of a text that is longer than `width` characters.
#[must_use]
pub fn start_of(text: &str, width: usize) -> String {
    if text.chars().nth(width).is_none() {
        return text.to_string();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['\u{2026}']).collect()
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
    use std::ffi::OsStr;

    use super::{OsStrExt, Path, count, duration, end_of, path, percent, printable, start_of};

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
    fn a_path_that_cannot_be_printed_is_written_for_a_shell() {
        let written = |bytes: &[u8]| path(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(written("/tmp/it's \u{e4}".as_bytes()), "/tmp/it's \u{e4}");
        assert_eq!(written(b"/tmp/a\nb'c"), r"$'/tmp/a\nb\'c'");
        assert_eq!(written(b"/tmp/\xff7\\"), r"$'/tmp/\3777\\'");
        assert_eq!(written("/\u{202e}".as_bytes()), r"$'/\342\200\256'");
    }

    #[test]
    fn the_start_of_a_text_is_kept() {
        assert_eq!(start_of("reader", 6), "reader");
        assert_eq!(start_of("reader 1", 6), "reade\u{2026}");
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

    #[test]
    fn characters_that_reorder_or_hide_text_do_not_reach_the_terminal() {
        let hidden = [
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fdd0}',
            '\u{fffe}',
            '\u{fff9}',
            '\u{e0041}',
            '\u{10ffff}',
        ];
        for character in hidden {
            assert_eq!(
                printable(&format!("a{character}b")),
                "a\u{fffd}b",
                "{character:?}"
            );
        }
        let shown = "na\u{ef}ve \u{5d0}\u{5d1} \u{65e5}\u{672c} \u{1f980} e\u{301}";
        assert_eq!(printable(shown), shown);
    }
}

//! Adds the patch to the text of a manifest and removes it, to the byte.
//!
//! The text is spliced, not printed anew, so that line ends, comments and order stay as they are.

#![forbid(unsafe_code)]

use std::ops::Range;

use toml_edit::{Document, TableLike};

use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::source::Source;

const HEADER: &str = "[patch.crates-io]";
const MARK: &str = "# Added by `cargo zokio on`";
const TABLE: &str = " with its table";
/// The other name of crates.io in a patch. Cargo fails if a manifest has both.
const INDEX: &str = "https://github.com/rust-lang/crates.io-index";

/// Returns true if the manifest patches tokio.
///
/// # Errors
///
/// Returns an error if the text is no manifest.
pub fn is_patched(text: &str) -> Result<bool> {
    let document = parse(text)?;
    let patches = ["crates-io", INDEX].map(|name| patch_of(&document, name));
    let mut patches = patches.into_iter().flatten();
    Ok(patches.any(|patch| patch.contains_key("tokio")))
}

/// The manifest with the patch. The comment beside it keeps the former version of tokio.
///
/// # Errors
///
/// Returns an error if the manifest has the table in a form that takes no line.
pub fn with_patch(text: &str, source: &Source, former: Option<&Lock>) -> Result<String> {
    let document = parse(text)?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let former = former.and_then(|lock| lock.tokios().published);
    let former = former
        .map(|version| format!("; tokio was {version}"))
        .unwrap_or_default();
    let header = header_end(text, &document);
    let table = if header.is_some() { "" } else { TABLE };
    let lines = format!("{MARK}{table}{former}.{end}{}", source.line());
    let patched = match header {
        Some(at) => {
            let (before, behind) = text.split_at(at);
            if behind.is_empty() {
                format!("{before}{end}{lines}")
            } else {
                format!("{before}{lines}{end}{behind}")
            }
        }
        // A text without a line end gets none at its end, so that `without_patch` can tell.
        None if text.ends_with('\n') || text.is_empty() => {
            format!("{text}{end}{HEADER}{end}{lines}{end}")
        }
        None => format!("{text}{end}{end}{HEADER}{end}{lines}"),
    };
    match is_patched(&patched) {
        Ok(true) if patch_of(&document, INDEX).is_none() => Ok(patched),
        _ => Err(
            Error::new("Cargo.toml has its patches in a form that cannot be added to").help(
                format!(
                    "add this line to the patches of crates.io by hand: {}",
                    source.line()
                ),
            ),
        ),
    }
}

/// The manifest without the patch, and the former version of tokio if a comment names it.
///
/// # Errors
///
/// Returns an error if the patch was not added by [`with_patch`].
pub fn without_patch(text: &str) -> Result<(String, Option<String>)> {
    let document = parse(text)?;
    let by_hand = || {
        Error::new("the patch of tokio in Cargo.toml was not added by `cargo zokio on`")
            .help("remove it by hand")
    };
    let span = patch_of(&document, "crates-io").and_then(|patch| patch.get_key_value("tokio"));
    let line = span.and_then(|(key, _)| key.span()).ok_or_else(by_hand)?;
    let mark = text[..line.start].rfind(MARK).ok_or_else(by_hand)?;
    if text[mark..line.start].lines().count() != 1 {
        return Err(by_hand());
    }
    let comment = text[mark..line.start].trim_end();
    let former = comment
        .split_once("tokio was ")
        .map(|(_, rest)| rest.trim_end_matches('.').to_owned());
    let range = removal(text, mark, line.start);
    let mut without = text.to_owned();
    without.replace_range(range, "");
    match is_patched(&without) {
        Ok(false) => Ok((without, former)),
        _ => Err(by_hand()),
    }
}

/// What [`with_patch`] added: the two lines, and the header if it stands there for them alone.
fn removal(text: &str, mark: usize, line: usize) -> Range<usize> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let stop = text[line..]
        .find('\n')
        .map_or(text.len(), |at| line + at + 1);
    let header = format!("{end}{HEADER}{end}");
    let ours = text[mark..].starts_with(&format!("{MARK}{TABLE}"));
    let alone = ours && text[..mark].ends_with(&header) && stop == text.len();
    let start = if alone { mark - header.len() } else { mark };
    if text.ends_with('\n') || stop < text.len() {
        return start..stop;
    }
    // The text had no line end: the one before the addition is part of it.
    start - end.len()..stop
}

fn parse(text: &str) -> Result<Document<&str>> {
    Document::parse(text)
        .map_err(|error| Error::new("failed to parse Cargo.toml").note(error.to_string()))
}

fn patch_of<'a>(document: &'a Document<&str>, name: &str) -> Option<&'a dyn TableLike> {
    document
        .get("patch")?
        .as_table_like()?
        .get(name)?
        .as_table_like()
}

/// The place behind the line `[patch.crates-io]`, if there is one.
fn header_end(text: &str, document: &Document<&str>) -> Option<usize> {
    let table = document
        .get("patch")?
        .as_table_like()?
        .get("crates-io")?
        .as_table()?;
    let span = table
        .span()
        .filter(|_| !table.is_implicit() && !table.is_dotted())?;
    let behind = &text[span.start..];
    Some(span.start + behind.find('\n').map_or(behind.len(), |at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::{is_patched, with_patch, without_patch};
    use crate::lock::Lock;
    use crate::source::Source;

    fn source() -> Source {
        Source::Git {
            url: "https://host/zokio".to_owned(),
            rev: None,
        }
    }

    #[test]
    fn a_round_trip_leaves_every_byte() {
        for text in [
            "[package]\nname = \"a\"\n",
            "[package]\nname = \"a\"",
            "[package]\r\nname = \"a\"\r\n",
            "[package]\nname = \"a\"\n# the end\n\n",
            "[patch.crates-io]\nb = { path = \"b\" } # why\n\n[package]\nname = \"a\"\n",
            "[package]\nname = \"a\"\n\n[patch.crates-io]",
            "[package]\nname = \"a\"\n\n[patch.crates-io]\n",
            "[package]\nname = \"a\"\n[patch.crates-io.b]\npath = \"b\"\n",
            "[package]\nname = \"a\"\n\n[patch.crates-io] # ours\n# b\nb = { path = \"b\" }",
        ] {
            let lock = "[[package]]\nname = \"tokio\"\nversion = \"1.49.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
            let lock = Lock::parse(lock).unwrap();
            let patched = with_patch(text, &source(), Some(&lock)).unwrap();
            assert!(is_patched(&patched).unwrap(), "{patched}");
            let (without, former) = without_patch(&patched).unwrap();
            assert_eq!(without, text, "by way of {patched:?}");
            assert_eq!(former.as_deref(), Some("1.49.0"));
        }
    }

    #[test]
    fn what_cannot_be_undone_is_refused() {
        let inline = "patch = { crates-io = { b = { path = \"b\" } } }\n[package]\nname = \"a\"\n";
        assert!(with_patch(inline, &source(), None).is_err());
        let index = "[patch.'https://github.com/rust-lang/crates.io-index']\n";
        assert!(with_patch(index, &source(), None).is_err());
        let index = format!("{index}tokio = {{ path = \"x\" }}\n");
        assert!(is_patched(&index).unwrap() && without_patch(&index).is_err());
        let by_hand = "[patch.crates-io]\ntokio = { path = \"x\" }\n";
        assert!(without_patch(by_hand).is_err());
    }
}

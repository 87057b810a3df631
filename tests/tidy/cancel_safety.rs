//! Owns the check that public waits say what a cancellation does: `async` functions, `poll_*`, and
//! functions that return a future by its name. The folders that it reads stand in `tests/tidy.rs`.

use std::collections::BTreeSet;

use super::rules::{Problem, function_name, words};
use super::source::{Line, Source};

/// The types that implement `Future`, by their names.
pub fn futures(sources: &[Source]) -> BTreeSet<String> {
    sources.iter().flat_map(futures_in).collect()
}

fn futures_in(source: &Source) -> BTreeSet<String> {
    let named = source.product().filter_map(|(_, line)| {
        let (_, after) = line.code.split_once("Future for ")?;
        // Of a reference or a box, the name is that of no type here.
        let name = type_name(after);
        (line.code.contains("impl") && !name.is_empty()).then(|| name.to_string())
    });
    named.collect()
}

/// Every public wait has a `# Cancel safety` section.
pub fn says_cancel_safety(source: &Source, futures: &BTreeSet<String>) -> Vec<Problem> {
    let here = futures_in(source);
    let mut found = Vec::new();
    let mut public_trait_end = 0;
    for (number, line) in source.product() {
        let code = line.code.trim_start();
        if code.starts_with("pub trait ") || code.starts_with("pub unsafe trait ") {
            public_trait_end = source.block_end(number - 1).unwrap_or(0) + 1;
        }
        let public = code.starts_with("pub ") || number < public_trait_end;
        let Some(name) = function_name(code).filter(|_| public) else {
            continue;
        };
        let is_async = words(code)
            .take_while(|(_, word)| *word != "fn")
            .any(|(_, word)| word == "async");
        let returns_future = || {
            let signature = signature(&source.lines[number - 1..]);
            returned(&signature).is_some_and(|returned| match type_name(returned) {
                "impl" => returned.contains("Future"),
                // A constructor, or another type by that name.
                _ if name == "new" => false,
                name if declares(source, name) => here.contains(name),
                name => futures.contains(name),
            })
        };
        if (is_async || name.starts_with("poll_") || returns_future())
            && !docs_of(&source.lines, number - 1).contains("# Cancel safety")
        {
            found.push(Problem {
                path: source.path.clone(),
                line: number,
                item: name.to_string(),
                what: format!("`{name}` has no `# Cancel safety` section"),
            });
        }
    }
    found
}

/// Whether the file declares a type by that name.
fn declares(source: &Source, name: &str) -> bool {
    source.product().any(|(_, line)| {
        let mut words = words(&line.code).map(|(_, word)| word);
        words.any(|word| matches!(word, "struct" | "enum")) && words.next() == Some(name)
    })
}

/// The signature that begins on the first of the lines.
fn signature(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.code.trim());
        text.push(' ');
        if line.code.trim_end().ends_with(['{', ';', '}']) {
            break;
        }
    }
    text
}

/// The type that a function returns, and what follows it.
fn returned(signature: &str) -> Option<&str> {
    let (mut angles, mut parentheses, mut before) = (0, 0, ' ');
    for (at, c) in signature.char_indices() {
        match c {
            '<' if parentheses == 0 => angles += 1,
            '>' if parentheses == 0 && before != '-' => angles -= 1,
            '(' if angles == 0 => parentheses += 1,
            ')' if angles == 0 => {
                parentheses -= 1;
                if parentheses == 0 {
                    let after = signature[at + 1..].trim_start().strip_prefix("->")?;
                    return Some(after.trim_start());
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// The last part of the path that the text begins with.
fn type_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let path = &text[..end.unwrap_or(text.len())];
    path.rsplit("::").next().unwrap_or(path)
}

/// The documentation above line `at` (from 0), attributes skipped.
fn docs_of(lines: &[Line], at: usize) -> String {
    let mut docs = Vec::new();
    let mut in_attribute = false;
    for line in lines[..at].iter().rev() {
        let code = line.code.trim();
        if line.comment.starts_with("///") {
            docs.push(line.comment.as_str());
            continue;
        }
        let begins = code.starts_with("#[");
        in_attribute = !begins && (in_attribute || code.ends_with(")]"));
        if !begins && !in_attribute {
            break;
        }
    }
    docs.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Source, futures, says_cancel_safety};

    fn lines(text: &str) -> Vec<usize> {
        let source = Source::parse("src/x.rs", text);
        let futures = futures(std::slice::from_ref(&source));
        let found = says_cancel_safety(&source, &futures);
        found.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn a_public_async_fn_needs_its_section_and_a_private_one_does_not() {
        let text = "pub async fn a() {}\n/// # Cancel safety\n#[must_use]\npub async fn b() {}\nasync fn c() {}\n\
                    pub(crate) async fn d() {}\npub trait T {\n    fn poll_x();\n}\nimpl T for U {\n    fn poll_x() {}\n}\n";
        assert_eq!(lines(text), [1, 8]);
    }

    #[test]
    fn a_function_that_returns_a_future_needs_its_section() {
        let text = "impl<F: Fn()> Future for Run<F> {}\n\
                    pub fn run<F: Fn() -> u8>(f: F) -> x::Run<F>\nwhere\n    F: Fn() -> Other,\n{\n}\n\
                    pub fn pair() -> (Run<F>, u8) {}\npub fn anonymous() -> impl Future<Output = u8> {}\n\
                    pub fn other(run: Run<F>) -> u8 {}\npub fn new() -> Run<F> {}\n\
                    /// # Cancel safety\n#[allow(\n    a,\n    reason = \"b\"\n)]\npub fn good() -> Run<F> {}\n";
        assert_eq!(lines(text), [2, 8]);
    }

    #[test]
    fn a_type_with_the_name_of_a_future_is_none() {
        let future = Source::parse("src/f.rs", "impl Future for Buf {}\n");
        let other = Source::parse("src/b.rs", "pub struct Buf;\npub fn make() -> Buf {}\n");
        assert!(says_cancel_safety(&other, &futures(&[future])).is_empty());
    }
}

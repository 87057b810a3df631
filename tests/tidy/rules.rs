//! Owns the checks that look at one file at a time: sizes, unsafe, cfg, documentation, words. Each
//! pushes one `Problem` a finding. The figures and lists they use stand in `tests/tidy.rs`; the
//! layering check has a file of its own, `layers.rs`.

use super::source::{Line, Source, is_test_cfg};

/// One finding: where, under which name the exceptions list knows it, and what.
#[derive(Debug)]
pub struct Problem {
    /// The path of the file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What an exception has to name: a function, a module, a word.
    pub item: String,
    /// The sentence for the reader.
    pub what: String,
}

fn problem(source: &Source, line: usize, item: &str, what: String) -> Problem {
    Problem {
        path: source.path.clone(),
        line,
        item: item.to_string(),
        what,
    }
}

/// A file has at most `limit` lines of code, a `mod.rs` at most `mod_limit`.
pub fn file_size(source: &Source, limit: usize, mod_limit: usize) -> Vec<Problem> {
    let limit = if source.file_name() == "mod.rs" {
        mod_limit
    } else {
        limit
    };
    let lines = source.code_lines();
    if lines <= limit {
        return Vec::new();
    }
    vec![problem(
        source,
        1,
        "file",
        format!("{lines} lines of code, the limit is {limit}: split the file"),
    )]
}

/// A function has at most `limit` lines of code.
pub fn function_size(source: &Source, limit: usize) -> Vec<Problem> {
    let mut found = Vec::new();
    for (number, line) in source.product() {
        let Some(name) = function_name(&line.code) else {
            continue;
        };
        let Some(end) = source.block_end(number - 1) else {
            continue;
        };
        let lines = source.lines[number - 1..=end]
            .iter()
            .filter(|line| !line.code.trim().is_empty())
            .count();
        if lines > limit {
            found.push(problem(
                source,
                number,
                name,
                format!("function `{name}` has {lines} lines, the limit is {limit}"),
            ));
        }
    }
    found
}

/// The name of the function that the line declares.
pub fn function_name(code: &str) -> Option<&str> {
    let at = words(code).find(|(_, word)| *word == "fn")?.0;
    let rest = code[at + 2..].trim_start();
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The identifiers and keywords of `code`, each with its offset.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
}

/// Whether the file holds unsafe code, its tests included.
pub fn says_unsafe(source: &Source) -> bool {
    source
        .lines
        .iter()
        .any(|line| words(&line.code).any(|(_, word)| word == "unsafe"))
}

/// Unsafe code stands only in the files that `allowed` names.
pub fn unsafe_only_where_allowed(source: &Source, allowed: bool) -> Vec<Problem> {
    if allowed {
        return Vec::new();
    }
    let mut lines = source
        .product()
        .filter(|(_, line)| words(&line.code).any(|(_, word)| word == "unsafe"));
    let Some((first, _)) = lines.next() else {
        return Vec::new();
    };
    let what = format!(
        "`unsafe` (here and on {} lines below) outside the files that may use it",
        lines.count()
    );
    vec![problem(source, first, "unsafe", what)]
}

/// A file that may not use unsafe code says so. A lint level reaches into the modules below, so
/// `holds_unsafe` excuses the parent of a module that may.
pub fn forbids_unsafe(source: &Source, allowed: bool, holds_unsafe: bool) -> Vec<Problem> {
    let says = source.lines.iter().any(|line| forbids(&line.code));
    if allowed || holds_unsafe || says || source.test_only {
        return Vec::new();
    }
    vec![problem(
        source,
        1,
        "forbid",
        "no `#![forbid(unsafe_code)]` after the `//!` lines".into(),
    )]
}

fn forbids(code: &str) -> bool {
    let code = code.replace(' ', "");
    matches!(
        code.as_str(),
        "#![forbid(unsafe_code)]" | "#![cfg_attr(not(test),forbid(unsafe_code))]"
    )
}

/// `cfg` stands only in the files that `allowed` names; a test `cfg` may stand anywhere.
pub fn cfg_only_where_allowed(source: &Source, allowed: bool) -> Vec<Problem> {
    if allowed {
        return Vec::new();
    }
    source
        .product()
        .filter(|(_, line)| !is_test_cfg(&line.code) && !forbids(&line.code))
        .filter(|(_, line)| has_cfg(&line.code))
        .map(|(number, _)| {
            problem(
                source,
                number,
                "cfg",
                "`cfg` outside lib.rs, mod.rs and loom.rs".into(),
            )
        })
        .collect()
}

/// Whether the code has a `cfg` attribute or macro; a variable may have that name.
fn has_cfg(code: &str) -> bool {
    words(code).any(|(at, word)| {
        let after = code[at + word.len()..].chars().next();
        matches!(word, "cfg" | "cfg_attr") && matches!(after, Some('(' | '!'))
    })
}

/// No macro wraps items in a `cfg`.
pub fn no_cfg_macros(source: &Source) -> Vec<Problem> {
    let mut found = Vec::new();
    for (number, line) in source.product() {
        if !line.code.contains("macro_rules!") {
            continue;
        }
        let end = source.block_end(number - 1).unwrap_or(number - 1);
        let inside = source.lines[number - 1..=end]
            .iter()
            .position(|line| line.code.contains("#[cfg"));
        if let Some(offset) = inside {
            found.push(problem(
                source,
                number + offset,
                "macro",
                "a macro that wraps items in `cfg`".into(),
            ));
        }
    }
    found
}

/// The file starts with a `//!` line.
pub fn starts_with_docs(source: &Source) -> Vec<Problem> {
    let first = source
        .lines
        .iter()
        .find(|line| !line.code.trim().is_empty() || !line.comment.is_empty());
    if first.is_some_and(|line| line.comment.starts_with("//!") && line.code.trim().is_empty()) {
        return Vec::new();
    }
    vec![problem(
        source,
        1,
        "docs",
        "the file does not start with `//!` and what it owns".into(),
    )]
}

/// Words that say that something is not finished, and imports that do not say what they bring.
pub fn no_banned_words(source: &Source) -> Vec<Problem> {
    const CODE: &[&str] = &["todo!", "unimplemented!", "dbg!"];
    const ANYWHERE: &[&str] = &["FIXME", "XXX"];
    let mut found = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        let mut say = |word: &str, what: String| found.push(problem(source, at + 1, word, what));
        for word in CODE.iter().filter(|word| line.code.contains(**word)) {
            say(word, format!("`{word}` is banned"));
        }
        let both = |word: &&&str| {
            words(&line.code)
                .chain(words(&line.comment))
                .any(|(_, found)| found == **word)
        };
        for word in ANYWHERE.iter().filter(both) {
            say(word, format!("`{word}` is banned"));
        }
        if is_glob_import(&source.lines, at) {
            say("glob", "a glob import: name what is imported".into());
        }
    }
    found
}

/// Functions that glibc 2.28 lacks, the oldest that the documentation names: a program that is linked with
/// one of them does not start there.
pub fn no_functions_of_newer_glibc(source: &Source) -> Vec<Problem> {
    const NEWER: &[&str] = &[
        "close_range",
        "epoll_pwait2",
        "execveat",
        "getcpu",
        "getdents64",
        "gettid",
        "pidfd_getfd",
        "pidfd_open",
        "pidfd_send_signal",
        "process_madvise",
        "tgkill",
    ];
    let lines = source.lines.iter().enumerate();
    let lines = lines.filter(|(_, line)| line.code.contains("libc::"));
    let found = lines.flat_map(|(at, line)| {
        let newer = words(&line.code).filter(|(_, word)| NEWER.contains(word));
        newer.map(move |(_, word)| {
            let what = "glibc 2.28 has no such function: call it by its number".into();
            problem(source, at + 1, word, what)
        })
    });
    found.collect()
}

/// Comments without the phrases of `list`, also where a line ends within one.
pub fn no_private_words(source: &Source, list: &str) -> Vec<Problem> {
    let phrases: Vec<Vec<&str>> = list
        .lines()
        .map(|phrase| phrase.split(' ').collect())
        .collect();
    // An empty word stands for a line without a comment, which ends every phrase.
    let mut said: Vec<(usize, String)> = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        if line.comment.is_empty() {
            said.push((at + 1, String::new()));
        }
        said.extend(words(&line.comment).map(|(_, word)| (at + 1, word.to_lowercase())));
    }
    let mut found = Vec::new();
    for at in 0..said.len() {
        for phrase in &phrases {
            let spoken = said[at..].iter().map(|(_, word)| word.as_str());
            if spoken.take(phrase.len()).eq(phrase.iter().copied()) {
                let phrase = phrase.join(" ");
                let what = format!("`{phrase}` is not used here: see CONTRIBUTING.md, Prose");
                found.push(problem(source, said[at].0, &phrase, what));
            }
        }
    }
    found
}

/// Whether a `use` that began on this line or above brings in a glob on this line.
fn is_glob_import(lines: &[Line], at: usize) -> bool {
    if !lines[at].code.contains("::*")
        && !lines[at].code.contains("{*")
        && lines[at].code.trim() != "*,"
    {
        return false;
    }
    let starts = |code: &str| {
        code.trim_start().starts_with("use ") || code.trim_start().starts_with("pub use ")
    };
    for line in lines[..=at].iter().rev() {
        if starts(&line.code) || line.code.contains(" use ") || line.code.contains("{use ") {
            return true;
        }
        if line.code.contains(';') {
            return false;
        }
    }
    false
}

/// Product code has no `unwrap`: an `expect` states the invariant.
pub fn no_unwrap(source: &Source) -> Vec<Problem> {
    source
        .product()
        .filter(|(_, line)| line.code.contains(".unwrap()") || line.code.contains(".unwrap_err()"))
        .map(|(number, _)| {
            problem(
                source,
                number,
                "unwrap",
                "`unwrap`: use `expect` and state the invariant".into(),
            )
        })
        .collect()
}

/// An example is short enough to read at once.
pub fn example_size(source: &Source, limit: usize) -> Vec<Problem> {
    let lines = source.lines.len();
    if lines < limit {
        return Vec::new();
    }
    vec![problem(
        source,
        1,
        "file",
        format!("the example has {lines} lines, the limit is {limit}"),
    )]
}

#[cfg(test)]
mod tests {
    use super::{
        Problem, Source, cfg_only_where_allowed, function_size, no_banned_words,
        no_functions_of_newer_glibc, no_private_words, unsafe_only_where_allowed,
    };

    fn source(text: &str) -> Source {
        Source::parse("src/x.rs", text)
    }

    fn lines(found: &[Problem]) -> Vec<usize> {
        found.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn a_long_function_is_found_and_its_blank_lines_do_not_count() {
        let text = format!(
            "fn long(\n    x: u8,\n) -> u8\n{{\n{}\n}}\nfn short() {{}}\n",
            "    x;\n\n".repeat(4)
        );
        assert_eq!(lines(&function_size(&source(&text), 8)), [1]);
        assert_eq!(lines(&function_size(&source(&text), 9)), [0usize; 0]);
    }

    #[test]
    fn a_phrase_is_found_across_lines_of_a_comment() {
        let text = "/// It goes\n/// on. Nobody knows.\nfn goes() {}\n// on\n";
        let found = no_private_words(&source(text), "nobody\ngoes on\n");
        assert_eq!(lines(&found), [1, 2]);
    }

    #[test]
    fn unsafe_in_a_comment_or_a_name_is_no_unsafe() {
        let text = "// unsafe\nfn f() { is_unsafe(); }\nfn g() { unsafe { h() } }\n";
        assert_eq!(lines(&unsafe_only_where_allowed(&source(text), false)), [3]);
        assert_eq!(
            lines(&unsafe_only_where_allowed(&source(text), true)),
            [0usize; 0]
        );
    }

    #[test]
    fn cfg_is_found_and_a_test_module_is_let_through() {
        let text = "#[cfg(unix)]\nfn f() {}\nfn g() { if cfg!(unix) {} }\n#[cfg(all(test, loom))]\nmod loom_tests;\n";
        assert_eq!(lines(&cfg_only_where_allowed(&source(text), false)), [1, 3]);
    }

    #[test]
    fn a_function_of_a_newer_glibc_is_found_and_a_number_is_not() {
        let text =
            "a(libc::gettid());\nb(libc::SYS_gettid);\nuse libc::{c_int, tgkill};\ngettid();\n";
        assert_eq!(lines(&no_functions_of_newer_glibc(&source(text))), [1, 3]);
    }

    #[test]
    fn a_glob_import_is_found_over_several_lines() {
        let text = "use a::*;\nuse b::{\n    c::*,\n    d,\n};\nlet x = y::* 2;\n    use e::{*};\n";
        assert_eq!(lines(&no_banned_words(&source(text))), [1, 3, 7]);
    }
}

//! Owns the view of one Rust file that the tidy checks work on: each line split into code (strings
//! and comments blanked out) and comment. It knows no rule. Read `rules.rs` next.

use std::fs;
use std::path::{Path, PathBuf};

/// One line of a file.
pub struct Line {
    /// The code of the line: comments are gone, the insides of strings are spaces.
    pub code: String,
    /// The comment text of the line, with its slashes.
    pub comment: String,
    /// Whether the line belongs to a test module.
    pub test: bool,
    /// The file that a `#[path]` attribute on the line names.
    pub path: Option<String>,
}

/// One file, by its path from the repository's root.
pub struct Source {
    /// The path, with `/` between its parts.
    pub path: String,
    /// The lines, the first one being line 1.
    pub lines: Vec<Line>,
    /// Whether the whole file is compiled for tests only.
    pub test_only: bool,
}

impl Source {
    /// Splits `text` into lines of code and comment.
    pub fn parse(path: &str, text: &str) -> Source {
        let mut lines = Lexer::default().run(text);
        mark_test_modules(&mut lines);
        let test_only = lines.iter().any(|line| line.code.contains("#![cfg(test)]"));
        Source {
            path: path.to_string(),
            lines,
            test_only,
        }
    }

    /// The lines that are not tests, each with its number.
    pub fn product(&self) -> impl Iterator<Item = (usize, &Line)> {
        let skip = self.test_only;
        self.lines
            .iter()
            .enumerate()
            .filter(move |(_, line)| !skip && !line.test)
            .map(|(at, line)| (at + 1, line))
    }

    /// How many lines of code the file has, tests, comments and blank lines not counted.
    pub fn code_lines(&self) -> usize {
        self.product()
            .filter(|(_, line)| !line.code.trim().is_empty())
            .count()
    }

    /// The file's name without its folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The last line (from 0) of the braces that open at or after line `from`; `None` where a
    /// semicolon outside all parentheses comes first.
    pub fn block_end(&self, from: usize) -> Option<usize> {
        block_end(&self.lines, from)
    }
}

/// Reads every Rust file below `folder`, which is a path from the repository's root.
pub fn read_tree(root: &Path, folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let mut sources: Vec<Source> = paths
        .iter()
        .map(|path| {
            let name = path
                .strip_prefix(root)
                .expect("collected below the root")
                .to_string_lossy()
                .replace('\\', "/");
            Source::parse(
                &name,
                &fs::read_to_string(path).expect("a source file is readable UTF-8"),
            )
        })
        .collect();
    mark_test_files(&mut sources);
    sources
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry
            .expect("a folder of the repository is readable")
            .path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// Whether a `cfg` attribute in `code` switches on for tests only.
pub fn is_test_cfg(code: &str) -> bool {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    code.contains("#[cfg(test)]") || code.contains("#[cfg(all(test,")
}

fn mark_test_modules(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        if is_test_cfg(&lines[at].code) {
            let statement_end = || {
                lines[at..]
                    .iter()
                    .position(|line| line.code.contains(';'))
                    .map_or(at, |offset| at + offset)
            };
            let end = block_end(lines, at).unwrap_or_else(statement_end);
            lines[at..=end].iter_mut().for_each(|line| line.test = true);
            at = end;
        }
        at += 1;
    }
}

/// A module declared under a test `cfg` and kept in a file of its own makes that file test-only.
fn mark_test_files(sources: &mut [Source]) {
    let mut stems = Vec::new();
    for source in sources.iter() {
        for at in 0..source.lines.len() {
            let code = source.lines[at].code.trim();
            let Some(name) = code
                .strip_suffix(';')
                .and_then(|code| code.rsplit_once("mod "))
                .map(|(_, name)| name.trim())
            else {
                continue;
            };
            // The attributes of the declaration stand on the lines above it.
            let attributes: Vec<&Line> = source.lines[..at]
                .iter()
                .rev()
                .take_while(|line| line.code.starts_with("#["))
                .collect();
            if attributes.iter().any(|line| is_test_cfg(&line.code)) {
                let path = attributes.iter().find_map(|line| line.path.clone());
                stems.push(declared_stem(&source.path, name, path));
            }
        }
    }
    for source in sources {
        source.test_only |= stems.iter().any(|stem| {
            source.path == format!("{stem}.rs") || source.path.starts_with(&format!("{stem}/"))
        });
    }
}

/// The path, without `.rs`, of the module `name` that the file `owner` declares.
fn declared_stem(owner: &str, name: &str, path: Option<String>) -> String {
    let (folder, file) = owner.rsplit_once('/').unwrap_or(("", owner));
    match (path, file) {
        (Some(path), _) => format!("{folder}/{}", path.trim_end_matches(".rs")),
        (None, "mod.rs" | "lib.rs" | "main.rs") => format!("{folder}/{name}"),
        (None, _) => format!("{}/{name}", owner.trim_end_matches(".rs")),
    }
}

fn block_end(lines: &[Line], from: usize) -> Option<usize> {
    let (mut braces, mut others) = (0i32, 0i32);
    for (at, line) in lines.iter().enumerate().skip(from) {
        for c in line.code.chars() {
            match c {
                '{' => braces += 1,
                '}' => {
                    braces -= 1;
                    if braces == 0 && others == 0 {
                        return Some(at);
                    }
                }
                '(' | '[' => others += 1,
                ')' | ']' => others -= 1,
                ';' if braces == 0 && others == 0 => return None,
                _ => {}
            }
        }
    }
    None
}

/// What the lexer is inside of.
#[derive(Default, Clone, Copy, PartialEq)]
enum Inside {
    #[default]
    Code,
    BlockComment(usize),
    Text,
    RawText(usize),
}

#[derive(Default)]
struct Lexer {
    inside: Inside,
}

impl Lexer {
    fn run(mut self, text: &str) -> Vec<Line> {
        text.lines()
            .map(|line| self.line(&line.chars().collect::<Vec<_>>()))
            .collect()
    }

    fn line(&mut self, chars: &[char]) -> Line {
        let mut line = Line {
            code: String::new(),
            comment: String::new(),
            test: false,
            path: path_attribute(chars),
        };
        let mut at = 0;
        while at < chars.len() {
            let rest = &chars[at..];
            at += match self.inside {
                Inside::Code => self.code(rest, &mut line),
                Inside::BlockComment(depth) => self.block_comment(depth, rest, &mut line),
                Inside::Text => self.text(rest, &mut line),
                Inside::RawText(hashes) => self.raw_text(hashes, rest, &mut line),
            };
        }
        line
    }

    /// Each of these takes what is left of the line and says how many characters it used.
    fn code(&mut self, rest: &[char], line: &mut Line) -> usize {
        let next = rest.get(1).copied().unwrap_or(' ');
        match rest[0] {
            '/' if next == '/' => {
                line.comment.extend(rest);
                rest.len()
            }
            '/' if next == '*' => {
                self.inside = Inside::BlockComment(1);
                2
            }
            '"' => {
                line.code.push('"');
                self.inside = Inside::Text;
                1
            }
            'r' if !ends_in_word(&line.code)
                || line.code.ends_with('b')
                || line.code.ends_with('c') =>
            {
                let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
                if rest.get(1 + hashes) != Some(&'"') {
                    line.code.push('r');
                    return 1;
                }
                line.code.push('"');
                self.inside = Inside::RawText(hashes);
                2 + hashes
            }
            '\'' => {
                let used = char_literal(rest);
                line.code.push('\'');
                if used > 1 {
                    line.code.push('\'');
                }
                used
            }
            c => {
                line.code.push(c);
                1
            }
        }
    }

    fn block_comment(&mut self, depth: usize, rest: &[char], line: &mut Line) -> usize {
        let next = rest.get(1).copied().unwrap_or(' ');
        match (rest[0], next) {
            ('*', '/') => {
                self.inside = if depth == 1 {
                    Inside::Code
                } else {
                    Inside::BlockComment(depth - 1)
                };
                2
            }
            ('/', '*') => {
                self.inside = Inside::BlockComment(depth + 1);
                2
            }
            (c, _) => {
                line.comment.push(c);
                1
            }
        }
    }

    fn text(&mut self, rest: &[char], line: &mut Line) -> usize {
        match rest[0] {
            '\\' => 2,
            '"' => {
                line.code.push('"');
                self.inside = Inside::Code;
                1
            }
            _ => {
                line.code.push(' ');
                1
            }
        }
    }

    fn raw_text(&mut self, hashes: usize, rest: &[char], line: &mut Line) -> usize {
        if rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes {
            line.code.push('"');
            self.inside = Inside::Code;
            return 1 + hashes;
        }
        line.code.push(' ');
        1
    }
}

fn path_attribute(chars: &[char]) -> Option<String> {
    let text: String = chars.iter().collect();
    let path = text.trim().strip_prefix("#[path = \"")?;
    Some(path.strip_suffix("\"]")?.to_string())
}

fn ends_in_word(code: &str) -> bool {
    code.chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// The length of the character literal at the start of `rest`, or 1 where it is a lifetime.
fn char_literal(rest: &[char]) -> usize {
    if rest.get(1) == Some(&'\\') {
        let close = rest.iter().skip(3).position(|c| *c == '\'');
        return close.map_or(1, |at| at + 4);
    }
    if rest.get(2) == Some(&'\'') { 3 } else { 1 }
}

#[test]
fn strings_and_comments_are_not_code() {
    let text = "let a = \"x // { \\\" y\"; // { not code\nlet b = r#\"unsafe \" {\"#; /* { /* } */\nunsafe */ let c = '{';";
    let source = Source::parse("x.rs", text);
    let code: Vec<&str> = source.lines.iter().map(|line| line.code.as_str()).collect();
    assert!(
        code.iter()
            .all(|line| !line.contains('{') && !line.contains("unsafe")),
        "{code:?}"
    );
    assert!(code[2].contains("let c"), "{code:?}");
    assert_eq!(source.lines[0].comment, "// { not code");
}

#[test]
fn a_lifetime_is_not_a_character() {
    let source = Source::parse("x.rs", "fn f<'a>(x: &'a str) -> &'a str { x }");
    assert_eq!(source.block_end(0), Some(0));
    assert!(source.lines[0].code.contains("-> &'a str { x }"));
}

#[test]
fn test_modules_are_not_counted() {
    let source = Source::parse(
        "x.rs",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n",
    );
    assert_eq!(source.code_lines(), 2);
}

#[test]
fn a_test_module_in_its_own_file_is_test_only() {
    let mut sources = vec![
        Source::parse(
            "src/a/mod.rs",
            "#[cfg(test)]\nmod model;\nmod real;\n#[cfg(test)]\n#[path = \"other.rs\"]\nmod x;\n",
        ),
        Source::parse("src/a/model.rs", "fn f() {}\n"),
        Source::parse("src/a/real.rs", "fn f() {}\n"),
        Source::parse("src/a/other.rs", "fn f() {}\n"),
    ];
    mark_test_files(&mut sources);
    let counts: Vec<usize> = sources.iter().map(Source::code_lines).collect();
    assert_eq!(counts, [1, 0, 1, 0]);
}

//! Owns the reading of a file's imports: which paths within the crate it names, to which files they
//! lead, and where files use one another in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Problem;
use super::source::Source;

/// The module that a file under `src` holds, as `a::b`.
pub fn module_of(path: &str) -> String {
    let path = path
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    path.replace('/', "::")
}

/// The paths within the crate that the product code of the file names, each from the crate's root
/// (`a::b` for `crate::a::b` and, in the file of `a::c`, for `super::b`), groups taken apart.
pub fn paths(source: &Source) -> Vec<(usize, String)> {
    let own = module_of(&source.path);
    let own: Vec<&str> = match own.as_str() {
        "lib" => Vec::new(),
        own => own.split("::").collect(),
    };
    let lines: Vec<(usize, &str)> = source
        .product()
        .map(|(number, line)| (number, line.code.as_str()))
        .collect();
    let mut paths = Vec::new();
    for (at, (number, code)) in lines.iter().enumerate() {
        for (offset, depth, length) in roots(code, own.len()) {
            let mut text = code[offset + length..].to_string();
            if is_import(code) && !text.contains(';') {
                for (_, code) in &lines[at + 1..] {
                    text.push_str(code);
                    if code.contains(';') {
                        break;
                    }
                }
            }
            let mut expanded = Vec::new();
            expand(&own[..depth].join("::"), &mut text.as_str(), &mut expanded);
            paths.extend(expanded.into_iter().map(|path| (*number, path)));
        }
    }
    paths
}

/// Where a path within the crate starts in `code`: the offset, how many parts of the file's own
/// path it starts behind, and how long its root (`crate::`, `super::super::`) is.
fn roots(code: &str, own: usize) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    for root in ["crate::", "self::", "super::"] {
        for (offset, _) in code.match_indices(root) {
            let before = &code[..offset];
            let within =
                before.ends_with(|c: char| c == '$' || c == '_' || c == ':' || c.is_alphanumeric());
            // `pub(in crate::a)` says who may look, and uses nothing.
            if within || before.ends_with("(in ") {
                continue;
            }
            let rest = &code[offset..];
            let (depth, length) = match root {
                "crate::" => (0, root.len()),
                "self::" => (own, root.len()),
                _ => {
                    let mut ups = 0;
                    while rest[ups * root.len()..].starts_with(root) {
                        ups += 1;
                    }
                    (own.saturating_sub(ups), ups * root.len())
                }
            };
            found.push((offset, depth, length));
        }
    }
    found
}

fn is_import(code: &str) -> bool {
    let code = code.trim_start();
    let code = match code.strip_prefix("pub") {
        Some(rest) => match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(')').map_or(rest, |(_, rest)| rest),
            None => rest,
        },
        None => code,
    };
    code.trim_start().starts_with("use ")
}

/// Reads one use-tree from the front of `text` and adds its leaves, each as `prefix::a::b`.
fn expand(prefix: &str, text: &mut &str, into: &mut Vec<String>) {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        while !text.is_empty() {
            *text = text.trim_start_matches([',', ' ']);
            if let Some(rest) = text.strip_prefix('}') {
                *text = rest;
                return;
            }
            let before = text.len();
            expand(prefix, text, into);
            if text.len() == before {
                return;
            }
        }
        return;
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *text = rest;
    let path = if prefix.is_empty() {
        word.to_string()
    } else {
        format!("{prefix}::{word}")
    };
    if let Some(rest) = text.strip_prefix("::") {
        *text = rest;
        return expand(&path, text, into);
    }
    if let Some(rest) = text.strip_prefix(" as ") {
        *text = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    }
    into.push(path);
}

/// Circles of more than two files. What a file uses of a module around it, or of one within it, is
/// no arrow: a `mod.rs` and its folder belong together.
pub fn long_circles(sources: &[Source]) -> Vec<Problem> {
    let files: BTreeMap<String, &Source> = sources
        .iter()
        .filter(|source| !source.test_only)
        .map(|source| (module_of(&source.path), source))
        .collect();
    let arrows: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|(module, source)| {
            let targets = paths(source)
                .iter()
                .filter_map(|(_, path)| file_of(path, &files))
                .filter(|target| !is_within(target, module) && !is_within(module, target))
                .collect();
            (module.as_str(), targets)
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for module in arrows.keys() {
        let reached = reach(module, &arrows);
        let circle: Vec<&str> = reached
            .iter()
            .copied()
            .filter(|other| reach(other, &arrows).contains(module))
            .collect();
        if circle.len() > 2 && seen.insert(circle.clone()) {
            found.push(Problem {
                path: files[*module].path.clone(),
                line: 1,
                item: (*module).to_string(),
                what: format!("a circle of {} files: {}", circle.len(), circle.join(", ")),
            });
        }
    }
    found
}

/// The module with a file of its own that `path` leads to.
fn file_of<'a>(path: &str, files: &'a BTreeMap<String, &Source>) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((module, _)) = files.get_key_value(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn is_within(module: &str, around: &str) -> bool {
    module == around
        || module
            .strip_prefix(around)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// What can be reached from `start` by one arrow or more.
fn reach<'a>(start: &str, arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = vec![start];
    while let Some(module) = open.pop() {
        for target in arrows.get(module).into_iter().flatten() {
            if reached.insert(*target) {
                open.push(target);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::{long_circles, paths};

    fn named(path: &str, text: &str) -> Vec<String> {
        paths(&Source::parse(path, text))
            .into_iter()
            .map(|(_, path)| path)
            .collect()
    }

    #[test]
    fn groups_are_taken_apart() {
        let text = "use crate::{\n    a::{self, x as y},\n    b::low::z,\n};\nuse crate::c::d;\n";
        assert_eq!(
            named("src/a.rs", text),
            ["a::self", "a::x", "b::low::z", "c::d"]
        );
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let text = "pub(crate) use self::d::e;\nuse super::super::{f, g};\nfn h() -> super::i {}\n";
        assert_eq!(
            named("src/a/b/c.rs", text),
            ["a::b::c::d::e", "a::f", "a::g", "a::b::i"]
        );
        assert!(named("src/a.rs", "pub(in crate::b) fn f() {}\n").is_empty());
    }

    #[test]
    fn a_circle_of_three_is_found_and_a_pair_is_not() {
        let circle = |c: &str| {
            long_circles(&[
                Source::parse("src/m/a.rs", "use super::b::f;\n"),
                Source::parse("src/m/b.rs", "use crate::m::{c, a};\n"),
                Source::parse("src/m/c.rs", c),
                Source::parse("src/m/mod.rs", "mod a;\nuse a::f;\n"),
            ])
        };
        let found = circle("use super::a::f;\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("3 files: m::a, m::b, m::c"));
        assert!(circle("").is_empty());
    }
}

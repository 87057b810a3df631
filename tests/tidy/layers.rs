//! Owns the layering check: a module uses its own row and the rows below it. The table of rows
//! stands in `tests/tidy.rs`.

use super::rules::{Problem, words};
use super::source::Source;

/// A module path below `crate` (`scheduler::task`) and its row. The longest path that fits counts.
pub type Rows = [(&'static str, u8)];

/// Every `crate::` path in the file leads to the file's own row or one below.
pub fn uses_rows_below(source: &Source, rows: &Rows) -> Vec<Problem> {
    let own = module_of(&source.path);
    let Some(own_row) = row_of(&own, rows) else {
        let what = format!("module `{own}` has no row: add it to ROWS in tests/tidy.rs");
        return vec![Problem {
            path: source.path.clone(),
            line: 1,
            item: own,
            what,
        }];
    };
    let mut found = Vec::new();
    for (line, path) in crate_paths(source) {
        // A macro or an item of the crate's root has no row of its own.
        let Some(row) = row_of(&path, rows) else {
            continue;
        };
        if row > own_row {
            let what = format!("`{own}` (row {own_row}) uses `crate::{path}` (row {row})");
            found.push(Problem {
                path: source.path.clone(),
                line,
                item: path,
                what,
            });
        }
    }
    found
}

/// Words of the kernel and of the libraries over it stay in the rows that own them.
pub fn kernel_words(source: &Source, rows: &Rows) -> Vec<Problem> {
    let row = row_of(&module_of(&source.path), rows).unwrap_or(0);
    let in_driver = source.path.starts_with("src/driver/");
    let mut found = Vec::new();
    for (line, code) in source.product() {
        for (_, word) in words(&code.code) {
            let what = match word {
                "io_uring" if !in_driver => "`io_uring` is known to the driver alone",
                "sqe" | "cqe" | "Sqe" | "Cqe" if !in_driver => "a kernel word outside the driver",
                "mio" if row >= 6 => "`mio` in the public surface: ask `watched`",
                _ => continue,
            };
            found.push(Problem {
                path: source.path.clone(),
                line,
                item: word.to_string(),
                what: what.to_string(),
            });
        }
    }
    found
}

/// The module that a file under `src` holds, as `a::b`.
pub fn module_of(path: &str) -> String {
    let path = path
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    path.replace('/', "::")
}

/// The row of the longest listed module that `path` lies in.
pub fn row_of(path: &str, rows: &Rows) -> Option<u8> {
    rows.iter()
        .filter(|(module, _)| {
            path == *module
                || path
                    .strip_prefix(module)
                    .is_some_and(|rest| rest.starts_with("::"))
        })
        .max_by_key(|(module, _)| module.len())
        .map(|(_, row)| *row)
}

/// The paths below `crate` that the product code of the file names, groups taken apart.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let lines: Vec<(usize, &str)> = source
        .product()
        .map(|(number, line)| (number, line.code.as_str()))
        .collect();
    for (at, (number, code)) in lines.iter().enumerate() {
        for (offset, _) in code.match_indices("crate::") {
            let before = code[..offset].chars().next_back();
            if before.is_some_and(|c| c == '$' || c == '_' || c == ':' || c.is_alphanumeric()) {
                continue;
            }
            let mut text = code[offset + "crate::".len()..].to_string();
            if is_import(code) && !text.contains(';') {
                for (_, code) in &lines[at + 1..] {
                    text.push_str(code);
                    if code.contains(';') {
                        break;
                    }
                }
            }
            let mut expanded = Vec::new();
            expand("", &mut text.as_str(), &mut expanded);
            paths.extend(expanded.into_iter().map(|path| (*number, path)));
        }
    }
    paths
}

fn is_import(code: &str) -> bool {
    let code = code.trim_start();
    let code = code.strip_prefix("pub").map_or(code, |rest| {
        rest.strip_prefix("(crate)").unwrap_or(rest).trim_start()
    });
    code.starts_with("use ")
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

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::{Rows, crate_paths, kernel_words, uses_rows_below};

    const ROWS: &Rows = &[("a", 0), ("b", 1), ("b::low", 0)];

    #[test]
    fn groups_are_taken_apart() {
        let source = Source::parse(
            "src/a.rs",
            "use crate::{\n    a::{self, x as y},\n    b::low::z,\n};\nuse crate::c::d;\n",
        );
        let paths: Vec<String> = crate_paths(&source)
            .into_iter()
            .map(|(_, path)| path)
            .collect();
        assert_eq!(paths, ["a::self", "a::x", "b::low::z", "c::d"]);
    }

    #[test]
    fn a_use_upwards_is_found_and_a_submodule_has_its_own_row() {
        let source = Source::parse(
            "src/a/mod.rs",
            "use crate::b::low::z;\nfn f() { crate::b::g() }\n",
        );
        let found = uses_rows_below(&source, ROWS);
        assert_eq!(
            found.iter().map(|problem| problem.line).collect::<Vec<_>>(),
            [2]
        );
        assert!(
            uses_rows_below(&Source::parse("src/b/x.rs", "use crate::a::f;\n"), ROWS).is_empty()
        );
        assert_eq!(
            uses_rows_below(&Source::parse("src/new.rs", ""), ROWS).len(),
            1
        );
    }

    #[test]
    fn kernel_words_stay_in_the_driver() {
        let text = "fn f() { io_uring::opcode(); }\n";
        assert_eq!(
            kernel_words(&Source::parse("src/a.rs", text), ROWS).len(),
            1
        );
        assert!(kernel_words(&Source::parse("src/driver/x.rs", text), ROWS).is_empty());
    }
}

//! Owns the layering check: a module uses its own row and the rows below it. The table of rows
//! stands in `tests/tidy.rs`.

use super::imports;
use super::rules::{Problem, words};
use super::source::Source;

/// A module path below `crate` (`scheduler::task`) and its row. The longest path that fits counts.
pub type Rows = [(&'static str, u8)];

/// Every path within the crate that the file names leads to the file's own row or one below.
pub fn uses_rows_below(source: &Source, rows: &Rows) -> Vec<Problem> {
    let own = imports::module_of(&source.path);
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
    for (line, path) in imports::paths(source) {
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

/// A line of the code map of ARCHITECTURE.md: a name in `src`, its row, and the folders in it that
/// stand on a row of their own.
#[derive(Debug, PartialEq)]
pub struct Mapped {
    pub name: String,
    pub row: u8,
    pub within: Vec<(String, u8)>,
}

/// The code map of ARCHITECTURE.md, from each line `| \`name\` | row, \`folder\` row | ... |`.
pub fn map_of(text: &str) -> Vec<Mapped> {
    text.lines().filter_map(mapped).collect()
}

fn mapped(line: &str) -> Option<Mapped> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    let mut rows = cells.next()?.split(", ");
    let row = rows.next()?.parse().ok()?;
    let within = rows.filter_map(|part| {
        let (folder, row) = part.rsplit_once(' ')?;
        Some((folder.trim_matches('`').to_string(), row.parse().ok()?))
    });
    Some(Mapped {
        name: name.to_string(),
        row,
        within: within.collect(),
    })
}

/// Words of the kernel and of the libraries over it stay in the rows that own them.
pub fn kernel_words(source: &Source, rows: &Rows) -> Vec<Problem> {
    let row = row_of(&imports::module_of(&source.path), rows).unwrap_or(0);
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

/// The row of the longest listed module that `path` lies in.
fn row_of(path: &str, rows: &Rows) -> Option<u8> {
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

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::{Mapped, Rows, kernel_words, map_of, uses_rows_below};

    const ROWS: &Rows = &[("a", 0), ("b", 1), ("b::low", 0)];

    #[test]
    fn a_use_upwards_is_found_and_a_submodule_has_its_own_row() {
        let source = Source::parse(
            "src/a/mod.rs",
            "use crate::b::low::z;\nfn f() { super::b::g() }\n",
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

    #[test]
    fn the_map_is_read_in_its_order() {
        let text = "| `src/` | row | owns |\n| `b` | 4, `b/low` 3 | all |\n| `a.rs` | 0 | |\n";
        let b = Mapped {
            name: "b".into(),
            row: 4,
            within: vec![("b/low".into(), 3)],
        };
        let a = Mapped {
            name: "a.rs".into(),
            row: 0,
            within: Vec::new(),
        };
        assert_eq!(map_of(text), [b, a]);
    }
}

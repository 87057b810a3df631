//! How a [`Trace`](super::Trace) is shown: as a tree, since what a task waits for has calls in
//! common.
#![forbid(unsafe_code)]

use std::fmt;

use super::{Backtrace, BacktraceFrame, BacktraceSymbol};

/// Calls that were made from the same place.
#[derive(Default)]
pub(super) struct Tree {
    branches: Vec<Branch>,
}

/// A call, and those that it made.
struct Branch {
    call: String,
    calls: Tree,
}

/// Returns the tree of these calls.
pub(super) fn of(backtraces: &[Backtrace]) -> Tree {
    let mut tree = Tree::default();
    for backtrace in backtraces {
        let mut at = &mut tree;
        let mut calls: Vec<String> = backtrace.as_slice().iter().rev().flat_map(calls).collect();
        let innermost = calls.pop();
        for call in calls {
            at = descend(at, call);
        }
        if let Some(call) = innermost {
            // Two places that wait may look the same, as in a `join_all`.
            at.branches.push(Branch {
                call,
                calls: Tree::default(),
            });
        }
    }
    tree
}

fn descend(tree: &mut Tree, call: String) -> &mut Tree {
    let known = tree.branches.iter().rposition(|branch| branch.call == call);
    let at = known.unwrap_or_else(|| {
        tree.branches.push(Branch {
            call,
            calls: Tree::default(),
        });
        tree.branches.len() - 1
    });
    &mut tree.branches[at].calls
}

/// Returns the calls of a frame, the outermost first.
fn calls(frame: &BacktraceFrame) -> Vec<String> {
    let symbols = frame.as_slice();
    if symbols.is_empty() {
        return vec![format!("{:p}", frame.ip())];
    }
    symbols.iter().rev().map(call).collect()
}

fn call(symbol: &BacktraceSymbol) -> String {
    let mut call = symbol.name_demangled().unwrap_or("unknown").to_string();
    if let Some(file) = symbol.filename() {
        call += &format!(" at {}", file.display());
        for number in [symbol.lineno(), symbol.colno()].into_iter().flatten() {
            call += &format!(":{number}");
        }
    }
    call
}

impl Tree {
    fn write(&self, f: &mut fmt::Formatter<'_>, before: &str, is_outermost: bool) -> fmt::Result {
        for (at, branch) in self.branches.iter().enumerate() {
            let is_last = at + 1 == self.branches.len();
            let (joint, below) = match (is_outermost, is_last) {
                (true, _) => ("╼", ""),
                (false, true) => ("└╼", "   "),
                (false, false) => ("├╼", "│  "),
            };
            writeln!(f, "{before}{joint} {}", branch.call)?;
            branch.calls.write(f, &format!("{before}{below}"), false)?;
        }
        Ok(())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "", true)
    }
}

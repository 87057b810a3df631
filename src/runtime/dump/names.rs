//! How names of functions are shown.
#![forbid(unsafe_code)]

use super::IS_TOKIO;

/// What begins the paths of this crate.
const OURS: &str = "zokio::";

/// Where a poll enters the future of a task, with the feature `tracing` and without. Only this crate's
/// own frames are further out.
const POLLS_A_TASK: [&str; 2] = [
    "zokio::trace::tasks::TaskFuture",
    "zokio::scheduler::task::header::StageCell",
];
/// What a leaf calls to be traced.
const TRACES_A_LEAF: [&str; 2] = ["zokio::util::budget::", "zokio::util::trace_mode::"];

/// Returns whether a function of this name polls the future of a task, so that it is not part of the
/// task's trace, nor is what called it.
pub(super) fn polls_a_task(name: &str) -> bool {
    POLLS_A_TASK.iter().any(|path| name.contains(path))
}

/// Returns whether a function of this name is how a leaf finds out that it is traced.
pub(super) fn traces_a_leaf(name: &str) -> bool {
    TRACES_A_LEAF.iter().any(|path| name.starts_with(path))
}

/// Returns `name` as it is shown to users.
pub(super) fn shown(name: &str) -> String {
    match IS_TOKIO {
        true => as_tokio(name),
        false => name.to_string(),
    }
}

/// Puts the name of the tokio crate in the place of this crate's, wherever a path begins with it.
fn as_tokio(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(OURS) {
        let (before, path) = rest.split_at(at);
        shown.push_str(before);
        let is_within = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let begins = !shown.ends_with(is_within);
        shown.push_str(if begins { "tokio::" } else { OURS });
        rest = &path[OURS.len()..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::as_tokio;

    #[test]
    fn only_paths_of_this_crate_are_renamed() {
        for (name, shown) in [
            ("zokio::task::yield_now", "tokio::task::yield_now"),
            (
                "<zokio::sync::Notified as core::future::Future>::poll",
                "<tokio::sync::Notified as core::future::Future>::poll",
            ),
            ("f<zokio::a, &zokio::b>", "f<tokio::a, &tokio::b>"),
            ("my_zokio::f", "my_zokio::f"),
            ("app::zokio::f", "app::zokio::f"),
            ("zokio_macros::main", "zokio_macros::main"),
            ("main", "main"),
            ("", ""),
        ] {
            assert_eq!(as_tokio(name), shown);
        }
    }
}

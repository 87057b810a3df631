//! Whose code a function is.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use super::Frame;

/// Whose code a function is, which decides what a reader looks at first.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The program, with the libraries that it is built from.
    Program,
    /// zokio, or the crate that stands in for tokio: what polls the task, or what it waits in.
    Runtime,
    /// Rust's standard library.
    Standard,
    /// A library of the system, or the kernel's code.
    System,
}

/// Libraries of the system that are part of every process, by the beginning of their file's name.
const LIBRARIES: [&str; 6] = [
    "libc.so",
    "libc-",
    "libpthread",
    "ld-",
    "libm.so",
    "libgcc_s",
];

/// Where the standard library's sources were compiled, and where a toolchain has them.
const STANDARD: [&str; 2] = ["/rustc/", "/rustlib/src/rust/library/"];

/// Decides by what is known of the function.
pub(super) fn of(module: Option<&str>, symbol: Option<&str>, file: Option<&str>) -> Part {
    let name = module.and_then(|module| module.rsplit('/').next());
    if name.is_some_and(is_of_the_system) {
        return Part::System;
    }
    // The generic code of the standard library is compiled with the program, but its file tells.
    if file.is_some_and(|file| STANDARD.iter().any(|folder| file.contains(folder))) {
        return Part::Standard;
    }
    match symbol.map(crate_of) {
        Some("std" | "core" | "alloc" | "__rustc" | "rustc_demangle") => Part::Standard,
        Some("zokio" | "tokio") => Part::Runtime,
        // A function of C without a source is one of a libc that is linked in, or of its start files.
        Some("") if file.is_none() => Part::System,
        _ => Part::Program,
    }
}

/// Completes what [`of`] has decided: an inlined function of the runtime whose name is known without
/// its module is recognized by its file, which lies beside those of the runtime's other functions.
pub(super) fn spread(frames: &mut [Frame]) {
    let folder = |frame: &Frame| {
        let (root, _) = frame.file.as_ref()?.rsplit_once("/src/")?;
        Some(root.to_string())
    };
    let of_the_runtime = frames.iter().filter(|frame| frame.part == Part::Runtime);
    let roots: HashSet<String> = of_the_runtime.filter_map(folder).collect();
    let is_bare = |frame: &Frame| {
        let symbol = frame.symbol.as_ref();
        symbol.is_some_and(|symbol| crate_of(symbol).is_empty())
    };
    for frame in frames {
        let is_beside = folder(frame).is_some_and(|root| roots.contains(&root));
        if frame.part == Part::Program && is_bare(frame) && is_beside {
            frame.part = Part::Runtime;
        }
    }
}

fn is_of_the_system(name: &str) -> bool {
    let is_vdso = matches!(name, "[vdso]" | "[vsyscall]");
    is_vdso || LIBRARIES.iter().any(|library| name.starts_with(library))
}

/// Returns the crate that a path in Rust begins with: `core` of `<core::pin::Pin<P> as ..>::poll`.
/// Empty if the name is not a path.
fn crate_of(symbol: &str) -> &str {
    let start = symbol.trim_start_matches(['<', '&', '*', '(', '[']);
    let words = ["dyn ", "mut ", "const ", "impl "];
    let start = words
        .iter()
        .fold(start, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    match start.split_once("::") {
        Some((name, _)) if is_name(name) => name,
        // `<T as core::convert::Into<U>>::into`: the trait's crate, since `T` is any type.
        _ => match symbol.split_once(" as ") {
            Some((_, path)) => path.split("::").next().unwrap_or_default(),
            None => "",
        },
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::super::Frame;
    use super::{Part, of, spread};

    #[test]
    fn functions_are_told_apart_by_their_names() {
        let program = Some("/usr/bin/server");
        for (symbol, part) in [
            ("server::handler::blocks", Part::Program),
            ("<server::Job as server::Run>::run", Part::Program),
            ("reqwest::blocking::wait::timeout", Part::Program),
            ("std::thread::sleep", Part::Standard),
            ("<std::sys::fd::FileDesc>::read", Part::Standard),
            (
                "<core::pin::Pin<P> as core::future::future::Future>::poll",
                Part::Standard,
            ),
            ("<T as core::convert::Into<U>>::into", Part::Standard),
            (
                "<&mut std::fs::File as std::io::Read>::read",
                Part::Standard,
            ),
            ("zokio::scheduler::task::harness::poll", Part::Runtime),
            (
                "<zokio::time::Sleep as core::future::future::Future>::poll",
                Part::Runtime,
            ),
            ("__syscall_cp_asm", Part::System),
            ("_start", Part::System),
        ] {
            assert_eq!(of(program, Some(symbol), None), part, "{symbol}");
        }
    }

    #[test]
    fn functions_are_told_apart_by_their_files() {
        let program = Some("/usr/bin/server");
        let standard = "/rustc/0123/library/core/src/ops/function.rs";
        let closure = Some("server::main::{{closure}}");
        assert_eq!(of(program, closure, Some(standard)), Part::Standard);
        assert_eq!(of(program, closure, Some("src/main.rs")), Part::Program);
        // A function of C with a source is the program's.
        assert_eq!(
            of(program, Some("inflate"), Some("zlib/inflate.c")),
            Part::Program
        );
    }

    #[test]
    fn libraries_of_the_system_are_known_without_names() {
        for module in [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib/ld-musl-x86_64.so.1",
            "[vdso]",
        ] {
            assert_eq!(of(Some(module), None, None), Part::System, "{module}");
        }
        assert_eq!(of(Some("/usr/bin/server"), None, None), Part::Program);
        assert_eq!(of(None, None, None), Part::Program);
    }

    #[test]
    fn inlined_functions_of_the_runtime_are_known_by_their_files() {
        let frame = |symbol: &str, file: &str| Frame {
            address: 1,
            module: None,
            offset: None,
            symbol: Some(symbol.to_string()),
            file: Some(file.to_string()),
            line: None,
            inlined: false,
            part: of(None, Some(symbol), Some(file)),
            guessed: false,
        };
        let mut frames = [
            frame("blocks", "/home/x/server/src/main.rs"),
            frame(
                "poll<F>",
                "/crates/zokio-0.1.0/src/scheduler/task/harness.rs",
            ),
            frame(
                "zokio::scheduler::run",
                "/crates/zokio-0.1.0/src/scheduler/run.rs",
            ),
            frame("server::main", "/home/x/server/src/main.rs"),
        ];
        spread(&mut frames);
        let parts = frames.map(|frame| frame.part);
        let expected = [Part::Program, Part::Runtime, Part::Runtime, Part::Program];
        assert_eq!(parts, expected);
    }
}

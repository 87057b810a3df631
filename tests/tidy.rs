//! Owns the house style as far as a program can check it: sizes, layering, where unsafe code and
//! `cfg` may stand, documentation, banned words, the changelog's shape. The figures and lists are
//! here; the checks are in `tests/tidy/`.

#![forbid(unsafe_code)]

#[path = "tidy/cancel_safety.rs"]
mod cancel_safety;
#[path = "tidy/changelog.rs"]
mod changelog;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use self::layers::{Mapped, Rows};
use self::rules::Problem;
use self::source::Source;

/// Lines of code in a file, in a `mod.rs`, in a function, and all lines of an example.
const FILE_LINES: usize = 500;
const MOD_LINES: usize = 150;
const FUNCTION_LINES: usize = 70;
const EXAMPLE_LINES: usize = 80;

/// A module and its row: it uses its own row and those below. The longest path that fits counts.
const ROWS: &Rows = &[
    ("lib", 9),
    ("futures_traits", 8),
    ("tokio_traits", 8),
    ("macros", 7),
    ("completion", 6),
    ("net", 6),
    ("fs", 6),
    ("process", 6),
    ("signal", 6),
    ("time", 6),
    ("task", 6),
    ("io", 6),
    ("guide", 6),
    ("runtime", 5),
    ("view", 5),
    ("watched", 5),
    ("scheduler", 4),
    ("scheduler::task", 3),
    ("driver", 2),
    ("blocking", 1),
    ("timer", 1),
    ("stream", 0),
    ("record", 0),
    ("sync", 0),
    ("trace", 0),
    ("util", 0),
    ("error", 0),
    ("loom", 0),
];

/// Files that may hold unsafe code. One that holds none has to leave the list. In the public modules
/// it is a `raw.rs`, where tokio's own API needs it.
const UNSAFE: &[&str] = &[
    // The CPU clock of another process, and a counter of system calls.
    "benches/ab/src/raw.rs",
    // A lock on a folder, and what a child used.
    "compat/cargo-zokio/src/raw.rs",
    // hyper's buffers are told by unsafe functions how far they are filled.
    "compat/hyper/src/io.rs",
    "src/completion/io_buf.rs",
    "src/completion/pooled_buf.rs",
    "src/completion/net/raw.rs",
    "src/completion/net/segments.rs",
    "src/completion/net/without_segments.rs",
    "src/completion/raw.rs",
    "src/completion/slice.rs",
    "src/completion/vectored.rs",
    "src/driver/completion/lent.rs",
    "src/driver/completion/op.rs",
    "src/driver/completion/pool_memory.rs",
    "src/driver/completion/threads.rs",
    "src/driver/epoll.rs",
    "src/driver/kernel_copies.rs",
    "src/driver/readiness/slot.rs",
    "src/driver/readiness/waiters.rs",
    "src/driver/readiness/waiting.rs",
    "src/driver/splice.rs",
    "src/driver/uring/enter.rs",
    "src/driver/uring/operations/buffers.rs",
    "src/driver/uring/operations/thread.rs",
    "src/driver/uring/probe.rs",
    "src/driver/uring/receives/buffers.rs",
    "src/driver/uring/receives/ring.rs",
    "src/driver/uring/released.rs",
    "src/driver/wake_event.rs",
    "src/fs/inline/calls.rs",
    "src/fs/inline/nothing_without_waiting.rs",
    "src/fs/inline/without_waiting.rs",
    "src/fs/raw.rs",
    "src/fs/raw_handle.rs",
    "src/io/unix/raw.rs",
    "src/loom/instrumented/lazy.rs",
    "src/loom/instrumented/mutex.rs",
    "src/loom/instrumented/once_lock.rs",
    "src/loom/instrumented/rw_lock.rs",
    "src/loom/lock.rs",
    "src/net/raw.rs",
    "src/process/pidfd.rs",
    "src/process/raw.rs",
    "src/record/place.rs",
    "src/record/tsc.rs",
    "src/scheduler/current_thread/local.rs",
    "src/scheduler/multi_thread/lifo.rs",
    // The slots of the run queue, which one thread writes and another reads.
    "src/scheduler/multi_thread/queue.rs",
    "src/scheduler/task/abort.rs",
    "src/scheduler/task/dumps/listing.rs",
    "src/scheduler/task/handles.rs",
    "src/scheduler/task/harness.rs",
    "src/scheduler/task/header.rs",
    "src/scheduler/task/join.rs",
    "src/scheduler/task/list.rs",
    "src/scheduler/task/local_owned.rs",
    "src/scheduler/task/local_scheduler.rs",
    "src/scheduler/task/origin.rs",
    "src/scheduler/task/owned.rs",
    "src/scheduler/task/raw.rs",
    "src/scheduler/task/unowned.rs",
    "src/scheduler/task/waker.rs",
    "src/signal/raw.rs",
    "src/stream/buf_mut.rs",
    "src/stream/raw.rs",
    "src/stream/read_buf.rs",
    "src/sync/broadcast/cell.rs",
    "src/sync/guard/generic.rs",
    "src/sync/guard/held.rs",
    "src/sync/mpsc/queue/block.rs",
    "src/sync/mpsc/queue/ends.rs",
    "src/sync/mpsc/queue/list.rs",
    "src/sync/mutex/lock.rs",
    "src/sync/notify/notified.rs",
    "src/sync/notify/raw.rs",
    "src/sync/once_value.rs",
    "src/sync/oneshot/cell.rs",
    "src/sync/rwlock/lock.rs",
    "src/sync/semaphore/acquire.rs",
    "src/sync/semaphore/raw.rs",
    "src/tokio_traits/raw.rs",
    "src/util/atomic_waker.rs",
    "src/util/bit_lock.rs",
    "src/util/clock.rs",
    "src/util/list.rs",
    "src/util/scoped.rs",
    "src/util/status_flags.rs",
    "src/util/system/apple.rs",
    "src/util/system/bsd.rs",
    "src/util/system/by_number.rs",
    "src/util/system/flags_after_creation.rs",
    "src/util/system/flags_at_creation.rs",
    "src/util/system/linux.rs",
    // A reference in a thread-local, which it outlives.
    "src/util/trace_mode/enabled.rs",
    "src/util/wait_queue.rs",
    "src/util/wake_list.rs",
    "src/view/raw.rs",
    "src/view/stack/linux/handler.rs",
    "src/view/stack/linux/request.rs",
    "src/view/stack/linux/signal.rs",
    "src/view/system/elsewhere.rs",
    "src/view/system/linux.rs",
    "src/watched/datagram.rs",
    "src/watched/stream.rs",
];

/// Files that may use `cfg`, beside `lib.rs` and every `mod.rs`.
const CFG: &[&str] = &["src/loom.rs", "src/loom/lock.rs"];

/// Public modules whose functions that wait say what a cancellation does.
const CANCEL_SAFETY: &[&str] = &[
    "src/net/",
    "src/io/",
    "src/stream/",
    "src/fs/",
    "src/process/",
    "src/signal/",
    "src/time/",
    "src/task/",
    "src/completion/",
];

/// What may stand at the repository's root, beside dot-files and the build folder.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "compat",
    "examples",
    "src",
    "target",
    "tests",
];

/// A finding that is let through. The list may only shrink: an entry that excuses nothing fails.
struct Exception {
    check: &'static str,
    path: &'static str,
    item: &'static str,
    #[expect(dead_code, reason = "it is there for the reader")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    check: "words",
    path: "src/loom.rs",
    item: "glob",
    reason: "it stands in for whole modules of std and of loom",
}];

/// Every file of the repository, with the folders that hold product code told from the others.
fn product() -> Vec<Source> {
    let folders = [
        "src",
        "benches/ab/src",
        "compat/cargo-zokio/src",
        "compat/console/programs/src",
        "compat/console/src",
        "compat/hyper/src",
        "compat/macros/src",
        "compat/suite/src",
        "compat/tokio/src",
    ];
    folders
        .iter()
        .flat_map(|folder| source::read_tree(root(), folder))
        .collect()
}

fn everything() -> Vec<Source> {
    let mut all = product();
    let folders = [
        "tests",
        "examples",
        "benches",
        "compat/apps",
        "compat/cargo-zokio/tests",
        "compat/console/tests",
        "compat/hyper/tests",
    ];
    all.extend(
        folders
            .iter()
            .flat_map(|folder| source::read_tree(root(), folder)),
    );
    all
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a module below this one holds unsafe code, tests included, so that this one cannot forbid
/// it.
fn holds_unsafe(source: &Source, all: &[Source]) -> bool {
    let folder = match source.file_name() {
        "mod.rs" | "lib.rs" => source
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_string(),
        _ => source.path.trim_end_matches(".rs").to_string(),
    };
    let below = format!("{folder}/");
    all.iter()
        .any(|other| other.path.starts_with(&below) && rules::says_unsafe(other))
}

/// Fails with every finding that no exception excuses, and with every exception that excuses none.
fn verdict(check: &str, problems: Vec<Problem>) {
    let mine: Vec<&Exception> = EXCEPTIONS
        .iter()
        .filter(|exception| exception.check == check)
        .collect();
    let excuses = |exception: &Exception, problem: &Problem| {
        exception.path == problem.path && exception.item == problem.item
    };
    let mut lines: Vec<String> = problems
        .iter()
        .filter(|problem| !mine.iter().any(|exception| excuses(exception, problem)))
        .map(|problem| format!("{}:{}: {}", problem.path, problem.line, problem.what))
        .collect();
    for exception in &mine {
        if !problems.iter().any(|problem| excuses(exception, problem)) {
            lines.push(format!(
                "{}: the exception for `{}` excuses nothing: remove it",
                exception.path, exception.item
            ));
        }
    }
    assert!(
        lines.is_empty(),
        "{} findings ({check}):\n{}\n",
        lines.len(),
        lines.join("\n")
    );
}

fn each(sources: &[Source], check: impl Fn(&Source) -> Vec<Problem>) -> Vec<Problem> {
    sources.iter().flat_map(check).collect()
}

#[test]
fn files_are_small() {
    let mut found = each(&product(), |source| {
        rules::file_size(source, FILE_LINES, MOD_LINES)
    });
    found.extend(each(&source::read_tree(root(), "examples"), |source| {
        rules::example_size(source, EXAMPLE_LINES)
    }));
    verdict("file size", found);
}

#[test]
fn functions_are_small() {
    verdict(
        "function size",
        each(&product(), |source| {
            rules::function_size(source, FUNCTION_LINES)
        }),
    );
}

#[test]
fn modules_use_the_rows_below() {
    let found = each(&source::read_tree(root(), "src"), |source| {
        let mut found = layers::uses_rows_below(source, ROWS);
        found.extend(layers::kernel_words(source, ROWS));
        found
    });
    verdict("layers", found);
}

/// The map in ARCHITECTURE.md is what `ls src` prints, in that order.
#[test]
fn the_map_is_the_listing_of_src() {
    let mut listing: Vec<String> = names_in("src")
        .filter(|name| !name.starts_with('.'))
        .collect();
    listing.sort();
    let names: Vec<String> = map().into_iter().map(|mapped| mapped.name).collect();
    assert_eq!(names, listing);
}

/// The rows in that map are those that are checked here.
#[test]
fn the_map_shows_the_rows() {
    let shown: BTreeSet<(String, u8)> = map()
        .into_iter()
        .flat_map(|mapped| {
            let name = mapped.name.trim_end_matches(".rs").to_string();
            let mut rows = mapped.within;
            rows.push((name, mapped.row));
            rows
        })
        .collect();
    let rows = ROWS
        .iter()
        .map(|(module, row)| (module.replace("::", "/"), *row));
    assert_eq!(shown, rows.collect());
    for (path, _) in &shown {
        let path = root().join("src").join(path);
        assert!(path.is_dir() || path.with_extension("rs").is_file());
    }
}

fn map() -> Vec<Mapped> {
    let text =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    layers::map_of(&text)
}

/// The names in a folder of the repository.
fn names_in(folder: &str) -> impl Iterator<Item = String> {
    fs::read_dir(root().join(folder))
        .expect("the repository is readable")
        .map(|entry| {
            entry
                .expect("the repository is readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
}

#[test]
fn no_circle_is_longer_than_a_pair() {
    let found = imports::long_circles(&source::read_tree(root(), "src"));
    verdict("circles", found);
}

#[test]
fn unsafe_stands_where_it_may() {
    let all = product();
    let mut found = each(&all, |source| {
        let listed = UNSAFE.contains(&source.path.as_str());
        let is_test = source.test_only && rules::says_unsafe(source);
        let mut found = rules::unsafe_only_where_allowed(source, listed);
        found.extend(rules::forbids_unsafe(
            source,
            listed || is_test,
            holds_unsafe(source, &all),
        ));
        found
    });
    let says = |path: &str| {
        all.iter()
            .any(|source| source.path == path && rules::says_unsafe(source))
    };
    found.extend(
        UNSAFE
            .iter()
            .filter(|path| !says(path))
            .map(|path| Problem {
                path: path.to_string(),
                line: 1,
                item: "unsafe".into(),
                what: "holds no unsafe code: remove it from UNSAFE".into(),
            }),
    );
    verdict("unsafe", found);
}

#[test]
fn cfg_stands_where_it_may() {
    let found = each(&product(), |source| {
        let allowed = CFG.contains(&source.path.as_str())
            || matches!(source.file_name(), "lib.rs" | "mod.rs");
        let mut found = rules::cfg_only_where_allowed(source, allowed);
        found.extend(rules::no_cfg_macros(source));
        found
    });
    verdict("cfg", found);
}

#[test]
fn files_say_what_they_own() {
    verdict("docs", each(&everything(), rules::starts_with_docs));
}

#[test]
fn public_waits_say_what_a_cancellation_does() {
    let sources = source::read_tree(root(), "src");
    let futures = cancel_safety::futures(&sources);
    let public: Vec<Source> = sources
        .into_iter()
        .filter(|source| {
            CANCEL_SAFETY
                .iter()
                .any(|folder| source.path.starts_with(folder))
        })
        .collect();
    verdict(
        "cancel safety",
        each(&public, |source| {
            cancel_safety::says_cancel_safety(source, &futures)
        }),
    );
}

#[test]
fn nothing_is_left_unfinished() {
    verdict("words", each(&everything(), rules::no_banned_words));
}

#[test]
fn the_oldest_glibc_has_all_functions() {
    let found = each(&product(), rules::no_functions_of_newer_glibc);
    verdict("glibc", found);
}

#[test]
fn comments_use_the_words_of_the_field() {
    let list = include_str!("tidy/words.txt");
    let found = each(&everything(), |source| {
        rules::no_private_words(source, list)
    });
    verdict("prose", found);
}

#[test]
fn product_code_does_not_unwrap() {
    verdict("unwrap", each(&product(), rules::no_unwrap));
}

#[test]
fn the_changelog_has_its_shape() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md is there");
    let lines: Vec<String> = changelog::problems(&text)
        .into_iter()
        .map(|(line, what)| format!("CHANGELOG.md:{line}: {what}"))
        .collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn the_top_level_is_fixed() {
    let extra: Vec<String> = names_in("")
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    assert!(extra.is_empty(), "not part of the layout: {extra:?}");
}

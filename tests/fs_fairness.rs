//! What is answered from the page cache is answered at once, but not so much of it that other
//! tasks wait: a poll copies about as much as takes a fraction of a millisecond.
//!
//! Counted are the bytes that the polling thread itself has copied, as the kernel accounts them:
//! what another thread copies at the same time holds nothing up.

#[path = "support/apart.rs"]
mod apart;

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zokio::fs;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::task::yield_now;

use self::apart::{apart, runtime, skip};

/// How much may be copied before other tasks get a turn, and beyond it what one call copies.
const LIMIT: usize = 2 << 20;

const FILE: usize = 64 << 20;

/// How many bytes this thread has read and written so far.
fn copied_here() -> usize {
    let Ok(text) = std::fs::read_to_string("/proc/thread-self/io") else {
        skip("the kernel does not account the bytes of a thread");
    };
    let count = |name: &str| -> usize {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    count("rchar:") + count("wchar:")
}

/// What copies: its name, and how much one call copies at most.
const KINDS: [(&str, usize); 8] = [
    ("read 64 KiB", 64 << 10),
    ("read 512 KiB", 512 << 10),
    ("read 2 MiB", 2 << 20),
    ("read to the end", 2 << 20),
    ("read whole files", 200 << 10),
    ("write 64 KiB", 64 << 10),
    ("write 2 MiB", 2 << 20),
    ("write 2 MiB to memory", 2 << 20),
];

/// Copies [`FILE`] bytes.
async fn copy(kind: &str, size: usize, path: PathBuf) {
    if kind == "read whole files" {
        for _ in 0..FILE / size {
            assert_eq!(fs::read(&path).await.unwrap().len(), size);
        }
        return;
    }
    let reads = kind.starts_with("read");
    let mut options = fs::OpenOptions::new();
    let mut file = options.read(reads).write(!reads).open(path).await.unwrap();
    let mut buffer = vec![7; size];
    if kind == "read to the end" {
        let mut all = Vec::new();
        assert_eq!(file.read_to_end(&mut all).await.unwrap(), FILE);
    } else if reads {
        while file.read(&mut buffer).await.unwrap() > 0 {}
    } else {
        for _ in 0..FILE / size {
            file.write_all(&buffer).await.unwrap();
        }
        file.flush().await.unwrap();
    }
}

/// A file in the page cache, as large as what copies wants it, in a folder for it.
fn file(kind: &str, size: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = match kind.ends_with("memory") {
        true => match tempfile::tempdir_in("/dev/shm") {
            Ok(dir) => dir,
            Err(error) => skip(&format!("no file system in memory: {error}")),
        },
        false => tempfile::tempdir().unwrap(),
    };
    let path = dir.path().join("file");
    let len = if kind == "read whole files" {
        size
    } else {
        FILE
    };
    fill(&path, len);
    (dir, path)
}

fn fill(path: &Path, len: usize) {
    std::fs::write(path, vec![7; len]).unwrap();
    assert_eq!(std::fs::read(path).unwrap().len(), len);
}

/// Runs a scenario for each of what copies on these schedulers.
fn on_all(test: &str, schedulers: &[usize], scenario: fn(usize, &str, usize)) {
    let names: Vec<String> = KINDS
        .iter()
        .flat_map(|(kind, _)| schedulers.iter().map(move |n| format!("{n}, {kind}")))
        .collect();
    apart(
        test,
        &names,
        |_| {},
        |name| {
            let (workers, kind) = name.split_once(", ").unwrap();
            let size = KINDS.iter().find(|(other, _)| *other == kind).unwrap().1;
            scenario(workers.parse().unwrap(), kind, size);
        },
    );
}

/// The budget of a task once counted reads, however large they were: a poll copied 64 MiB.
#[test]
fn a_poll_copies_a_bounded_number_of_bytes() {
    let test = "a_poll_copies_a_bounded_number_of_bytes";
    on_all(test, &[0, 1, 2], |workers, kind, size| {
        let (_dir, path) = file(kind, size);
        let runtime = runtime(workers);
        let kind = kind.to_owned();
        let task = runtime.spawn(async move {
            let mut copying = pin!(copy(&kind, size, path));
            let mut most = 0;
            poll_fn(|cx| {
                let before = copied_here();
                let polled = copying.as_mut().poll(cx);
                most = most.max(copied_here() - before);
                polled
            })
            .await;
            most
        });
        let most = runtime.block_on(task).unwrap();
        assert!(most <= LIMIT + size, "a poll copied {} KiB", most >> 10);
    });
}

/// Other tasks of the thread once waited until all was copied.
#[test]
fn other_tasks_have_their_turns_while_much_is_copied() {
    let test = "other_tasks_have_their_turns_while_much_is_copied";
    on_all(test, &[0, 1], |workers, kind, size| {
        let (_dir, path) = file(kind, size);
        let done = Arc::new(AtomicBool::new(false));
        let runtime = runtime(workers);
        let is_done = done.clone();
        let other = runtime.spawn(async move {
            let (mut before, mut most) = (copied_here(), 0);
            while !is_done.load(Ordering::Relaxed) {
                yield_now().await;
                let now = copied_here();
                most = most.max(now - before);
                before = now;
            }
            most
        });
        let kind = kind.to_owned();
        let copying = runtime.spawn(async move {
            copy(&kind, size, path).await;
            done.store(true, Ordering::Relaxed);
        });
        runtime.block_on(copying).unwrap();
        let most = runtime.block_on(other).unwrap();
        // A task may be polled twice before another that yields.
        assert!(
            most <= 2 * LIMIT + size,
            "{} KiB were copied between two turns",
            most >> 10
        );
    });
}

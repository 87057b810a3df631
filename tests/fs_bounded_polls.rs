//! What one poll does with cached files is bounded: other tasks get their turn.

#[path = "support/fs.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use zokio::fs;

use self::support::{is_inline, runtimes, until, within_the_limit};

/// The most that one poll may copy.
const MOST: usize = 2 * 1024 * 1024;

/// Many small files, or some large ones, one after the other: a task that never has to wait for
/// anything still pauses. It used to copy 25 MiB in a poll.
#[test]
fn reading_whole_files_pauses_by_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, size) in [
        ("small", 4 << 10),
        ("medium", 64 << 10),
        ("large", 200 << 10),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, vec![7; size]).unwrap();
        std::fs::read(&path).unwrap();
        for runtime in runtimes() {
            let path = path.clone();
            let task = runtime.spawn(async move {
                until(|| is_inline(|| fs::read(&path))).await;
                most_in_a_poll(size, || fs::read(&path)).await
            });
            let most = within_the_limit(|| runtime.block_on(task).unwrap());
            assert!(most <= MOST, "{name}: {most} bytes in one poll");
            assert!(
                most > size,
                "{name}: {most} bytes in one poll, so nothing was tested"
            );
        }
    }
}

/// Calls `read`, which reads `size` bytes, a few hundred times; how many bytes it read in one poll.
async fn most_in_a_poll<F>(size: usize, read: impl Fn() -> F) -> usize
where
    F: Future<Output = std::io::Result<Vec<u8>>>,
{
    let copied = AtomicUsize::new(0);
    let mut most = 0;
    let mut reads = pin!(async {
        for _ in 0..400 {
            assert_eq!(read().await.unwrap().len(), size);
            copied.fetch_add(size, Relaxed);
        }
    });
    poll_fn(|cx| {
        copied.store(0, Relaxed);
        let poll = reads.as_mut().poll(cx);
        most = most.max(copied.load(Relaxed));
        poll
    })
    .await;
    most
}

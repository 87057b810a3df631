//! Which mounts are local is found out on a thread that may wait, never in a poll. The test needs a
//! process in which that was not found out yet, so it is alone in its file.

#[path = "support/fs.rs"]
mod support;

use std::path::Path;
use std::pin::pin;
use std::sync::mpsc;

use zokio::fs;
use zokio::runtime::Builder;
use zokio::task::spawn_blocking;

use self::support::{is_inline, poll_once, runtimes, until, within_the_limit};

#[test]
fn no_poll_reads_the_table_of_mounts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path();
    let mut builder = Builder::new_current_thread();
    let first = builder.max_blocking_threads(1).build().unwrap();
    within_the_limit(|| first.block_on(before(path)));
    for runtime in runtimes() {
        within_the_limit(|| runtime.block_on(after(path)));
    }
}

/// While the only thread that may wait is taken, nothing is learned, unless a poll does it.
async fn before(path: &Path) {
    let (end, ended) = mpsc::channel::<()>();
    let taken = spawn_blocking(move || ended.recv());
    for _ in 0..50 {
        assert!(poll_once(pin!(fs::metadata(path))).is_pending());
        assert!(poll_once(pin!(fs::read(path))).is_pending());
    }
    drop(end);
    assert!(taken.await.unwrap().is_err());
}

async fn after(path: &Path) {
    until(|| is_inline(|| fs::metadata(path))).await;
    until(|| is_inline(|| fs::read(path))).await;
}

//! Which mounts are local is found out on a thread that may wait, never in a poll. The test needs a
//! process in which that was not found out yet, so it is alone in its file.

#[path = "support/fs.rs"]
mod support;

use std::path::Path;
use std::pin::pin;

use zokio::fs;
use zokio::runtime::Builder;

use self::support::{Gate, is_inline, poll_once, runtimes, until, within_the_limit};

#[test]
fn no_poll_reads_the_table_of_mounts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path();
    let mut builder = Builder::new_current_thread();
    let gate = Gate::of(&mut builder);
    let first = builder.build().unwrap();
    within_the_limit(|| first.block_on(before(path, &gate)));
    for runtime in runtimes() {
        within_the_limit(|| runtime.block_on(after(path)));
    }
}

/// While no other thread works, nothing is learned, unless a poll does it.
async fn before(path: &Path, gate: &Gate) {
    gate.shut(|| {
        for _ in 0..50 {
            assert!(poll_once(pin!(fs::metadata(path))).is_pending());
            assert!(poll_once(pin!(fs::read(path))).is_pending());
        }
    });
}

async fn after(path: &Path) {
    until(|| is_inline(|| fs::metadata(path))).await;
    until(|| is_inline(|| fs::read(path))).await;
}

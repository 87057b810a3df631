//! Which mounts are local is found out on a thread that may wait, never in a poll. The test needs a
//! process in which that was not found out yet, so it is alone in its file.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/fs.rs"]
mod support;

use std::path::Path;

use futures::FutureExt;
use zokio::fs;
use zokio::runtime::Builder;

use self::support::{Gate, is_inline, runtimes, until, within_the_limit};

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
            assert!(fs::metadata(path).now_or_never().is_none());
            assert!(fs::read(path).now_or_never().is_none());
        }
    });
}

async fn after(path: &Path) {
    until(|| is_inline(|| fs::metadata(path))).await;
    until(|| is_inline(|| fs::read(path))).await;
}

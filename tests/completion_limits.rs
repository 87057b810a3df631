//! Files of `zokio::completion` that cannot grow as far as a write goes.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/owned.rs"]
mod owned;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use zokio::completion::IoBuf;
use zokio::completion::fs::{File, OpenOptions};

use self::apart::{on_each_scheduler, runtime};
use self::limits::limit_files;
use self::owned::pattern;

/// No multiple of a block.
const LIMIT: usize = (1 << 20) + 2;

async fn fill(path: &Path, flags: i32) {
    let content = pattern(LIMIT + 100_000);
    let mut options = OpenOptions::new();
    options.write(true).create(true).custom_flags(flags);
    let file: File = options.open(path).await.unwrap();
    // What fits is written, and the error comes when nothing does.
    let (count, content) = file.write_at(content, 0).await;
    assert_eq!(count.unwrap(), LIMIT);
    let (count, content) = file.write_at(content, LIMIT as u64).await;
    assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EFBIG));
    let (written, content) = file.write_all_at(content, 0).await;
    assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EFBIG));
    assert_eq!(content.len(), LIMIT + 100_000);
    assert!(std::fs::read(path).unwrap() == content[..LIMIT]);
    // A small one, which may be made inline.
    let (count, _) = file.write_at("four", LIMIT as u64 - 3).await;
    assert_eq!(count.unwrap(), 3);
    let (written, text) = file.write_all_at("four", LIMIT as u64 - 3).await;
    assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EFBIG));
    assert_eq!(text, "four");
    let (count, _) = file.writev_at(["ab", "cd"], LIMIT as u64 - 3).await;
    assert_eq!(count.unwrap(), 3);
    let error = file.allocate(0, LIMIT as u64 + 1).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EFBIG));
}

static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    SIGNALS.fetch_add(1, Ordering::SeqCst);
}

/// The signal of the system call arrives, however a write is carried out. Unhandled, it would end
/// the process.
#[test]
fn the_signal_of_a_limit() {
    on_each_scheduler("the_signal_of_a_limit", |workers| {
        limit_files(LIMIT).unwrap();
        let handler = count as extern "C" fn(libc::c_int);
        // SAFETY: the handler only counts.
        unsafe { libc::signal(libc::SIGXFSZ, handler as libc::sighandler_t) };
        let runtime = runtime(workers);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for (n, flags) in [0, libc::O_DSYNC, libc::O_DIRECT].into_iter().enumerate() {
            let mut options = OpenOptions::new();
            options.write(true).create(true).custom_flags(flags);
            let path = dir.path().join(n.to_string());
            let Ok(file) = runtime.block_on(options.open(path)) else {
                eprintln!("skipped: no file with the flags {flags:o} here");
                continue;
            };
            let buffer = vec![1; 8192];
            let begin = buffer.as_ptr().align_offset(4096);
            let part = buffer.slice(begin..begin + 4096);
            let before = SIGNALS.load(Ordering::SeqCst);
            let (count, _) = runtime.block_on(file.write_at(part, 2 << 20));
            assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::EFBIG));
            assert_eq!(SIGNALS.load(Ordering::SeqCst), before + 1, "{flags:o}");
        }
    });
}

#[test]
fn a_file_at_its_limit() {
    on_each_scheduler("a_file_at_its_limit", |workers| {
        limit_files(LIMIT).unwrap();
        let runtime = runtime(workers);
        for folder in [".", "/dev/shm"] {
            let Ok(dir) = tempfile::tempdir_in(folder) else {
                eprintln!("skipped: {folder} cannot be written to");
                continue;
            };
            for (name, flags) in [("plain", 0), ("synchronous", libc::O_DSYNC)] {
                runtime.block_on(fill(&dir.path().join(name), flags));
            }
        }
    });
}

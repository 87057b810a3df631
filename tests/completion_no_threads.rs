//! Operations of `zokio::completion` where no thread can be started: an error, and the buffer.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/owned.rs"]
mod owned;

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use zokio::completion::fs::File;
use zokio::completion::{BufferPool, submit_all};

use self::apart::{on_schedulers_prepared, runtime, sanitizer, skip, without_search_for_leaks};
use self::owned::ON_A_THREAD;

#[track_caller]
fn lacks_a_thread(error: &io::Error, operation: &str) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let inner: &zokio::Error = inner.expect("an error of zokio's");
    assert!(inner.is_resource() && inner.is_transient(), "{inner:?}");
    assert_eq!(inner.operation(), operation);
    let text = format!("cannot {operation}: no thread could be started: ");
    assert!(error.to_string().starts_with(&text), "{error}");
}

/// The same for operations that were to go to a ring together.
#[test]
fn without_a_thread_the_buffers_of_a_batch_come_back() {
    let test = "without_a_thread_the_buffers_of_a_batch_come_back";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let runtime = runtime(workers);
        let mut file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        file.write_all(&[7; 3 * 4096]).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags(libc::O_DIRECT);
        let Ok(file) = options.open(file.path()) else {
            skip("no direct I/O here");
        };
        let file = File::from(file);
        let pool = BufferPool::new(3, 4096).unwrap();
        sanitizer::start_symbolizer();
        filter::refuse(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
        for _ in 0..2 {
            let read = |place: u64| file.read_exact_at(pool.try_get().unwrap(), place * 4096);
            for (read, buffer) in runtime.block_on(submit_all((0..3).map(read))) {
                lacks_a_thread(&read.unwrap_err(), "read a file");
                assert!(buffer.is_empty());
            }
            let (read, buffer) = runtime.block_on(read(0));
            lacks_a_thread(&read.unwrap_err(), "read a file");
            assert!(buffer.is_empty());
        }
    });
}

#[test]
fn without_a_thread_the_buffer_comes_back() {
    let test = "without_a_thread_the_buffer_comes_back";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let runtime = runtime(workers);
        let file = File::from(tempfile::tempfile().unwrap());
        sanitizer::start_symbolizer();
        filter::refuse(&[libc::SYS_clone3, libc::SYS_clone], libc::EAGAIN);
        for _ in 0..2 {
            let write = file.write_all_at(vec![7; ON_A_THREAD], 0);
            let (written, buffer) = runtime.block_on(write);
            lacks_a_thread(&written.unwrap_err(), "write to a file");
            assert!(buffer.iter().all(|&byte| byte == 7));
            let (count, buffer) = runtime.block_on(file.read_at(buffer, 0));
            lacks_a_thread(&count.unwrap_err(), "read a file");
            assert_eq!(buffer.len(), ON_A_THREAD);
        }
    });
}

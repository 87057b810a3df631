//! Errors of files of `zokio::completion` in the middle of an operation.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/answers.rs"]
mod answers;
#[path = "support/apart.rs"]
mod apart;
#[path = "support/ended.rs"]
mod ended;
#[path = "support/owned.rs"]
mod owned;

use std::io::{ErrorKind, Write};
use std::time::Duration;

use zokio::completion::fs::File;
use zokio::runtime::DriverKind;

use self::answers::{Answer, Calls, answer, answer_first, refuse};
use self::apart::{builder, on_schedulers_prepared, skip, without_search_for_leaks};
use self::ended::{threads, until_threads};
use self::owned::{ON_A_THREAD, pattern};

/// What was in memory is returned, as by a system call. The error is that of the next read.
#[test]
fn an_error_after_the_bytes_that_were_in_memory() {
    const LEN: usize = 256 * 1024;
    const CACHED: usize = 4096;
    let test = "an_error_after_the_bytes_that_were_in_memory";
    on_schedulers_prepared(test, &[0, 1], without_search_for_leaks, |workers| {
        let mut builder = builder(workers);
        builder.thread_keep_alive(Duration::from_millis(1));
        let runtime = builder.driver(DriverKind::Threads).build().unwrap();
        let before = threads();
        let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let content = pattern(LEN);
        file.write_all(&content).unwrap();
        let file = File::from(file);
        // A thread finds out what file system it is of.
        let (first, _) = runtime.block_on(file.read_at(vec![0], 0));
        first.unwrap();
        until_threads(before);
        if runtime.block_on(file.read_at(vec![0], 0)).0.is_err() {
            skip("no reads without waiting here");
        }
        let mut asked = 0;
        let filtered = refuse(Calls(libc::SYS_preadv, None), libc::EIO).and_then(|()| {
            answer(Calls(libc::SYS_preadv2, None), move |[_, parts, ..]| {
                asked += 1;
                if asked > 1 {
                    return Answer::Fails(libc::EAGAIN);
                }
                // SAFETY: the caller is a thread of this process, which waits, and whose list this
                // is.
                unsafe { (*(parts as *mut libc::iovec)).iov_len = CACHED };
                Answer::Continues
            })
        });
        if let Err(error) = filtered {
            skip(&format!("calls cannot be filtered: {error}"));
        }
        let (read, bytes) = runtime.block_on(file.read_at(Vec::with_capacity(LEN), 0));
        assert_eq!(read.unwrap(), CACHED);
        assert!(bytes == content[..CACHED]);
        let (next, _) = runtime.block_on(file.read_at(bytes, CACHED as u64));
        assert_eq!(next.unwrap_err().raw_os_error(), Some(libc::EIO));
    });
}

#[test]
fn a_file_that_takes_nothing() {
    on_schedulers_prepared(
        "a_file_that_takes_nothing",
        &[0, 1],
        without_search_for_leaks,
        |workers| {
            let runtime = builder(workers).build().unwrap();
            let file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let file = File::from(file);
            let write = Calls(libc::SYS_pwritev, None);
            if let Err(error) = answer_first(write, &[Answer::Returns(4), Answer::Returns(0)]) {
                skip(&format!("calls cannot be answered: {error}"));
            }
            let (written, buffer) = runtime.block_on(file.write_all_at(vec![7; ON_A_THREAD], 0));
            assert_eq!(written.unwrap_err().kind(), ErrorKind::WriteZero);
            assert_eq!(buffer.len(), ON_A_THREAD);
        },
    );
}

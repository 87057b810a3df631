//! Operations on files that are begun in one place and end in another: another runtime, no thread
//! at all, the main future of `block_on`.

#[path = "support/fs.rs"]
mod support;

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures::FutureExt;
use zokio::fs::File;
use zokio::io::AsyncReadExt;
use zokio::runtime::{Builder, DriverKind};

use self::support::{HALF, accept_too_much, in_use, piped_in, piped_out, within_the_limit};

/// A read that was begun on a runtime which no thread runs any more once never ended, and the file
/// waited for it on every other runtime.
#[test]
fn a_read_begun_on_an_idle_runtime_ends_on_another() {
    let (pipe, mut writer) = piped_in();
    let (first, second) = (in_use(), in_use());
    let begun = first.spawn(async move {
        let mut file = File::from_std(pipe);
        assert!(file.read(&mut [0]).now_or_never().is_none());
        file
    });
    let mut file = first.block_on(begun).unwrap();
    writer.write_all(b"x").unwrap();
    let mut byte = [0];
    within_the_limit(|| second.block_on(file.read_exact(&mut byte)).unwrap());
    assert_eq!(&byte, b"x");
}

/// The rest of an accepted write once stayed undone when the thread that ran the runtime had left
/// it.
#[test]
fn an_accepted_write_outlives_its_thread() {
    let (pipe, mut reader) = piped_out();
    let running = thread::spawn(move || {
        let runtime = in_use();
        let accepted = runtime.spawn(accept_too_much(pipe));
        runtime.block_on(accepted).unwrap();
        runtime
    });
    let _runtime = running.join().unwrap();
    let mut bytes = Vec::new();
    within_the_limit(|| reader.read_to_end(&mut bytes).unwrap());
    assert_eq!(bytes.len(), 2 * HALF);
}

/// In the first `block_on` of a current-thread runtime the operations of the main future once went
/// to threads of the blocking pool, as if the thread were not the runtime's.
#[test]
fn the_main_future_reads_on_the_ring() {
    let started = Arc::new(AtomicUsize::new(0));
    let threads = started.clone();
    let runtime = Builder::new_current_thread()
        .on_thread_start(move || {
            threads.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    if runtime.handle().driver_info().kind() != DriverKind::Ring {
        // Without a ring the threads are where operations belong.
        return;
    }
    let reading = async {
        let mut pipes = Vec::new();
        for _ in 0..4 {
            let (pipe, writer) = piped_in();
            let mut file = File::from_std(pipe);
            assert!(file.read(&mut [0]).now_or_never().is_none());
            pipes.push((file, writer));
        }
        for (file, writer) in &mut pipes {
            writer.write_all(b"x").unwrap();
            file.read_exact(&mut [0]).await.unwrap();
        }
    };
    within_the_limit(|| runtime.block_on(reading));
    assert_eq!(started.load(Ordering::SeqCst), 0, "threads of the pool");
}

//! The end of a runtime that still has work: what it waits for, and what continues without it.
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

#[path = "support/beside.rs"]
mod beside;
#[path = "support/fs.rs"]
mod support;

use std::io::Read;
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::FutureExt;
use zokio::runtime::{Builder, Handle, Runtime};
use zokio::task::coop::unconstrained;
use zokio::task::{block_in_place, yield_now};

use self::beside::one_of_several;
use self::support::{
    HALF, LONG, accept_too_much, in_use, piped_out, runtime, until, within_the_limit,
};

/// A runtime that has accepted a write which cannot be done, and the end of the pipe to read from.
fn with_a_stuck_write() -> (Runtime, std::io::PipeReader) {
    let runtime = in_use();
    let (pipe, reader) = piped_out();
    runtime
        .block_on(runtime.spawn(accept_too_much(pipe)))
        .unwrap();
    (runtime, reader)
}

/// How many bytes are there to read.
fn readable(pipe: &std::io::PipeReader) -> libc::c_int {
    let mut count = 0;
    // SAFETY: FIONREAD writes one int, to `count`, which lives across the call.
    let result = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    assert_eq!(result, 0);
    count
}

/// It once gave an accepted write a second to end, like a runtime that is dropped.
#[test]
fn shutdown_background_does_not_wait_for_an_accepted_write() {
    let shutdown = || {
        let (runtime, _reader) = with_a_stuck_write();
        let begin = Instant::now();
        runtime.shutdown_background();
        begin.elapsed()
    };
    one_of_several(shutdown, |took| *took < Duration::from_millis(500));
}

/// A write of which the kernel had done a part was once done to its end by the thread that shut
/// the runtime down, which waited in write(2) for a reader that did not come.
#[test]
fn shutdown_background_does_not_write_itself() {
    let (runtime, mut reader) = with_a_stuck_write();
    let full = runtime.block_on(async {
        until(|| readable(&reader) as usize > HALF).await;
        readable(&reader)
    });
    // Room for a part of the write. Whether its completion is taken is up to the runtime.
    reader.read_exact(&mut [0; 8192]).unwrap();
    let begin = Instant::now();
    while readable(&reader) < full {
        assert!(begin.elapsed() < LONG, "the write does not go on");
        thread::yield_now();
    }
    within_the_limit(|| runtime.shutdown_background());
}

/// A runtime that was dropped once cancelled an accepted write whose reader took more than a
/// second, and its bytes were lost.
#[test]
fn an_accepted_write_outlives_its_runtime() {
    let (runtime, mut reader) = with_a_stuck_write();
    let reading = thread::spawn(move || {
        // The reader is slow: that is the case under test.
        thread::sleep(Duration::from_millis(1400));
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    });
    within_the_limit(|| drop(runtime));
    let bytes = within_the_limit(|| reading.join().unwrap());
    assert_eq!(bytes.len(), 2 * HALF);
    assert!(bytes[..HALF].iter().all(|byte| *byte == 1));
    assert!(bytes[HALF..].iter().all(|byte| *byte == 2));
}

/// Where no thread took the core over, as at the end of the runtime, wake-ups once stayed deferred
/// until the task had given its worker back, and `yield_now` did not come back in `block_in_place`.
#[test]
fn block_in_place_works_while_the_runtime_ends() {
    let runtime = runtime(1, None);
    let (started_tx, started) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let (done_tx, done) = mpsc::channel();
    runtime.spawn(async move {
        started_tx.send(()).unwrap();
        wait.recv().unwrap();
        block_in_place(|| Handle::current().block_on(yield_now()));
        done_tx.send(()).unwrap();
    });
    started.recv().unwrap();
    runtime.shutdown_background();
    go.send(()).unwrap();
    done.recv_timeout(LONG).expect("yield_now hangs");
}

/// A worker whose thread blocks in place while the runtime ends has no other thread to go to. The
/// end waited for it, and it for a timer.
#[test]
fn a_worker_that_blocks_in_place_at_the_end_is_told_of_it() {
    for workers in [1, 2] {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        let runtime = builder.build().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let waits = runtime.spawn(async move {
            begun.send(()).unwrap();
            // Until closures are refused.
            let refused = || {
                let closure = zokio::task::spawn_blocking(|| ());
                // Without the budget, of which this one poll may use more than there is.
                let answer = unconstrained(closure).now_or_never();
                answer.is_some_and(|answer| answer.is_err())
            };
            while !refused() {
                thread::yield_now();
            }
            let forever = zokio::time::sleep(Duration::from_secs(1_000_000));
            block_in_place(|| Handle::current().block_on(forever));
        });
        has_begun.recv().unwrap();
        within_the_limit(|| drop(runtime));
        let error = within_the_limit(|| futures::executor::block_on(waits)).unwrap_err();
        assert!(error.is_panic() || error.is_cancelled());
    }
}

//! Operations of `zokio::completion` that are cancelled, limited, dropped, or in flight when their
//! runtime ends: the buffer comes back, or is dropped once.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/fs.rs"]
mod support;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::join_all;
use zokio::completion::fs::{File, OpenOptions};
use zokio::completion::{Canceller, Operation};
use zokio::runtime::{Builder, DriverKind, Runtime};

use self::owned::{Census, ON_A_THREAD, make_cold, pattern, poll_once, random};
use self::support::{Gate, everywhere, mkfifo, runtimes, within_the_limit};

const BLOCK: usize = 4096;

/// A runtime whose threads can be kept from working, and a file that it has opened. None of its
/// threads is left.
fn gated(path: &Path) -> (Runtime, Arc<Gate>, File) {
    static RUNTIMES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("gated {}", RUNTIMES.fetch_add(1, Ordering::Relaxed));
    let mut builder = Builder::new_current_thread();
    let gate = Gate::of(&mut builder);
    let runtime = builder.enable_time().thread_name(&*name).build().unwrap();
    let mut options = OpenOptions::new();
    let file = runtime.block_on(options.read(true).write(true).open(path));
    let is_left = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let mut names = threads
            .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.any(|found| found.trim() == name)
    };
    while is_left() {
        thread::sleep(Duration::from_millis(1));
    }
    (runtime, gate, file.unwrap())
}

fn is_limit(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == ErrorKind::TimedOut && inner.is_some_and(zokio::Error::is_timeout)
}

/// What has not begun is cancelled at its limit, and the buffer is back at once.
#[test]
fn a_limit_ends_what_has_not_begun() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, pattern(ON_A_THREAD)).unwrap();
    let (runtime, gate, file) = gated(&path);
    let census = Census::default();
    let limit = Duration::from_millis(20);
    within_the_limit(|| {
        gate.shut(|| {
            runtime.block_on(async {
                let begin = Instant::now();
                let read = file.read_at(census.buffer(vec![1; ON_A_THREAD]), 0);
                let (count, buffer) = read.timeout(limit).await;
                let error = count.unwrap_err();
                assert!(is_limit(&error), "{error:?}");
                assert_eq!(
                    error.to_string(),
                    "cannot read a file: not done within 20ms"
                );
                assert!(begin.elapsed() >= limit);
                assert!(buffer.bytes.iter().all(|&byte| byte == 1));
                assert_eq!(census.living(), 1);

                let write = file.write_all_at(census.buffer(vec![1; ON_A_THREAD]), 0);
                let (written, _buffer) = write.timeout(limit).await;
                let error = written.unwrap_err();
                assert!(is_limit(&error) && error.to_string().contains("write to a file"));
                let error = file.sync_all().timeout(limit).await.unwrap_err();
                assert!(is_limit(&error));
                let error = file.allocate(0, 5).timeout(limit).await.unwrap_err();
                assert!(is_limit(&error));
            });
        });
    });
    assert_eq!(census.living(), 0);
    assert!(std::fs::read(&path).unwrap() == pattern(ON_A_THREAD));
}

/// A result counts that is there, or that comes in spite of the cancellation, however late.
#[test]
fn what_is_done_counts() {
    everywhere_with_time(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let content = pattern(ON_A_THREAD);
        let mut waited = false;
        for _ in 0..1000 {
            let file = File::create(&path).await?;
            let canceller = Canceller::new();
            let write = file.write_all_at(content.clone(), 0);
            let mut write = pin!(write.with(&canceller).timeout(Duration::from_millis(1)));
            // A thread may be that fast, but not always.
            if poll_once(&mut write).await.is_pending() {
                // It continues whatever this thread does.
                while std::fs::metadata(&path)?.len() == 0 {
                    thread::sleep(Duration::from_millis(2));
                }
                canceller.cancel();
                write.await.0?;
                assert!(std::fs::read(&path)? == content);
                waited = true;
                break;
            }
        }
        assert!(waited, "none of the writes had to wait");
        let file = File::open(&path).await?;
        // Far from its limit.
        let read = file
            .read_at(vec![0; 4], 4)
            .timeout(Duration::from_secs(600));
        let (count, buffer) = read.await;
        assert_eq!((count?, &buffer[..]), (4, &1_u32.to_le_bytes()[..]));
        Ok(())
    });
}

/// An open that may wait without a bound ends at its limit, and what it opens later is closed.
#[test]
fn a_limit_ends_an_open() {
    everywhere_with_time(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("fifo");
        mkfifo(&path);
        let opening = File::open(&path).timeout(Duration::from_millis(10));
        let error = opening.await.unwrap_err();
        assert!(error.is_timeout() && error.is_transient());
        let canceller = Canceller::new();
        let mut opening = File::open(&path).with(&canceller);
        assert!(poll_once(&mut opening).await.is_pending());
        canceller.cancel();
        let error = opening.await.unwrap_err();
        let inner = std::error::Error::source(&error).unwrap();
        let inner: &io::Error = inner.downcast_ref().unwrap();
        assert_eq!(inner.raw_os_error(), Some(libc::ECANCELED));
        let _both = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&path)?;
        support::until(|| support::open_on(&path) == 1).await;
        Ok(())
    });
}

/// [`everywhere`] for runtimes that have timers.
fn everywhere_with_time<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    for driver in [None, Some(DriverKind::Threads)] {
        for workers in [0, 2] {
            let mut builder = match workers {
                0 => Builder::new_current_thread(),
                _ => Builder::new_multi_thread(),
            };
            if let Some(driver) = driver {
                builder.driver(driver);
            }
            let runtime = builder.enable_time().build().unwrap();
            within_the_limit(|| {
                runtime.block_on(test()).unwrap();
                runtime.block_on(runtime.spawn(test())).unwrap().unwrap();
            });
        }
    }
}

/// One call ends all of a group, in whatever state they are, and nothing else.
#[test]
fn a_group_is_cancelled() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let content = pattern(64 * BLOCK);
        std::fs::write(&path, &content)?;
        let file = File::open(&path).await?;
        let (census, canceller) = (Census::default(), Canceller::new());
        make_cold(&path);
        let read = |n: usize| {
            let buffer = census.buffer(vec![0; BLOCK]);
            file.read_at(buffer, (n * BLOCK) as u64)
        };
        let mut begun: Vec<_> = (0..32).map(|n| read(n).with(&canceller)).collect();
        let mut others: Vec<_> = (32..64).map(read).collect();
        let mut results = Vec::new();
        for (n, read) in begun.iter_mut().enumerate().take(16) {
            if let Poll::Ready(result) = poll_once(read).await {
                results.push((n, result));
            }
        }
        let mut done: Vec<usize> = results.iter().map(|(n, _)| *n).collect();
        for (n, read) in others.iter_mut().enumerate() {
            if let Poll::Ready(result) = poll_once(read).await {
                results.push((n + 32, result));
                done.push(n + 32);
            }
        }
        canceller.clone().cancel();
        let mut cancelled = 0;
        for (n, read) in begun.into_iter().enumerate() {
            if done.contains(&n) {
                continue;
            }
            let (count, buffer) = read.await;
            match count {
                Ok(count) if n < 16 => results.push((n, (Ok(count), buffer))),
                Ok(_) => panic!("it began although its group was cancelled"),
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(libc::ECANCELED));
                    cancelled += 1;
                }
            }
        }
        assert!(cancelled >= 16, "{cancelled}");
        for (n, read) in others.into_iter().enumerate() {
            if !done.contains(&(n + 32)) {
                results.push((n + 32, read.await));
            }
        }
        assert!(results.len() >= 32);
        for (n, (count, buffer)) in results.drain(..) {
            assert_eq!(count?, BLOCK);
            assert!(buffer.bytes == content[n * BLOCK..(n + 1) * BLOCK]);
        }
        assert_eq!(census.living(), 0);
        Ok(())
    });
}

/// Cancelling by another thread while operations begin and complete.
#[test]
fn groups_are_cancelled_at_any_time() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(64 * BLOCK);
    std::fs::write(&path, &content).unwrap();
    for runtime in runtimes() {
        let census = Census::default();
        let file = runtime.block_on(File::open(&path)).unwrap();
        let mut state = 7;
        for _ in 0..40 {
            make_cold(&path);
            let canceller = Canceller::new();
            let reads = (0..64).map(|n| {
                let buffer = census.buffer(vec![0; BLOCK]);
                file.read_at(buffer, n * BLOCK as u64).with(&canceller)
            });
            let reads = join_all(reads);
            let (other, after) = (canceller.clone(), random(&mut state, 300));
            let cancelling = thread::spawn(move || {
                thread::sleep(Duration::from_micros(after));
                other.cancel();
            });
            let results = within_the_limit(|| runtime.block_on(reads));
            cancelling.join().unwrap();
            for (n, (count, buffer)) in results.into_iter().enumerate() {
                match count {
                    Ok(count) => {
                        assert_eq!(count, BLOCK);
                        assert!(buffer.bytes == content[n * BLOCK..(n + 1) * BLOCK]);
                    }
                    Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ECANCELED)),
                }
            }
            assert_eq!(census.living(), 0);
        }
    }
}

/// Futures that are dropped at random, before, during and after their operation: every buffer is
/// dropped once, and the file is closed.
#[test]
fn dropped_at_random() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(ON_A_THREAD);
    std::fs::write(&path, &content).unwrap();
    for runtime in runtimes() {
        let census = Census::default();
        let mut state = 42;
        within_the_limit(|| {
            runtime.block_on(async {
                let mut options = OpenOptions::new();
                let file = options.read(true).write(true).open(&path).await.unwrap();
                for round in 0..400 {
                    if round % 20 == 0 {
                        make_cold(&path);
                    }
                    let offset = random(&mut state, 400) * BLOCK as u64;
                    let polls = random(&mut state, 3);
                    let pause = Duration::from_micros(random(&mut state, 200));
                    let bytes = |len| census.buffer(vec![0; len]);
                    match random(&mut state, 4) {
                        0 => linger(file.read_at(bytes(BLOCK), offset), polls, pause).await,
                        1 => linger(file.read_exact_at(bytes(ON_A_THREAD), 0), polls, pause).await,
                        2 => {
                            let buffers = [bytes(BLOCK), bytes(3)];
                            linger(file.readv_at(buffers, offset), polls, pause).await;
                        }
                        _ => {
                            let at = offset as usize;
                            let buffer = census.buffer(content[at..at + 300_000].to_vec());
                            linger(file.write_all_at(buffer, offset), polls, pause).await;
                        }
                    }
                }
                drop(file);
                support::until(|| census.living() == 0).await;
                support::until(|| support::open_on(&path) == 0).await;
            });
        });
        // What was written is what was there.
        assert!(std::fs::read(&path).unwrap() == content);
    }
}

/// Buffers that panic when they are dropped, on whatever thread that is: the ring and the threads
/// continue, and every buffer is dropped once.
#[test]
fn a_buffer_panics_when_it_is_dropped() {
    fn drop_here<T>(value: T) {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
    }
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(ON_A_THREAD);
    std::fs::write(&path, &content).unwrap();
    for runtime in runtimes() {
        let census = Census::default();
        within_the_limit(|| {
            runtime.block_on(async {
                let file = File::open(&path).await.unwrap();
                for round in 0..100 {
                    if round % 5 == 0 {
                        make_cold(&path);
                    }
                    let len = [BLOCK, ON_A_THREAD][round % 2];
                    let offset = (round % 7 * BLOCK) as u64;
                    let mut read = file.read_at(census.panicking_buffer(vec![0; len]), offset);
                    drop_here(poll_once(&mut read).await);
                    drop_here(read);
                }
                support::until(|| census.living() == 0).await;
                make_cold(&path);
                for len in [BLOCK, ON_A_THREAD] {
                    let (read, buffer) = file.read_exact_at(vec![0; len], 0).await;
                    read.unwrap();
                    assert!(buffer == content[..len]);
                }
            });
        });
    }
}

/// Polls so many times, waits, and drops.
async fn linger<F: Future + Unpin>(mut future: F, polls: u64, pause: Duration) {
    for _ in 0..polls {
        if poll_once(&mut future).await.is_ready() {
            return;
        }
    }
    thread::sleep(pause);
    drop(future);
}

/// The end of a runtime ends its operations with an error, and the buffers come back to futures that
/// are polled later, wherever.
#[test]
fn a_runtime_ends_while_operations_are_in_flight() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, pattern(ON_A_THREAD)).unwrap();
    let census = Census::default();
    let (runtime, gate, file) = gated(&path);
    let begin = |runtime: &Runtime, mut count: usize| {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        while count > 0 {
            let buffer = || census.buffer(vec![0; ON_A_THREAD]);
            let (mut read, mut write) = (
                file.read_at(buffer(), 0),
                file.write_at(buffer(), ON_A_THREAD as u64),
            );
            runtime.block_on(async {
                assert!(poll_once(&mut read).await.is_pending());
                assert!(poll_once(&mut write).await.is_pending());
            });
            reads.push(read);
            writes.push(write);
            count -= 1;
        }
        (reads, writes)
    };
    within_the_limit(|| {
        let ((reads, writes), late) = gate.shut(|| {
            let begun = begin(&runtime, 4);
            let handle = runtime.handle().clone();
            runtime.shutdown_background();
            (begun, handle)
        });
        let operations = reads.into_iter().map(block_on);
        let operations = operations.chain(writes.into_iter().map(block_on));
        for (result, buffer) in operations {
            // A write whose thread was starting counts as begun.
            match result {
                Ok(count) => assert_eq!(count, ON_A_THREAD),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Other),
            }
            assert_eq!(buffer.bytes.len(), ON_A_THREAD);
        }
        let _entered = late.enter();
        let (result, buffer) = block_on(file.read_at(census.buffer(vec![0; 4]), 0));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Other);
        assert_eq!(buffer.bytes.len(), 4);
    });
    assert_eq!(census.living(), 0);
}

/// The same by dropping a runtime at a random time, with reads on the ring and on threads.
#[test]
fn runtimes_end_at_any_time() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let content = pattern(64 * BLOCK);
    std::fs::write(&path, &content).unwrap();
    let census = Census::default();
    let mut state = 3;
    for _ in 0..5 {
        for runtime in runtimes() {
            let file = runtime.block_on(File::open(&path)).unwrap();
            make_cold(&path);
            let mut begun = Vec::new();
            runtime.block_on(async {
                for n in 0..64 {
                    let buffer = census.buffer(vec![0; BLOCK]);
                    let mut read = file.read_at(buffer, n * BLOCK as u64);
                    if poll_once(&mut read).await.is_pending() {
                        begun.push((n as usize, read));
                    }
                }
            });
            let handle = runtime.handle().clone();
            thread::sleep(Duration::from_micros(random(&mut state, 500)));
            within_the_limit(|| drop(runtime));
            let _entered = handle.enter();
            for (n, read) in begun {
                let (count, buffer) = within_the_limit(|| block_on(read));
                match count {
                    Ok(BLOCK) => {
                        assert!(buffer.bytes == content[n * BLOCK..(n + 1) * BLOCK]);
                    }
                    Ok(count) => panic!("{count} bytes"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Other, "{error:?}"),
                }
            }
            assert_eq!(census.living(), 0);
        }
    }
}

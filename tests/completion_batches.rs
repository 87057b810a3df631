//! `zokio::completion::submit_all`: many operations that begin at once.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/fs.rs"]
mod support;

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use zokio::completion::fs::File;
use zokio::completion::{BufferPool, Canceller, Operation, submit_all};
use zokio::task::unconstrained;

use self::apart::on_each_scheduler;
use self::owned::{ON_A_THREAD, make_cold, pattern, poll_once, random};
use self::support::{everywhere, on_every_runtime, runtimes, until};

/// A file of `blocks` blocks, each of which is filled with its number.
fn numbered(path: &Path, blocks: u8) {
    let content: Vec<u8> = (0..blocks).flat_map(|number| [number; 4096]).collect();
    std::fs::write(path, content).unwrap();
}

/// Opens a file past the page cache, or through it where there is no other way.
async fn direct(path: &Path) -> File {
    let mut options = File::options();
    options.read(true).write(true);
    match options.custom_flags(libc::O_DIRECT).open(path).await {
        Ok(file) => file,
        Err(_) => options.custom_flags(0).open(path).await.unwrap(),
    }
}

/// More reads than a submission queue has room for, that wait and that do not.
#[test]
fn results_come_in_order() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 200);
    everywhere(|| {
        let path = path.clone();
        async move {
            for file in [direct(&path).await, File::open(&path).await?] {
                let pool = BufferPool::new(200, 4096)?;
                let mut reads = Vec::new();
                for number in 0..200 {
                    reads.push(file.read_exact_at(pool.get().await, number * 4096));
                }
                let results = submit_all(reads).await;
                assert_eq!(results.len(), 200);
                for (number, (read, buffer)) in (0..).zip(results) {
                    read?;
                    assert_eq!(*buffer, [number; 4096]);
                }
            }
            Ok(())
        }
    });
}

#[test]
fn results_as_they_come() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 40);
    on_every_runtime(|| async {
        let file = direct(&path).await;
        let pool = BufferPool::new(40, 4096)?;
        let read = |number: u64| file.read_exact_at(pool.try_get().unwrap(), number * 4096);
        let mut reads = submit_all((0..40).map(read));
        let mut seen = [false; 40];
        for left in (30..40).rev() {
            let (place, (read, buffer)) = reads.next().await.unwrap();
            read?;
            assert_eq!(*buffer, [place as u8; 4096]);
            assert!(!std::mem::replace(&mut seen[place], true));
            assert_eq!(reads.remaining(), left);
        }
        // A wait that is given up loses nothing.
        drop(Box::pin(reads.next()));
        let mut next = Box::pin(reads.next());
        if let std::task::Poll::Ready(Some((place, _))) = poll_once(&mut next).await {
            seen[place] = true;
        }
        drop(next);
        // The others, in their order.
        let rest: Vec<u8> = reads
            .await
            .into_iter()
            .map(|(_, buffer)| buffer[0])
            .collect();
        let unseen = (0..40).filter(|place| !seen[usize::from(*place)]);
        assert_eq!(rest, unseen.collect::<Vec<u8>>());
        assert_eq!(pool.available(), 40);
        Ok(())
    });
}

#[test]
fn a_batch_of_nothing() {
    on_every_runtime(|| async {
        let file = File::open("/proc/version").await?;
        let mut none = submit_all((0..0).map(|offset| file.read_at(vec![0; 1], offset)));
        assert!(none.next().await.is_none());
        assert!(none.await.is_empty());
        Ok(())
    });
}

/// What is written by one batch is read by the next, in parts, of which some wait for a thread.
#[test]
fn writes_and_operations_of_many_steps() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    on_every_runtime(|| async {
        let content = pattern(2 * ON_A_THREAD);
        let file = File::create(&path).await?;
        let halves = content.chunks(ON_A_THREAD).map(<[u8]>::to_vec);
        let writes = (0..)
            .zip(halves)
            .map(|(n, half)| file.write_all_at(half, n * ON_A_THREAD as u64));
        for (written, _) in submit_all(writes).await {
            written?;
        }
        let syncs = [file.sync_all(), file.sync_data()];
        for synced in submit_all(syncs).await {
            synced?;
        }
        make_cold(&path);
        let file = File::open(&path).await?;
        let reads = (0..4_u64).map(|n| {
            let len = ON_A_THREAD / 2;
            file.read_exact_at(Vec::with_capacity(len), n * len as u64)
        });
        let mut found = Vec::new();
        for (read, part) in submit_all(reads).await {
            read?;
            found.extend_from_slice(&part[..ON_A_THREAD / 2]);
        }
        assert!(found == content[..found.len()]);
        Ok(())
    });
}

/// An operation that fails affects no other.
#[test]
fn each_has_its_own_error() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 3);
    on_every_runtime(|| async {
        let file = direct(&path).await;
        let pool = BufferPool::new(4, 4096)?;
        let read = |block: u64| file.read_exact_at(pool.try_get().unwrap(), block * 4096);
        let results = submit_all([0, 5, 2, u64::MAX / 4096].map(read)).await;
        let kinds: Vec<_> = results
            .iter()
            .map(|(result, _)| result.as_ref().map_err(|error| error.kind()))
            .collect();
        assert_eq!(
            kinds[..3],
            [Ok(&()), Err(ErrorKind::UnexpectedEof), Ok(&())]
        );
        assert!(kinds[3].is_err());
        assert_eq!(*results[2].1, [2; 4096]);
        Ok(())
    });
}

/// A batch is cancelled or limited as a whole, before it begins or while it is in flight.
#[test]
fn a_batch_is_an_operation() {
    on_each_scheduler("a_batch_is_an_operation", |workers| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().join("file");
        numbered(&path, 16);
        let runtime = apart::runtime(workers);
        runtime.block_on(async {
            let file = direct(&path).await;
            let pool = BufferPool::new(16, 4096).unwrap();
            let reads = || {
                let read = |number: u64| file.read_exact_at(pool.try_get().unwrap(), number * 4096);
                submit_all((0..16).map(read))
            };
            let group = Canceller::new();
            let batch = reads().with(&group);
            group.cancel();
            for (read, _) in batch.await {
                assert_eq!(read.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
            }
            assert_eq!(pool.available(), 16);

            for _ in 0..20 {
                let group = Canceller::new();
                let mut batch = reads().with(&group);
                let polled = poll_once(&mut batch).await;
                group.cancel();
                let results = match polled {
                    std::task::Poll::Ready(results) => results,
                    std::task::Poll::Pending => batch.await,
                };
                for (number, (read, buffer)) in (0..).zip(results) {
                    match read {
                        Ok(()) => assert_eq!(*buffer, [number; 4096]),
                        Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ECANCELED)),
                    }
                }
                assert_eq!(pool.available(), 16);
            }

            for (read, _) in reads().timeout(Duration::from_secs(60)).await {
                read.unwrap();
            }
            for (read, _) in reads().timeout(Duration::ZERO).await {
                if let Err(error) = read {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                }
            }
            assert_eq!(pool.available(), 16);
        });
    });
}

/// Batches that are dropped at any time return all buffers, and so do those of a runtime that ends.
#[test]
fn dropped_at_random() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 32);
    let mut seed = 11;
    for runtime in runtimes() {
        let pool = BufferPool::new(32, 4096).unwrap();
        let last = runtime.block_on(async {
            let file = direct(&path).await;
            let reads = || {
                let read = |number: u64| file.read_exact_at(pool.try_get().unwrap(), number * 4096);
                submit_all((0..32).map(read))
            };
            for _ in 0..50 {
                let mut batch = reads();
                for _ in 0..random(&mut seed, 32) {
                    let (place, (read, buffer)) = batch.next().await.unwrap();
                    read.unwrap();
                    assert_eq!(*buffer, [place as u8; 4096]);
                }
                drop(batch);
                until(|| pool.available() == 32).await;
            }
            let mut last = reads();
            // All of them begin, however much of the budget is used up.
            let _ = unconstrained(poll_once(&mut Box::pin(last.next()))).await;
            Some(last)
        });
        let last = last.expect("it was returned");
        drop(runtime);
        for (number, (read, buffer)) in (0..).zip(futures::executor::block_on(last)) {
            match read {
                Ok(()) => assert_eq!(buffer[0], buffer[4095]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Other, "{number}"),
            }
        }
        assert_eq!(pool.available(), 32);
    }
}

//! `zokio::completion::BufferPool`: buffers that come back, and memory that a ring has registered.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/owned.rs"]
mod owned;
#[path = "support/fs.rs"]
mod support;

use std::future::Future;
use std::io::{self, ErrorKind};
use std::panic::catch_unwind;
use std::path::Path;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::join_all;
use zokio::completion::fs::File;
use zokio::completion::net::UnixStream;
use zokio::completion::{BufferPool, Canceller, IoBuf, Operation, PooledBuf};
use zokio::runtime::{DriverKind, Handle, Runtime};

use self::apart::on_each_scheduler;
use self::limits::{limit_locked_memory, page_size};
use self::owned::{pattern, poll_once, random};
use self::support::{LONG, everywhere, on_every_runtime, runtime, runtimes, until};

/// Every direct transfer here is of one block.
const BLOCK: usize = 4096;

/// Opens a file past the page cache, for reading and writing; `None` where there is no such file.
async fn direct(path: &Path) -> Option<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true);
    match options.custom_flags(libc::O_DIRECT).open(path).await {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            eprintln!("skipped: no direct I/O here");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn has_ring() -> bool {
    Handle::current().driver_info().kind() == DriverKind::Ring
}

fn registered_transfers() -> u64 {
    Handle::current().driver_info().registered_transfers()
}

/// A file of `blocks` blocks, each of which is filled with its number.
fn numbered(path: &Path, blocks: u8) {
    let content: Vec<u8> = (0..blocks).flat_map(|number| [number; BLOCK]).collect();
    std::fs::write(path, content).unwrap();
}

async fn read_block(file: &File, pool: &BufferPool, number: u8) -> PooledBuf {
    let offset = u64::from(number) * BLOCK as u64;
    let (read, buffer) = file.read_exact_at(pool.get().await, offset).await;
    read.unwrap();
    assert_eq!(*buffer, [number; BLOCK]);
    buffer
}

/// Reads a block until a read has gone to the ring, where there is one. A mount that was slow is left
/// to threads for a while.
async fn read_on_ring(file: &File, pool: &BufferPool, number: u8) -> PooledBuf {
    let begin = Instant::now();
    loop {
        let former = registered_transfers();
        let buffer = read_block(file, pool, number).await;
        let tried = registered_transfers() > former || pool.registration_error().is_some();
        if tried || !has_ring() {
            return buffer;
        }
        assert!(begin.elapsed() < LONG, "no read goes to the ring");
    }
}

/// Reads 32 blocks at once, as far as there are buffers.
async fn read_blocks(file: &File, pool: &BufferPool) {
    let reads = (0..32).map(async |number| drop(read_block(file, pool, number).await));
    join_all(reads).await;
}

#[test]
fn a_buffer_is_like_a_vector() {
    let pool = BufferPool::new(1, 100).unwrap();
    let mut buffer = pool.try_get().unwrap();
    assert!(buffer.as_ptr().is_aligned_to_page());
    assert_eq!((buffer.len(), buffer.capacity()), (0, 100));
    buffer.extend_from_slice(b"0123");
    buffer.resize(6, b'x');
    buffer[5] = b'y';
    assert_eq!(*buffer, *b"0123xy");
    buffer.truncate(200);
    buffer.truncate(2);
    assert_eq!(buffer.as_ref(), b"01");
    buffer.resize(1, b'z');
    assert_eq!(buffer.as_mut(), b"0");
    let slice = buffer.slice(1..3);
    assert_eq!((slice.len(), slice.bytes_total()), (0, 2));
    let mut buffer = slice.into_inner();
    buffer.extend_from_slice(&[7; 99]);
    let more = std::panic::AssertUnwindSafe(|| buffer.extend_from_slice(b"1"));
    let panic = catch_unwind(more).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert_eq!(said, "a buffer of 100 bytes has no room for 101");
    // The next one sees nothing of it.
    drop(buffer);
    assert_eq!(pool.try_get().unwrap().len(), 0);
}

trait Aligned {
    fn is_aligned_to_page(&self) -> bool;
}

impl Aligned for *const u8 {
    fn is_aligned_to_page(&self) -> bool {
        self.addr() % page_size() == 0
    }
}

#[test]
fn buffers_are_apart_and_each_exists_once() {
    for size in [1, 4095, 4096, 4097, 100_000] {
        let pool = BufferPool::new(5, size).unwrap();
        for round in 0..3_u8 {
            let mut buffers: Vec<PooledBuf> = (0..5).filter_map(|_| pool.try_get()).collect();
            assert_eq!((buffers.len(), pool.available()), (5, 0));
            assert!(pool.try_get().is_none());
            for (number, buffer) in (0..).zip(&mut buffers) {
                assert!(buffer.as_ptr().is_aligned_to_page());
                buffer.resize(size, round * 5 + number);
            }
            for (number, buffer) in (0..).zip(&buffers) {
                assert!(buffer.iter().all(|&byte| byte == round * 5 + number));
            }
        }
        assert_eq!(pool.available(), 5);
    }
}

#[test]
fn no_pool_without_buffers_or_memory() {
    assert!(catch_unwind(|| BufferPool::new(0, 1)).is_err());
    assert!(catch_unwind(|| BufferPool::new(1, 0)).is_err());
    for (count, size) in [(usize::MAX, 1), (1, usize::MAX), (1 << 40, 1 << 20)] {
        let error = BufferPool::new(count, size).unwrap_err();
        assert!(error.is_resource(), "{error}");
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    }
}

/// Those who wait are served in their order, one that no longer waits is left out, and none that
/// comes later gets ahead of them.
#[test]
fn who_waits_is_served_in_order() {
    on_every_runtime(|| async {
        let pool = BufferPool::new(2, 16).unwrap();
        let held = [pool.get().await, pool.get().await];
        let mut waits: Vec<_> = (0..4).map(|_| Box::pin(pool.get())).collect();
        for wait in &mut waits {
            assert!(poll_once(wait).await.is_pending());
        }
        drop(waits.remove(1));
        drop(held);
        assert!(pool.try_get().is_none());
        let Poll::Ready(first) = poll_once(&mut waits[0]).await else {
            panic!("the first is not served");
        };
        assert!(poll_once(&mut waits[2]).await.is_pending());
        let Poll::Ready(second) = poll_once(&mut waits[1]).await else {
            panic!("the second is not served");
        };
        drop(first);
        assert!(poll_once(&mut waits[2]).await.is_ready());
        drop((second, waits));
        assert_eq!(pool.available(), 2);
        Ok(())
    });
}

#[test]
fn every_operation_takes_them() {
    everywhere(|| async {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = dir.path().join("file");
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .open(&path)
            .await?;
        let pool = BufferPool::new(3, 8192)?;
        let mut buffer = pool.get().await;
        buffer.extend_from_slice(&pattern(8000));
        let (count, buffer) = file.write_at(buffer, 0).await;
        assert_eq!(count?, 8000);
        let (written, part) = file.write_all_at(buffer.slice(100..200), 8000).await;
        written?;
        let mut other = pool.get().await;
        other.extend_from_slice(b"tail");
        let (count, buffers) = file.writev_at([part.into_inner(), other], 8100).await;
        assert_eq!(count?, 8004);
        drop(buffers);
        let expected = [
            &pattern(8000)[..],
            &pattern(8000)[100..200],
            &pattern(8000),
            b"tail",
        ];
        let expected = expected.concat();
        assert!(std::fs::read(&path)? == expected);

        let (count, head) = file.read_at(pool.get().await.slice(..10), 8095).await;
        assert_eq!((count?, &head[..]), (10, &expected[8095..8105]));
        let buffers = vec![pool.get().await, pool.get().await];
        let (count, buffers) = file.readv_at(buffers, 1).await;
        assert_eq!(count?, expected.len() - 1);
        assert!([&buffers[0][..], &buffers[1]].concat() == expected[1..]);
        drop(buffers);

        drop(head);
        assert_eq!(pool.available(), 3);
        Ok(())
    });
}

#[test]
fn sockets_take_them() {
    on_each_scheduler("sockets_take_them", |workers| {
        let runtime = apart::runtime(workers);
        runtime.block_on(async {
            let pool = BufferPool::new(2, 100).unwrap();
            let (here, there) = UnixStream::pair().unwrap();
            let mut text = pool.get().await;
            text.extend_from_slice(b"hello");
            let (sent, text) = here.write_all(text).await;
            sent.unwrap();
            let (count, received) = there.read(pool.get().await.slice(..4)).await;
            assert_eq!((count.unwrap(), &received[..]), (4, &text[..4]));
            drop((text, received));
            assert_eq!(pool.available(), 2);
        });
    });
}

#[test]
fn transfers_use_what_is_registered() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    on_every_runtime(|| async {
        numbered(&path, 32);
        let Some(file) = direct(&path).await else {
            return Ok(());
        };
        let pool = BufferPool::new(8, BLOCK)?;
        assert!(!pool.registered() && pool.registration_error().is_none());
        read_on_ring(&file, &pool, 3).await;
        let former = registered_transfers();
        read_blocks(&file, &pool).await;
        // The rest of a block, where it is in the middle of the memory.
        let mut buffer = pool.get().await;
        buffer.resize(BLOCK, 99);
        let (written, buffer) = file.write_all_at(buffer, 5 * BLOCK as u64).await;
        written?;
        // Unregistered ones go along.
        let (count, buffers) = file
            .readv_at([buffer, pool.get().await], 4 * BLOCK as u64)
            .await;
        assert_eq!(count?, 2 * BLOCK);
        assert_eq!(
            (&*buffers[0], &*buffers[1]),
            (&[4; BLOCK][..], &[99; BLOCK][..])
        );
        if has_ring() {
            assert!(pool.registered(), "{:?}", pool.registration_error());
            // The vectored one makes no use of it.
            assert!(registered_transfers() <= former + 33);
        } else {
            assert!(!pool.registered());
            assert_eq!(registered_transfers(), 0);
        }
        assert!(pool.registration_error().is_none());
        Ok(())
    });
}

/// A pool goes from one runtime to another, and from a ring's thread that has ended to the next one.
#[test]
fn a_pool_outlives_runtimes() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 2);
    let pool = BufferPool::new(2, BLOCK).unwrap();
    for runtime in runtimes() {
        let check = async {
            let file = direct(&path).await?;
            read_on_ring(&file, &pool, 0).await;
            assert_eq!(pool.registered(), has_ring());
            let handle = Handle::current();
            handle
                .spawn({
                    let pool = pool.clone();
                    async move { read_block(&file, &pool, 1).await }
                })
                .await
                .unwrap();
            Some(())
        };
        if runtime.block_on(check).is_none() {
            return;
        }
        drop(runtime);
        assert!(!pool.registered());
        assert_eq!(pool.available(), 2);
    }
    // Two at a time: what one lets go of, the other keeps.
    let [first, second] = [runtime(0, None), runtime(2, None)];
    for runtime in [&first, &second] {
        runtime.block_on(async {
            let file = direct(&path).await.unwrap();
            read_on_ring(&file, &pool, 1).await;
            assert_eq!(pool.registered(), has_ring());
        });
    }
    let rings = first.block_on(async { has_ring() });
    drop(first);
    assert_eq!(pool.registered(), rings);
    drop(second);
    assert!(!pool.registered());
}

#[test]
fn a_ring_that_ends_and_begins_again() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 2);
    let runtime = runtime(1, None);
    runtime.block_on(async {
        let Some(file) = direct(&path).await else {
            return;
        };
        let pool = BufferPool::new(1, BLOCK).unwrap();
        for round in 1..3 {
            read_on_ring(&file, &pool, 1).await;
            assert_eq!(pool.registered(), has_ring());
            // The thread ends when it has had nothing to do for ten seconds.
            if round == 1 {
                until(|| !pool.registered()).await;
            }
        }
    });
}

/// How many KiB of this process the kernel has pinned.
fn pinned_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPin:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// What a pool had registered is let go of when its last buffer is gone, and not before.
#[test]
fn a_pool_that_is_gone_is_not_registered() {
    on_each_scheduler("a_pool_that_is_gone_is_not_registered", |workers| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().join("file");
        numbered(&path, 2);
        let runtime = apart::runtime(workers);
        runtime.block_on(async {
            let Some(file) = direct(&path).await else {
                return;
            };
            let base = pinned_kib();
            for _ in 0..3 {
                let pool = BufferPool::new(64, BLOCK).unwrap();
                let kept = read_on_ring(&file, &pool, 1).await;
                let pinned = if has_ring() {
                    64 * BLOCK as u64 / 1024
                } else {
                    0
                };
                assert_eq!(pinned_kib(), base + pinned);
                drop(pool);
                let other = BufferPool::new(1, BLOCK).unwrap();
                read_on_ring(&file, &other, 0).await;
                drop(other);
                until(|| pinned_kib() == base + pinned).await;
                assert_eq!(*kept, [1; BLOCK]);
                drop(kept);
                until(|| pinned_kib() == base).await;
            }
        });
        drop(runtime);
    });
}

/// More pools than the table has slots: the last ones work unregistered, and are registered once
/// there is room.
#[test]
fn more_pools_than_a_ring_registers() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 2);
    on_every_runtime(|| async {
        let Some(file) = direct(&path).await else {
            return Ok(());
        };
        let mut pools = Vec::new();
        for _ in 0..258 {
            let pool = BufferPool::new(1, BLOCK)?;
            read_on_ring(&file, &pool, 1).await;
            pools.push(pool);
        }
        let count = pools.iter().filter(|pool| pool.registered()).count();
        if !has_ring() {
            assert_eq!(count, 0);
            return Ok(());
        }
        assert_eq!(count, 256);
        let last = pools.pop().unwrap();
        let error = last.registration_error().unwrap();
        assert!(error.is_resource());
        let said = error.to_string();
        assert_eq!(
            said,
            "cannot register a buffer pool: 256 pools are registered already"
        );
        drop(pools);
        // The ring's thread is asked before it is given the read.
        read_on_ring(&file, &last, 1).await;
        assert!(last.registered() && last.registration_error().is_none());
        Ok(())
    });
}

/// A pool that is larger than what the kernel registers in one piece works unregistered.
#[test]
fn a_pool_that_is_too_large_to_be_registered() {
    const LARGEST: usize = 1 << 30;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 2);
    on_every_runtime(|| async {
        let Some(file) = direct(&path).await else {
            return Ok(());
        };
        // Memory that is not touched takes none.
        let pool = BufferPool::new(LARGEST / BLOCK + 1, BLOCK)?;
        read_on_ring(&file, &pool, 1).await;
        assert!(!pool.registered());
        let error = pool.registration_error();
        assert_eq!(error.is_some(), has_ring());
        if let Some(error) = error {
            assert!(error.is_resource() && !error.is_transient(), "{error:?}");
        }
        Ok(())
    });
}

/// A pool that the limit on locked memory refuses works all the same, and is registered when others
/// have made room.
#[test]
fn a_pool_beyond_the_limit_on_locked_memory() {
    on_each_scheduler("a_pool_beyond_the_limit_on_locked_memory", |workers| {
        // The ring itself takes some.
        limit_locked_memory(256);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().join("file");
        numbered(&path, 32);
        let runtime = apart::runtime(workers);
        runtime.block_on(async {
            let Some(file) = direct(&path).await else {
                return;
            };
            let large = BufferPool::new(257, BLOCK).unwrap();
            let [first, second] = [(); 2].map(|()| BufferPool::new(160, BLOCK).unwrap());
            for pool in [&large, &first, &second, &large] {
                read_blocks(&file, pool).await;
                read_on_ring(&file, pool, 3).await;
            }
            assert_eq!(first.registered(), has_ring());
            for refused in [&large, &second] {
                assert!(!refused.registered());
                let error = refused.registration_error();
                assert_eq!(error.is_some(), has_ring());
                if let Some(error) = error {
                    assert!(error.is_resource() && error.is_transient(), "{error:?}");
                    assert!(
                        error.to_string().ends_with("limit on locked memory"),
                        "{error}"
                    );
                }
            }
            drop(first);
            read_on_ring(&file, &second, 7).await;
            assert_eq!(second.registered(), has_ring());
            assert!(!large.registered());
        });
    });
}

/// Operations on one pool that are dropped, cancelled and awaited at random: every buffer comes back
/// when nothing touches it any more, so that no read finds bytes of another.
#[test]
fn dropped_and_cancelled_at_random() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 64);
    for runtime in runtimes() {
        let pool = BufferPool::new(16, BLOCK).unwrap();
        let task = |seed: u64| {
            let (pool, path) = (pool.clone(), path.clone());
            async move {
                let Some(file) = direct(&path).await else {
                    return;
                };
                let mut seed = seed + 1;
                for _ in 0..200 {
                    let number = random(&mut seed, 64) as u8;
                    let mut buffer = pool.get().await;
                    buffer.resize(BLOCK, 0xee);
                    let group = Canceller::new();
                    let offset = u64::from(number) * BLOCK as u64;
                    let mut read = file.read_exact_at(buffer, offset).with(&group);
                    let polled = poll_once(&mut read).await;
                    let (read, buffer) = match (random(&mut seed, 3), polled) {
                        (_, Poll::Ready(done)) => done,
                        (0, Poll::Pending) => continue,
                        (1, Poll::Pending) => {
                            group.cancel();
                            read.await
                        }
                        (_, Poll::Pending) => read.await,
                    };
                    match read {
                        Ok(()) => assert_eq!(*buffer, [number; BLOCK]),
                        Err(error) => assert_eq!(error.raw_os_error(), Some(libc::ECANCELED)),
                    }
                }
            }
        };
        runtime.block_on(async {
            let tasks: Vec<_> = (0..8).map(|seed| zokio::spawn(task(seed))).collect();
            for task in tasks {
                task.await.unwrap();
            }
            until(|| pool.available() == 16).await;
        });
    }
}

/// A runtime ends at any time, with operations on a pool in flight, whose buffers come back.
#[test]
fn runtimes_end_at_any_time() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    numbered(&path, 8);
    let mut seed = 5;
    for _ in 0..30 {
        let pool = BufferPool::new(8, BLOCK).unwrap();
        for runtime in runtimes() {
            let pause = Duration::from_micros(random(&mut seed, 300));
            end_after(runtime, pause, &path, &pool);
            assert_eq!(pool.available(), 8);
            assert!(!pool.registered());
        }
    }
}

fn end_after(runtime: Runtime, pause: Duration, path: &Path, pool: &BufferPool) {
    let reads = runtime.block_on(async {
        let file = direct(path).await?;
        let mut reads = Vec::new();
        for number in 0..8 {
            let mut read = file.read_exact_at(pool.get().await, number * BLOCK as u64);
            if poll_once(&mut read).await.is_pending() {
                reads.push((number as u8, read));
            }
        }
        Some(reads)
    });
    std::thread::sleep(pause);
    drop(runtime);
    for (number, read) in reads.into_iter().flatten() {
        let (read, buffer) = outcome(read);
        match read {
            Ok(()) => assert_eq!(*buffer, [number; BLOCK]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Other),
        }
    }
}

/// Awaits outside of every runtime.
fn outcome<F: Future<Output = (io::Result<()>, PooledBuf)>>(read: F) -> F::Output {
    futures::executor::block_on(read)
}

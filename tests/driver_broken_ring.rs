//! A ring that the kernel ceases to serve while operations are with it, because a filter of system
//! calls is installed for the whole process: threads take over, every buffer comes back, and an
//! operation that was with the kernel succeeds or returns the error of the ring.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/owned.rs"]
mod owned;

use std::io::Write;

use futures::future::join_all;
use zokio::completion::fs::File;
use zokio::completion::{BufferPool, PooledBuf};
use zokio::runtime::{DriverKind, Handle};

use self::apart::{on_each_scheduler, runtime};
use self::owned::pattern;

const BLOCK: usize = 4096;
const BLOCKS: usize = 64;

/// Reads every block at once; returns whether all reads succeeded. Each returns its buffer.
async fn read_blocks(file: &File, pool: &BufferPool, errno: i32) -> bool {
    let content = pattern(BLOCKS * BLOCK);
    let reads = content.chunks(BLOCK).enumerate().map(|(number, block)| {
        let read = read_block(file, pool, number);
        async move {
            let (read, buffer) = read.await;
            match read {
                Ok(()) => assert!(*buffer == *block, "block {number}"),
                Err(ref error) => assert_eq!(error.raw_os_error(), Some(errno), "{error}"),
            }
            read.is_ok()
        }
    });
    let all = join_all(reads).await.into_iter().all(|read| read);
    assert_eq!(pool.available(), pool.count());
    all
}

async fn read_block(
    file: &File,
    pool: &BufferPool,
    number: usize,
) -> (std::io::Result<()>, PooledBuf) {
    let mut buffer = pool.get().await;
    buffer.resize(BLOCK, 0);
    file.read_exact_at(buffer, (number * BLOCK) as u64).await
}

#[test]
fn threads_take_over_from_a_ring_that_breaks() {
    on_each_scheduler("threads_take_over_from_a_ring_that_breaks", |workers| {
        let mut made = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        made.write_all(&pattern(BLOCKS * BLOCK)).unwrap();
        made.as_file().sync_all().unwrap();
        runtime(workers).block_on(async {
            // Reads of such a file go to the ring, where there is one.
            let mut options = File::options();
            options.read(true).custom_flags(libc::O_DIRECT);
            let file = options.open(made.path()).await.unwrap();
            let pool = BufferPool::new(16, BLOCK).unwrap();
            let info = || Handle::current().driver_info();
            let has_ring = info().kind() == DriverKind::Ring;
            assert!(read_blocks(&file, &pool, 0).await);
            assert_eq!(info().registered_transfers() > 0, has_ring);

            let errno = libc::EPERM;
            let install = zokio::task::spawn_blocking(move || {
                filter::refuse_everywhere(&[libc::SYS_io_uring_enter], errno);
            });
            while !install.is_finished() {
                read_blocks(&file, &pool, errno).await;
            }
            install.await.unwrap();
            // The last that the kernel has finds out.
            while !read_blocks(&file, &pool, errno).await {}

            assert_eq!(info().kind(), DriverKind::Threads);
            assert_eq!(info().reason().contains("no longer"), has_ring);
            let before = info().registered_transfers();
            for _ in 0..10 {
                assert!(read_blocks(&file, &pool, 0).await);
            }
            assert_eq!(info().registered_transfers(), before);
            file.close().await.unwrap();
        });
    });
}

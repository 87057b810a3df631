//! Copies a file, with 32 chunks in flight at a time, through buffers that are registered with io_uring.
//!
//! Run it with `cargo run --release --example copier FROM TO`. Each chunk has a buffer that goes from
//! the read to the write and on to the next chunk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

use futures::stream::{FuturesUnordered, StreamExt};
use zokio::completion::fs::File;
use zokio::completion::{BufferPool, IoBuf, PooledBuf};

const IN_FLIGHT: usize = 32;
const CHUNK: usize = 128 * 1024;

/// Copies `len` bytes at `offset`, and returns the buffer.
async fn copy_chunk(
    from: &File,
    to: &File,
    offset: u64,
    len: usize,
    buffer: PooledBuf,
) -> io::Result<PooledBuf> {
    let (read, chunk) = from.read_exact_at(buffer.slice(..len), offset).await;
    read?;
    let (written, chunk) = to.write_all_at(chunk, offset).await;
    written?;
    let mut buffer = chunk.into_inner();
    buffer.clear();
    Ok(buffer)
}

/// Returns the number of bytes.
async fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let from = File::open(from).await?;
    let to = File::create(to).await?;
    let size = from.metadata().await?.len();
    let pool = BufferPool::new(IN_FLIGHT, CHUNK)?;

    let mut offsets = (0..size).step_by(CHUNK);
    let mut next = |buffer| {
        let offset = offsets.next()?;
        let len = (size - offset).min(CHUNK as u64) as usize;
        Some(copy_chunk(&from, &to, offset, len, buffer))
    };
    let mut copying = FuturesUnordered::new();
    for _ in 0..IN_FLIGHT {
        copying.extend(pool.try_get().and_then(&mut next));
    }
    while let Some(copied) = copying.next().await {
        copying.extend(next(copied?));
    }
    drop(copying);
    to.close().await?;
    Ok(size)
}

#[zokio::main]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: copier FROM TO");
        return ExitCode::FAILURE;
    };
    match copy(&from, &to).await {
        Ok(size) => println!("{size} bytes"),
        Err(error) => {
            eprintln!("copying {} failed: {error}", from.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

//! The work with files.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, check_block, ready_file,
};
use zokio::completion::BufferPool;
use zokio::completion::fs::{File, OpenOptions};
use zokio::fs;
use zokio::task::spawn_local;

/// Runs all tasks and returns the number of their operations.
pub async fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    // The blocks that are read: their memory is registered with io_uring.
    let pool = BufferPool::new(arguments.tasks, BLOCK)?;
    let tasks = (0..arguments.tasks).map(|task| match job {
        Files::DirectReads => {
            spawn_local(reads(arguments.file(), task, end, pool.clone(), O_DIRECT))
        }
        Files::CachedReads => spawn_local(reads(arguments.file(), task, end, pool.clone(), 0)),
        Files::Sync => spawn_local(sync(arguments.synced(task), end)),
        Files::Replace => spawn_local(replace(arguments.replaced(task), end)),
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        made += task.await??;
    }
    Ok(made)
}

async fn reads(
    path: PathBuf,
    task: usize,
    end: Instant,
    pool: BufferPool,
    flags: i32,
) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path).await?;
    let (mut buffer, mut places) = (pool.get().await, Places::of(task));
    let mut pace = Pace::new(end, if flags == 0 { 16 } else { 1 });
    loop {
        let place = places.draw();
        let read;
        (read, buffer) = file.read_exact_at(buffer, place).await;
        read?;
        check_block(&buffer, place)?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

async fn sync(path: PathBuf, end: Instant) -> io::Result<u64> {
    ready_file(&path)?;
    let file = OpenOptions::new().write(true).open(path).await?;
    let mut block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let place = pace.made() % SYNCED_BLOCKS * BLOCK as u64;
        let written;
        (written, block) = file.write_all_at(block, place).and_sync_data().await;
        written?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

async fn replace([new, old]: [PathBuf; 2], end: Instant) -> io::Result<u64> {
    let mut block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let file = File::create(&new).await?;
        let written;
        (written, block) = file.write_all_at(block, 0).await;
        written?;
        file.close().await?;
        fs::rename(&new, &old).await?;
        fs::remove_file(&old).await?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

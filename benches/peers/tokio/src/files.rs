//! The work with files.

use std::io::{self, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, aligned, check_block,
    ready_file,
};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::task::{JoinSet, spawn_blocking};

/// Runs all tasks and returns the number of their operations.
pub async fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    let mut tasks = JoinSet::new();
    for task in 0..arguments.tasks {
        match job {
            Files::DirectReads => tasks.spawn(direct_reads(arguments.file(), task, end)),
            Files::CachedReads => tasks.spawn(cached_reads(arguments.file(), task, end)),
            Files::Sync => tasks.spawn(sync(arguments.synced(task), end)),
            Files::Replace => tasks.spawn(replace(arguments.replaced(task), end)),
        };
    }
    let mut made = 0;
    while let Some(task) = tasks.join_next().await {
        made += task??;
    }
    Ok(made)
}

/// `tokio::fs::File` reads into a buffer of its own, which is not aligned for this: what is left is the
/// pool for blocking calls.
async fn direct_reads(path: PathBuf, task: usize, end: Instant) -> io::Result<u64> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).custom_flags(O_DIRECT).open(path)?;
    let (file, mut places) = (Arc::new(file), Places::of(task));
    let (mut buffer, start) = aligned();
    let mut pace = Pace::new(end, 1);
    loop {
        let (file, place) = (Arc::clone(&file), places.draw());
        let read = spawn_blocking(move || {
            file.read_exact_at(&mut buffer[start..start + BLOCK], place)?;
            Ok::<_, io::Error>(buffer)
        });
        buffer = read.await??;
        check_block(&buffer[start..start + BLOCK], place)?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

async fn cached_reads(path: PathBuf, task: usize, end: Instant) -> io::Result<u64> {
    let mut file = File::open(path).await?;
    let (mut buffer, mut places) = (vec![0; BLOCK], Places::of(task));
    let mut pace = Pace::new(end, 16);
    loop {
        let place = places.draw();
        file.seek(SeekFrom::Start(place)).await?;
        file.read_exact(&mut buffer).await?;
        check_block(&buffer, place)?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

async fn sync(path: PathBuf, end: Instant) -> io::Result<u64> {
    ready_file(&path)?;
    let mut file = OpenOptions::new().write(true).open(path).await?;
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let place = pace.made() % SYNCED_BLOCKS * BLOCK as u64;
        file.seek(SeekFrom::Start(place)).await?;
        file.write_all(&block).await?;
        file.sync_data().await?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

async fn replace([new, old]: [PathBuf; 2], end: Instant) -> io::Result<u64> {
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let mut file = File::create(&new).await?;
        file.write_all(&block).await?;
        file.flush().await?;
        drop(file);
        fs::rename(&new, &old).await?;
        fs::remove_file(&old).await?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

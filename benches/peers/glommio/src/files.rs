//! The work with files.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use glommio::io::{BufferedFile, DmaFile, OpenOptions, remove, rename};
use glommio::spawn_local;
use peer_protocol::{
    Arguments, BLOCK, Files, Pace, Places, SYNCED_BLOCKS, check_block, ready_file,
};

/// Runs all tasks and returns the number of their operations.
pub async fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    let tasks = (0..arguments.tasks).map(|task| match job {
        Files::DirectReads => spawn_local(direct_reads(arguments.file(), task, end)),
        Files::CachedReads => spawn_local(cached_reads(arguments.file(), task, end)),
        Files::Sync => spawn_local(sync(arguments.synced(task), end)),
        Files::Replace => spawn_local(replace(arguments.replaced(task), end)),
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        made += task.await?;
    }
    Ok(made)
}

async fn direct_reads(path: PathBuf, task: usize, end: Instant) -> io::Result<u64> {
    let file = DmaFile::open(path).await?;
    let (mut places, mut pace) = (Places::of(task), Pace::new(end, 1));
    loop {
        let place = places.draw();
        check_block(&file.read_at_aligned(place, BLOCK).await?, place)?;
        if !pace.more() {
            file.close().await?;
            return Ok(pace.made());
        }
    }
}

async fn cached_reads(path: PathBuf, task: usize, end: Instant) -> io::Result<u64> {
    let file = BufferedFile::open(path).await?;
    let (mut places, mut pace) = (Places::of(task), Pace::new(end, 16));
    loop {
        let place = places.draw();
        check_block(&file.read_at(place, BLOCK).await?, place)?;
        if !pace.more() {
            file.close().await?;
            return Ok(pace.made());
        }
    }
}

/// A write takes its buffer for good: a copy is made for each.
async fn sync(path: PathBuf, end: Instant) -> io::Result<u64> {
    ready_file(&path)?;
    let file = OpenOptions::new().write(true).buffered_open(path).await?;
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let place = pace.made() % SYNCED_BLOCKS * BLOCK as u64;
        whole(file.write_at(block.clone(), place).await?)?;
        file.fdatasync().await?;
        if !pace.more() {
            file.close().await?;
            return Ok(pace.made());
        }
    }
}

async fn replace([new, old]: [PathBuf; 2], end: Instant) -> io::Result<u64> {
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        let file = BufferedFile::create(&new).await?;
        whole(file.write_at(block.clone(), 0).await?)?;
        file.close().await?;
        rename(&new, &old).await?;
        remove(&old).await?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

fn whole(count: usize) -> io::Result<()> {
    if count < BLOCK {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

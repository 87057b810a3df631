//! The work with files.

use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, aligned, check_block,
    ready_file,
};
use smol::fs::{self, File, OpenOptions};
use smol::io::{AsyncSeekExt, AsyncWriteExt, SeekFrom};
use smol::unblock;

use crate::spawn;

/// Runs all tasks and returns the number of their operations.
pub async fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    let tasks = (0..arguments.tasks).map(|task| match job {
        Files::DirectReads => spawn(reads(arguments.file(), task, end, O_DIRECT)),
        Files::CachedReads => spawn(reads(arguments.file(), task, end, 0)),
        Files::Sync => spawn(sync(arguments.synced(task), end)),
        Files::Replace => spawn(replace(arguments.replaced(task), end)),
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        made += task.await?;
    }
    Ok(made)
}

/// `smol::fs::File` reads megabytes ahead into a buffer of its own, so that at random places the pool
/// for blocking calls is asked.
async fn reads(path: PathBuf, task: usize, end: Instant, flags: i32) -> io::Result<u64> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    let (file, mut places) = (Arc::new(file), Places::of(task));
    let (mut buffer, start) = aligned();
    let mut pace = Pace::new(end, if flags == 0 { 16 } else { 1 });
    loop {
        let (file, place) = (Arc::clone(&file), places.draw());
        let read = unblock(move || {
            file.read_exact_at(&mut buffer[start..start + BLOCK], place)?;
            Ok::<_, io::Error>(buffer)
        });
        buffer = read.await?;
        check_block(&buffer[start..start + BLOCK], place)?;
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
        file.flush().await?;
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

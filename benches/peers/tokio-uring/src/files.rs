//! The work with files.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Instant;

use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, aligned, check_block,
    ready_file,
};
use tokio_uring::buf::BoundedBuf;
use tokio_uring::fs::{self, File, OpenOptions};
use tokio_uring::spawn;

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
        made += task.await??;
    }
    Ok(made)
}

async fn reads(path: PathBuf, task: usize, end: Instant, flags: i32) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path).await?;
    let mut places = Places::of(task);
    let (mut buffer, start) = aligned();
    let mut pace = Pace::new(end, if flags == 0 { 16 } else { 1 });
    loop {
        let place = places.draw();
        let slice = buffer.slice(start..start + BLOCK);
        let (read, slice) = file.read_exact_at(slice, place).await;
        buffer = slice.into_inner();
        read?;
        check_block(&buffer[start..start + BLOCK], place)?;
        if !pace.more() {
            return file.close().await.map(|()| pace.made());
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
        (written, block) = file.write_all_at(block, place).await;
        written?;
        file.sync_data().await?;
        if !pace.more() {
            return file.close().await.map(|()| pace.made());
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

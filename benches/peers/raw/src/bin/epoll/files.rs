//! The work with files, by plain system calls on threads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, aligned, check_block,
    ready_file,
};

/// Runs each task on a thread and returns the number of their operations.
pub fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    let one = |task| match job {
        Files::DirectReads => reads(arguments.file(), task, end, O_DIRECT),
        Files::CachedReads => reads(arguments.file(), task, end, 0),
        Files::Sync => sync(arguments.synced(task), end),
        Files::Replace => replace(arguments.replaced(task), end),
    };
    if arguments.tasks == 1 {
        return one(0);
    }
    thread::scope(|scope| {
        let threads = (0..arguments.tasks).map(|task| scope.spawn(move || one(task)));
        let threads: Vec<_> = threads.collect();
        let made = threads.into_iter().map(|thread| {
            let made = thread.join();
            made.map_err(|_| io::Error::other("a thread has panicked"))?
        });
        made.sum()
    })
}

fn reads(path: PathBuf, task: usize, end: Instant, flags: i32) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    let mut places = Places::of(task);
    let (mut buffer, start) = aligned();
    let block = &mut buffer[start..start + BLOCK];
    let mut pace = Pace::new(end, if flags == 0 { 16 } else { 1 });
    loop {
        let place = places.draw();
        file.read_exact_at(block, place)?;
        check_block(block, place)?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

fn sync(path: PathBuf, end: Instant) -> io::Result<u64> {
    ready_file(&path)?;
    let file = OpenOptions::new().write(true).open(path)?;
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        file.write_all_at(&block, pace.made() % SYNCED_BLOCKS * BLOCK as u64)?;
        file.sync_data()?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

fn replace([new, old]: [PathBuf; 2], end: Instant) -> io::Result<u64> {
    let block = vec![1; BLOCK];
    let mut pace = Pace::new(end, 1);
    loop {
        File::create(&new)?.write_all(&block)?;
        fs::rename(&new, &old)?;
        fs::remove_file(&old)?;
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}

//! The work with files: as many operations in flight as there are tasks.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Instant;

use io_uring::squeue::Flags;
use io_uring::types::{Fd, FsyncFlags};
use io_uring::{opcode, squeue};
use peer_protocol::{
    Arguments, BLOCK, Files, O_DIRECT, Pace, Places, SYNCED_BLOCKS, aligned, check_block,
    ready_file,
};

use crate::ring::{Key, Kind, Ring};

/// Has all tasks worked and returns the number of their operations.
pub fn all(job: Files, arguments: &Arguments, end: Instant) -> io::Result<u64> {
    let tasks = arguments.tasks;
    match job {
        Files::DirectReads => reads(arguments.file(), tasks, end, O_DIRECT),
        Files::CachedReads => reads(arguments.file(), tasks, end, 0),
        Files::Sync => sync((0..tasks).map(|task| arguments.synced(task)).collect(), end),
        Files::Replace => Err(io::Error::other("it would be a chain of five operations")),
    }
}

/// A read in flight.
struct Slot {
    places: Places,
    place: u64,
    /// Never freed: an error ends the work while the kernel may still write to it.
    block: &'static mut [u8],
}

fn reads(path: PathBuf, tasks: usize, end: Instant, flags: i32) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    let mut slots: Vec<Slot> = (0..tasks)
        .map(|task| {
            let (buffer, start) = aligned();
            Slot {
                places: Places::of(task),
                place: 0,
                block: &mut buffer.leak()[start..start + BLOCK],
            }
        })
        .collect();
    let read = |slot: &mut Slot| {
        slot.place = slot.places.draw();
        let block = slot.block.as_mut_ptr();
        opcode::Read::new(Fd(file.as_raw_fd()), block, BLOCK as u32)
            .offset(slot.place)
            .build()
    };
    let mut ring = Ring::new()?;
    for (number, slot) in slots.iter_mut().enumerate() {
        push(&mut ring, read(slot), number)?;
    }
    let mut pace = Pace::new(end, if flags == 0 { 16 } else { 1 });
    let (mut in_flight, mut more) = (tasks, true);
    let mut completions = Vec::new();
    while in_flight > 0 {
        ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            in_flight -= 1;
            let number = completion.key.target as usize;
            let slot = &mut slots[number];
            let length = completion.result()? as usize;
            check_block(&slot.block[..length], slot.place)?;
            more &= pace.more();
            if more {
                push(&mut ring, read(slot), number)?;
                in_flight += 1;
            }
        }
    }
    Ok(pace.made())
}

/// Each write is linked to its sync.
fn sync(paths: Vec<PathBuf>, end: Instant) -> io::Result<u64> {
    let open = |path: &PathBuf| {
        ready_file(path)?;
        OpenOptions::new().write(true).open(path)
    };
    let files: Vec<File> = paths.iter().map(open).collect::<io::Result<_>>()?;
    let block: &'static [u8] = vec![1; BLOCK].leak();
    let mut ring = Ring::new()?;
    let begin = |ring: &mut Ring, number: usize, count: u64| {
        let file = Fd(files[number].as_raw_fd());
        let write = opcode::Write::new(file, block.as_ptr(), BLOCK as u32)
            .offset(count % SYNCED_BLOCKS * BLOCK as u64)
            .build()
            .flags(Flags::IO_LINK | Flags::SKIP_SUCCESS);
        let sync = opcode::Fsync::new(file).flags(FsyncFlags::DATASYNC).build();
        push(ring, write, number)?;
        push(ring, sync, number)
    };
    for number in 0..files.len() {
        begin(&mut ring, number, 0)?;
    }
    let mut pace = Pace::new(end, 1);
    let (mut in_flight, mut more) = (files.len(), true);
    let mut completions = Vec::new();
    while in_flight > 0 {
        ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            completion.result()?;
            in_flight -= 1;
            more &= pace.more();
            if more {
                begin(&mut ring, completion.key.target as usize, pace.made())?;
                in_flight += 1;
            }
        }
    }
    Ok(pace.made())
}

fn push(ring: &mut Ring, entry: squeue::Entry, number: usize) -> io::Result<()> {
    let key = Key {
        kind: Kind::Receive,
        target: number as u32,
    };
    // SAFETY: the blocks are never freed. Those that are read into are not looked at before their
    // completion, and the one that is written is not changed.
    unsafe { ring.push(&entry.user_data(key.data())) }
}

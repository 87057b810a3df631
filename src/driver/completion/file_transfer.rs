//! [`FileTransfer`]: a transfer from a file, or to one, as far as it has come.
//!
//! A file may wait for its device, so that threads carry these out: one piece of bounded length at a
//! time (I11), in the kernel as far as it offers that, else through memory. (A ring would hand a
//! splice to a thread of the kernel.) The stream at the other end never waits: if it is full, the
//! piece ends. Between two pieces the transfer belongs to the future, which submits the next one or
//! cancels.
//!
//! Every byte counts as soon as it has arrived, by the thread that moved it, so that none is lost to
//! a future that is dropped.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::op::SharedFd;
use super::taken::Taken;
use crate::driver::splice::{self, Call};
use crate::util::status_flags::status_flags;
use crate::util::system::O_DIRECT;

/// The most bytes of one piece. A transfer that is cancelled ends when its piece has ended.
const PIECE: u64 = 8 * 1024 * 1024;

/// The most bytes of one call that sends. It continues as long as the peer makes room, and what it has
/// sent is counted when it returns.
const SEND: u64 = 1024 * 1024;

/// How much is read into memory at once.
const READ: usize = 256 * 1024;

/// What direct I/O demands of memory at most.
const ALIGNMENT: usize = 4096;

/// A stream that is written to, which stays open as long as a transfer to it is in flight. It is in
/// non-blocking mode.
pub(crate) trait Descriptor: AsFd + fmt::Debug + Send + Sync {}

/// See the file's documentation.
#[derive(Debug)]
pub(crate) struct FileTransfer {
    route: Route,
    /// Whether the kernel moves the bytes, as far as that is known.
    in_kernel: bool,
    /// Whether the facts about the files were looked at, which a thread does first.
    has_begun: bool,
    /// How many bytes have arrived. Only added to.
    arrived: Arc<AtomicU64>,
    /// Why the last piece ended early.
    stopped: Option<Stopped>,
}

#[derive(Debug)]
enum Route {
    Copy {
        from: (SharedFd, u64),
        to: (SharedFd, u64),
        left: u64,
    },
    Send {
        from: (SharedFd, u64),
        to: Arc<dyn Descriptor>,
        left: u64,
    },
    Store {
        taken: Taken,
        to: (SharedFd, u64),
    },
}

/// Why a piece ended before all was moved.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The file has ended.
    End,
    /// The stream takes nothing now.
    Full,
    Error(io::Error),
}

impl FileTransfer {
    /// Copies `left` bytes between files, each at an offset.
    pub(crate) fn copy(
        from: (SharedFd, u64),
        to: (SharedFd, u64),
        left: u64,
        arrived: Arc<AtomicU64>,
    ) -> FileTransfer {
        FileTransfer::new(Route::Copy { from, to, left }, arrived)
    }

    /// Sends `left` bytes of a file, from an offset on.
    pub(crate) fn send(
        from: (SharedFd, u64),
        to: Arc<dyn Descriptor>,
        left: u64,
        arrived: Arc<AtomicU64>,
    ) -> FileTransfer {
        FileTransfer::new(Route::Send { from, to, left }, arrived)
    }

    /// Writes what was taken out of a stream to a file, at an offset.
    pub(crate) fn store(
        taken: Taken,
        to: (SharedFd, u64),
        arrived: Arc<AtomicU64>,
    ) -> FileTransfer {
        FileTransfer::new(Route::Store { taken, to }, arrived)
    }

    fn new(route: Route, arrived: Arc<AtomicU64>) -> FileTransfer {
        FileTransfer {
            route,
            in_kernel: true,
            has_begun: false,
            arrived,
            stopped: None,
        }
    }

    /// Returns whether everything has been moved.
    pub(crate) fn is_done(&self) -> bool {
        match &self.route {
            Route::Copy { left, .. } | Route::Send { left, .. } => *left == 0,
            Route::Store { taken, .. } => taken.is_empty(),
        }
    }

    /// Returns why the last piece ended early, once.
    pub(crate) fn stopped(&mut self) -> Option<Stopped> {
        self.stopped.take()
    }

    /// Returns whether it has bytes that are in no other place.
    pub(crate) fn holds_bytes(&self) -> bool {
        matches!(&self.route, Route::Store { .. })
    }

    /// Returns what was not stored.
    pub(crate) fn into_taken(self) -> Taken {
        match self.route {
            Route::Store { taken, .. } => taken,
            other => unreachable!("nothing was taken for {other:?}"),
        }
    }

    /// Moves one piece. Waits for the files.
    pub(super) fn perform(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            if let Err(error) = self.begin() {
                self.stopped = Some(Stopped::Error(error));
                return;
            }
        }
        let mut room = PIECE;
        while room > 0 && !self.is_done() && self.stopped.is_none() {
            let moved = if self.in_kernel {
                self.in_kernel(room)
            } else {
                self.through_memory(room)
            };
            match moved {
                // The end, or a file that has no size and can only be read.
                Ok(Moved::Bytes(0)) if self.in_kernel => self.in_kernel = false,
                Ok(Moved::Bytes(0)) => self.stopped = Some(Stopped::End),
                Ok(Moved::Bytes(count)) => {
                    self.advance(count as u64);
                    room = room.saturating_sub(count as u64);
                }
                Ok(Moved::Full) => self.stopped = Some(Stopped::Full),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.in_kernel && self.is_refused(&error) => {
                    self.in_kernel = false;
                }
                Err(error) => self.stopped = Some(Stopped::Error(error)),
            }
        }
    }

    /// Looks at the facts that decide how to move, and how much.
    fn begin(&mut self) -> io::Result<()> {
        match &mut self.route {
            Route::Copy { from, to, left } => {
                let (source, target) = (from.0.metadata()?, to.0.metadata()?);
                if (source.dev(), source.ino()) == (target.dev(), target.ino()) {
                    if source.is_file() {
                        // It grows while it is copied, so the end is where it is now.
                        *left = (*left).min(source.size().saturating_sub(from.1));
                    }
                    let overlaps =
                        from.1 < to.1.saturating_add(*left) && to.1 < from.1.saturating_add(*left);
                    if overlaps {
                        return Err(io::Error::from_raw_os_error(libc::EINVAL));
                    }
                }
            }
            Route::Send { from, to, .. } => {
                // A device may have nothing for now, which is not to be taken for a stream that is
                // full; a signal would be sent where the peer is gone.
                self.in_kernel = from.0.metadata()?.is_file()
                    && splice::suits(to.as_fd())
                    && splice::ignores_sigpipe();
            }
            Route::Store { .. } => {}
        }
        Ok(())
    }

    fn in_kernel(&mut self, room: u64) -> io::Result<Moved> {
        match &mut self.route {
            Route::Copy { from, to, left } => {
                let from = (from.0.as_fd(), offset(from.1)?);
                let to = (to.0.as_fd(), offset(to.1)?);
                splice::copy_range(from, to, room.min(*left) as usize).map(Moved::Bytes)
            }
            Route::Send { from, to, left } => {
                let from = (from.0.as_fd(), offset(from.1)?);
                Moved::unless_full(splice::send_file(
                    from,
                    to.as_fd(),
                    room.min(*left).min(SEND) as usize,
                ))
            }
            Route::Store { taken, to } => store(taken, to),
        }
    }

    /// Tells a refusal of the kernel to move the bytes from an error of one of the two ends.
    fn is_refused(&self, error: &io::Error) -> bool {
        match &self.route {
            Route::Copy { .. } => splice::is_refusal(error),
            Route::Send { .. } => Call::SendFile.is_refused(error),
            // What was taken leaves the pipe by itself.
            Route::Store { .. } => false,
        }
    }

    fn through_memory(&mut self, room: u64) -> io::Result<Moved> {
        let room = usize::try_from(room).unwrap_or(READ).min(READ);
        match &mut self.route {
            Route::Copy { from, to, left } => {
                let mut memory = Memory::new(room, *left);
                let bytes = memory.read(from)?;
                write_all_at(to, bytes)
            }
            Route::Send { from, to, left } => {
                let mut memory = Memory::new(room, *left);
                let bytes = memory.read(from)?;
                if bytes.is_empty() {
                    return Ok(Moved::Bytes(0));
                }
                match Moved::unless_full(splice::write(to.as_fd(), bytes))? {
                    Moved::Bytes(0) => Err(ErrorKind::WriteZero.into()),
                    moved => Ok(moved),
                }
            }
            Route::Store { taken, to } => store(taken, to),
        }
    }

    fn advance(&mut self, count: u64) {
        match &mut self.route {
            Route::Copy { from, to, left } => {
                from.1 += count;
                to.1 += count;
                *left -= count;
            }
            Route::Send { from, left, .. } => {
                from.1 += count;
                *left -= count;
            }
            Route::Store { to, .. } => to.1 += count,
        }
        // The future reads it behind the operation's lock; for others it is a mere number.
        self.arrived.fetch_add(count, Ordering::Relaxed);
    }
}

/// What a step has moved.
enum Moved {
    Bytes(usize),
    Full,
}

impl Moved {
    fn unless_full(moved: io::Result<usize>) -> io::Result<Moved> {
        match moved {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Moved::Full),
            moved => moved.map(Moved::Bytes),
        }
    }
}

/// Returns an offset as the kernel takes it.
fn offset(offset: u64) -> io::Result<i64> {
    i64::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

/// Stores from the front of what was taken.
fn store(taken: &mut Taken, (file, at): &(SharedFd, u64)) -> io::Result<Moved> {
    let at = offset(*at)?;
    let moved = taken.advance(
        |pipe, len| splice::splice_at(pipe, file.as_fd(), at, len),
        splice::is_refusal,
        |bytes| file.write_at(bytes, at as u64),
    );
    moved.map(Moved::Bytes)
}

/// Writes what was read, as far as it can be written.
fn write_all_at((file, at): &(SharedFd, u64), bytes: &[u8]) -> io::Result<Moved> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write_at(&bytes[done..], at.saturating_add(done as u64)) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The next attempt meets it again.
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Moved::Bytes(done))
}

/// Memory to read a part of a file into.
struct Memory {
    bytes: Vec<u8>,
    /// How much to read.
    len: usize,
}

impl Memory {
    fn new(room: usize, left: u64) -> Memory {
        Memory {
            bytes: Vec::new(),
            len: usize::try_from(left).unwrap_or(room).min(room),
        }
    }

    /// Reads at an offset. Direct I/O takes aligned memory, offsets and lengths alone, and a stream
    /// that is full leaves any offset, so more is read there than is returned.
    fn read(&mut self, (file, at): &(SharedFd, u64)) -> io::Result<&[u8]> {
        let is_direct = status_flags(file)? & O_DIRECT != 0;
        let skipped = if is_direct { at % ALIGNMENT as u64 } else { 0 };
        let len = self.len + skipped as usize;
        let len = if is_direct {
            len.next_multiple_of(ALIGNMENT)
        } else {
            len
        };
        self.bytes.resize(len + ALIGNMENT, 0);
        let start = self.bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        let count = file.read_at(&mut self.bytes[start..start + len], at - skipped)?;
        let read = &self.bytes[start..start + count];
        let read = read.get(skipped as usize..).unwrap_or_default();
        Ok(&read[..read.len().min(self.len)])
    }
}

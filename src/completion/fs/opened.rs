//! An open file, and which way its transfers go: inline, on the ring, or on a thread.
//!
//! - **Inline** reads of what the kernel has in memory (`preadv2` with `RWF_NOWAIT`), and writes to
//!   files that live in memory, timed by the mount's stopwatch, and no more than [`READ_INLINE`] or
//!   [`WRITE_INLINE`] bytes at once (I13). A write to a file of a disk is not tried: it waits while
//!   the file system is frozen (fsfreeze(8)), `RWF_NOWAIT` or not.
//! - **On the ring** reads of files whose file system reads without waiting, and reads and writes with
//!   `O_DIRECT`.
//! - **On threads** everything else.
//!
//! Offsets are explicit, so the position of the open file plays no part, and whether something else
//! knows the file makes no difference.
//!
//! # Writes and syncs
//!
//! Measured with 4 KiB in a file of 256 MiB, D operations in flight, microseconds of processor time
//! for one (two cores under other load, Linux 6.18, ext4):
//!
//! | | ring | threads |
//! | --- | --- | --- |
//! | direct reads, D = 1 / 32 | 29 to 68 / 6.2 to 7.8 | 33 to 58 / 20 to 28 |
//! | direct writes, D = 1 / 32 | 43 to 54 / 8.3 to 16 | 35 to 60 / 18 to 29 |
//! | `fdatasync`, D = 1 / 32 | 33 to 41 / 12 to 21 | 18 to 69 / 13 to 39 |
//!
//! So direct writes go to the ring and syncs to threads. Other writes are on threads, because a ring
//! hands them to a thread of the kernel.
//!
//! A write beyond `RLIMIT_FSIZE` sends `SIGXFSZ` to the thread that makes it, which ends the process
//! unless the signal is ignored or handled. The ring's thread blocks all signals, and the write would
//! merely fail there (I12). So while there is such a limit, no write goes to the ring.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::completion::raw::{Held, Lend};
use crate::driver::completion::op::{Op, SharedFd, Synced};
use crate::fs::Attempt;
use crate::fs::inline::calls::{self, Refusal, Source};
use crate::fs::inline::mounts::Place;
use crate::fs::inline::paths::About;
use crate::loom::sync::OnceLock;
use crate::util::status_flags::status_flags;
use crate::util::system::O_DIRECT;

/// Larger reads are not made inline: copying takes longer than a handover to another thread.
const READ_INLINE: usize = 512 * 1024;

/// Larger writes are not made inline.
const WRITE_INLINE: usize = 256 * 1024;

/// With any of these flags a write waits for the device, or goes to where another process may write
/// at the same time and must arrive there in one piece.
const NOT_WRITTEN_INLINE: i32 = libc::O_APPEND | libc::O_SYNC | libc::O_DSYNC | O_DIRECT;

/// With any of these flags a ring hands also a direct write to a thread of the kernel.
const WAITS_LONGER: i32 = libc::O_APPEND | libc::O_SYNC | libc::O_DSYNC;

/// With this flag a read waits for the device, whatever it promises.
const NOT_READ_INLINE: i32 = O_DIRECT;

/// An open file, as its handle and its operations share it.
#[derive(Debug)]
pub(super) struct OpenFile {
    fd: SharedFd,
    /// Access mode and status flags; `None` if the kernel refused to report them.
    flags: Option<i32>,
    /// The facts about the file, once they are known. Written by the first that finds them out.
    about: OnceLock<About>,
    reads: Attempts,
    writes: Attempts,
}

impl OpenFile {
    /// Returns a file that was opened elsewhere.
    pub(super) fn of(std: StdFile) -> OpenFile {
        let flags = status_flags(&std).ok();
        OpenFile::new(Arc::new(std), flags, None)
    }

    pub(super) fn new(fd: SharedFd, flags: Option<i32>, about: Option<About>) -> OpenFile {
        OpenFile {
            fd,
            flags,
            about: about.map(OnceLock::from).unwrap_or_default(),
            reads: Attempts::default(),
            writes: Attempts::default(),
        }
    }

    pub(super) fn fd(&self) -> &SharedFd {
        &self.fd
    }

    /// Returns the descriptor; `None` if an operation still has it, which then closes it.
    pub(super) fn into_std(self) -> Result<StdFile, OpenFile> {
        let OpenFile {
            fd, flags, about, ..
        } = self;
        Arc::try_unwrap(fd).map_err(|fd| OpenFile::new(fd, flags, about.into_inner()))
    }

    /// Returns the facts about the file, asking the kernel until they are known.
    pub(super) fn about(&self) -> Option<&About> {
        match self.about.get() {
            Some(about) => Some(about),
            None => {
                let about = About::of(&self.fd)?;
                Some(self.about.get_or_init(|| about))
            }
        }
    }

    /// Transfers what needs no waiting, to or from `offset`; returns the count.
    pub(super) fn transfer_inline<L: Lend>(
        &self,
        held: &mut Held<L>,
        offset: u64,
    ) -> Result<usize, Refusal> {
        let (attempts, unsuited, most) = if L::WRITES {
            (&self.writes, NOT_WRITTEN_INLINE, WRITE_INLINE)
        } else {
            (&self.reads, NOT_READ_INLINE, READ_INLINE)
        };
        let suits = self.flags.is_some_and(|flags| flags & unsuited == 0) && held.left() <= most;
        let may_freeze = |about: &About| L::WRITES && about.place != Place::Memory;
        let about = self.about().filter(|about| about.facts.is_regular());
        let about = about.filter(|about| !may_freeze(about));
        let offset = inline_offset(offset, held.left());
        let (true, Some(about), Some(offset)) = (suits, about, offset) else {
            return Err(Refusal::Waits);
        };
        loop {
            let source = match attempts.next() {
                Attempt::Cache => Source::Cache,
                Attempt::Memory => Source::Memory,
                Attempt::Never => return Err(Refusal::Waits),
            };
            let transfer = || held.transfer_inline(&self.fd, offset, source);
            match about.stopwatch.time(transfer) {
                Err(Refusal::Unsupported) => attempts.set(match (source, about.place) {
                    (Source::Cache, Place::Memory) => Attempt::Memory,
                    _ => Attempt::Never,
                }),
                other => return other,
            }
        }
    }

    /// Returns the operation that transfers what is left.
    pub(super) fn transfer<L: Lend>(
        &self,
        held: Held<L>,
        offset: u64,
        synced: Option<Synced>,
    ) -> Op {
        let on_ring = synced.is_none() && self.suits_ring(L::WRITES);
        held.into_op(self.fd.clone(), offset, on_ring, synced)
    }

    /// Returns whether a ring reads or writes this file without a thread of the kernel, without being
    /// held up itself, and as the system call does.
    fn suits_ring(&self, writes: bool) -> bool {
        let (Some(about), Some(flags)) = (self.about(), self.flags) else {
            return false;
        };
        let is_direct = flags & O_DIRECT != 0;
        let suits = if writes {
            is_direct && flags & WAITS_LONGER == 0 && calls::files_have_no_limit()
        } else {
            is_direct || self.reads.next() == Attempt::Cache
        };
        suits && about.facts.is_regular() && about.is_local() && !about.stopwatch.is_slow()
    }
}

/// Returns the offset as an inline call takes it, if there are offsets for `len` bytes. Other numbers
/// may mean something else to a call with flags, or be refused like a flag that is not known.
fn inline_offset(offset: u64, len: usize) -> Option<i64> {
    let end = offset.checked_add(len as u64)?;
    i64::try_from(end).ok()?;
    i64::try_from(offset).ok()
}

/// What the refusals of inline calls have shown. Written by any thread that met one, read by all;
/// it guards no other memory.
#[derive(Debug, Default)]
struct Attempts(AtomicU8);

impl Attempts {
    const MEMORY: u8 = 1;
    const NEVER: u8 = 2;

    fn next(&self) -> Attempt {
        match self.0.load(Ordering::Relaxed) {
            Attempts::MEMORY => Attempt::Memory,
            Attempts::NEVER => Attempt::Never,
            _ => Attempt::Cache,
        }
    }

    fn set(&self, attempt: Attempt) {
        let code = match attempt {
            Attempt::Cache => 0,
            Attempt::Memory => Attempts::MEMORY,
            Attempt::Never => Attempts::NEVER,
        };
        // Threads that try at the same time find out the same.
        self.0.fetch_max(code, Ordering::Relaxed);
    }
}

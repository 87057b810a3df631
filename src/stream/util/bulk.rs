//! [`BulkCopy`]: how a copy moves bulk data between two streams of this crate's.
//!
//! A copy begins in the ordinary way, through a buffer in memory. Once so much comes without
//! waiting that it is worth it ([`BulkCopy::is_due`]), both streams are asked by what means they
//! take part. Two sockets or pipes continue through a pipe of the kernel's; a file and another
//! stream of this crate's through a larger buffer. With any other stream the copy stays as it is.
//!
//! # Who holds which bytes
//!
//! The pipe is filled only while it and the buffer are empty, and the buffer is filled from the
//! reader only while the pipe is empty. If the writer refuses what is in the pipe, the buffer takes
//! it from there. So if both hold bytes, those of the buffer come first.
//!
//! # Who waits for what
//!
//! The pipe waits for nothing. What is not in the pipe yet is waited for by an ordinary read, and
//! room in the writer by the writer's own poll, which leaves the same waker as an ordinary write.
//! While the reader waits the pipe is empty and has been given back; a copy that holds a pipe waits
//! for its writer, or for its next turn.
//!
//! # Files
//!
//! A file's pages could be lent to a socket by splice(2) as well. Then bytes that a copy has
//! reported as copied would still change when the file does, until the peer has acknowledged them.
//! So files are read into memory, in larger pieces. What comes out of a socket or a pipe is a copy,
//! unless its sender has lent its own pages on purpose.
#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stream::util::interrupted;
use crate::stream::{AsyncRead, AsyncWrite, Bulk, PipeBuf, Transfer};
use crate::util::budget::{has_budget_remaining, spend, spend_bytes};

/// Data is bulk data if this much comes between two waits. A proxy takes 0.8 of the processor time
/// for bursts of 16 KiB if they go through a pipe, and 0.6 for 32 KiB.
const BULK: usize = 16 * 1024;

/// The most bytes that are moved into a pipe at a time: half of what one poll may move.
const MAX_FILL: usize = 512 * 1024;

/// A buffer becomes large if this much comes between two waits.
const LARGE_FROM: usize = 64 * 1024;

/// The size of the buffer for bulk data from or to a file.
pub(super) const LARGE: usize = 256 * 1024;

/// The most copies that have a large buffer at a time, so that many that wait for slow peers do not
/// hold much more memory than without it.
const MOST_LARGE: usize = 64;

/// How many copies have a large buffer. Each copy counts itself, before it allocates the buffer and
/// after it is done, on whatever thread it runs.
static LARGE_COPIES: AtomicUsize = AtomicUsize::new(0);

/// The right to have a large buffer.
#[derive(Debug)]
struct LargePermit(());

impl LargePermit {
    fn acquire() -> Option<LargePermit> {
        LARGE_COPIES
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < MOST_LARGE).then_some(count + 1)
            })
            .ok()
            .map(|_| LargePermit(()))
    }
}

impl Drop for LargePermit {
    fn drop(&mut self) {
        LARGE_COPIES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The bulk part of a copy.
#[derive(Debug)]
pub(super) struct BulkCopy {
    pub(super) pipe: PipeBuf,
    /// Not known before the first bulk data.
    means: Option<Bulk>,
    /// How much was read since the reader was last waited for.
    since_wait: usize,
    /// How much was read between two waits, as of late.
    lately: usize,
    large: Option<LargePermit>,
}

impl BulkCopy {
    pub(super) fn new() -> BulkCopy {
        BulkCopy {
            pipe: PipeBuf::default(),
            means: None,
            since_wait: 0,
            lately: 0,
            large: None,
        }
    }

    /// Notes that bytes were read.
    pub(super) fn read(&mut self, count: usize) {
        self.since_wait = self.since_wait.saturating_add(count);
    }

    /// Notes that the reader has to be waited for.
    pub(super) fn waits(&mut self) {
        // A copy may be polled without need, which tells nothing.
        if self.since_wait > 0 {
            self.lately = self.lately.midpoint(self.since_wait);
            self.since_wait = 0;
        }
    }

    /// Returns how much comes between two waits.
    fn at_a_time(&self) -> usize {
        self.since_wait.max(self.lately)
    }

    fn is_due(&self) -> bool {
        self.at_a_time() >= BULK
    }

    /// Returns by what means to continue, which both streams offer.
    pub(super) fn means<R, W>(&mut self, reader: Pin<&mut R>, writer: Pin<&mut W>) -> Bulk
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        if !self.is_due() {
            return Bulk::Ordinary;
        }
        *self
            .means
            .get_or_insert_with(|| match (reader.bulk_source(), writer.bulk_sink()) {
                (Bulk::Ordinary, _) | (_, Bulk::Ordinary) => Bulk::Ordinary,
                (Bulk::Pipe, Bulk::Pipe) => Bulk::Pipe,
                _ => Bulk::Large,
            })
    }

    /// Returns whether the copy may have a large buffer from now on.
    pub(super) fn may_be_large(&mut self) -> bool {
        if self.large.is_none() && self.at_a_time() >= LARGE_FROM {
            self.large = LargePermit::acquire();
        }
        self.large.is_some()
    }

    /// Stays with the ordinary way from now on.
    pub(super) fn refuse(&mut self) {
        self.means = Some(Bulk::Ordinary);
    }

    /// Moves what has come from the reader into the pipe, which is empty.
    pub(super) fn fill<R>(&mut self, mut reader: Pin<&mut R>) -> io::Result<Transfer>
    where
        R: AsyncRead + ?Sized,
    {
        // Without budget, the ordinary read has the task wait for its next turn.
        if !has_budget_remaining() {
            return Ok(Transfer::Later);
        }
        let transfer = loop {
            match reader.as_mut().try_read_to_pipe(&mut self.pipe, MAX_FILL) {
                Err(error) if interrupted(&error) => {}
                result => break result?,
            }
        };
        match transfer {
            Transfer::Moved(count) => {
                spend();
                spend_bytes(count);
                self.read(count);
            }
            Transfer::NoPipe => {
                // Tried again after as much bulk data.
                self.since_wait = 0;
                self.lately = 0;
            }
            Transfer::Refused => self.refuse(),
            Transfer::End | Transfer::Later => {}
        }
        Ok(transfer)
    }
}

#[cfg(test)]
mod tests {
    use super::{BULK, BulkCopy, LARGE_FROM, MOST_LARGE};

    #[test]
    fn bulk_data_is_told_by_what_comes_between_two_waits() {
        let mut copy = BulkCopy::new();
        // A request and its answer, any number of times.
        for _ in 0..100 {
            copy.read(BULK / 4);
            copy.read(BULK / 2);
            copy.waits();
            copy.waits();
            assert!(!copy.is_due());
        }
        copy.read(BULK);
        assert!(copy.is_due());
        copy.read(20 * BULK);
        copy.waits();
        // Polls in between change nothing.
        copy.waits();
        assert!(copy.is_due());
        // A few small messages, and it is over.
        for _ in 0..8 {
            copy.read(64);
            copy.waits();
        }
        assert!(!copy.is_due());
    }

    #[test]
    fn few_copies_are_large() {
        let copy = |_| {
            let mut copy = BulkCopy::new();
            assert!(!copy.may_be_large());
            copy.read(LARGE_FROM);
            copy
        };
        let mut copies: Vec<_> = (0..MOST_LARGE).map(copy).collect();
        // Other tests of this program may have some.
        let large = copies
            .iter_mut()
            .filter_map(|copy| copy.may_be_large().then_some(()));
        let large = large.count();
        assert!(0 < large && large <= MOST_LARGE);
        let mut more: Vec<_> = (0..MOST_LARGE).map(copy).collect();
        let more = more
            .iter_mut()
            .filter_map(|copy| copy.may_be_large().then_some(()));
        assert!(more.count() <= MOST_LARGE - large);
        drop(copies);
        assert!(copy(0).may_be_large());
    }

    #[test]
    fn a_count_does_not_overflow() {
        let mut copy = BulkCopy::new();
        copy.read(usize::MAX);
        copy.read(usize::MAX);
        copy.waits();
        copy.read(usize::MAX);
        copy.waits();
        assert!(copy.is_due());
    }
}

//! Reading and writing.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use super::File;
use super::state::{Attempt, FileState};
use crate::driver::completion::op::{Op, ReadFrom};
use crate::fs::inline::calls::{self, Refusal, Source};
use crate::fs::inline::mounts::Place;
use crate::fs::inline::paths::About;
use crate::fs::run;
use crate::fs::system::{BYPASSES_CACHE, NOT_WRITTEN_INLINE};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::stream::{Bulk, total_len};
use crate::trace::Way;
use crate::util::budget::{poll_proceed, spend_bytes};

/// Larger reads are not made inline in one call: copying takes longer than a handover to another
/// thread.
const READ_INLINE: usize = 512 * 1024;

/// Larger writes are not made inline. They would have to be split, and the writes of others to the
/// same file could come between the parts of what is one write(2) elsewhere.
const WRITE_INLINE: usize = 256 * 1024;

/// Copying more than this takes longer than it takes to wake a thread.
const WRITE_BRIEF: usize = 64 * 1024;

impl File {
    /// Returns the facts about the file, asking the kernel until they are known. Returns `None`
    /// also while it is not known which file system the file lies on.
    #[inline]
    pub(super) fn about(&self) -> Option<&About> {
        match self.about.get() {
            Some(about) => Some(about),
            None => {
                let about = About::of(&self.std)?;
                Some(self.about.get_or_init(|| about))
            }
        }
    }

    /// Returns whether something else may use the position. A call at the position may wait for it,
    /// since the kernel holds a lock on the position during a read or write (`fdget_pos` in
    /// fs/file.c).
    pub(super) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    /// Returns what to try instead of the page cache for this file.
    fn without_cache(about: &About) -> Attempt {
        if about.place == Place::Memory && about.facts.is_regular() {
            Attempt::Memory
        } else {
            Attempt::Never
        }
    }

    /// Returns by what means bulk data is moved. What `O_DIRECT` asks of a buffer is between the
    /// caller and the file.
    fn bulk(&self) -> Bulk {
        if self.flags & BYPASSES_CACHE != 0 {
            Bulk::Ordinary
        } else {
            Bulk::Large
        }
    }

    /// Reads what is in memory; returns whether it did.
    ///
    /// A read of a shared file may wait for the position, which a pipe does not have. A read that
    /// bypasses the page cache waits for the device, whatever it promises. These are not tried.
    fn read_inline(&mut self, into: &mut ReadBuf<'_>) -> io::Result<bool> {
        let max = self.max_buf_size.min(READ_INLINE);
        loop {
            let Some(about) = self.about() else {
                return Ok(false);
            };
            let suits = if self.is_shared() {
                about.facts.is_stream()
            } else {
                self.flags & BYPASSES_CACHE == 0
            };
            let source = match self.reads {
                _ if !suits => return Ok(false),
                Attempt::Never => return Ok(false),
                Attempt::Cache => Source::Cache,
                Attempt::Memory => Source::Memory,
            };
            let read = || calls::read_to_buf(&self.std, source, into, max);
            match about.stopwatch.time(read) {
                Ok(count) => {
                    spend_bytes(count);
                    return Ok(true);
                }
                Err(Refusal::Waits) => return Ok(false),
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Unsupported) => {
                    let next = match source {
                        Source::Cache => File::without_cache(about),
                        Source::Memory => Attempt::Never,
                    };
                    self.reads = next;
                }
            }
        }
    }

    /// Returns where a read that waits takes its bytes from.
    ///
    /// The position of an open file is the kernel's. A ring does not take the lock on it, so it is
    /// passed the offset, and the position is moved when the read has ended: that is the same as
    /// long as nothing else knows the open file. A file system that refuses to read without waiting
    /// makes a ring wait on a thread of the kernel, and one whose calls wait all the same blocks
    /// the ring's own thread, so there the read goes to a thread of ours.
    fn read_from(&self) -> io::Result<ReadFrom> {
        let Some(about) = self.about() else {
            return Ok(ReadFrom::Position);
        };
        if about.facts.is_stream() {
            return Ok(ReadFrom::Stream);
        }
        let without_thread = self.flags & BYPASSES_CACHE != 0 || self.reads == Attempt::Cache;
        let suits = about.facts.is_regular() && about.is_local() && !about.stopwatch.is_slow();
        if suits && without_thread && !self.is_shared() {
            return Ok(ReadFrom::Offset((&*self.std).stream_position()?));
        }
        Ok(ReadFrom::Position)
    }

    /// Submits a read of at most `max` bytes.
    fn read_in_background(&mut self, max: usize) -> io::Result<()> {
        let from = self.read_from()?;
        let fd = self.std.clone();
        let moves = matches!(from, ReadFrom::Offset(_)).then(|| fd.clone());
        let max = max.min(self.max_buf_size);
        let inner = self.inner.get_mut();
        let op = Op::Read {
            fd,
            from,
            buffer: inner.empty_buffer(max),
            max,
        };
        inner.state = FileState::Reading(run::submit(op), moves);
        Ok(())
    }

    /// Writes what needs no waiting, in one piece; returns the count if it did.
    ///
    /// A write to a file of a disk waits while the file system is frozen (fsfreeze(8);
    /// `file_start_write` in include/linux/fs.h), `RWF_NOWAIT` or not, so it is not tried. A file
    /// system that lives in memory cannot be frozen.
    fn write_inline(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let in_one_piece = bytes.len() <= WRITE_INLINE && self.flags & NOT_WRITTEN_INLINE == 0;
        if self.is_shared() || !in_one_piece || !self.writes_inline {
            return Ok(None);
        }
        let Some(about) = self.about() else {
            return Ok(None);
        };
        let write = match about.place {
            Place::Memory if about.facts.is_regular() => calls::write_memory,
            _ if about.facts.is_regular() => return Ok(None),
            _ => calls::write,
        };
        match about.stopwatch.time(|| write(&self.std, bytes)) {
            Ok(count) => {
                spend_bytes(count);
                Ok(Some(count))
            }
            Err(Refusal::Waits) => Ok(None),
            Err(Refusal::Failed(error)) => Err(error),
            Err(Refusal::Unsupported) => {
                self.writes_inline = false;
                Ok(None)
            }
        }
    }

    fn poll_reading(
        &mut self,
        cx: &mut Context<'_>,
        dst: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let coop = ready!(poll_proceed(cx));
        loop {
            let inner = self.inner.get_mut();
            match inner.state {
                FileState::Idle if inner.ahead() > 0 || dst.remaining() == 0 => {
                    inner.take_into(dst);
                    break;
                }
                FileState::Idle => {
                    run::check()?;
                    if self.read_inline(dst)? {
                        break;
                    }
                    self.read_in_background(dst.remaining())?;
                }
                FileState::Reading(..) => {
                    if ready!(inner.poll_read(cx))? == 0 {
                        break;
                    }
                }
                FileState::Writing(_)
                | FileState::Other(_)
                | FileState::Seeking(_)
                | FileState::Sought(_) => {
                    ready!(inner.poll_idle(cx));
                }
            }
        }
        coop.made_progress();
        Poll::Ready(Ok(()))
    }

    /// Writes the `len` bytes in `slices`, or buffers them for the background; returns how many.
    fn poll_write_slices(
        &mut self,
        cx: &mut Context<'_>,
        len: usize,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let op = self.trace.polling(Way::Write);
        op.poll(|| self.poll_writing(cx, len, slices))
    }

    fn poll_writing(
        &mut self,
        cx: &mut Context<'_>,
        len: usize,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let coop = ready!(poll_proceed(cx));
        loop {
            let inner = self.inner.get_mut();
            ready!(inner.poll_idle(cx));
            if let Some(error) = inner.write_error.take() {
                coop.made_progress();
                return Poll::Ready(Err(error));
            }
            if !self.is_ahead_of_a_reader() {
                break;
            }
            // The write goes to the position of the reader, not to where it read ahead.
            let ahead = self.inner.get_mut().forget_ahead() as i64;
            self.seek_to(SeekFrom::Current(-ahead));
        }
        coop.made_progress();
        run::check()?;
        let len = len.min(self.max_buf_size);
        let first = slices.iter().find(|slice| !slice.is_empty());
        // Slices are written together, up to what the buffer holds.
        match first.and_then(|first| first.get(..len)) {
            Some(alone) => {
                if let Some(count) = self.write_inline(alone)? {
                    return Poll::Ready(Ok(count));
                }
            }
            None if len == 0 => return Poll::Ready(Ok(0)),
            None => {}
        }
        self.write_in_background(len, slices)?;
        Poll::Ready(Ok(len))
    }

    fn poll_flushing(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let coop = ready!(poll_proceed(cx));
        let inner = self.inner.get_mut();
        if let Some(error) = inner.write_error.take() {
            coop.made_progress();
            return Poll::Ready(Err(error));
        }
        let result = ready!(inner.poll_write(cx));
        coop.made_progress();
        Poll::Ready(result)
    }

    /// Returns whether a write of `len` bytes is expected to take microseconds: it goes to the page
    /// cache, and waits for no other handle.
    fn writes_briefly(&self, len: usize) -> bool {
        let suits = len <= WRITE_BRIEF && self.flags & NOT_WRITTEN_INLINE == 0;
        let about = self.about().filter(|_| suits && !self.is_shared());
        about.is_some_and(|about| about.facts.is_regular() && about.writes_briefly())
    }

    /// Returns whether the position is behind bytes that were read ahead. What cannot seek has no
    /// position, and keeps its bytes.
    fn is_ahead_of_a_reader(&mut self) -> bool {
        self.inner.get_mut().ahead() > 0
            && self.about().is_none_or(|about| about.facts.is_regular())
    }

    fn write_in_background(&mut self, len: usize, slices: &[IoSlice<'_>]) -> io::Result<()> {
        let fd = self.std.clone();
        let inner = self.inner.get_mut();
        let mut buffer = inner.empty_buffer(len);
        for slice in slices {
            let left = len - buffer.len();
            buffer.extend_from_slice(&slice[..slice.len().min(left)]);
        }
        let op = Op::Write {
            fd,
            buffer,
            written: 0,
        };
        let (in_flight, refused) = run::submit_change(op, || self.writes_briefly(len));
        if refused.is_some() {
            return Err(run::task_failed());
        }
        self.inner.get_mut().state = FileState::Writing(in_flight);
        Ok(())
    }
}

impl AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        dst: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let op = me.trace.polling(Way::Read);
        op.poll(|| me.poll_reading(cx, dst))
    }

    #[doc(hidden)]
    fn bulk_source(self: Pin<&mut Self>) -> Bulk {
        self.bulk()
    }
}

impl AsyncWrite for File {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        src: &[u8],
    ) -> Poll<io::Result<usize>> {
        let slices = [IoSlice::new(src)];
        self.get_mut().poll_write_slices(cx, src.len(), &slices)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = total_len(bufs);
        self.get_mut().poll_write_slices(cx, len, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[doc(hidden)]
    fn bulk_sink(self: Pin<&mut Self>) -> Bulk {
        self.bulk()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let op = me.trace.polling(Way::Flush);
        op.poll(|| me.poll_flushing(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

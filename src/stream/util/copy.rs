//! `copy`: everything from a reader to a writer, through a buffer of its own.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::bulk::{BulkCopy, LARGE};
use crate::stream::util::{DEFAULT_BUF_SIZE, interrupted};
use crate::stream::{AsyncRead, AsyncWrite, Bulk, ReadBuf, Transfer};
use crate::util::budget::poll_proceed;

/// Copies everything from `reader` to `writer` and returns how many bytes that were.
///
/// Reads until `reader` is at its end, and then flushes `writer`; it does not shut it down. While
/// the reader has no bytes, what was written before is flushed, so that the other side does not
/// wait for it. A read or a write that reports [`Interrupted`](io::ErrorKind::Interrupted) is tried
/// again.
///
/// The bytes go through a buffer of 8 KiB, which is allocated for the copy. A reader that has a
/// buffer needs no second one: use [`copy_buf`](crate::io::copy_buf). For another size of the
/// buffer, put the reader into a [`BufReader`](crate::io::BufReader) and do the same.
///
/// # Bulk data
///
/// Between two sockets, pipes or pipes of a child, data that comes in more than 16 KiB at a time
/// stays in the kernel, by splice(2). Between a file and another file, a socket or a pipe, data
/// that comes in more than 64 KiB at a time goes through a buffer of 256 KiB. This holds for this
/// crate's own types, and for what this crate wraps around them: halves, [`Take`](crate::io::Take),
/// [`BufReader`](crate::io::BufReader) and the like. Any other reader or writer sees every byte.
/// The results are the same, and where the kernel refuses or too many copies do so already, the
/// copy continues through its buffer.
///
/// A sender can put pages of a file into a socket or a pipe without copying them, by sendfile(2) or
/// splice(2). Like [`std::io::copy`], this function passes such pages on. If the file is overwritten
/// before they have arrived, what arrives changes too, even after the copy has completed.
///
/// # Cancel safety
///
/// This function is not cancel safe: if the future is dropped, bytes that were read but not yet
/// written are lost, up to 512 KiB, and there is no way to tell how many were copied.
///
/// # Errors
///
/// Returns the first error of `reader` or `writer`, and [`WriteZero`](io::ErrorKind::WriteZero) if
/// `writer` accepts no more bytes. What was read but not yet written is lost.
///
/// # Examples
///
/// ```
/// # futures::executor::block_on(async {
/// let mut reader: &[u8] = b"hello";
/// let mut writer = Vec::new();
/// assert_eq!(zokio::io::copy(&mut reader, &mut writer).await?, 5);
/// assert_eq!(writer, b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut buffer = CopyBuffer::new(DEFAULT_BUF_SIZE);
    buffer.may_grow = true;
    poll_fn(|cx| buffer.poll_copy(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}

/// The least size of a buffer that a pipe is emptied into; see [`PipeBuf::read`].
///
/// [`PipeBuf::read`]: crate::stream::PipeBuf::read
const PAGE: usize = 4096;

/// The state of a copy in one direction.
#[derive(Debug)]
pub(super) struct CopyBuffer {
    space: Box<[u8]>,
    /// `space[start..end]` was read and has yet to be written.
    start: usize,
    end: usize,
    ended: bool,
    must_flush: bool,
    copied: u64,
    bulk: BulkCopy,
    /// The size was not chosen by the caller.
    may_grow: bool,
}

impl CopyBuffer {
    pub(super) fn new(size: usize) -> Self {
        CopyBuffer {
            // Zeroed: readers may rely on memory that is initialized.
            space: vec![0; size].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            must_flush: false,
            copied: 0,
            bulk: BulkCopy::new(),
            may_grow: false,
        }
    }

    /// Returns whether everything that was read has been written.
    fn is_empty(&self) -> bool {
        self.start == self.end && self.bulk.pipe.is_empty()
    }

    /// Copies as much as possible, and returns how many bytes were copied in all once it is done.
    ///
    /// One poll spends one unit of the task's budget, whatever the reader and the writer spend.
    pub(super) fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        let unit = ready!(poll_proceed(cx));
        loop {
            if self.is_empty() && !self.ended {
                match self.poll_refill(cx, reader.as_mut(), writer.as_mut()) {
                    Poll::Ready(result) => {
                        unit.made_progress();
                        result?;
                    }
                    Poll::Pending => {
                        self.bulk.waits();
                        if self.must_flush {
                            ready!(writer.as_mut().poll_flush(cx))?;
                            self.must_flush = false;
                            unit.made_progress();
                        }
                        return Poll::Pending;
                    }
                }
            }
            while !self.is_empty() {
                let Poll::Ready(written) = self.poll_drain(cx, writer.as_mut()) else {
                    // Fill the buffer in the same poll: the next write is the larger for it.
                    while !self.ended && self.bulk.pipe.is_empty() && self.end < self.space.len() {
                        ready!(self.poll_fill(cx, reader.as_mut()))?;
                        unit.made_progress();
                    }
                    return Poll::Pending;
                };
                unit.made_progress();
                written?;
            }
            if self.ended {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.copied));
            }
        }
    }

    /// Reads once, where nothing is left to write: into the pipe or the buffer.
    fn poll_refill<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        match self.bulk.means(reader.as_mut(), writer) {
            Bulk::Pipe => match self.bulk.fill(reader.as_mut())? {
                Transfer::Moved(_) => return Poll::Ready(Ok(())),
                Transfer::End => {
                    self.ended = true;
                    return Poll::Ready(Ok(()));
                }
                Transfer::Later | Transfer::NoPipe | Transfer::Refused => {}
            },
            Bulk::Large => {
                if self.may_grow && self.bulk.may_be_large() {
                    self.grow(LARGE);
                }
            }
            Bulk::Ordinary => {}
        }
        self.bulk.pipe.release();
        self.poll_fill(cx, reader)
    }

    /// Makes the buffer, which is empty, at least `size` bytes large.
    fn grow(&mut self, size: usize) {
        if self.space.len() < size {
            self.space = vec![0; size].into_boxed_slice();
        }
    }

    /// Reads once behind what is in the buffer.
    fn poll_fill<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + ?Sized,
    {
        loop {
            let mut buf = ReadBuf::new(&mut self.space);
            buf.set_filled(self.end);
            match ready!(reader.as_mut().poll_read(cx, &mut buf)) {
                Ok(()) => {
                    let end = buf.filled().len();
                    self.ended = end == self.end;
                    self.bulk.read(end.saturating_sub(self.end));
                    self.end = end;
                    return Poll::Ready(Ok(()));
                }
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes once: from the buffer, or else from the pipe.
    fn poll_drain<W>(
        &mut self,
        cx: &mut Context<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>>
    where
        W: AsyncWrite + ?Sized,
    {
        if self.start == self.end {
            return self.poll_drain_pipe(cx, writer);
        }
        loop {
            let rest = &self.space[self.start..self.end];
            match ready!(writer.as_mut().poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(took_nothing())),
                Ok(n) => {
                    self.start += n;
                    self.copied += n as u64;
                    self.must_flush = true;
                    if self.start == self.end {
                        self.start = 0;
                        self.end = 0;
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes once from the pipe; if the writer refuses, moves what is in the pipe to the buffer.
    fn poll_drain_pipe<W>(
        &mut self,
        cx: &mut Context<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>>
    where
        W: AsyncWrite + ?Sized,
    {
        let pipe = &mut self.bulk.pipe;
        loop {
            match ready!(writer.as_mut().poll_write_from_pipe(cx, pipe)) {
                Ok(Transfer::Moved(0)) => return Poll::Ready(Err(took_nothing())),
                Ok(Transfer::Moved(n)) => {
                    self.copied += n as u64;
                    self.must_flush = true;
                    return Poll::Ready(Ok(()));
                }
                Ok(_) => break,
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.bulk.refuse();
        self.grow(PAGE);
        self.start = 0;
        self.end = self.bulk.pipe.read(&mut self.space)?;
        if self.end == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Poll::Ready(Ok(()))
    }
}

/// The error of a writer that accepts no more bytes.
fn took_nothing() -> io::Error {
    let message = "the writer took no bytes of a copy that is not done";
    io::Error::new(io::ErrorKind::WriteZero, message)
}

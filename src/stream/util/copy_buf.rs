//! `copy_buf`: everything from a reader that has a buffer to a writer.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::bulk::BulkCopy;
use crate::stream::util::{interrupted, write_zero};
use crate::stream::{AsyncBufRead, AsyncWrite, Bulk, Transfer};
use crate::util::budget::poll_proceed;

/// Copies everything from `reader` to `writer`, without a buffer of its own, and returns how many
/// bytes that were.
///
/// Reads until `reader` is at its end, and then flushes `writer`; it does not shut it down. While
/// the reader has no bytes, what was written before is flushed, so that the other side does not
/// wait for it. A read or a write that reports [`Interrupted`](io::ErrorKind::Interrupted) is tried
/// again.
///
/// Bulk data between two sockets or pipes stays in the kernel, as for [`copy`](crate::io::copy()),
/// once the reader's buffer is empty.
///
/// # Cancel safety
///
/// If the future is dropped, no bytes are lost: what was not written is in the reader's buffer,
/// which grows for it if it has to. There is no way to tell how many were copied.
///
/// # Errors
///
/// Returns the first error of `reader` or `writer`, and [`WriteZero`](io::ErrorKind::WriteZero) if
/// `writer` accepts no more bytes. What was not written is in the reader's buffer.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncWriteExt, BufReader, copy_buf, duplex};
///
/// # futures::executor::block_on(async {
/// let (mut near, far) = duplex(64);
/// near.write_all(b"hello").await?;
/// drop(near);
/// let mut writer = Vec::new();
/// copy_buf(&mut BufReader::with_capacity(32, far), &mut writer).await?;
/// assert_eq!(writer, b"hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut copy = CopyBuf {
        reader,
        writer,
        copied: 0,
        must_flush: false,
        bulk: BulkCopy::new(),
    };
    poll_fn(|cx| copy.poll_copy(cx)).await
}

/// A copy and its progress.
#[derive(Debug)]
struct CopyBuf<'a, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    reader: &'a mut R,
    writer: &'a mut W,
    copied: u64,
    must_flush: bool,
    bulk: BulkCopy,
}

impl<R, W> CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn reader(&mut self) -> Pin<&mut R> {
        Pin::new(&mut *self.reader)
    }

    fn writer(&mut self) -> Pin<&mut W> {
        Pin::new(&mut *self.writer)
    }

    /// Copies as much as possible, and returns how many bytes were copied in all once it is done.
    ///
    /// One poll spends one unit of the task's budget, whatever the reader and the writer spend.
    fn poll_copy(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let unit = ready!(poll_proceed(cx));
        loop {
            while !self.bulk.pipe.is_empty() {
                ready!(self.poll_drain_pipe(cx))?;
                unit.made_progress();
            }
            match self.fill_pipe()? {
                Transfer::Moved(_) => {
                    unit.made_progress();
                    continue;
                }
                Transfer::End => {
                    ready!(self.writer().poll_flush(cx))?;
                    unit.made_progress();
                    return Poll::Ready(Ok(self.copied));
                }
                Transfer::Later | Transfer::NoPipe | Transfer::Refused => {}
            }
            let (reader, writer) = (Pin::new(&mut *self.reader), Pin::new(&mut *self.writer));
            let available = match reader.poll_fill_buf(cx) {
                Poll::Ready(Ok(available)) => available,
                Poll::Ready(Err(error)) if interrupted(&error) => continue,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.bulk.waits();
                    if self.must_flush {
                        ready!(writer.poll_flush(cx))?;
                        self.must_flush = false;
                    }
                    return Poll::Pending;
                }
            };
            if available.is_empty() {
                ready!(writer.poll_flush(cx))?;
                unit.made_progress();
                return Poll::Ready(Ok(self.copied));
            }
            match ready!(writer.poll_write(cx, available)) {
                Ok(0) => return Poll::Ready(Err(write_zero())),
                Ok(n) => {
                    unit.made_progress();
                    self.copied += n as u64;
                    self.must_flush = true;
                    self.reader().consume(n);
                    self.bulk.read(n);
                }
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Moves what has come into the pipe, which is empty, if that is the means of this copy.
    fn fill_pipe(&mut self) -> io::Result<Transfer> {
        let (mut reader, writer) = (Pin::new(&mut *self.reader), Pin::new(&mut *self.writer));
        let transfer = match self.bulk.means(reader.as_mut(), writer) {
            Bulk::Pipe => self.bulk.fill(reader)?,
            Bulk::Large | Bulk::Ordinary => Transfer::Later,
        };
        self.bulk.pipe.release();
        Ok(transfer)
    }

    /// Writes once from the pipe; if the writer refuses, the reader gets the bytes back.
    fn poll_drain_pipe(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writer = Pin::new(&mut *self.writer);
        match ready!(writer.poll_write_from_pipe(cx, &mut self.bulk.pipe)) {
            Ok(Transfer::Moved(0)) => Poll::Ready(Err(write_zero())),
            Ok(Transfer::Moved(n)) => {
                self.copied += n as u64;
                self.must_flush = true;
                Poll::Ready(Ok(()))
            }
            Ok(_) => {
                self.bulk.refuse();
                self.put_back();
                match self.bulk.pipe.is_empty() {
                    true => Poll::Ready(Ok(())),
                    false => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                }
            }
            Err(error) if interrupted(&error) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn put_back(&mut self) {
        Pin::new(&mut *self.reader).put_back(&mut self.bulk.pipe);
    }
}

impl<R, W> Drop for CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn drop(&mut self) {
        if !self.bulk.pipe.is_empty() {
            self.put_back();
        }
    }
}

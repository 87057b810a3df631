//! `copy_buf`: everything from a reader that has a buffer to a writer.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::{interrupted, write_zero};
use crate::stream::{AsyncBufRead, AsyncWrite};
use crate::util::budget::poll_proceed;

/// Copies everything from `reader` to `writer`, without a buffer of its own, and returns how many
/// bytes that were.
///
/// Reads until `reader` is at its end, and then flushes `writer`; it does not shut it down. While
/// the reader has no bytes, what was written before is flushed, so that the other side does not
/// wait for it. A read or a write that reports [`Interrupted`](io::ErrorKind::Interrupted) is tried
/// again.
///
/// # Cancel safety
///
/// If the future is dropped, no bytes are lost: what was not written is still in the reader's
/// buffer. There is no way to tell how many were copied.
///
/// # Errors
///
/// Returns the first error of `reader` or `writer`, and [`WriteZero`](io::ErrorKind::WriteZero) if
/// `writer` accepts no more bytes. What was not written is still in the reader's buffer.
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
    let mut progress = Progress::default();
    poll_fn(|cx| progress.poll_copy(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}

/// The progress of a copy.
#[derive(Debug, Default)]
struct Progress {
    copied: u64,
    must_flush: bool,
}

impl Progress {
    /// Copies as much as possible, and returns how many bytes were copied in all once it is done.
    ///
    /// One poll spends one unit of the task's budget, whatever the reader and the writer spend.
    fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncBufRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        let unit = ready!(poll_proceed(cx));
        loop {
            let available = match reader.as_mut().poll_fill_buf(cx) {
                Poll::Ready(Ok(available)) => available,
                Poll::Ready(Err(error)) if interrupted(&error) => continue,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if self.must_flush {
                        ready!(writer.as_mut().poll_flush(cx))?;
                        self.must_flush = false;
                    }
                    return Poll::Pending;
                }
            };
            if available.is_empty() {
                ready!(writer.as_mut().poll_flush(cx))?;
                unit.made_progress();
                return Poll::Ready(Ok(self.copied));
            }
            match ready!(writer.as_mut().poll_write(cx, available)) {
                Ok(0) => return Poll::Ready(Err(write_zero())),
                Ok(n) => {
                    unit.made_progress();
                    self.copied += n as u64;
                    self.must_flush = true;
                    reader.as_mut().consume(n);
                }
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

//! `simplex`: a one-way pipe in memory.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::pipe::Pipe;
use crate::stream::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use crate::util::budget::poll_proceed;

/// A one-way pipe in memory: what is written to it can be read from it.
///
/// [`simplex`] creates one and splits it; [`new_unsplit`](SimplexStream::new_unsplit) returns it as
/// one value, which is useful for a future that writes and reads in turn.
///
/// While the pipe holds as many bytes as its limit, writing waits until some are read. After a
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown) writing is a
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) error, and the reader gets what is left and then the
/// end. Dropping one of the two halves that `simplex` returns closes nothing: the pipe is shared.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, SimplexStream};
///
/// # futures::executor::block_on(async {
/// let mut pipe = SimplexStream::new_unsplit(64);
/// pipe.write_all(b"hello").await?;
/// pipe.shutdown().await?;
///
/// // What is inside can still be read, but nothing more goes in.
/// let error = pipe.write_all(b"more").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// let mut text = String::new();
/// pipe.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct SimplexStream {
    pipe: Pipe,
}

/// Creates a one-way pipe in memory that holds at most `max_buf_size` bytes, and returns its two
/// ends.
///
/// The writer must be [shut down](crate::io::AsyncWriteExt::shutdown) for the reader to see the
/// end: dropping it does not do that. [`duplex`](crate::io::duplex) goes both ways and does notice
/// a dropped end.
///
/// # Panics
///
/// Panics if `max_buf_size` is 0.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, simplex};
///
/// # futures::executor::block_on(async {
/// let (mut reader, mut writer) = simplex(64);
/// writer.write_all(b"hello").await?;
/// writer.shutdown().await?;
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[track_caller]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

impl SimplexStream {
    /// Creates a pipe that holds at most `max_buf_size` bytes, as one value for both ends.
    ///
    /// # Panics
    ///
    /// Panics if `max_buf_size` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt, SimplexStream};
    ///
    /// # futures::executor::block_on(async {
    /// let mut pipe = SimplexStream::new_unsplit(64);
    /// pipe.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// pipe.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        SimplexStream {
            pipe: Pipe::new(max_buf_size),
        }
    }
}

impl AsyncRead for SimplexStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(poll_proceed(cx));
        let (polled, _after) = self.pipe.poll_read(cx, buf);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        let (polled, _after) = self.pipe.poll_write(cx, buf);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        let (polled, _after) = self.pipe.poll_write_vectored(cx, bufs);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _after = self.pipe.close_write();
        Poll::Ready(Ok(()))
    }
}

//! `BufWriter`: a writer with a buffer.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::forward::{forward_buf_read, forward_read};
use crate::stream::util::{DEFAULT_BUF_SIZE, interrupted, total_len};
use crate::stream::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, Bulk, PipeBuf, Transfer};

pin_project! {
    /// Adds a buffer to any writer, so that many small writes become few large ones.
    ///
    /// [`flush`](crate::io::AsyncWriteExt::flush) or [shut
    /// down](crate::io::AsyncWriteExt::shutdown) at the end: what is still buffered when the
    /// `BufWriter` is dropped is lost. Writing to memory needs no `BufWriter`. When the inner
    /// writer is also a reader, the `BufWriter` is one too, and passes reads through.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// for number in 0..3 {
    ///     writer.write_u8(number).await?;
    /// }
    /// writer.flush().await?;
    /// assert_eq!(writer.into_inner(), [0, 1, 2]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        pub(super) inner: W,
        pub(super) buffer: Buffer,
        pub(super) seek: SeekState,
    }
}

/// The bytes of `bytes` have yet to be written, except for the first `written` ones.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    written: usize,
    capacity: usize,
}

impl Buffer {
    #[inline]
    fn unwritten(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Returns whether `n` more bytes do not fit.
    #[inline]
    fn overflows(&self, n: usize) -> bool {
        n > self.capacity.saturating_sub(self.bytes.len())
    }
}

/// The progress of a seek.
#[derive(Debug, Clone, Copy)]
pub(super) enum SeekState {
    /// No seek is under way.
    Idle,
    /// A seek was requested; it was not yet passed to the inner writer.
    Asked(SeekFrom),
    /// The inner writer seeks.
    Moving,
}

impl<W: AsyncWrite> BufWriter<W> {
    /// Creates a writer with a buffer of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"abc").await?;
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"abc");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn new(inner: W) -> Self {
        Self::with_capacity(DEFAULT_BUF_SIZE, inner)
    }

    /// Creates a writer with a buffer of `cap` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::with_capacity(4, Vec::new());
    /// writer.write_all(b"abc").await?;
    /// assert_eq!(writer.buffer(), b"abc");
    /// // These do not fit beside the former ones, which make room.
    /// writer.write_all(b"de").await?;
    /// assert_eq!(writer.get_ref(), b"abc");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn with_capacity(cap: usize, inner: W) -> Self {
        BufWriter {
            inner,
            buffer: Buffer {
                bytes: Vec::with_capacity(cap),
                written: 0,
                capacity: cap,
            },
            seek: SeekState::Idle,
        }
    }

    /// Returns a reference to the inner writer.
    ///
    /// It is behind this writer by what is buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::BufWriter;
    ///
    /// let writer = BufWriter::new(vec![1]);
    /// assert_eq!(writer.get_ref(), &[1]);
    /// ```
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// Returns a mutable reference to the inner writer.
    ///
    /// What is written to it directly overtakes what is buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"later").await?;
    /// writer.get_mut().extend(b"first ");
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"first later");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Returns a pinned mutable reference to the inner writer.
    ///
    /// What is written to it directly overtakes what is buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = pin!(BufWriter::new(Vec::new()));
    /// writer.as_mut().get_pin_mut().write_all(b"past the buffer").await?;
    /// assert!(writer.buffer().is_empty());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// Returns the inner writer. What is buffered is lost: flush first.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"kept").await?;
    /// writer.flush().await?;
    /// writer.write_all(b"lost").await?;
    /// assert_eq!(writer.into_inner(), b"kept");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// Returns the buffered bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"abc").await?;
    /// assert_eq!(writer.buffer(), b"abc");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn buffer(&self) -> &[u8] {
        self.buffer.unwritten()
    }

    /// Writes the buffer out.
    fn poll_write_out(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut me = self.project();
        let buffer = me.buffer;
        let mut result = Ok(());
        while !buffer.unwritten().is_empty() {
            match ready!(me.inner.as_mut().poll_write(cx, buffer.unwritten())) {
                Ok(0) => {
                    let message = "the inner writer takes no more of the buffered bytes";
                    result = Err(io::Error::new(io::ErrorKind::WriteZero, message));
                    break;
                }
                Ok(n) => buffer.written += n,
                Err(error) if interrupted(&error) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        buffer.bytes.drain(..buffer.written);
        buffer.written = 0;
        Poll::Ready(result)
    }

    /// Writes from `bufs` for an inner writer without vectored writes.
    fn poll_write_gathered(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bufs = bufs.iter().filter(|buf| !buf.is_empty());
        let Some(first) = bufs.next() else {
            return Poll::Ready(Ok(0));
        };
        let mut n = ready!(self.as_mut().poll_write(cx, first))?;
        if n < first.len() || n >= self.buffer.capacity {
            // It went to the inner writer, and what follows has to wait.
            return Poll::Ready(Ok(n));
        }
        let buffer = self.project().buffer;
        for buf in bufs {
            if buffer.overflows(buf.len()) {
                break;
            }
            buffer.bytes.extend_from_slice(buf);
            n += buf.len();
        }
        Poll::Ready(Ok(n))
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.buffer.overflows(buf.len()) {
            ready!(self.as_mut().poll_write_out(cx))?;
        }
        let me = self.project();
        if buf.len() >= me.buffer.capacity {
            return me.inner.poll_write(cx, buf);
        }
        me.buffer.bytes.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.inner.is_write_vectored() {
            return self.poll_write_gathered(cx, bufs);
        }
        let total = total_len(bufs);
        if self.buffer.overflows(total) {
            ready!(self.as_mut().poll_write_out(cx))?;
        }
        let me = self.project();
        if total >= me.buffer.capacity {
            return me.inner.poll_write_vectored(cx, bufs);
        }
        for buf in bufs {
            me.buffer.bytes.extend_from_slice(buf);
        }
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_write_out(cx))?;
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_write_out(cx))?;
        self.project().inner.poll_shutdown(cx)
    }

    #[doc(hidden)]
    fn bulk_sink(self: Pin<&mut Self>) -> Bulk {
        self.project().inner.bulk_sink()
    }

    #[doc(hidden)]
    fn poll_write_from_pipe(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pipe: &mut PipeBuf,
    ) -> Poll<io::Result<Transfer>> {
        // What was written before goes first.
        ready!(self.as_mut().poll_write_out(cx))?;
        self.project().inner.poll_write_from_pipe(cx, pipe)
    }
}

/// Writes the buffer out, and then seeks in the inner writer.
impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = SeekState::Asked(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        loop {
            let state = self.seek;
            if let SeekState::Asked(_) = state {
                ready!(self.as_mut().poll_write_out(cx))?;
            }
            let mut me = self.as_mut().project();
            let done = ready!(me.inner.as_mut().poll_complete(cx));
            // A failure ends the seek, so that it is not begun again by a later call.
            *me.seek = SeekState::Idle;
            let position = done?;
            let SeekState::Asked(position) = state else {
                return Poll::Ready(Ok(position));
            };
            me.inner.as_mut().start_seek(position)?;
            *me.seek = SeekState::Moving;
        }
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    forward_read!(|this| this.project().inner);
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    forward_buf_read!(|this| this.project().inner);
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, size) = (self.buffer.unwritten().len(), self.buffer.capacity);
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field("buffer", &format_args!("{used}/{size}"))
            .finish()
    }
}

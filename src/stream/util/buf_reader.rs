//! `BufReader`: a reader with a buffer.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::forward::forward_write;
use crate::stream::util::DEFAULT_BUF_SIZE;
use crate::stream::{
    AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, Bulk, PipeBuf, ReadBuf, Transfer,
};

pin_project! {
    /// Adds a buffer to any reader, so that many small reads become few large ones.
    ///
    /// What was buffered but not read is lost when the `BufReader` is dropped or taken apart.
    /// Reading from memory needs no `BufReader`. When the inner reader is also a writer, the
    /// `BufReader` is one too, and passes writes through without a buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};
    ///
    /// # futures::executor::block_on(async {
    /// let (mut near, far) = duplex(64);
    /// near.write_all(b"one\ntwo\n").await?;
    /// let mut far = BufReader::new(far);
    /// let mut line = String::new();
    /// far.read_line(&mut line).await?;
    /// assert_eq!(line, "one\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct BufReader<R> {
        #[pin]
        pub(super) inner: R,
        pub(super) buffer: Buffer,
        pub(super) seek: SeekState,
    }
}

/// The bytes of `space[start..end]` are buffered.
pub(super) struct Buffer {
    /// Larger than `capacity` while it holds bytes that were put back.
    space: Box<[u8]>,
    capacity: usize,
    start: usize,
    end: usize,
}

impl Buffer {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.space[self.start..self.end]
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

/// The progress of a seek.
#[derive(Debug, Clone, Copy)]
pub(super) enum SeekState {
    /// No seek is under way.
    Idle,
    /// A seek was requested; it was not yet passed to the inner reader.
    Asked(SeekFrom),
    /// The inner reader moves to where the next byte of the buffer comes from, because the
    /// distance from its own position overflows. It has to move on by this much afterwards.
    Approaching(i64),
    /// The inner reader moves to the place that was asked for.
    Moving,
}

impl<R: AsyncRead> BufReader<R> {
    /// Creates a reader with a buffer of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, BufReader};
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"abcdef";
    /// let mut reader = BufReader::new(source);
    /// assert_eq!(reader.read_u8().await?, b'a');
    /// assert_eq!(reader.buffer(), b"bcdef");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_BUF_SIZE, inner)
    }

    /// Creates a reader with a buffer of `capacity` bytes.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncBufReadExt, BufReader};
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"abcdef";
    /// let mut reader = BufReader::with_capacity(4, source);
    /// assert_eq!(reader.fill_buf().await?, b"abcd");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(
            capacity > 0,
            "capacity must be greater than zero: nothing could be read otherwise"
        );
        BufReader {
            inner,
            buffer: Buffer {
                // Zeroed: readers may rely on memory that is initialized.
                space: vec![0; capacity].into_boxed_slice(),
                capacity,
                start: 0,
                end: 0,
            },
            seek: SeekState::Idle,
        }
    }

    /// Returns a reference to the inner reader.
    ///
    /// It is ahead of this reader by what is buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::BufReader;
    ///
    /// let reader = BufReader::new(&b"abc"[..]);
    /// assert_eq!(*reader.get_ref(), b"abc");
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns a mutable reference to the inner reader.
    ///
    /// What is read from it directly is missing here.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::BufReader;
    ///
    /// let mut reader = BufReader::new(std::io::Cursor::new(b"abc"));
    /// reader.get_mut().set_position(1);
    /// assert_eq!(reader.into_inner().position(), 1);
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Returns a pinned mutable reference to the inner reader.
    ///
    /// What is read from it directly is missing here.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::{AsyncReadExt, BufReader};
    ///
    /// # futures::executor::block_on(async {
    /// let mut reader = pin!(BufReader::new(&b"abc"[..]));
    /// assert_eq!(reader.as_mut().get_pin_mut().read_u8().await?, b'a');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Returns the inner reader. What is buffered is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, BufReader};
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"abcdef";
    /// let mut reader = BufReader::with_capacity(4, source);
    /// reader.read_u8().await?;
    /// // "bcd" was buffered.
    /// assert_eq!(reader.into_inner(), b"ef");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Returns the buffered bytes.
    ///
    /// Unlike [`fill_buf`](crate::io::AsyncBufReadExt::fill_buf), this reads nothing when the
    /// buffer is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, BufReader};
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"abcdef";
    /// let mut reader = BufReader::with_capacity(4, source);
    /// assert!(reader.buffer().is_empty());
    /// reader.read_u8().await?;
    /// assert_eq!(reader.buffer(), b"bcd");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn buffer(&self) -> &[u8] {
        self.buffer.bytes()
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() && buf.remaining() >= self.buffer.capacity {
            // The caller's buffer is at least as good as ours.
            return self.project().inner.poll_read(cx, buf);
        }
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let n = available.len().min(buf.remaining());
        buf.put_slice(&available[..n]);
        self.consume(n);
        Poll::Ready(Ok(()))
    }

    #[doc(hidden)]
    fn bulk_source(self: Pin<&mut Self>) -> Bulk {
        self.project().inner.bulk_source()
    }

    #[doc(hidden)]
    fn try_read_to_pipe(
        self: Pin<&mut Self>,
        pipe: &mut PipeBuf,
        max: usize,
    ) -> io::Result<Transfer> {
        if !self.buffer.is_empty() {
            return Ok(Transfer::Later);
        }
        self.project().inner.try_read_to_pipe(pipe, max)
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        let buffer = me.buffer;
        if buffer.is_empty() {
            if buffer.space.len() > buffer.capacity {
                buffer.clear();
                buffer.space = vec![0; buffer.capacity].into_boxed_slice();
            }
            let mut buf = ReadBuf::new(&mut buffer.space);
            ready!(me.inner.poll_read(cx, &mut buf))?;
            buffer.end = buf.filled().len();
            buffer.start = 0;
        }
        Poll::Ready(Ok(buffer.bytes()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let buffer = self.project().buffer;
        buffer.start = buffer.end.min(buffer.start.saturating_add(amt));
    }

    #[doc(hidden)]
    fn put_back(self: Pin<&mut Self>, pipe: &mut PipeBuf) {
        let buffer = self.project().buffer;
        let mut space = buffer.bytes().to_vec();
        let mut end = space.len();
        space.resize(buffer.capacity.max(end + pipe.len()), 0);
        while !pipe.is_empty() {
            // A pipe that holds bytes does not fail to be read.
            let Ok(n @ 1..) = pipe.read(&mut space[end..]) else {
                break;
            };
            end += n;
        }
        buffer.space = space.into_boxed_slice();
        buffer.start = 0;
        buffer.end = end;
    }
}

/// Seeks in the inner reader, and discards what is buffered.
///
/// [`SeekFrom::Current`] counts from the byte that this reader returns next, not from the position
/// of the inner reader. A seek always empties the buffer, even when the new position is in it; a
/// seek that fails leaves the buffer unchanged.
impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = SeekState::Asked(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut me = self.project();
        loop {
            let done = ready!(me.inner.as_mut().poll_complete(cx));
            // A failure ends the seek, so that it is not begun again by a later call.
            let state = std::mem::replace(me.seek, SeekState::Idle);
            let position = done?;
            *me.seek = match state {
                SeekState::Idle => return Poll::Ready(Ok(position)),
                SeekState::Moving => {
                    me.buffer.clear();
                    return Poll::Ready(Ok(position));
                }
                SeekState::Asked(SeekFrom::Current(n)) => {
                    let ahead = me.buffer.bytes().len() as i64;
                    let (first, next) = match n.checked_sub(ahead) {
                        Some(n) => (n, SeekState::Moving),
                        None => (-ahead, SeekState::Approaching(n)),
                    };
                    me.inner.as_mut().start_seek(SeekFrom::Current(first))?;
                    next
                }
                SeekState::Asked(position) => {
                    me.inner.as_mut().start_seek(position)?;
                    SeekState::Moving
                }
                SeekState::Approaching(n) => {
                    me.buffer.clear();
                    me.inner.as_mut().start_seek(SeekFrom::Current(n))?;
                    SeekState::Moving
                }
            };
        }
    }
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    forward_write!(|this| this.project().inner, |this| this.inner);
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, size) = (self.buffer.bytes().len(), self.buffer.space.len());
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field("buffer", &format_args!("{used}/{size}"))
            .finish()
    }
}

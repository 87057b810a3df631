//! `split`: a stream as two halves that can go to two tasks.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::raw::SharedStream;
use crate::stream::{AsyncRead, AsyncWrite, Bulk, PipeBuf, ReadBuf, Transfer};

/// The reading half of a stream.
///
/// Created by [`split`].
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
///
/// # futures::executor::block_on(async {
/// let (near, mut far) = duplex(64);
/// let (mut reader, _writer) = split(near);
/// far.write_all(b"x").await?;
/// assert_eq!(reader.read_u8().await?, b'x');
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct ReadHalf<T> {
    stream: SharedStream<T>,
}

/// The writing half of a stream.
///
/// Created by [`split`].
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
///
/// # futures::executor::block_on(async {
/// let (near, mut far) = duplex(64);
/// let (_reader, mut writer) = split(near);
/// writer.write_all(b"x").await?;
/// assert_eq!(far.read_u8().await?, b'x');
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct WriteHalf<T> {
    stream: SharedStream<T>,
    is_write_vectored: bool,
}

/// Splits a stream into a half to read from and a half to write to, which can go to two tasks.
///
/// The halves share the stream behind a lock that is held for the time of one poll only. Types that
/// can be split at a lower cost have a method for it, such as `into_split` of a TCP stream.
/// Dropping a half closes nothing; the stream is dropped with the second one. To end the stream for
/// the other side, call [`shutdown`](crate::io::AsyncWriteExt::shutdown) on the writing half. To
/// get the stream back, use [`unsplit`](ReadHalf::unsplit).
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
///
/// # futures::executor::block_on(async {
/// let (near, mut far) = duplex(64);
/// let (mut reader, mut writer) = split(near);
/// writer.write_all(b"ping").await?;
/// far.write_all(b"pong").await?;
/// let mut buf = [0; 4];
/// reader.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"pong");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn split<T>(stream: T) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    let is_write_vectored = stream.is_write_vectored();
    let stream = SharedStream::new(stream);
    let read = ReadHalf {
        stream: stream.another(),
    };
    let write = WriteHalf {
        stream,
        is_write_vectored,
    };
    (read, write)
}

impl<T> ReadHalf<T> {
    /// Returns `true` if the two halves belong to the same stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{duplex, split};
    ///
    /// let (one, two) = duplex(64);
    /// let (reader, writer) = split(one);
    /// let (_, other) = split(two);
    /// assert!(reader.is_pair_of(&writer));
    /// assert!(!reader.is_pair_of(&other));
    /// ```
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        self.stream.is(&other.stream)
    }

    /// Puts the two halves together again.
    ///
    /// # Panics
    ///
    /// Panics if the halves do not belong to the same stream; see
    /// [`is_pair_of`](ReadHalf::is_pair_of).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::split;
    ///
    /// let (reader, writer) = split(Cursor::new(vec![1, 2, 3]));
    /// assert_eq!(reader.unsplit(writer).into_inner(), [1, 2, 3]);
    /// ```
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(
            self.is_pair_of(&wr),
            "unsplit needs the two halves of one stream: check with is_pair_of"
        );
        drop(wr);
        self.stream.into_inner()
    }
}

impl<T> WriteHalf<T> {
    /// Returns `true` if the two halves belong to the same stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{duplex, split};
    ///
    /// let (reader, writer) = split(duplex(64).0);
    /// assert!(writer.is_pair_of(&reader));
    /// ```
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        other.is_pair_of(self)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.with(|stream| stream.poll_read(cx, buf))
    }

    #[doc(hidden)]
    fn bulk_source(mut self: Pin<&mut Self>) -> Bulk {
        self.stream.with(|stream| stream.bulk_source())
    }

    #[doc(hidden)]
    fn try_read_to_pipe(
        mut self: Pin<&mut Self>,
        pipe: &mut PipeBuf,
        max: usize,
    ) -> io::Result<Transfer> {
        self.stream
            .with(|stream| stream.try_read_to_pipe(pipe, max))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.with(|stream| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream
            .with(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.is_write_vectored
    }

    #[doc(hidden)]
    fn bulk_sink(mut self: Pin<&mut Self>) -> Bulk {
        self.stream.with(|stream| stream.bulk_sink())
    }

    #[doc(hidden)]
    fn poll_write_from_pipe(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pipe: &mut PipeBuf,
    ) -> Poll<io::Result<Transfer>> {
        self.stream
            .with(|stream| stream.poll_write_from_pipe(cx, pipe))
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The stream itself is behind the lock, which the other half may hold.
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

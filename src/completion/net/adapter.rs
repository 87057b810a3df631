//! [`Adapter`]: a stream with owned buffers behind the I/O traits.
//!
//! A read into a borrowed buffer goes there directly, as those of `net` do. What was received ahead,
//! into a buffer of a ring, belongs to the adapter and is returned first, by every method.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;

use super::halves::ByteStream;
use super::recv_multi::RecvMulti;
use crate::completion::{BufferRing, ReceivedBuf};
use crate::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

/// The buffer of an adapter without a ring.
const BUFFER: usize = 8 * 1024;

/// The I/O traits over a stream of [`completion::net`](crate::completion::net).
///
/// It implements [`AsyncRead`], [`AsyncBufRead`] and [`AsyncWrite`], so that code which is generic
/// over them (TLS, HTTP, codecs) runs on a [`TcpStream`](super::TcpStream) or
/// [`UnixStream`](super::UnixStream) of this module. With the feature `tokio` it also implements the
/// traits of the `tokio` crate, and with the feature `futures-io` those of the crate `futures-io`.
///
/// # Buffers
///
/// A read goes straight into the caller's buffer, unless the adapter has a [`BufferRing`]
/// ([`with_ring`](Adapter::with_ring)) and the caller's buffer is smaller than those of the ring:
/// then as much as there is goes into a buffer of the ring, for the reads that follow. A ring that
/// has no buffer left delays no such read, which goes to the caller's buffer then.
///
/// [`AsyncBufRead`] shows a buffer of the ring, and waits if there is none; without a ring, the
/// adapter has one buffer of 8 KiB, which is allocated when something comes. A buffer is held from
/// the arrival of bytes until all of them are consumed, and not while the connection is idle.
///
/// # Writing
///
/// A write returns how many bytes the kernel has accepted, so flushing has nothing to do. Shutting
/// down ends the writing side only.
///
/// # Cancel safety
///
/// What was received for a read that was dropped is kept for the next one, of whatever kind. A write
/// that was dropped before it was ready has written nothing.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::{TcpListener, TcpStream};
/// use zokio::completion::{Adapter, BufferRing};
/// use zokio::io::{AsyncBufReadExt, AsyncWriteExt};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let ring = BufferRing::new(64, 4096);
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let mut client = Adapter::new(TcpStream::connect(listener.local_addr()?).await?);
///     let (server, _) = listener.accept().await?;
///     client.write_all(b"first\nsecond\n").await?;
///     client.shutdown().await?;
///
///     let mut lines = Adapter::with_ring(server, &ring).lines();
///     assert_eq!(lines.next_line().await?.as_deref(), Some("first"));
///     assert_eq!(lines.next_line().await?.as_deref(), Some("second"));
///     assert_eq!(lines.next_line().await?, None);
///     Ok(())
/// }
/// ```
pub struct Adapter<T> {
    /// Received and not yet read; never empty.
    rest: Option<ReceivedBuf>,
    /// Made when it is first needed, and let go of at the end of the stream and after an error, to
    /// ask the kernel again. Dropped before the stream, to which it would be an operation that is
    /// left.
    received: Option<RecvMulti>,
    ring: Option<BufferRing>,
    stream: T,
}

impl<T: ByteStream> Adapter<T> {
    /// Wraps `stream`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::Adapter;
    /// use zokio::completion::net::UnixStream;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (near, far) = UnixStream::pair()?;
    ///     let (mut near, mut far) = (Adapter::new(near), Adapter::new(far));
    ///     near.write_all(b"hello").await?;
    ///     let mut hello = [0; 5];
    ///     far.read_exact(&mut hello).await?;
    ///     assert_eq!(&hello, b"hello");
    ///     Ok(())
    /// }
    /// ```
    pub fn new(stream: T) -> Adapter<T> {
        Adapter {
            rest: None,
            received: None,
            ring: None,
            stream,
        }
    }

    /// Wraps `stream`, to receive into buffers of `ring`.
    pub fn with_ring(stream: T, ring: &BufferRing) -> Adapter<T> {
        Adapter {
            ring: Some(ring.clone()),
            ..Adapter::new(stream)
        }
    }

    /// Returns the stream. Its own reads do not return what the adapter has received ahead.
    pub fn get_ref(&self) -> &T {
        &self.stream
    }

    /// Returns what was received and not yet read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UnixStream;
    /// use zokio::completion::{Adapter, BufferRing};
    /// use zokio::io::AsyncReadExt;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (near, far) = UnixStream::pair()?;
    ///     near.write_all("hello").await.0?;
    ///     let mut far = Adapter::with_ring(far, &BufferRing::new(1, 4096));
    ///     assert_eq!(far.read_u8().await?, b'h');
    ///     assert_eq!(far.buffer(), b"ello");
    ///     Ok(())
    /// }
    /// ```
    pub fn buffer(&self) -> &[u8] {
        self.rest.as_deref().unwrap_or_default()
    }

    /// Returns the stream, and what was received and not yet read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UnixStream;
    /// use zokio::completion::{Adapter, BufferRing};
    /// use zokio::io::AsyncReadExt;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (near, far) = UnixStream::pair()?;
    ///     near.write_all("head body").await.0?;
    ///     let mut far = Adapter::with_ring(far, &BufferRing::new(1, 4096));
    ///     far.read_exact(&mut [0; 5]).await?;
    ///
    ///     let (stream, rest) = far.into_inner();
    ///     assert_eq!(rest.expect("it was received at once"), b"body");
    ///     drop(near);
    ///     assert_eq!(stream.read(vec![0; 4]).await.0?, 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn into_inner(self) -> (T, Option<ReceivedBuf>) {
        (self.stream, self.rest)
    }

    /// Receives into a buffer, unless there is a rest. If the stream has ended, there is none
    /// afterwards either.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_some() {
            return Poll::Ready(Ok(()));
        }
        let ring = self.ring.get_or_insert_with(|| BufferRing::new(1, BUFFER));
        let received = self
            .received
            .get_or_insert_with(|| RecvMulti::new(self.stream.owner(), ring));
        match ready!(received.poll_received(cx)).transpose() {
            Ok(Some(bytes)) => self.rest = Some(bytes),
            ended => {
                self.received = None;
                ended?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Returns whether a read of `room` bytes is to go by way of the ring.
    fn reads_ahead(&self, room: usize) -> bool {
        self.ring
            .as_ref()
            .is_some_and(|ring| room < ring.buffer_size())
    }

    /// Moves bytes from the rest.
    fn take_rest(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.buffer().len().min(buf.remaining());
        buf.put_slice(&self.buffer()[..count]);
        self.consume_rest(count);
    }

    #[track_caller]
    fn consume_rest(&mut self, count: usize) {
        match &mut self.rest {
            Some(rest) => {
                rest.advance(count);
                // The buffer goes back as soon as it is empty.
                if !rest.has_remaining() {
                    self.rest = None;
                }
            }
            None => assert_eq!(count, 0, "cannot consume what is not there"),
        }
    }
}

/// What is read goes into the rest only if the caller's buffer is smaller than those of the ring.
impl<T: ByteStream + Unpin> AsyncRead for Adapter<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.rest.is_none() && me.reads_ahead(buf.remaining()) {
            if let Poll::Ready(received) = me.poll_rest(cx) {
                received?;
                me.take_rest(buf);
                return Poll::Ready(Ok(()));
            }
            let received = me.received.as_mut();
            let waits_for_buffer = received.is_some_and(RecvMulti::stop_waiting);
            if !waits_for_buffer {
                return Poll::Pending;
            }
        }
        if me.rest.is_some() {
            me.take_rest(buf);
            return Poll::Ready(Ok(()));
        }
        me.stream.owner().poll_read(cx, buf)
    }
}

impl<T: ByteStream + Unpin> AsyncBufRead for Adapter<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.get_mut();
        ready!(me.poll_rest(cx))?;
        Poll::Ready(Ok(me.buffer()))
    }

    #[track_caller]
    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_mut().consume_rest(amt);
    }
}

impl<T: ByteStream + Unpin> AsyncWrite for Adapter<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.owner().poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.owner().poll_write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: what was written is with the kernel.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ready at once. Ends the writing side.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.owner().shut_down(Shutdown::Write))
    }
}

/// The same as [`Adapter::new`].
impl<T: ByteStream> From<T> for Adapter<T> {
    fn from(stream: T) -> Adapter<T> {
        Adapter::new(stream)
    }
}

impl<T: fmt::Debug> fmt::Debug for Adapter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let received = self.rest.as_deref().unwrap_or_default();
        f.debug_struct("Adapter")
            .field("stream", &self.stream)
            .field("received", &received.len())
            .field("ring", &self.ring)
            .finish()
    }
}

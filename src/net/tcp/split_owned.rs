//! The halves of a TCP stream that own it together.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::BufMut;

use crate::io::{Interest, ReadBuf, Ready};
use crate::net::halves::Connection;
use crate::net::{TcpStream, halves};
use crate::watched::{forward_read, forward_write};

/// The half of a [`TcpStream`] that reads, owned.
///
/// Made by [`TcpStream::into_split`], which has an example. Read from it through
/// [`AsyncReadExt`](crate::io::AsyncReadExt). Its own methods work like the methods of the same
/// names on the stream, and return the same errors. The stream is closed when both halves are
/// dropped.
pub struct OwnedReadHalf(halves::OwnedReadHalf<TcpStream>);

/// The half of a [`TcpStream`] that writes, owned.
///
/// Made by [`TcpStream::into_split`]. It is written through
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt). Dropping it closes the writing side of the stream,
/// so that the peer sees the end of the stream; [`forget`](OwnedWriteHalf::forget) drops it without
/// that. Its own methods work like the methods of the same names on the stream, and return the same
/// errors.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::{TcpListener, TcpStream};
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let stream = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut peer, _) = listener.accept().await?;
/// let (_reader, mut writer) = stream.into_split();
///
/// writer.write_all(b"hello").await?;
/// // This ends the stream for the peer, although the other half is still there.
/// drop(writer);
/// let mut text = String::new();
/// peer.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(()) }
/// ```
pub struct OwnedWriteHalf(halves::OwnedWriteHalf<TcpStream>);

pub(super) fn split_owned(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let (reader, writer) = halves::split(stream);
    (OwnedReadHalf(reader), OwnedWriteHalf(writer))
}

/// The error of an attempt to reunite two halves that are not of the same stream.
///
/// It holds the halves.
///
/// # Examples
///
/// ```
/// use zokio::net::tcp::ReuniteError;
/// use zokio::net::{TcpListener, TcpStream};
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let server = listener.local_addr()?;
/// let one = TcpStream::connect(server).await?;
/// let other = TcpStream::connect(server).await?;
/// let (reader, other_writer) = one.into_split();
/// let (other_reader, writer) = other.into_split();
///
/// let error: ReuniteError = reader.reunite(writer).unwrap_err();
/// assert_eq!(error.to_string(), "the two halves are not of the same stream");
///
/// // Nothing is lost: the halves are inside.
/// let ReuniteError(reader, writer) = error;
/// assert!(reader.reunite(other_writer).is_ok());
/// assert!(writer.reunite(other_reader).is_ok());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ReuniteError(
    /// The half that reads.
    pub OwnedReadHalf,
    /// The half that writes.
    pub OwnedWriteHalf,
);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of the same stream")
    }
}

impl Error for ReuniteError {}

impl OwnedReadHalf {
    /// Turns the two halves of a stream into the stream again.
    ///
    /// # Errors
    ///
    /// Returns a [`ReuniteError`], which holds both halves, if they come from different streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// let (reader, mut writer) = stream.into_split();
    /// writer.write_all(b"by the half, ").await?;
    ///
    /// let mut stream = reader.reunite(writer).expect("both halves are of one stream");
    /// stream.write_all(b"by the whole").await?;
    /// drop(stream);
    /// let mut text = String::new();
    /// peer.read_to_string(&mut text).await?;
    /// assert_eq!(text, "by the half, by the whole");
    /// # Ok(()) }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        if !self.0.belongs_to(&other.0) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        Ok(self.0.into_stream())
    }

    /// Polls to copy received bytes to `buf`, leaving them in the socket.
    ///
    /// See [`TcpStream::poll_peek`].
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    pub fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
    }

    /// Waits for bytes and copies them to `buf`, as [`TcpStream::peek`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).await
    }

    /// Waits until the stream is ready for a part of `interest`, as [`TcpStream::ready`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there is something to read, as [`TcpStream::readable`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads what has been received, without waiting. See [`TcpStream::try_read`].
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// Reads into the spare capacity of `buf`, without waiting. See [`TcpStream::try_read_buf`].
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buf)
    }

    /// Reads into several buffers, without waiting. See [`TcpStream::try_read_vectored`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// Returns the address of the peer. See [`TcpStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Returns the address of this end of the connection. See [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl OwnedWriteHalf {
    /// Turns the two halves of a stream into the stream again. See [`OwnedReadHalf::reunite`].
    ///
    /// # Errors
    ///
    /// Returns a [`ReuniteError`], which holds both halves, if they come from different streams.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<TcpStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops the half without closing the writing side.
    ///
    /// It stays open until the other half is dropped as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    ///
    /// writer.forget();
    /// // The peer does not see the end of the stream yet.
    /// let mut buf = [0; 1];
    /// let error = peer.try_read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// drop(reader);
    /// assert_eq!(peer.read(&mut buf).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn forget(mut self) {
        self.0.forget();
    }

    /// Waits until the stream is ready for a part of `interest`, as [`TcpStream::ready`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there is room to write, as [`TcpStream::writable`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// Writes as much of `buf` as there is room for, without waiting. See [`TcpStream::try_write`].
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// Writes from several buffers, without waiting. See [`TcpStream::try_write_vectored`].
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    /// Returns the address of the peer. See [`TcpStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Returns the address of this end of the connection. See [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        self.0.dropped();
    }
}

impl fmt::Debug for OwnedReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for OwnedWriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<TcpStream> for OwnedReadHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.0
    }
}

impl AsRef<TcpStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &TcpStream {
        &self.0
    }
}

forward_read!(OwnedReadHalf, |half| half.0.io());
forward_write!(OwnedWriteHalf, |half| half.0.io(), half.0.close());

//! The halves of a Unix stream that own it together.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BufMut;

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::UnixStream;
use crate::net::unix::SocketAddr;

/// The half of a [`UnixStream`] that reads, owned.
///
/// Made by [`UnixStream::into_split`]. The stream is closed when both halves are dropped.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::UnixStream;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, mut peer) = UnixStream::pair()?;
/// let (mut reader, _writer) = stream.into_split();
///
/// // The half moves to a task of its own.
/// let reading = zokio::task::spawn(async move {
///     let mut text = String::new();
///     reader.read_to_string(&mut text).await?;
///     std::io::Result::Ok(text)
/// });
/// peer.write_all(b"hello").await?;
/// peer.shutdown().await?;
/// assert_eq!(reading.await??, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf {
    inner: Arc<UnixStream>,
}

/// The half of a [`UnixStream`] that writes, owned.
///
/// Made by [`UnixStream::into_split`]. Dropping it closes the writing side of the stream, so the
/// peer reads the end of the stream; [`forget`](OwnedWriteHalf::forget) drops it without that.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::UnixStream;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, mut peer) = UnixStream::pair()?;
/// let (_reader, mut writer) = stream.into_split();
///
/// writer.write_all(b"hello").await?;
/// // This ends the stream for the peer, although the other half is still there.
/// drop(writer);
/// let mut text = String::new();
/// peer.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf {
    inner: Arc<UnixStream>,
    shutdown_on_drop: bool,
}

pub(super) fn split_owned(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let inner = Arc::new(stream);
    let reader = OwnedReadHalf {
        inner: inner.clone(),
    };
    let writer = OwnedWriteHalf {
        inner,
        shutdown_on_drop: true,
    };
    (reader, writer)
}

fn reunite(reader: OwnedReadHalf, writer: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
    if !Arc::ptr_eq(&reader.inner, &writer.inner) {
        return Err(ReuniteError(reader, writer));
    }
    writer.forget();
    Ok(Arc::into_inner(reader.inner).expect("a stream has one half of each kind"))
}

/// The two halves that were to be put together are not of the same stream.
///
/// It gives them back.
///
/// # Examples
///
/// ```
/// use zokio::net::UnixStream;
/// use zokio::net::unix::ReuniteError;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (one, other) = UnixStream::pair()?;
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
/// # Ok(())
/// # }
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
    /// Puts the two halves of a stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], which holds both halves, if they come from different streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, writer) = stream.into_split();
    ///
    /// let mut stream = reader.reunite(writer).expect("both halves are of one stream");
    /// stream.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        reunite(self, other)
    }

    /// Waits until a part of `interest` is ready, and returns which.
    ///
    /// See [`UnixStream::ready`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what is ready stays so until an attempt has failed with
    /// `WouldBlock`.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, Interest};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, _writer) = stream.into_split();
    /// peer.write_all(b"hello").await?;
    ///
    /// let ready = reader.ready(Interest::READABLE).await?;
    /// assert!(ready.is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// See [`UnixStream::readable`].
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](OwnedReadHalf::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, _writer) = stream.into_split();
    /// peer.write_all(b"hello").await?;
    ///
    /// reader.readable().await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(reader.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// Reads what is there, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, _writer) = stream.into_split();
    ///
    /// let mut buf = [0; 16];
    /// let error = reader.try_read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// peer.write_all(b"hello").await?;
    /// reader.readable().await?;
    /// let n = reader.try_read(&mut buf)?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_read(buf)
    }

    /// Reads what is there into the free space of `buf`, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, _writer) = stream.into_split();
    /// peer.write_all(b"hello").await?;
    ///
    /// reader.readable().await?;
    /// let mut buf = Vec::with_capacity(64);
    /// assert_eq!(reader.try_read_buf(&mut buf)?, 5);
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.inner.try_read_buf(buf)
    }

    /// Reads what is there into several buffers in their order, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, _writer) = stream.into_split();
    /// peer.write_all(b"head and body").await?;
    ///
    /// reader.readable().await?;
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(reader.try_read_vectored(&mut bufs)?, 13);
    /// assert_eq!((&head, &body[..9]), (b"head", &b" and body"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.try_read_vectored(bufs)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::peer_addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let _listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// let (reader, _writer) = stream.into_split();
    /// assert_eq!(reader.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::local_addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let _peer = UnixStream::connect(&path).await?;
    /// let (stream, _) = listener.accept().await?;
    /// let (reader, _writer) = stream.into_split();
    /// assert_eq!(reader.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl OwnedWriteHalf {
    /// Puts the two halves of a stream together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], which holds both halves, if they come from different streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, mut writer) = stream.into_split();
    /// writer.write_all(b"by the half, ").await?;
    ///
    /// let mut stream = writer.reunite(reader).expect("both halves are of one stream");
    /// stream.write_all(b"by the whole").await?;
    /// drop(stream);
    /// let mut text = String::new();
    /// peer.read_to_string(&mut text).await?;
    /// assert_eq!(text, "by the half, by the whole");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        reunite(other, self)
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (reader, writer) = stream.into_split();
    ///
    /// writer.forget();
    /// // For the peer the stream goes on.
    /// let mut buf = [0; 1];
    /// let error = peer.try_read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// drop(reader);
    /// assert_eq!(peer.read(&mut buf).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget(mut self) {
        self.shutdown_on_drop = false;
    }

    /// Waits until a part of `interest` is ready, and returns which.
    ///
    /// See [`UnixStream::ready`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what is ready stays so until an attempt has failed with
    /// `WouldBlock`.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let (_reader, writer) = stream.into_split();
    ///
    /// let ready = writer.ready(Interest::WRITABLE).await?;
    /// assert!(ready.is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until there is room to write, or the connection is closed.
    ///
    /// See [`UnixStream::writable`].
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](OwnedWriteHalf::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let (_reader, writer) = stream.into_split();
    ///
    /// writer.writable().await?;
    /// assert_eq!(writer.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.inner.writable().await
    }

    /// Writes what fits, without waiting, and says how much that was.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_write`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (_reader, writer) = stream.into_split();
    ///
    /// writer.writable().await?;
    /// assert_eq!(writer.try_write(b"hello")?, 5);
    /// let mut buf = [0; 5];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_write(buf)
    }

    /// Writes what fits from several buffers in their order, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_write`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (_reader, writer) = stream.into_split();
    ///
    /// writer.writable().await?;
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// assert_eq!(writer.try_write_vectored(&bufs)?, 13);
    /// let mut buf = [0; 13];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"head and body");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.try_write_vectored(buf)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::peer_addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let _listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// let (_reader, writer) = stream.into_split();
    /// assert_eq!(writer.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::local_addr`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let _peer = UnixStream::connect(&path).await?;
    /// let (stream, _) = listener.accept().await?;
    /// let (_reader, writer) = stream.into_split();
    /// assert_eq!(writer.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.shutdown_on_drop {
            // It can only fail on a connection that is over anyway.
            let _ = self.inner.shutdown_write();
        }
    }
}

impl AsyncRead for OwnedReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for OwnedWriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_write_shared(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: what was written is with the kernel.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the writing side.
    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = self.inner.shutdown_write();
        if result.is_ok() {
            self.shutdown_on_drop = false;
        }
        Poll::Ready(result)
    }
}

impl AsRef<UnixStream> for OwnedReadHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.inner
    }
}

impl AsRef<UnixStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.inner
    }
}

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
#[derive(Debug)]
pub struct OwnedReadHalf {
    inner: Arc<UnixStream>,
}

/// The half of a [`UnixStream`] that writes, owned.
///
/// Made by [`UnixStream::into_split`]. Dropping it closes the writing side of the stream, so the
/// peer reads the end of the stream; [`forget`](OwnedWriteHalf::forget) drops it without that.
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
    /// See [`UnixStream::into_split`].
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        reunite(self, other)
    }

    /// Waits until a part of `interest` is ready, and says which.
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
    pub async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// Reads what is there, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_read(buf)
    }

    /// Reads what is there into the free space of `buf`, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.inner.try_read_buf(buf)
    }

    /// Reads what is there into several buffers in their order, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.try_read_vectored(bufs)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::local_addr`].
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
    /// See [`UnixStream::into_split`].
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops the half without closing the writing side.
    ///
    /// It stays open until the other half is dropped as well.
    pub fn forget(mut self) {
        self.shutdown_on_drop = false;
    }

    /// Waits until a part of `interest` is ready, and says which.
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
    pub async fn writable(&self) -> io::Result<()> {
        self.inner.writable().await
    }

    /// Writes what fits, without waiting, and says how much that was.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_write`].
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_write(buf)
    }

    /// Writes what fits from several buffers in their order, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::try_write`].
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.try_write_vectored(buf)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// As for [`UnixStream::local_addr`].
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

//! The halves of a Unix stream that borrow it.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};

use bytes::BufMut;

use crate::io::{Interest, Ready};
use crate::net::UnixStream;
use crate::net::halves::Connection;
use crate::net::unix::SocketAddr;
use crate::watched::{forward_read, forward_write};

/// The half of a [`UnixStream`] that reads, borrowed.
///
/// Made by [`UnixStream::split`]; the TCP twin is [`tcp::ReadHalf`](crate::net::tcp::ReadHalf).
/// Read from it through [`AsyncReadExt`](crate::io::AsyncReadExt). Its own methods work like the
/// methods of the same names on the stream, and return the same errors.
#[derive(Debug)]
pub struct ReadHalf<'a>(&'a UnixStream);

/// The half of a [`UnixStream`] that writes, borrowed.
///
/// Made by [`UnixStream::split`]; the TCP twin is [`tcp::WriteHalf`](crate::net::tcp::WriteHalf).
/// It is written through [`AsyncWriteExt`](crate::io::AsyncWriteExt), whose
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown) closes the writing side of the stream; dropping
/// the half does not. Its own methods work like the methods of the same names on the stream, and
/// return the same errors.
#[derive(Debug)]
pub struct WriteHalf<'a>(&'a UnixStream);

pub(super) fn split(stream: &mut UnixStream) -> (ReadHalf<'_>, WriteHalf<'_>) {
    (ReadHalf(stream), WriteHalf(stream))
}

impl ReadHalf<'_> {
    /// Waits until the stream is ready for a part of `interest`, as [`UnixStream::ready`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there is something to read, as [`UnixStream::readable`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads what has been received, without waiting. See [`UnixStream::try_read`].
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// Reads into the spare capacity of `buf`, without waiting. See [`UnixStream::try_read_buf`].
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buf)
    }

    /// Reads into several buffers, without waiting. See [`UnixStream::try_read_vectored`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// Returns the address of the peer. See [`UnixStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Returns the address of this end of the connection. See [`UnixStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl WriteHalf<'_> {
    /// Waits until the stream is ready for a part of `interest`, as [`UnixStream::ready`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there is room to write, as [`UnixStream::writable`] does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// Writes as much of `buf` as there is room for, without waiting. See
    /// [`UnixStream::try_write`].
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// Writes from several buffers, without waiting. See [`UnixStream::try_write_vectored`].
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(buf)
    }

    /// Returns the address of the peer. See [`UnixStream::peer_addr`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Returns the address of this end of the connection. See [`UnixStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsRef<UnixStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

impl AsRef<UnixStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

forward_read!(ReadHalf<'_>, |half| half.0.io());
forward_write!(WriteHalf<'_>, |half| half.0.io(), half.0.close_writing());

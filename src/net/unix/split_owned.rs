//! The halves of a Unix stream that own it together.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};

use bytes::BufMut;

use crate::io::{Interest, Ready};
use crate::net::halves::Connection;
use crate::net::unix::SocketAddr;
use crate::net::{UnixStream, halves};
use crate::watched::{forward_read, forward_write};

/// The half of a [`UnixStream`] that reads, owned.
///
/// Made by [`UnixStream::into_split`]; the TCP twin is
/// [`tcp::OwnedReadHalf`](crate::net::tcp::OwnedReadHalf). Read from it through
/// [`AsyncReadExt`](crate::io::AsyncReadExt). Its own methods work like the methods of the same
/// names on the stream, and return the same errors. The stream is closed when both halves are
/// dropped.
pub struct OwnedReadHalf(halves::OwnedReadHalf<UnixStream>);

/// The half of a [`UnixStream`] that writes, owned.
///
/// Made by [`UnixStream::into_split`]; the TCP twin, which has an example, is
/// [`tcp::OwnedWriteHalf`](crate::net::tcp::OwnedWriteHalf). It is written through
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt). Like its twin, it closes the writing side of the
/// stream when it is dropped, but not by [`forget`](OwnedWriteHalf::forget). Its own methods work
/// like those of the stream.
pub struct OwnedWriteHalf(halves::OwnedWriteHalf<UnixStream>);

pub(super) fn split_owned(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let (reader, writer) = halves::split(stream);
    (OwnedReadHalf(reader), OwnedWriteHalf(writer))
}

/// The error of an attempt to reunite two halves that are not of the same stream.
///
/// It holds the halves; [`tcp::ReuniteError`](crate::net::tcp::ReuniteError) has an example.
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
    /// Turns the two halves of a stream into the stream again. An example is at
    /// [`tcp::OwnedReadHalf::reunite`](crate::net::tcp::OwnedReadHalf::reunite).
    ///
    /// # Errors
    ///
    /// Returns a [`ReuniteError`], which holds both halves, if they come from different streams.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        if !self.0.belongs_to(&other.0) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        Ok(self.0.into_stream())
    }

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

impl OwnedWriteHalf {
    /// Turns the two halves of a stream into the stream again.
    ///
    /// # Errors
    ///
    /// As for [`OwnedReadHalf::reunite`].
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops the half without closing the writing side, which stays open until the other half is
    /// dropped as well. An example is at
    /// [`tcp::OwnedWriteHalf::forget`](crate::net::tcp::OwnedWriteHalf::forget).
    pub fn forget(mut self) {
        self.0.forget();
    }

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

impl AsRef<UnixStream> for OwnedReadHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.0
    }
}

impl AsRef<UnixStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.0
    }
}

forward_read!(OwnedReadHalf, |half| half.0.io());
forward_write!(OwnedWriteHalf, |half| half.0.io(), half.0.close());

//! The halves of a stream, for streams of every kind.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::net::Shutdown;
use std::sync::Arc;

use self::sealed::HasOwner;
use super::futures::{Peek, Read, ReadExact, ReadVectored, Write, WriteAll, WriteVectored};
use super::recv_multi::RecvMulti;
use crate::completion::{BufferRing, IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};

/// A stream that can be taken apart into halves.
///
/// It is implemented for [`TcpStream`](super::TcpStream) and [`UnixStream`](super::UnixStream), and
/// cannot be implemented elsewhere.
pub trait ByteStream: HasOwner {}

pub(super) mod sealed {
    use crate::completion::net::socket::Owner;

    /// A stream's socket.
    pub trait HasOwner {
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn owner(&self) -> &Owner;
    }
}

/// The half of a stream that reads.
///
/// It is made by [`TcpStream::into_split`](super::TcpStream::into_split) or
/// [`UnixStream::into_split`](super::UnixStream::into_split). The stream is closed when both halves
/// are dropped.
#[derive(Debug)]
pub struct OwnedReadHalf<T> {
    stream: Arc<T>,
}

/// The half of a stream that writes.
///
/// It is made by [`TcpStream::into_split`](super::TcpStream::into_split) or
/// [`UnixStream::into_split`](super::UnixStream::into_split). Dropping it shuts the writing side
/// down, so that the peer reads the rest and then the end of the stream; a write that is still
/// pending in another task ends with an error of the kind
/// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe). [`forget`](OwnedWriteHalf::forget) drops it
/// without that. The stream is closed when both halves are dropped.
#[derive(Debug)]
pub struct OwnedWriteHalf<T: ByteStream> {
    stream: Arc<T>,
    shuts_down_on_drop: bool,
}

/// Takes a stream apart.
pub(super) fn split<T: ByteStream>(stream: T) -> (OwnedReadHalf<T>, OwnedWriteHalf<T>) {
    let stream = Arc::new(stream);
    let reader = OwnedReadHalf {
        stream: stream.clone(),
    };
    let writer = OwnedWriteHalf {
        stream,
        shuts_down_on_drop: true,
    };
    (reader, writer)
}

/// The error of an attempt to reunite two halves that are not of the same stream. It holds them.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::{ReuniteError, UnixStream};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (one, other) = UnixStream::pair()?;
///     let (reader, other_writer) = one.into_split();
///     let (other_reader, writer) = other.into_split();
///
///     let ReuniteError(reader, writer) = reader.reunite(writer).unwrap_err();
///     assert!(reader.reunite(other_writer).is_ok());
///     assert!(writer.reunite(other_reader).is_ok());
///     Ok(())
/// }
/// ```
pub struct ReuniteError<T: ByteStream>(
    /// The half that reads.
    pub OwnedReadHalf<T>,
    /// The half that writes.
    pub OwnedWriteHalf<T>,
);

impl<T: ByteStream> fmt::Debug for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<T: ByteStream> fmt::Display for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of the same stream")
    }
}

impl<T: ByteStream> Error for ReuniteError<T> {}

impl<T: ByteStream> OwnedReadHalf<T> {
    /// Turns the two halves of a stream into the stream again. Operations that are pending
    /// continue.
    ///
    /// # Errors
    ///
    /// Returns a [`ReuniteError`], which holds both halves, if they come from different streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (stream, peer) = UnixStream::pair()?;
    ///     let (reader, writer) = stream.into_split();
    ///     let (written, _) = writer.write_all("by the half").await;
    ///     written?;
    ///     let stream = reader.reunite(writer).expect("both halves are of one stream");
    ///     let (written, _) = stream.write_all(", by the whole").await;
    ///     written?;
    ///     let (read, text) = peer.read_exact(vec![0; 25]).await;
    ///     read?;
    ///     assert_eq!(text, b"by the half, by the whole");
    ///     Ok(())
    /// }
    /// ```
    pub fn reunite(self, writer: OwnedWriteHalf<T>) -> Result<T, ReuniteError<T>> {
        if !Arc::ptr_eq(&self.stream, &writer.stream) {
            return Err(ReuniteError(self, writer));
        }
        writer.forget();
        Ok(Arc::into_inner(self.stream).expect("a stream has one half of each kind"))
    }

    /// Reads what has been received, as [`TcpStream::read`](super::TcpStream::read) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was read.
    pub fn read<B: IoBufMut>(&self, buffer: B) -> Read<B> {
        Read::new(self.stream.owner(), buffer)
    }

    /// Reads until the buffer is full, as [`TcpStream::read_exact`](super::TcpStream::read_exact)
    /// does.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: what was read is lost with the buffer.
    pub fn read_exact<B: IoBufMut>(&self, buffer: B) -> ReadExact<B> {
        ReadExact::new(self.stream.owner(), buffer)
    }

    /// Reads into several buffers, as [`TcpStream::readv`](super::TcpStream::readv) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was read.
    pub fn readv<V: IoVectoredBufMut>(&self, buffers: V) -> ReadVectored<V> {
        ReadVectored::new(self.stream.owner(), buffers)
    }

    /// Copies what has been received, as [`TcpStream::peek`](super::TcpStream::peek) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    pub fn peek<B: IoBufMut>(&self, buffer: B) -> Peek<B> {
        Peek::new(self.stream.owner(), buffer)
    }

    /// Receives what arrives, into buffers of `ring`, as
    /// [`TcpStream::recv_multi`](super::TcpStream::recv_multi) does.
    pub fn recv_multi(&self, ring: &BufferRing) -> RecvMulti {
        RecvMulti::new(self.stream.owner(), ring)
    }
}

impl<T: ByteStream> OwnedWriteHalf<T> {
    /// Turns the two halves of a stream into the stream again. See [`OwnedReadHalf::reunite`].
    ///
    /// # Errors
    ///
    /// Returns a [`ReuniteError`], which holds both halves, if they come from different streams.
    pub fn reunite(self, reader: OwnedReadHalf<T>) -> Result<T, ReuniteError<T>> {
        reader.reunite(self)
    }

    /// Drops the half without shutting the writing side down.
    ///
    /// It stays open until the other half is dropped as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (stream, peer) = UnixStream::pair()?;
    ///     let (reader, writer) = stream.into_split();
    ///     let (count, _) = writer.write("last words").await;
    ///     writer.forget();
    ///     let (read, _) = peer.read(vec![0; 100]).await;
    ///     assert_eq!(read?, count?);
    ///     drop(reader);
    ///     // Only now the peer reads the end of the stream.
    ///     let (read, _) = peer.read(vec![0; 100]).await;
    ///     assert_eq!(read?, 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn forget(mut self) {
        self.shuts_down_on_drop = false;
    }

    /// Writes as much of the buffer as there is room for, as
    /// [`TcpStream::write`](super::TcpStream::write) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// written.
    pub fn write<B: IoBuf>(&self, buffer: B) -> Write<B> {
        Write::new(self.stream.owner(), buffer)
    }

    /// Writes all of the buffer, as [`TcpStream::write_all`](super::TcpStream::write_all) does.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, a part of the buffer may have been
    /// written, from none of it to all but one byte.
    pub fn write_all<B: IoBuf>(&self, buffer: B) -> WriteAll<B> {
        WriteAll::new(self.stream.owner(), buffer)
    }

    /// Writes several buffers, as [`TcpStream::writev`](super::TcpStream::writev) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// written.
    pub fn writev<V: IoVectoredBuf>(&self, buffers: V) -> WriteVectored<V> {
        WriteVectored::new(self.stream.owner(), buffers)
    }
}

impl<T: ByteStream> Drop for OwnedWriteHalf<T> {
    fn drop(&mut self) {
        if self.shuts_down_on_drop {
            // It can only fail on a connection that is over anyway.
            let _ = self.stream.owner().shut_down(Shutdown::Write);
        }
    }
}

impl<T> AsRef<T> for OwnedReadHalf<T> {
    fn as_ref(&self) -> &T {
        &self.stream
    }
}

impl<T: ByteStream> AsRef<T> for OwnedWriteHalf<T> {
    fn as_ref(&self) -> &T {
        &self.stream
    }
}

//! [`UnixStream`].
#![forbid(unsafe_code)]

use std::io;
use std::net::Shutdown;
use std::path::Path;
use std::sync::Arc;

use socket2::SockAddr;

use super::accept::{Accepted, sealed::Internal};
use super::connecting::SocketOperation;
use super::forward::forward;
use super::futures::{Peek, Read, ReadExact, ReadVectored, Write, WriteAll, WriteVectored};
use super::halves::{ByteStream, OwnedReadHalf, OwnedWriteHalf, sealed::HasOwner, split};
use super::recv_multi::RecvMulti;
use super::socket::{Owner, SocketKind};
use crate::completion::{BufferRing, IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};
use crate::error::{Error, Subject};
use crate::net::unix::SocketAddr;

/// A connection over a Unix socket, between processes of one machine.
///
/// It is used like a [`TcpStream`](super::TcpStream), whose methods of the same names have the
/// details and the examples.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::UnixStream;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (near, far) = UnixStream::pair()?;
///     let (written, _) = near.write_all("hello").await;
///     written?;
///     drop(near);
///     let (count, buffer) = far.read(vec![0; 100]).await;
///     assert_eq!(&buffer[..count?], b"hello");
///     let (count, _) = far.read(buffer).await;
///     assert_eq!(count?, 0);
///     Ok(())
/// }
/// ```
pub struct UnixStream {
    owner: Owner,
}

impl UnixStream {
    /// Connects to the socket at `path`.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the new socket is closed.
    ///
    /// # Errors
    ///
    /// Returns an error, with the path, if the path is too long or holds another zero byte, if no
    /// socket listens there, or if access is denied. [`WouldBlock`](io::ErrorKind::WouldBlock)
    /// means that too many connections wait to be accepted.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() {
    ///     let error = UnixStream::connect("/no/such/socket").await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::NotFound);
    ///     assert!(error.to_string().starts_with("cannot connect to `/no/such/socket`: "));
    /// }
    /// ```
    pub fn connect(path: impl AsRef<Path>) -> SocketOperation<Result<UnixStream, Error>> {
        let path = Arc::<Path>::from(path.as_ref());
        SocketOperation::new("connect to", Subject::Path(path.clone()), async {
            match crate::net::UnixStream::connect(&path).await {
                Ok(stream) => Ok(UnixStream::from(stream)),
                Err(error) => Err(Error::io_at("connect to", path, error)),
            }
        })
    }

    /// Makes two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// Returns an error if the sockets cannot be made or registered with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (near, far) = crate::net::UnixStream::pair()?;
        Ok((near.into(), far.into()))
    }

    /// Reads what has been received, as [`TcpStream::read`](super::TcpStream::read) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was read.
    pub fn read<B: IoBufMut>(&self, buffer: B) -> Read<B> {
        Read::new(&self.owner, buffer)
    }

    /// Reads until `buffer` is full, as [`TcpStream::read_exact`](super::TcpStream::read_exact)
    /// does.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: what was read is lost with the buffer.
    pub fn read_exact<B: IoBufMut>(&self, buffer: B) -> ReadExact<B> {
        ReadExact::new(&self.owner, buffer)
    }

    /// Reads into several buffers, as [`TcpStream::readv`](super::TcpStream::readv) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was read.
    pub fn readv<V: IoVectoredBufMut>(&self, buffers: V) -> ReadVectored<V> {
        ReadVectored::new(&self.owner, buffers)
    }

    /// Copies what has been received, as [`TcpStream::peek`](super::TcpStream::peek) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    pub fn peek<B: IoBufMut>(&self, buffer: B) -> Peek<B> {
        Peek::new(&self.owner, buffer)
    }

    /// Receives what arrives, into buffers of `ring`, as
    /// [`TcpStream::recv_multi`](super::TcpStream::recv_multi) does.
    pub fn recv_multi(&self, ring: &BufferRing) -> RecvMulti {
        RecvMulti::new(&self.owner, ring)
    }

    /// Writes as much of `buffer` as there is room for, as
    /// [`TcpStream::write`](super::TcpStream::write) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// written.
    pub fn write<B: IoBuf>(&self, buffer: B) -> Write<B> {
        Write::new(&self.owner, buffer)
    }

    /// Writes all of `buffer`, as [`TcpStream::write_all`](super::TcpStream::write_all) does.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, a part of the buffer may have been
    /// written, from none of it to all but one byte.
    pub fn write_all<B: IoBuf>(&self, buffer: B) -> WriteAll<B> {
        WriteAll::new(&self.owner, buffer)
    }

    /// Writes several buffers, as [`TcpStream::writev`](super::TcpStream::writev) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// written.
    pub fn writev<V: IoVectoredBuf>(&self, buffers: V) -> WriteVectored<V> {
        WriteVectored::new(&self.owner, buffers)
    }

    /// Shuts down reading, writing, or both, as [`TcpStream::shutdown`](super::TcpStream::shutdown)
    /// does.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.owner.shut_down(how)
    }

    /// Splits the stream into halves that own it together, as
    /// [`TcpStream::into_split`](super::TcpStream::into_split) does.
    pub fn into_split(self) -> (OwnedReadHalf<UnixStream>, OwnedWriteHalf<UnixStream>) {
        split(self)
    }

    /// Returns how many bytes were received and not yet returned; see
    /// [`TcpStream::retained`](super::TcpStream::retained).
    pub fn retained(&self) -> usize {
        self.owner.io().retained()
    }

    /// Returns the address of this end of the connection. That of a client is unnamed, unless it
    /// was bound.
    ///
    /// # Errors
    ///
    /// Returns an error if getsockname(2) fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        SocketAddr::received(&self.owner.options().local_addr()?)
    }

    /// Returns the address of the peer. That of a client is unnamed, unless it was bound.
    ///
    /// # Errors
    ///
    /// Returns an error if getpeername(2) fails.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        SocketAddr::received(&self.owner.options().peer_addr()?)
    }
}

impl ByteStream for UnixStream {}

impl HasOwner for UnixStream {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Accepted for UnixStream {
    type Address = SocketAddr;

    fn address(peer: &SockAddr, _: Internal) -> io::Result<SocketAddr> {
        SocketAddr::received(peer)
    }
}

forward!(
    UnixStream,
    SocketKind::UnixStream,
    crate::net::UnixStream,
    std::os::unix::net::UnixStream
);

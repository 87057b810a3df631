//! [`UnixStream`].
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::{Domain, Socket, Type};

use super::socketaddr::at_path;
use super::split::split;
use super::split_owned::split_owned;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, SocketAddr, UCred, WriteHalf};
use crate::io::{Interest, Ready};
use crate::net::forward::forward_std;
use crate::net::halves::Connection;
use crate::net::open;
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::{Watched, forward_read, forward_write};

const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A connection over a Unix socket, between processes of one machine.
///
/// A stream is made by [`connect`](UnixStream::connect) or [`pair`](UnixStream::pair), or accepted
/// by a [`UnixListener`](crate::net::UnixListener). It is used like a
/// [`TcpStream`](crate::net::TcpStream), whose methods of the same names have the details and the
/// examples: through [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt), in halves, or with the `&self` methods here.
///
/// Dropping the stream closes it at once. To close only the writing side, call
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown).
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::UnixStream;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (mut near, mut far) = UnixStream::pair()?;
///     near.write_all(b"hello").await?;
///     near.shutdown().await?;
///
///     let mut message = String::new();
///     far.read_to_string(&mut message).await?;
///     assert_eq!(message, "hello");
///     Ok(())
/// }
/// ```
pub struct UnixStream {
    io: Watched<std::os::unix::net::UnixStream>,
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
    /// Returns an error if `path` is too long or holds another zero byte, if no socket listens
    /// there, or if access is denied. [`WouldBlock`](io::ErrorKind::WouldBlock) means that too many
    /// connections wait to be accepted.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(server.peer_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    pub async fn connect<P>(path: P) -> io::Result<UnixStream>
    where
        P: AsRef<Path>,
    {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        UnixStream::connect_addr(&address).await
    }

    /// Connects to the socket at an address, which may be abstract.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the new socket is closed.
    ///
    /// # Errors
    ///
    /// As for [`connect`](UnixStream::connect).
    ///
    /// # Panics
    ///
    /// As for [`connect`](UnixStream::connect).
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        let socket = system::socket(Domain::UNIX, Type::STREAM)?;
        UnixStream::connect_socket(socket, socket_addr).await
    }

    /// Connects `socket`, which does not block.
    pub(super) async fn connect_socket(
        socket: Socket,
        address: &SocketAddr,
    ) -> io::Result<UnixStream> {
        let io = open::connecting(socket, &address.to_socket2()?, INTEREST)?
            .reported(ResourceType::UnixStream);
        let io = open::connected(io).await?;
        Ok(UnixStream { io })
    }

    #[track_caller]
    pub(super) fn accepted(fd: OwnedFd) -> io::Result<UnixStream> {
        let io = open::accepted(fd, INTEREST)?.reported(ResourceType::UnixStream);
        Ok(UnixStream { io })
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
        let (a, b) = open::stream_pair()?;
        let of = ResourceType::UnixStream;
        let (a, b) = (a.reported(of), b.reported(of));
        Ok((UnixStream { io: a }, UnixStream { io: b }))
    }

    /// Takes over a stream of `std`, which has to be in non-blocking mode.
    ///
    /// See [`TcpStream::from_std`](crate::net::TcpStream::from_std), also for the errors.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O. In debug builds,
    /// panics if the stream is in blocking mode.
    #[track_caller]
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        let io = open::handed_over_stream(stream, INTEREST)?.reported(ResourceType::UnixStream);
        Ok(UnixStream { io })
    }

    /// Turns the stream into one of `std`, as
    /// [`TcpStream::into_std`](crate::net::TcpStream::into_std) does.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixStream> {
        Ok(self.io.into_source())
    }

    /// Returns how many bytes have been received on io_uring and not been read, as
    /// [`TcpStream::retained`](crate::net::TcpStream::retained) does.
    pub fn retained(&self) -> usize {
        self.io.retained()
    }

    /// Returns the address of this end of the connection. That of a client is unnamed, unless it
    /// was bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// Returns the address of the peer. That of a client is unnamed, unless it was bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `getpeername(2)` fails.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr().map(SocketAddr::from)
    }

    /// Returns the credentials of the peer, as they were when the connection was made.
    ///
    /// These belong to the process that called `listen` if the peer is the server, to the one that
    /// called `connect` if it is the client, and otherwise to the one that made the pair.
    ///
    /// # Errors
    ///
    /// Returns an error if the option (`SO_PEERCRED`) cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// assert_eq!(a.peer_cred()?.pid(), Some(std::process::id() as i32));
    /// # Ok(()) }
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        system::peer_credentials(self.as_fd()).map(UCred::new)
    }

    /// Takes the error that is pending on the socket, as
    /// [`TcpStream::take_error`](crate::net::TcpStream::take_error) does.
    ///
    /// A peer that is dropped with unread bytes leaves
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset) here.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Waits until the stream is ready for a part of `interest`, as
    /// [`TcpStream::ready`](crate::net::TcpStream::ready) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is something to read, as
    /// [`TcpStream::readable`](crate::net::TcpStream::readable) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Polls for something to read, or the end of the stream. See
    /// [`TcpStream::poll_read_ready`](crate::net::TcpStream::poll_read_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Reads what has been received, without waiting. See
    /// [`TcpStream::try_read`](crate::net::TcpStream::try_read).
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_read(buf)
    }

    /// Reads into several buffers, without waiting. See
    /// [`TcpStream::try_read_vectored`](crate::net::TcpStream::try_read_vectored).
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_read_vectored(bufs)
    }

    /// Reads into the spare capacity of `buf`, without waiting. See
    /// [`TcpStream::try_read_buf`](crate::net::TcpStream::try_read_buf).
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }

    /// Waits until there is room to write, as
    /// [`TcpStream::writable`](crate::net::TcpStream::writable) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Polls for room to write. See
    /// [`TcpStream::poll_write_ready`](crate::net::TcpStream::poll_write_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Writes as much of `buf` as there is room for, without waiting. See
    /// [`TcpStream::try_write`](crate::net::TcpStream::try_write).
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_write(buf)
    }

    /// Writes from several buffers, without waiting. See
    /// [`TcpStream::try_write_vectored`](crate::net::TcpStream::try_write_vectored).
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(buf)
    }

    /// Runs `f` once if the stream looks ready for `interest`, without waiting.
    ///
    /// What `f` has to observe is at [`TcpStream::try_io`](crate::net::TcpStream::try_io). It can
    /// peek, for example, which has no method here.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, f)
    }

    /// Waits for `interest` and runs `f`, until `f` does not fail with `WouldBlock`.
    ///
    /// What `f` has to observe is at [`TcpStream::async_io`](crate::net::TcpStream::async_io).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe if `f` is: the future never waits inside `f`.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, f).await
    }

    /// Splits the stream into halves that borrow it, as
    /// [`TcpStream::split`](crate::net::TcpStream::split) does.
    #[allow(clippy::needless_lifetimes)]
    pub fn split<'a>(&'a mut self) -> (ReadHalf<'a>, WriteHalf<'a>) {
        split(self)
    }

    /// Splits the stream into halves that own it together, as
    /// [`TcpStream::into_split`](crate::net::TcpStream::into_split) does.
    ///
    /// Dropping the half that writes closes the writing side. [`reunite`](OwnedReadHalf::reunite)
    /// turns the halves into a stream again.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }
}

impl Connection for UnixStream {
    type Source = std::os::unix::net::UnixStream;

    #[inline]
    fn io(&self) -> &Watched<std::os::unix::net::UnixStream> {
        &self.io
    }
}

impl AsRef<UnixStream> for UnixStream {
    fn as_ref(&self) -> &UnixStream {
        self
    }
}

forward_std!(UnixStream, std::os::unix::net::UnixStream);
forward_read!(UnixStream, |stream| &stream.io);
forward_write!(UnixStream, |stream| &stream.io, stream.close_writing());

//! [`UnixSocket`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, Socket, Type};

use super::SocketAddr;
use super::socketaddr::at_path;
use crate::net::forward::forward_fd;
use crate::net::{UnixDatagram, UnixListener, UnixStream};
use crate::util::system;

/// A Unix socket that is neither connected nor listening yet.
///
/// With it, a socket can be bound to an address of its own before it connects, and a listener can
/// have another backlog. Otherwise use [`UnixStream`], [`UnixListener`] or [`UnixDatagram`]. The
/// TCP twin is [`TcpSocket`](crate::net::TcpSocket).
///
/// Making one needs no runtime; turning it into something else does.
///
/// # Examples
///
/// A client with an address of its own:
///
/// ```
/// use zokio::net::{UnixListener, UnixSocket};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let folder = tempfile::tempdir()?;
///     let listener = UnixListener::bind(folder.path().join("server"))?;
///
///     let client_path = folder.path().join("client");
///     let socket = UnixSocket::new_stream()?;
///     socket.bind(&client_path)?;
///     let _client = socket.connect(folder.path().join("server")).await?;
///     let (_server, peer) = listener.accept().await?;
///     assert_eq!(peer.as_pathname(), Some(client_path.as_path()));
///     Ok(())
/// }
/// ```
pub struct UnixSocket {
    inner: Socket,
}

impl UnixSocket {
    /// Makes a socket for datagrams.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be made.
    pub fn new_datagram() -> io::Result<UnixSocket> {
        UnixSocket::with_type(Type::DGRAM)
    }

    /// Makes a socket for a stream or a listener.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be made.
    pub fn new_stream() -> io::Result<UnixSocket> {
        UnixSocket::with_type(Type::STREAM)
    }

    fn with_type(kind: Type) -> io::Result<UnixSocket> {
        let inner = system::socket(Domain::UNIX, kind)?;
        Ok(UnixSocket { inner })
    }

    pub(in crate::net) fn from_socket(inner: Socket) -> UnixSocket {
        UnixSocket { inner }
    }

    /// Binds the socket to `path`.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    ///
    /// Returns an error if `path` is too long or holds another zero byte, or if it cannot be bound:
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) means that there is a file already.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        self.inner.bind(&address.to_socket2()?)
    }

    /// Turns a stream socket into a listener.
    ///
    /// Up to `backlog` connections may wait to be accepted; the system has a limit too.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket is one for datagrams, or if it cannot listen or be registered
    /// with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixSocket, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(16)?;
    /// let _client = UnixStream::connect(&path).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    ///
    /// // A socket for datagrams has nothing to listen for.
    /// assert!(UnixSocket::new_datagram()?.listen(16).is_err());
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.refuse(Type::DGRAM, "listen cannot be called on a datagram socket")?;
        self.inner
            .listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        UnixListener::new(OwnedFd::from(self.inner).into())
    }

    /// Connects a stream socket to `path` and returns the stream.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the socket is closed.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket is one for datagrams. Other errors are the same as for
    /// [`UnixStream::connect`].
    ///
    /// # Panics
    ///
    /// As for [`listen`](UnixSocket::listen).
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        self.refuse(Type::DGRAM, "connect cannot be called on a datagram socket")?;
        let address = SocketAddr::from(at_path(path.as_ref())?);
        UnixStream::connect_socket(self.inner, &address).await
    }

    /// Turns a datagram socket into a [`UnixDatagram`].
    ///
    /// # Errors
    ///
    /// Returns an error if the socket is one for a stream, or if it cannot be registered with the
    /// runtime's driver.
    ///
    /// # Panics
    ///
    /// As for [`listen`](UnixSocket::listen).
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.refuse(Type::STREAM, "datagram cannot be called on a stream socket")?;
        UnixDatagram::new(self.inner.into())
    }

    fn refuse(&self, kind: Type, why: &str) -> io::Result<()> {
        if self.inner.r#type()? == kind {
            return Err(io::Error::other(why));
        }
        Ok(())
    }
}

impl fmt::Debug for UnixSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixSocket")
            .field("inner", &self.inner)
            .finish()
    }
}

forward_fd!(UnixSocket, |socket| socket.inner);

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

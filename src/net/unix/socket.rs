//! [`UnixSocket`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, Socket, Type};

use super::SocketAddr;
use super::socketaddr::at_path;
use crate::net::{UnixDatagram, UnixListener, UnixStream};

/// A Unix socket that is neither connected nor listening yet.
///
/// With it a socket can be bound to an address of its own before it connects, and a listener can
/// have another backlog. Otherwise use [`UnixStream`], [`UnixListener`] or [`UnixDatagram`].
///
/// Making one needs no runtime; turning it into something else does.
///
/// # Examples
///
/// ```no_run
/// use zokio::net::UnixSocket;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let socket = UnixSocket::new_stream()?;
/// socket.bind("/run/demo.sock")?;
/// let listener = socket.listen(16)?;
/// # drop(listener);
/// # Ok(())
/// # }
/// ```
pub struct UnixSocket {
    inner: Socket,
}

impl UnixSocket {
    /// A new socket for datagrams.
    ///
    /// # Errors
    ///
    /// Those of `socket(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UnixSocket::new_datagram()?.datagram()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_datagram() -> io::Result<UnixSocket> {
        UnixSocket::with_type(Type::DGRAM)
    }

    /// A new socket for a stream.
    ///
    /// # Errors
    ///
    /// Those of `socket(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(16)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_stream() -> io::Result<UnixSocket> {
        UnixSocket::with_type(Type::STREAM)
    }

    fn with_type(kind: Type) -> io::Result<UnixSocket> {
        let inner = Socket::new_raw(Domain::UNIX, kind.nonblocking().cloexec(), None)?;
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
    /// Those of `bind(2)`: the path exists already, for example.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixSocket};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let (path, client_path) = (folder.path().join("server"), folder.path().join("client"));
    /// let listener = UnixListener::bind(&path)?;
    ///
    /// // A client with a name.
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&client_path)?;
    /// let _client = socket.connect(&path).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer.as_pathname(), Some(client_path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        self.inner.bind(&address.to_socket2()?)
    }

    /// Turns a stream socket into a listener.
    ///
    /// `backlog` connections may wait to be accepted; the system has a limit too.
    ///
    /// # Errors
    ///
    /// The socket is one for datagrams, those of `listen(2)`, or of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixSocket, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(16)?;
    ///
    /// let _client = UnixStream::connect(&path).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    ///
    /// // A socket for datagrams has nothing to listen for.
    /// assert!(UnixSocket::new_datagram()?.listen(16).is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.refuse(Type::DGRAM, "listen cannot be called on a datagram socket")?;
        self.inner
            .listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        UnixListener::new(OwnedFd::from(self.inner).into())
    }

    /// Connects a stream socket to `path`, and gives the stream.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the socket is closed.
    ///
    /// # Errors
    ///
    /// The socket is one for datagrams, or those of `connect(2)`. `WouldBlock` means that too many
    /// connections wait to be accepted at the other end.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixSocket};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let _listener = UnixListener::bind(&path)?;
    /// let stream = UnixSocket::new_stream()?.connect(&path).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        self.refuse(Type::DGRAM, "connect cannot be called on a datagram socket")?;
        let address = SocketAddr::from(at_path(path.as_ref())?);
        UnixStream::connect_socket(self.inner, &address).await
    }

    /// Turns a datagram socket into a [`UnixDatagram`].
    ///
    /// # Errors
    ///
    /// The socket is one for a stream, or those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// let socket = socket.datagram()?;
    ///
    /// // It sends to itself.
    /// socket.send_to(b"hello", &path).await?;
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
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

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

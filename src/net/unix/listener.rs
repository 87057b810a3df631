//! [`UnixListener`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::task::{Context, Poll, ready};

use socket2::SockAddr;

use super::SocketAddr;
use super::socketaddr::at_path;
use crate::io::Interest;
use crate::net::addr::{BLOCKS, is_nonblocking};
use crate::net::{UnixStream, raw};
use crate::watched::Watched;

/// A Unix socket that listens for connections.
///
/// Dropping the listener closes it at once. The file that stands for its path stays: remove it
/// before binding to the same path again.
///
/// # Examples
///
/// ```no_run
/// use zokio::net::UnixListener;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = UnixListener::bind("/run/demo.sock")?;
/// loop {
///     let (stream, _peer) = listener.accept().await?;
///     println!("a client of user {}", stream.peer_cred()?.uid());
/// }
/// # #[allow(unreachable_code)]
/// # Ok(())
/// # }
/// ```
pub struct UnixListener {
    io: Watched<std::os::unix::net::UnixListener>,
}

impl UnixListener {
    /// Binds a socket to `path` and listens.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    ///
    /// Those of `bind(2)`: the path exists already, for example.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    ///
    /// // The file is there, and stays when the listener is dropped.
    /// drop(listener);
    /// let error = UnixListener::bind(&path).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixListener>
    where
        P: AsRef<Path>,
    {
        UnixListener::bind_std(&at_path(path.as_ref())?)
    }

    /// Binds a socket to an address and listens.
    ///
    /// # Errors
    ///
    /// Those of `bind(2)`.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let address = std::os::unix::net::SocketAddr::from_pathname(&path)?;
    /// let listener = UnixListener::bind_addr(&address.into())?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_std(&socket_addr.clone().into())
    }

    #[track_caller]
    fn bind_std(address: &std::os::unix::net::SocketAddr) -> io::Result<UnixListener> {
        let listener = std::os::unix::net::UnixListener::bind_addr(address)?;
        listener.set_nonblocking(true)?;
        UnixListener::new(listener)
    }

    #[track_caller]
    pub(super) fn new(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        let io = Watched::new(listener, Interest::READABLE)?;
        Ok(UnixListener { io })
    }

    /// Takes a listener of `std` to the current runtime.
    ///
    /// It has to be in non-blocking mode; nothing else of it is changed.
    ///
    /// # Errors
    ///
    /// The driver cannot watch the descriptor, or the runtime is shutting down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O; in debug builds also when
    /// the listener is in blocking mode.
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
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// listener.set_nonblocking(true)?;
    /// let listener = UnixListener::from_std(listener)?;
    ///
    /// let _client = UnixStream::connect(&path).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        debug_assert!(is_nonblocking(listener.as_fd()), "{BLOCKS}");
        UnixListener::new(listener)
    }

    /// Turns the listener into one of `std`, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// None today.
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
    /// let listener = UnixListener::bind(&path)?.into_std()?;
    /// listener.set_nonblocking(false)?;
    ///
    /// let _client = UnixStream::connect(&path).await?;
    /// let (_server, peer) = listener.accept()?;
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixListener> {
        Ok(self.io.into_source())
    }

    /// The address that the listener is bound to.
    ///
    /// # Errors
    ///
    /// Those of `getsockname(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// Takes the error that is pending on the socket, if there is one (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Accepts a connection: waits for one, and gives it with the address of its peer.
    ///
    /// Most peers are bound to nothing, so their address is unnamed. The new stream belongs to the
    /// current runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then no connection was accepted by it.
    ///
    /// # Errors
    ///
    /// Those of `accept(2)`.
    ///
    /// # Panics
    ///
    /// When a connection has come: outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let mut client = UnixStream::connect(&path).await?;
    /// let (mut server, peer) = listener.accept().await?;
    /// // The client is bound to nothing.
    /// assert!(peer.is_unnamed());
    ///
    /// client.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// server.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (fd, address) = self
            .io
            .reading(|listener| raw::accept(listener.as_fd()))
            .await?;
        accepted(fd, &address)
    }

    /// Polls for a connection.
    ///
    /// As [`accept`](UnixListener::accept), except that the last caller alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call. Not polling
    /// again loses no connection.
    ///
    /// # Errors
    ///
    /// As for [`accept`](UnixListener::accept).
    ///
    /// # Panics
    ///
    /// As for [`accept`](UnixListener::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let mut client = UnixStream::connect(&path).await?;
    /// let (mut server, _) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    ///
    /// client.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// server.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let (fd, address) = ready!(
            self.io
                .poll_reading(cx, |listener| raw::accept(listener.as_fd()))
        )?;
        Poll::Ready(accepted(fd, &address))
    }
}

fn accepted(fd: OwnedFd, address: &SockAddr) -> io::Result<(UnixStream, SocketAddr)> {
    let stream = UnixStream::accepted(fd.into())?;
    Ok((stream, SocketAddr::received(address)?))
}

impl TryFrom<std::os::unix::net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// The same as [`from_std`](UnixListener::from_std).
    fn try_from(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        UnixListener::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

//! [`UnixDatagram`]: making one, waiting, and its options. Sending and receiving are in `transfer`.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::task::{Context, Poll};

use socket2::{Domain, Socket, Type};

use crate::io::{Interest, Ready};
use crate::net::addr::{BLOCKS, is_nonblocking};
use crate::net::unix::SocketAddr;
use crate::net::unix::socketaddr::at_path;
use crate::watched::Watched;

/// A Unix socket for datagrams.
///
/// Datagrams over a Unix socket arrive whole, in order, and without loss: a sender waits while the
/// receiver is behind. What does not fit into the receiver's buffer is thrown away.
///
/// All methods take `&self`: put the socket into an [`Arc`](std::sync::Arc) to use it from several
/// tasks. Dropping it closes it at once; the file that stands for its path stays.
///
/// # Examples
///
/// ```
/// use zokio::net::UnixDatagram;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let folder = tempfile::tempdir()?;
/// let server_path = folder.path().join("server");
/// let server = UnixDatagram::bind(&server_path)?;
/// let client = UnixDatagram::bind(folder.path().join("client"))?;
///
/// client.send_to(b"hello", &server_path).await?;
/// let mut buf = [0; 16];
/// let (n, from) = server.recv_from(&mut buf).await?;
/// assert_eq!(&buf[..n], b"hello");
/// server.send_to(b"welcome", from.as_pathname().unwrap()).await?;
/// # Ok(())
/// # }
/// ```
pub struct UnixDatagram {
    pub(super) io: Watched<std::os::unix::net::UnixDatagram>,
}

impl UnixDatagram {
    /// Makes a socket and binds it to `path`.
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    ///
    /// // The file is there, and stays when the socket is dropped.
    /// drop(socket);
    /// let error = UnixDatagram::bind(&path).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        let socket = new_socket()?;
        socket.bind(&address.to_socket2()?)?;
        UnixDatagram::new(OwnedFd::from(socket).into())
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// Those of `socketpair(2)` and of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, b) = UnixDatagram::pair()?;
    /// a.send(b"hello").await?;
    /// let mut buf = [0; 16];
    /// let n = b.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let kind = Type::DGRAM.nonblocking().cloexec();
        let (a, b) = Socket::pair_raw(Domain::UNIX, kind, None)?;
        let a = UnixDatagram::new(OwnedFd::from(a).into())?;
        let b = UnixDatagram::new(OwnedFd::from(b).into())?;
        a.io.assume(Ready::WRITABLE);
        b.io.assume(Ready::WRITABLE);
        Ok((a, b))
    }

    /// Makes a socket that is bound to nothing.
    ///
    /// It can send, but nobody can answer it, unless it is connected.
    ///
    /// # Errors
    ///
    /// Those of `socket(2)` and of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let socket = UnixDatagram::unbound()?;
    /// socket.send_to(b"hello", &path).await?;
    ///
    /// // The server cannot answer.
    /// let (n, from) = server.recv_from(&mut [0; 16]).await?;
    /// assert_eq!(n, 5);
    /// assert!(from.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::new(OwnedFd::from(new_socket()?).into())
    }

    #[track_caller]
    pub(in crate::net) fn new(
        socket: std::os::unix::net::UnixDatagram,
    ) -> io::Result<UnixDatagram> {
        let io = Watched::new(socket, Interest::READABLE | Interest::WRITABLE)?;
        Ok(UnixDatagram { io })
    }

    /// Takes a socket of `std` to the current runtime.
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
    /// the socket is in blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = std::os::unix::net::UnixDatagram::pair()?;
    /// socket.set_nonblocking(true)?;
    /// let socket = UnixDatagram::from_std(socket)?;
    ///
    /// peer.send(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(datagram: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        debug_assert!(is_nonblocking(datagram.as_fd()), "{BLOCKS}");
        UnixDatagram::new(datagram)
    }

    /// Turns the socket into one of `std`, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// None today.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// let socket = socket.into_std()?;
    /// socket.set_nonblocking(false)?;
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf)?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixDatagram> {
        Ok(self.io.into_source())
    }

    /// Connects the socket: `send` goes to the socket at `path`, and only its datagrams are
    /// received.
    ///
    /// # Errors
    ///
    /// Those of `connect(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixDatagram::unbound()?;
    /// let peer = UnixDatagram::bind(&path)?;
    ///
    /// socket.connect(&path)?;
    /// socket.send(b"hello").await?;
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.source().connect_addr(&at_path(path.as_ref())?)
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// Those of `getsockname(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(UnixDatagram::unbound()?.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or others of `getpeername(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let _peer = UnixDatagram::bind(&path)?;
    /// let socket = UnixDatagram::unbound()?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    ///
    /// socket.connect(&path)?;
    /// assert_eq!(socket.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr().map(SocketAddr::from)
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Closes one or both directions.
    ///
    /// After [`Shutdown::Read`] a connected peer's sends fail with
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe). A receive on this socket is not ended by it,
    /// neither one that waits nor a new one. [`Shutdown::Write`] does not end the peer's receives
    /// either: datagrams carry no notice of it.
    ///
    /// # Errors
    ///
    /// Those of `shutdown(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Shutdown;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// socket.shutdown(Shutdown::Read)?;
    /// // Nobody will read what the peer sends.
    /// let error = peer.send(b"hello").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    ///
    /// // The other direction is open.
    /// socket.send(b"bye").await?;
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"bye");
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.source().shutdown(how)
    }

    /// Waits until a part of `interest` is ready, and returns which.
    ///
    /// To be followed by `try_recv`, `try_send` or another `try_` method, which may find nothing
    /// all the same. The result may even be empty, when another task was faster.
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
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    /// let ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// if ready.is_writable() {
    ///     match socket.try_send(b"hello") {
    ///         Ok(n) => assert_eq!(n, 5),
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to send.
    ///
    /// To be followed by [`try_send`](UnixDatagram::try_send) or
    /// [`try_send_to`](UnixDatagram::try_send_to).
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    ///
    /// socket.writable().await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await?;
        Ok(())
    }

    /// Waits until there is a datagram to receive.
    ///
    /// To be followed by [`try_recv`](UnixDatagram::try_recv) or another `try_` method.
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// socket.readable().await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(socket.try_recv(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await?;
        Ok(())
    }

    /// Polls for room to send.
    ///
    /// Of this and the other `poll_send*` methods the last caller alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    ///
    /// poll_fn(|cx| socket.poll_send_ready(cx)).await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Polls for a datagram to receive.
    ///
    /// Of this and the other `poll_recv*` methods the last caller alone has its
    /// task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// poll_fn(|cx| socket.poll_recv_ready(cx)).await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(socket.try_recv(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Runs `f` once if the socket looks ready for `interest`, without waiting.
    ///
    /// For system calls on the socket that have no method here. `f` must report `WouldBlock` only
    /// when the socket itself did, because that clears the readiness.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the socket is not ready, without a call of `f`; otherwise what `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// // A datagram that is gathered from several buffers has no method here.
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// let raw = SockRef::from(&socket);
    /// socket.writable().await?;
    /// assert_eq!(socket.try_io(Interest::WRITABLE, || raw.send_vectored(&bufs))?, 13);
    ///
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"head and body");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, f)
    }

    /// Waits for `interest` and runs `f`, again and again until `f` does not report `WouldBlock`.
    ///
    /// For system calls on the socket that have no method here. `f` must report `WouldBlock` only
    /// when the socket itself did.
    ///
    /// # Cancel safety
    ///
    /// The future waits between calls of `f` and never inside one: if it is dropped before it is
    /// ready, then the last `f`, if any, reported `WouldBlock`.
    ///
    /// # Errors
    ///
    /// What `f` returns except `WouldBlock`, or that the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// // How long is the next datagram? There is no method for that.
    /// let flags = libc::MSG_PEEK | libc::MSG_TRUNC;
    /// let len = socket
    ///     .async_io(Interest::READABLE, || SockRef::from(&socket).recv_with_flags(&mut [], flags))
    ///     .await?;
    /// let mut buf = vec![0; len];
    /// socket.recv(&mut buf).await?;
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, f).await
    }
}

fn new_socket() -> io::Result<Socket> {
    Socket::new_raw(Domain::UNIX, Type::DGRAM.nonblocking().cloexec(), None)
}

impl TryFrom<std::os::unix::net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// The same as [`from_std`](UnixDatagram::from_std).
    fn try_from(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(socket)
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for UnixDatagram {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

//! [`UnixDatagram`]: making one, waiting, and its options. Sending and receiving are in `transfer`.
#![forbid(unsafe_code)]

use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::task::{Context, Poll};

use socket2::{Domain, Socket, Type};

use crate::io::{Interest, Ready};
use crate::net::forward::forward_std;
use crate::net::open;
use crate::net::unix::SocketAddr;
use crate::net::unix::socketaddr::at_path;
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::Watched;

const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A Unix socket for datagrams.
///
/// It is used like a [`UdpSocket`](crate::net::UdpSocket), whose methods of the same names have the
/// details and the examples. Datagrams over a Unix socket arrive whole, in order, and without loss:
/// a sender waits while the receiver is behind. What does not fit into the receiver's buffer is
/// discarded.
///
/// Every method takes `&self`: put the socket into an [`Arc`](std::sync::Arc) to use it from
/// several tasks. Dropping it closes it at once; the file that stands for its path stays.
///
/// # Examples
///
/// ```
/// use zokio::net::UnixDatagram;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let folder = tempfile::tempdir()?;
///     let server_path = folder.path().join("server");
///     let server = UnixDatagram::bind(&server_path)?;
///     let client = UnixDatagram::bind(folder.path().join("client"))?;
///
///     client.send_to(b"hello", &server_path).await?;
///     let mut buf = [0; 16];
///     let (n, from) = server.recv_from(&mut buf).await?;
///     assert_eq!(&buf[..n], b"hello");
///     server.send_to(b"welcome", from.as_pathname().unwrap()).await?;
///     Ok(())
/// }
/// ```
pub struct UnixDatagram {
    pub(super) io: Watched<std::os::unix::net::UnixDatagram>,
}

impl UnixDatagram {
    /// Makes a socket and binds it to `path`.
    ///
    /// A path that begins with a zero byte is an abstract name. The file stays when the socket is
    /// dropped, and has to be removed before the path can be bound again.
    ///
    /// # Errors
    ///
    /// Returns an error if `path` is too long or holds another zero byte, or if it cannot be bound:
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) means that there is a file already.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        let socket = new_socket()?;
        socket.bind(&address.to_socket2()?)?;
        UnixDatagram::new(socket.into())
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// Returns an error if the sockets cannot be made or registered with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (a, b) = open::datagram_pair()?;
        let of = ResourceType::UnixDatagram;
        let (a, b) = (a.reported(of), b.reported(of));
        Ok((UnixDatagram { io: a }, UnixDatagram { io: b }))
    }

    /// Makes a socket that is not bound.
    ///
    /// It can send, but it has no address that a receiver could answer to.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be made or registered with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let socket = UnixDatagram::unbound()?;
    /// socket.send_to(b"hello", &path).await?;
    ///
    /// // The server has no address to answer to.
    /// let (_, from) = server.recv_from(&mut [0; 16]).await?;
    /// assert!(from.is_unnamed());
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::new(new_socket()?.into())
    }

    #[track_caller]
    pub(in crate::net) fn new(socket: OwnedFd) -> io::Result<UnixDatagram> {
        let io = Watched::new(socket.into(), INTEREST)?.reported(ResourceType::UnixDatagram);
        Ok(UnixDatagram { io })
    }

    /// Takes over a socket of `std`, which has to be in non-blocking mode.
    ///
    /// See [`UdpSocket::from_std`](crate::net::UdpSocket::from_std), also for the errors.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O. In debug builds,
    /// panics if the socket is in blocking mode.
    #[track_caller]
    pub fn from_std(datagram: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        let io = open::handed_over(datagram, INTEREST)?.reported(ResourceType::UnixDatagram);
        Ok(UnixDatagram { io })
    }

    /// Turns the socket into one of `std`, as
    /// [`UdpSocket::into_std`](crate::net::UdpSocket::into_std) does.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixDatagram> {
        Ok(self.io.into_source())
    }

    /// Connects the socket: `send` sends to the socket at `path`, and only datagrams from there are
    /// received.
    ///
    /// # Errors
    ///
    /// Returns an error if `path` is too long or holds a zero byte other than the first, or if no
    /// datagram socket is bound to it.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.source().connect_addr(&at_path(path.as_ref())?)?;
        self.io.report_peer();
        Ok(())
    }

    /// Returns the address that the socket is bound to, which is unnamed if it is not bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Returns [`NotConnected`](io::ErrorKind::NotConnected) if the socket is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr().map(SocketAddr::from)
    }

    /// Takes the error that is pending on the socket, as
    /// [`UdpSocket::take_error`](crate::net::UdpSocket::take_error) does.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Closes one or both directions.
    ///
    /// After [`Shutdown::Read`], a connected peer's sends fail with
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe). Receives on this socket are not ended by it,
    /// neither one that waits nor a new one. [`Shutdown::Write`] does not end the peer's receives
    /// either: no datagram tells it.
    ///
    /// # Errors
    ///
    /// Returns an error if `shutdown(2)` fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Shutdown;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// socket.shutdown(Shutdown::Read)?;
    /// let error = peer.send(b"hello").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    ///
    /// // The other direction is open.
    /// socket.send(b"bye").await?;
    /// assert_eq!(peer.recv(&mut [0; 16]).await?, 3);
    /// # Ok(()) }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.source().shutdown(how)
    }

    /// Waits until the socket is ready for a part of `interest`, as
    /// [`UdpSocket::ready`](crate::net::UdpSocket::ready) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to send, as
    /// [`UdpSocket::writable`](crate::net::UdpSocket::writable) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Waits until there is a datagram to receive, as
    /// [`UdpSocket::readable`](crate::net::UdpSocket::readable) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Polls for room to send. See
    /// [`UdpSocket::poll_send_ready`](crate::net::UdpSocket::poll_send_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Polls for a datagram to receive. See
    /// [`UdpSocket::poll_recv_ready`](crate::net::UdpSocket::poll_recv_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Runs `f` once if the socket looks ready for `interest`, without waiting.
    ///
    /// What `f` has to observe is at [`UdpSocket::try_io`](crate::net::UdpSocket::try_io). It can
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
    /// What `f` has to observe is at [`UdpSocket::async_io`](crate::net::UdpSocket::async_io).
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
}

fn new_socket() -> io::Result<Socket> {
    system::socket(Domain::UNIX, Type::DGRAM)
}

forward_std!(UnixDatagram, std::os::unix::net::UnixDatagram);

//! [`TcpSocket`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::net::addr::ip;
use crate::net::{TcpListener, TcpStream};

/// A TCP socket that is neither connected nor listening yet.
///
/// [`TcpStream::connect`] and [`TcpListener::bind`] make a socket, set the usual options and go on
/// at once. With a `TcpSocket` these are steps: make the socket, set options, bind it to a local
/// address if wanted, and then turn it into a stream with [`connect`](TcpSocket::connect) or into a
/// listener with [`listen`](TcpSocket::listen).
///
/// Making one needs no runtime; `connect` and `listen` do.
///
/// # Examples
///
/// A listener with options of its own:
///
/// ```
/// use zokio::net::TcpSocket;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(16)?;
/// # drop(listener);
/// # Ok(())
/// # }
/// ```
///
/// Options that have no method here can be set with `socket2`:
///
/// ```
/// use std::time::Duration;
///
/// use socket2::{Domain, Socket, Type};
/// use zokio::net::TcpSocket;
///
/// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
/// socket.set_nonblocking(true)?;
/// socket.set_tcp_user_timeout(Some(Duration::from_secs(30)))?;
/// let socket = TcpSocket::from_std_stream(socket.into());
/// # drop(socket);
/// # std::io::Result::Ok(())
/// ```
pub struct TcpSocket {
    inner: Socket,
}

impl TcpSocket {
    /// A new socket for IPv4.
    ///
    /// # Errors
    ///
    /// Those of `socket(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.is_ipv4());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::with_domain(Domain::IPV4)
    }

    /// A new socket for IPv6.
    ///
    /// # Errors
    ///
    /// Those of `socket(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v6()?;
    /// assert!(socket.local_addr()?.is_ipv6());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::with_domain(Domain::IPV6)
    }

    fn with_domain(domain: Domain) -> io::Result<TcpSocket> {
        let inner = Socket::new_raw(domain, Type::STREAM.nonblocking().cloexec(), None)?;
        Ok(TcpSocket { inner })
    }

    pub(in crate::net) fn from_socket(inner: Socket) -> TcpSocket {
        TcpSocket { inner }
    }

    /// Takes over a socket that was prepared elsewhere.
    ///
    /// `std` has no type for a TCP socket that is not connected, so it comes as a `TcpStream`. It
    /// has to be in non-blocking mode, or its operations block the thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use socket2::{Domain, Socket, Type};
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// socket.set_nonblocking(true)?;
    /// let socket = TcpSocket::from_std_stream(socket.into());
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn from_std_stream(std_stream: std::net::TcpStream) -> TcpSocket {
        TcpSocket {
            inner: std_stream.into(),
        }
    }

    /// Whether an idle connection is probed (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.keepalive()?);
    /// socket.set_keepalive(true)?;
    /// assert!(socket.keepalive()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keepalive()
    }

    /// Sets whether an idle connection is probed (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_keepalive(true)?;
    /// assert!(socket.keepalive()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keepalive(keepalive)
    }

    /// Whether the socket may bind to an address that old connections still use (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.reuseaddr()?);
    /// socket.set_reuseaddr(true)?;
    /// assert!(socket.reuseaddr()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.inner.reuse_address()
    }

    /// Sets whether the socket may bind to an address that old connections still use
    /// (`SO_REUSEADDR`).
    ///
    /// To be set before [`bind`](TcpSocket::bind).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuseaddr(true)?;
    /// assert!(socket.reuseaddr()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        self.inner.set_reuse_address(reuseaddr)
    }

    /// Whether several sockets may listen at the same address (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let one = TcpSocket::new_v4()?;
    /// assert!(!one.reuseport()?);
    /// one.set_reuseport(true)?;
    /// assert!(one.reuseport()?);
    /// one.bind("127.0.0.1:0".parse().unwrap())?;
    ///
    /// // A second socket at the same address, with the same option.
    /// let other = TcpSocket::new_v4()?;
    /// other.set_reuseport(true)?;
    /// other.bind(one.local_addr()?)?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Sets whether several sockets may listen at the same address (`SO_REUSEPORT`).
    ///
    /// The kernel spreads the connections over them. To be set before [`bind`](TcpSocket::bind), on
    /// each of them.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuseport(true)?;
    /// assert!(socket.reuseport()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuseport)
    }

    /// The size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// Linux gives twice what was set.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(16_384)?;
    /// assert_eq!(socket.send_buffer_size()?, 2 * 16_384);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturate)
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// The kernel takes it as a hint. For a listener it counts for the connections it accepts.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(65_536)?;
    /// assert!(socket.send_buffer_size()? >= 65_536);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size as usize)
    }

    /// The size of the receive buffer in bytes (`SO_RCVBUF`).
    ///
    /// Linux gives twice what was set.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_recv_buffer_size(16_384)?;
    /// assert_eq!(socket.recv_buffer_size()?, 2 * 16_384);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size().map(saturate)
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`).
    ///
    /// The kernel takes it as a hint. For a listener it counts for the connections it accepts.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_recv_buffer_size(65_536)?;
    /// assert!(socket.recv_buffer_size()? >= 65_536);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size as usize)
    }

    /// How long a close waits for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.linger()?, None);
    /// socket.set_zero_linger()?;
    /// assert_eq!(socket.linger()?, Some(Duration::ZERO));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Sets how long a close waits for unsent data (`SO_LINGER`).
    ///
    /// A duration above zero makes the drop of the stream block the thread for up to that time.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// let limit = Some(Duration::from_secs(5));
    /// # #[allow(deprecated)]
    /// socket.set_linger(limit)?;
    /// assert_eq!(socket.linger()?, limit);
    /// # std::io::Result::Ok(())
    /// ```
    #[deprecated(
        note = "the drop of the stream may then block the thread; `set_zero_linger` is the case \
                that does not"
    )]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(dur)
    }

    /// Makes the close of the stream reset the connection, throwing unsent data away.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_zero_linger()?;
    /// assert_eq!(socket.linger()?, Some(Duration::ZERO));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// Whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.nodelay()?);
    /// socket.set_nodelay(true)?;
    /// assert!(socket.nodelay()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.tcp_nodelay()
    }

    /// Sets whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_nodelay(true)?;
    /// assert!(socket.nodelay()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_tcp_nodelay(nodelay)
    }

    /// The traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v6()?;
    /// assert_eq!(socket.tclass_v6()?, 0);
    /// socket.set_tclass_v6(0x20)?;
    /// assert_eq!(socket.tclass_v6()?, 0x20);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.inner.tclass_v6()
    }

    /// Sets the traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v6()?;
    /// // Expedited forwarding (RFC 3246): the upper six bits are 46.
    /// socket.set_tclass_v6(46 << 2)?;
    /// assert_eq!(socket.tclass_v6()?, 184);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        self.inner.set_tclass_v6(tclass)
    }

    /// The type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.tos_v4()?, 0);
    /// socket.set_tos_v4(0x20)?;
    /// assert_eq!(socket.tos_v4()?, 0x20);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.inner.tos_v4()
    }

    /// Sets the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_tos_v4(96)?;
    /// assert_eq!(socket.tos_v4()?, 96);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.inner.set_tos_v4(tos)
    }

    /// The type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    #[doc(hidden)]
    #[deprecated(note = "it is called `tos_v4`")]
    pub fn tos(&self) -> io::Result<u32> {
        self.inner.tos_v4()
    }

    /// Sets the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    #[doc(hidden)]
    #[deprecated(note = "it is called `set_tos_v4`")]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.inner.set_tos_v4(tos)
    }

    /// The network interface that the socket is bound to (`SO_BINDTODEVICE`), if any.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.device()?, None);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.inner.device()
    }

    /// Binds the socket to a network interface (`SO_BINDTODEVICE`), or to none.
    ///
    /// Only packets of that interface reach the socket. It may need a privilege.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// match socket.bind_device(Some(b"lo")) {
    ///     Ok(()) => assert_eq!(socket.device()?.as_deref(), Some(&b"lo"[..])),
    ///     // Linux before 5.7 wants a privilege for it.
    ///     Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.inner.bind_device(interface)
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
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// // As long as it is not bound, both the address and the port are unspecified.
    /// assert!(socket.local_addr()?.ip().is_unspecified());
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.inner.local_addr()?)
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
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(socket.take_error()?.is_none());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Binds the socket to a local address.
    ///
    /// # Errors
    ///
    /// Those of `bind(2)`: the address is in use or not of this machine, for example.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
    }

    /// Connects the socket, and gives the stream.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the socket is closed.
    ///
    /// # Errors
    ///
    /// Those of `connect(2)`, also when they come later. The socket is closed then.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpSocket};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let server = listener.local_addr()?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let stream = socket.connect(server).await?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect_socket(self.inner, addr).await
    }

    /// Turns the socket into a listener.
    ///
    /// `backlog` connections may wait to be accepted; the system has a limit too.
    ///
    /// # Errors
    ///
    /// Those of `listen(2)`, and of the driver. The socket is closed then.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpSocket, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(16)?;
    ///
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.inner
            .listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        TcpListener::new(self.inner.into())
    }
}

/// A size of the kernel, which is an `int`.
fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl IntoRawFd for TcpSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

//! [`TcpSocket`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{IntoRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::net::addr::ip;
use crate::net::forward::forward_fd;
use crate::net::{TcpListener, TcpStream};
use crate::util::system;

/// A TCP socket that is neither connected nor listening yet.
///
/// [`TcpStream::connect`] and [`TcpListener::bind`] make a socket, set the usual options, and
/// connect or listen in one call. With a `TcpSocket` these are steps: make the socket, set options,
/// bind it to a local address if wanted, and turn it into a stream with
/// [`connect`](TcpSocket::connect) or into a listener with [`listen`](TcpSocket::listen).
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
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let socket = TcpSocket::new_v4()?;
///     socket.set_reuseaddr(true)?;
///     socket.bind("127.0.0.1:0".parse().unwrap())?;
///     let listener = socket.listen(16)?;
///     println!("listening at {}", listener.local_addr()?);
///     Ok(())
/// }
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
    pub(super) inner: Socket,
}

impl TcpSocket {
    /// Makes a socket for IPv4.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be made.
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::with_domain(Domain::IPV4)
    }

    /// Makes a socket for IPv6.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot be made.
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::with_domain(Domain::IPV6)
    }

    fn with_domain(domain: Domain) -> io::Result<TcpSocket> {
        let inner = system::socket(domain, Type::STREAM)?;
        Ok(TcpSocket { inner })
    }

    pub(in crate::net) fn from_socket(inner: Socket) -> TcpSocket {
        TcpSocket { inner }
    }

    /// Takes over a socket that was prepared elsewhere.
    ///
    /// `std` has no type for a TCP socket that is not connected, so it comes as a `TcpStream`. It
    /// has to be in non-blocking mode, or its operations block the thread. The example at
    /// [`TcpSocket`] shows how to make one with `socket2`.
    pub fn from_std_stream(std_stream: std::net::TcpStream) -> TcpSocket {
        TcpSocket {
            inner: std_stream.into(),
        }
    }

    /// Returns whether an idle connection is probed (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_KEEPALIVE` cannot be read.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keepalive()
    }

    /// Sets whether an idle connection is probed (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_KEEPALIVE` cannot be set.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keepalive(keepalive)
    }

    /// Returns whether the socket may bind to an address that old connections still use
    /// (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_REUSEADDR` cannot be read.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.inner.reuse_address()
    }

    /// Sets whether the socket may bind to an address that old connections still use
    /// (`SO_REUSEADDR`). Set it before [`bind`](TcpSocket::bind).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_REUSEADDR` cannot be set.
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        self.inner.set_reuse_address(reuseaddr)
    }

    /// Returns whether several sockets may listen at the same address (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_REUSEPORT` cannot be read.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Sets whether several sockets may listen at the same address (`SO_REUSEPORT`).
    ///
    /// The kernel distributes the connections among them. Set it before [`bind`](TcpSocket::bind),
    /// on each of them.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_REUSEPORT` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpSocket;
    ///
    /// let one = TcpSocket::new_v4()?;
    /// one.set_reuseport(true)?;
    /// one.bind("127.0.0.1:0".parse().unwrap())?;
    ///
    /// // A second socket at the same address, with the same option.
    /// let other = TcpSocket::new_v4()?;
    /// other.set_reuseport(true)?;
    /// other.bind(one.local_addr()?)?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuseport)
    }

    /// Returns the size of the send buffer in bytes (`SO_SNDBUF`). Linux returns twice what was
    /// set.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_SNDBUF` cannot be read.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturate)
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// The kernel takes it as a hint. On a listener, it applies to the connections it accepts.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_SNDBUF` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = zokio::net::TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(16_384)?;
    /// assert_eq!(socket.send_buffer_size()?, 2 * 16_384);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size as usize)
    }

    /// Returns the size of the receive buffer in bytes (`SO_RCVBUF`). Linux returns twice what was
    /// set.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_RCVBUF` cannot be read.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size().map(saturate)
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`). It is a hint, as in
    /// [`set_send_buffer_size`](TcpSocket::set_send_buffer_size).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_RCVBUF` cannot be set.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size as usize)
    }

    /// Returns how long closing the stream waits for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be read.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Sets how long closing the stream waits for unsent data (`SO_LINGER`). With a duration above
    /// zero, dropping the stream blocks the thread for up to that time.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be set.
    #[deprecated(
        note = "the drop of the stream may then block the thread; `set_zero_linger` is the case \
                that does not"
    )]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(dur)
    }

    /// Makes closing the stream reset the connection, as [`TcpStream::set_zero_linger`] does.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be set.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// Returns whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_NODELAY` cannot be read.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.tcp_nodelay()
    }

    /// Sets whether small segments are sent at once (`TCP_NODELAY`). See
    /// [`TcpStream::set_nodelay`].
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_NODELAY` cannot be set.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_tcp_nodelay(nodelay)
    }

    /// Returns the traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_TCLASS` cannot be read.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.inner.tclass_v6()
    }

    /// Sets the traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_TCLASS` cannot be set.
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        self.inner.set_tclass_v6(tclass)
    }

    /// Returns the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TOS` cannot be read.
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.inner.tos_v4()
    }

    /// Sets the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TOS` cannot be set.
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.inner.set_tos_v4(tos)
    }

    /// The former name of [`tos_v4`](TcpSocket::tos_v4).
    #[doc(hidden)]
    #[deprecated(note = "it is called `tos_v4`")]
    pub fn tos(&self) -> io::Result<u32> {
        self.inner.tos_v4()
    }

    /// The former name of [`set_tos_v4`](TcpSocket::set_tos_v4).
    #[doc(hidden)]
    #[deprecated(note = "it is called `set_tos_v4`")]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.inner.set_tos_v4(tos)
    }

    /// Returns the address that the socket is bound to. Address and port are unspecified as long as
    /// it is not bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.inner.local_addr()?)
    }

    /// Takes the error that is pending on the socket, as [`TcpStream::take_error`] does.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Binds the socket to a local address.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is in use or does not belong to this machine, or if the port
    /// takes a privilege.
    ///
    /// # Examples
    ///
    /// ```
    /// let socket = zokio::net::TcpSocket::new_v4()?;
    /// assert!(socket.local_addr()?.ip().is_unspecified());
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
    }

    /// Connects the socket and returns the stream.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the socket is closed.
    ///
    /// # Errors
    ///
    /// Returns an error if no connection can be made. The socket is closed then.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpSocket};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// # Ok(()) }
    /// ```
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect_socket(self.inner, addr).await
    }

    /// Turns the socket into a listener.
    ///
    /// Up to `backlog` connections may wait to be accepted; the system has a limit too.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket cannot listen or be registered with the runtime's driver. It
    /// is closed then.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
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

forward_fd!(TcpSocket, |socket| socket.inner);

impl IntoRawFd for TcpSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::TcpSocket;

    #[test]
    fn every_option_reads_as_it_was_set() {
        let socket = TcpSocket::new_v4().unwrap();
        for on in [true, false] {
            socket.set_keepalive(on).unwrap();
            socket.set_reuseaddr(on).unwrap();
            socket.set_reuseport(on).unwrap();
            socket.set_nodelay(on).unwrap();
            assert_eq!(socket.keepalive().unwrap(), on);
            assert_eq!(socket.reuseaddr().unwrap(), on);
            assert_eq!(socket.reuseport().unwrap(), on);
            assert_eq!(socket.nodelay().unwrap(), on);
        }
        // Linux reserves as much again for its own data.
        socket.set_recv_buffer_size(16_384).unwrap();
        assert_eq!(socket.recv_buffer_size().unwrap(), 2 * 16_384);
        socket.set_tos_v4(184).unwrap();
        assert_eq!(socket.tos_v4().unwrap(), 184);
        #[allow(deprecated)]
        for limit in [Some(Duration::from_secs(5)), None] {
            socket.set_linger(limit).unwrap();
            assert_eq!(socket.linger().unwrap(), limit);
        }
        socket.set_zero_linger().unwrap();
        assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
        assert!(socket.take_error().unwrap().is_none());

        let socket = TcpSocket::new_v6().unwrap();
        socket.set_tclass_v6(0x20).unwrap();
        assert_eq!(socket.tclass_v6().unwrap(), 0x20);
    }
}

//! [`UdpSocket`]: making one, waiting, and its options. Sending and receiving are in `transfer`.
#![forbid(unsafe_code)]

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use socket2::{Domain, SockRef, Type};

use crate::io::{Interest, Ready};
use crate::net::addr::first_that_works;
use crate::net::forward::forward_std;
use crate::net::{ToSocketAddrs, open};
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::Watched;

const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A UDP socket.
///
/// There are two ways to use one. *One to many*: [`bind`](UdpSocket::bind) it, and exchange
/// datagrams with any address through [`send_to`](UdpSocket::send_to) and
/// [`recv_from`](UdpSocket::recv_from). *One to one*: [`connect`](UdpSocket::connect) it as well,
/// and exchange datagrams with that address alone through [`send`](UdpSocket::send) and
/// [`recv`](UdpSocket::recv).
///
/// There is no `split`, because every method takes `&self`: put the socket into an
/// [`Arc`](std::sync::Arc) to use it from several tasks. The `async` methods wake every task that
/// waits. The `poll_*` methods wake only the last caller: one for those that send, and one for
/// those that receive or peek.
///
/// A datagram is received whole or not at all: what does not fit into the buffer is discarded.
///
/// # Examples
///
/// An echo server:
///
/// ```no_run
/// use zokio::net::UdpSocket;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let socket = UdpSocket::bind("0.0.0.0:7777").await?;
///     let mut buf = [0; 65_536];
///     loop {
///         let (n, peer) = socket.recv_from(&mut buf).await?;
///         socket.send_to(&buf[..n], peer).await?;
///     }
/// }
/// ```
///
/// A connected pair:
///
/// ```
/// use zokio::net::UdpSocket;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let a = UdpSocket::bind("127.0.0.1:0").await?;
///     let b = UdpSocket::bind("127.0.0.1:0").await?;
///     a.connect(b.local_addr()?).await?;
///     b.connect(a.local_addr()?).await?;
///
///     a.send(b"hello").await?;
///     let mut buf = [0; 16];
///     let n = b.recv(&mut buf).await?;
///     assert_eq!(&buf[..n], b"hello");
///     Ok(())
/// }
/// ```
pub struct UdpSocket {
    pub(super) io: Watched<std::net::UdpSocket>,
}

impl UdpSocket {
    /// Makes a socket and binds it to `addr`.
    ///
    /// With port 0 the system chooses a free port. If `addr` resolves to several addresses, the
    /// first that works is taken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, nothing is bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `addr` cannot be resolved or has no address, or if no address can be
    /// bound. The error is then that of the last attempt.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// assert!(address.ip().is_loopback());
    /// assert_ne!(address.port(), 0);
    /// # Ok(()) }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        first_that_works(addr, |address| async move { bound_to(address) }).await
    }

    /// Takes over a socket of `std`, which has to be in non-blocking mode.
    ///
    /// The socket belongs to the current runtime from then on. Its options are not changed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TcpStream::from_std`](crate::net::TcpStream::from_std).
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O, and, in debug
    /// builds, if the socket is in blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = zokio::net::UdpSocket::from_std(socket)?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        let io = open::handed_over(socket, INTEREST)?.reported(ResourceType::UdpSocket);
        Ok(UdpSocket { io })
    }

    /// Turns the socket into one of `std`, which stays in non-blocking mode.
    ///
    /// Datagrams that were not received stay in it.
    ///
    /// # Errors
    ///
    /// Returns no error at present, like the method of the same name of the other sockets.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let socket: std::net::UdpSocket = socket.into_std()?;
    /// socket.set_nonblocking(false)?;
    /// # Ok(()) }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.io.into_source())
    }

    pub(super) fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.io.source())
    }

    /// Returns the address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Returns [`NotConnected`](io::ErrorKind::NotConnected) if the socket is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    ///
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    /// assert_eq!(socket.peer_addr()?, peer.local_addr()?);
    /// # Ok(()) }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
    }

    /// Connects the socket: `send` sends to `addr`, and only datagrams from there are received.
    ///
    /// If `addr` resolves to several addresses, the first that works is taken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the socket is as it was.
    ///
    /// # Errors
    ///
    /// Returns an error if `addr` cannot be resolved or has no address, or if the socket cannot be
    /// connected to any. The error is then that of the last attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// let stranger = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    ///
    /// // What a stranger sends does not arrive.
    /// stranger.send_to(b"buy", socket.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(()) }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let connect = |address| async move { self.io.source().connect(address) };
        first_that_works(addr, connect).await?;
        self.io.report_peer();
        Ok(())
    }

    /// Waits until the socket is ready for at least a part of `interest`, and returns which.
    ///
    /// Follow it with a `try_` method, which may still fail with `WouldBlock`. If another task was
    /// faster, the result may even be empty.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The socket stays ready until an attempt fails with `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// let ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// if ready.is_writable() {
    ///     match socket.try_send(b"hello") {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         sent => assert_eq!(sent?, 5),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to send.
    ///
    /// Follow it with [`try_send_to`](UdpSocket::try_send_to), whose example shows both, or with
    /// [`try_send`](UdpSocket::try_send).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe, like [`ready`](UdpSocket::ready): it sends nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Waits until there is a datagram to receive.
    ///
    /// Follow it with [`try_recv_from`](UdpSocket::try_recv_from), whose example shows both, or
    /// with another `try_` method.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe, like [`ready`](UdpSocket::ready): the datagram stays in the
    /// socket.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Polls for room to send. Only the task of the last `poll_send*` call is woken.
    ///
    /// [`poll_recv_ready`](UdpSocket::poll_recv_ready) has an example of both.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, the waker of `cx` replaces that of the last poll.
    ///
    /// # Errors
    ///
    /// As for [`writable`](UdpSocket::writable).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Polls for a datagram to receive. Only the task of the last `poll_recv*` or `poll_peek*` call
    /// is woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, the waker of `cx` replaces that of the last poll.
    ///
    /// # Errors
    ///
    /// As for [`readable`](UdpSocket::readable).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// poll_fn(|cx| socket.poll_send_ready(cx)).await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    ///
    /// poll_fn(|cx| socket.poll_recv_ready(cx)).await?;
    /// assert_eq!(socket.try_recv(&mut [0; 16])?, 5);
    /// # Ok(()) }
    /// ```
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Runs `f` once if the socket looks ready for `interest`, without waiting.
    ///
    /// This is for system calls on the socket that have no method here. `f` must fail with
    /// `WouldBlock` only if the socket itself did, because that clears the readiness.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) without calling `f` if the socket is not
    /// ready, and the error of `f` otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// // A datagram that is gathered from several buffers has no method here.
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// let raw = SockRef::from(&socket);
    /// socket.writable().await?;
    /// assert_eq!(socket.try_io(Interest::WRITABLE, || raw.send_vectored(&bufs))?, 13);
    /// # Ok(()) }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, f)
    }

    /// Waits for `interest` and runs `f`, until `f` does not fail with `WouldBlock`.
    ///
    /// This is for system calls on the socket that have no method here. `f` must fail with
    /// `WouldBlock` only if the socket itself did.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe if `f` is, as
    /// [`TcpStream::async_io`](crate::net::TcpStream::async_io) explains.
    ///
    /// # Errors
    ///
    /// Returns an error if `f` does, unless that is `WouldBlock`, or if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"hello", socket.local_addr()?).await?;
    /// // The length of the next datagram, for which there is no method.
    /// let flags = libc::MSG_PEEK | libc::MSG_TRUNC;
    /// let len = socket
    ///     .async_io(Interest::READABLE, || SockRef::from(&socket).recv_with_flags(&mut [], flags))
    ///     .await?;
    /// let mut buf = vec![0; len];
    /// socket.recv(&mut buf).await?;
    /// assert_eq!(buf, b"hello");
    /// # Ok(()) }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, f).await
    }

    /// Returns whether the socket may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_BROADCAST` cannot be read.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.io.source().broadcast()
    }

    /// Sets whether the socket may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_BROADCAST` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let everybody = "255.255.255.255:9";
    /// let error = socket.send_to(b"hello", everybody).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    ///
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(()) }
    /// ```
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.io.source().set_broadcast(on)
    }

    /// Returns whether sent IPv4 multicast comes back to this machine (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_MULTICAST_LOOP` cannot be read.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.io.source().multicast_loop_v4()
    }

    /// Sets whether sent IPv4 multicast comes back to this machine (`IP_MULTICAST_LOOP`). By
    /// default it does.
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_MULTICAST_LOOP` cannot be set.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.io.source().set_multicast_loop_v4(on)
    }

    /// Returns the time to live of sent IPv4 multicast, in hops (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_MULTICAST_TTL` cannot be read.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.io.source().multicast_ttl_v4()
    }

    /// Sets the time to live of sent IPv4 multicast, in hops (`IP_MULTICAST_TTL`). With the default
    /// of 1 it stays in the local network.
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_MULTICAST_TTL` cannot be set.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_multicast_ttl_v4(ttl)
    }

    /// Returns whether sent IPv6 multicast comes back to this machine (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_MULTICAST_LOOP` cannot be read.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.io.source().multicast_loop_v6()
    }

    /// Sets whether sent IPv6 multicast comes back to this machine (`IPV6_MULTICAST_LOOP`). By
    /// default it does.
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_MULTICAST_LOOP` cannot be set.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.io.source().set_multicast_loop_v6(on)
    }

    /// Returns the traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_TCLASS` cannot be read.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.socket().tclass_v6()
    }

    /// Sets the traffic class of sent IPv6 packets (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IPV6_TCLASS` cannot be set.
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        self.socket().set_tclass_v6(tclass)
    }

    /// Returns the time to live of sent packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be read.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of sent packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be set, as with a `ttl` of 0.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }

    /// Returns the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TOS` cannot be read.
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.socket().tos_v4()
    }

    /// Sets the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TOS` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// // Expedited forwarding (RFC 3246): the upper six bits are 46.
    /// socket.set_tos_v4(46 << 2)?;
    /// assert_eq!(socket.tos_v4()?, 184);
    /// # Ok(()) }
    /// ```
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.socket().set_tos_v4(tos)
    }

    /// The former name of [`tos_v4`](UdpSocket::tos_v4).
    #[doc(hidden)]
    #[deprecated(note = "it is called `tos_v4`")]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// The former name of [`set_tos_v4`](UdpSocket::set_tos_v4).
    #[doc(hidden)]
    #[deprecated(note = "it is called `set_tos_v4`")]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// Joins the IPv4 multicast group `multiaddr` on the interface with the address `interface`.
    ///
    /// With `0.0.0.0` the system chooses the interface.
    ///
    /// # Errors
    ///
    /// Returns [`AddrInUse`](io::ErrorKind::AddrInUse) if the socket is a member already, and
    /// another error if `multiaddr` is not a multicast address or the interface does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv4Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let group = Ipv4Addr::new(239, 255, 7, 7);
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    ///
    /// // It is not a member any more.
    /// let error = socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    /// # Ok(()) }
    /// ```
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.source().join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins the IPv6 multicast group `multiaddr` on the interface with the index `interface`.
    ///
    /// With 0 the system chooses the interface.
    ///
    /// # Errors
    ///
    /// As for [`join_multicast_v4`](UdpSocket::join_multicast_v4).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv6Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// // Interface 1 is the loopback interface.
    /// let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x77);
    /// socket.join_multicast_v6(&group, 1)?;
    ///
    /// let error = socket.join_multicast_v6(&group, 1).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(()) }
    /// ```
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.source().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a group that was joined with [`join_multicast_v4`](UdpSocket::join_multicast_v4),
    /// whose example shows both.
    ///
    /// # Errors
    ///
    /// Returns [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if the socket is not a member.
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.source().leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a group that was joined with [`join_multicast_v6`](UdpSocket::join_multicast_v6).
    ///
    /// # Errors
    ///
    /// Returns [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if the socket is not a member.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.source().leave_multicast_v6(multiaddr, interface)
    }

    /// Takes the error that is pending on the socket (`SO_ERROR`). On a connected one, that is why
    /// a datagram that was sent earlier did not arrive.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_ERROR` cannot be read. The pending error is the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.take_error()?.is_none());
    ///
    /// // The socket at this address is closed again.
    /// let closed = UdpSocket::bind("127.0.0.1:0").await?.local_addr()?;
    /// socket.connect(closed).await?;
    /// socket.send(b"hello?").await?;
    /// socket.ready(Interest::ERROR).await?;
    /// let error = socket.take_error()?.expect("the datagram came back");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    /// # Ok(()) }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }
}

fn bound_to(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = system::socket(Domain::for_address(address), Type::DGRAM)?;
    socket.bind(&address.into())?;
    let io = Watched::new(socket.into(), INTEREST)?.reported(ResourceType::UdpSocket);
    Ok(UdpSocket { io })
}

forward_std!(UdpSocket, std::net::UdpSocket);

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::UdpSocket;
    use crate::runtime::Builder;

    #[test]
    fn every_option_reads_as_it_was_set() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
        assert!(socket.multicast_loop_v4().unwrap());
        socket.set_multicast_loop_v4(false).unwrap();
        assert!(!socket.multicast_loop_v4().unwrap());
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 1);
        socket.set_multicast_ttl_v4(4).unwrap();
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 4);
        socket.set_ttl(100).unwrap();
        assert_eq!(socket.ttl().unwrap(), 100);
        assert!(socket.set_ttl(0).is_err());
        #[allow(deprecated)]
        socket.set_tos(0x20).unwrap();
        #[allow(deprecated)]
        let tos = socket.tos().unwrap();
        assert_eq!(tos, 0x20);

        let socket = runtime.block_on(UdpSocket::bind("[::]:0")).unwrap();
        assert!(socket.multicast_loop_v6().unwrap());
        socket.set_multicast_loop_v6(false).unwrap();
        assert!(!socket.multicast_loop_v6().unwrap());
        socket.set_tclass_v6(0x20).unwrap();
        assert_eq!(socket.tclass_v6().unwrap(), 0x20);
        // Interface 1 is the loopback interface.
        let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x77);
        socket.join_multicast_v6(&group, 1).unwrap();
        socket.leave_multicast_v6(&group, 1).unwrap();
        assert!(socket.leave_multicast_v6(&group, 1).is_err());
    }
}

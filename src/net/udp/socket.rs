//! [`UdpSocket`]: making one, waiting, and its options. Sending and receiving are in `transfer`.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll};

use socket2::{Domain, SockRef, Socket, Type};

use crate::io::{Interest, Ready};
use crate::net::ToSocketAddrs;
use crate::net::addr::{BLOCKS, first_that_works, is_nonblocking};
use crate::watched::Watched;

/// A UDP socket.
///
/// There are two ways to use one. *One to many*: [`bind`](UdpSocket::bind) it, and exchange
/// datagrams with anybody by [`send_to`](UdpSocket::send_to) and
/// [`recv_from`](UdpSocket::recv_from). *One to one*: [`connect`](UdpSocket::connect) it as well,
/// and exchange datagrams with that one address by [`send`](UdpSocket::send) and
/// [`recv`](UdpSocket::recv).
///
/// There is no `split`, because all methods take `&self`: put the socket into an
/// [`Arc`](std::sync::Arc) and use it from several tasks.
///
/// A datagram is received whole or not at all: what does not fit into the buffer is thrown away.
///
/// # Examples
///
/// An echo server:
///
/// ```no_run
/// use zokio::net::UdpSocket;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let socket = UdpSocket::bind("0.0.0.0:7777").await?;
/// let mut buf = [0; 65_536];
/// loop {
///     let (n, peer) = socket.recv_from(&mut buf).await?;
///     socket.send_to(&buf[..n], peer).await?;
/// }
/// # #[allow(unreachable_code)]
/// # Ok(())
/// # }
/// ```
///
/// A connected pair:
///
/// ```
/// use zokio::net::UdpSocket;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let a = UdpSocket::bind("127.0.0.1:0").await?;
/// let b = UdpSocket::bind("127.0.0.1:0").await?;
/// a.connect(b.local_addr()?).await?;
/// b.connect(a.local_addr()?).await?;
///
/// a.send(b"hello").await?;
/// let mut buf = [0; 16];
/// let n = b.recv(&mut buf).await?;
/// assert_eq!(&buf[..n], b"hello");
/// # Ok(())
/// # }
/// ```
pub struct UdpSocket {
    pub(super) io: Watched<std::net::UdpSocket>,
}

impl UdpSocket {
    /// Makes a socket and binds it to `addr`.
    ///
    /// Port 0 asks the system for a free one. If `addr` gives several addresses, then the first
    /// that works is taken.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then nothing is bound.
    ///
    /// # Errors
    ///
    /// `addr` cannot be resolved or gives no address, or no address can be bound; then the error is
    /// that of the last one.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// assert!(address.ip().is_loopback());
    /// assert_ne!(address.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        first_that_works(addr, |address| async move { bound_to(address) }).await
    }

    #[track_caller]
    fn new(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        let io = Watched::new(socket, Interest::READABLE | Interest::WRITABLE)?;
        Ok(UdpSocket { io })
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = UdpSocket::from_std(socket)?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        debug_assert!(is_nonblocking(socket.as_fd()), "{BLOCKS}");
        UdpSocket::new(socket)
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?.into_std()?;
    /// socket.set_nonblocking(false)?;
    ///
    /// socket.send_to(b"hello", socket.local_addr()?)?;
    /// let mut buf = [0; 16];
    /// let (n, _) = socket.recv_from(&mut buf)?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.io.into_source())
    }

    pub(super) fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.io.source())
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    /// let (_, from) = socket.recv_from(&mut [0; 16]).await?;
    /// assert_eq!(from, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    ///
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    /// assert_eq!(socket.peer_addr()?, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
    }

    /// Connects the socket: `send` goes to `addr`, and only its datagrams are received.
    ///
    /// If `addr` gives several addresses, then the first that works is taken.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the socket is as it was.
    ///
    /// # Errors
    ///
    /// `addr` cannot be resolved or gives no address, or no address works; then the error is that
    /// of the last one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
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
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        first_that_works(
            addr,
            |address| async move { self.io.source().connect(address) },
        )
        .await
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
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
    /// To be followed by [`try_send`](UdpSocket::try_send) or
    /// [`try_send_to`](UdpSocket::try_send_to).
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
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
    /// To be followed by [`try_recv`](UdpSocket::try_recv) or another `try_` method.
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
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
    /// Of this and the other `poll_recv*` and `poll_peek*` methods the last caller alone has its
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    ///
    /// // A datagram that is gathered from several buffers has no method here.
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// let raw = SockRef::from(&socket);
    /// socket.writable().await?;
    /// assert_eq!(socket.try_io(Interest::WRITABLE, || raw.send_vectored(&bufs))?, 13);
    ///
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
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

    /// Whether the socket may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        self.io.source().broadcast()
    }

    /// Sets whether the socket may send to broadcast addresses (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let everybody = "255.255.255.255:9";
    /// let error = socket.send_to(b"hello", everybody).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    ///
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.io.source().set_broadcast(on)
    }

    /// Whether sent IPv4 multicast comes back to this machine (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // It is on unless somebody turns it off.
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.io.source().multicast_loop_v4()
    }

    /// Sets whether sent IPv4 multicast comes back to this machine (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.io.source().set_multicast_loop_v4(on)
    }

    /// The time to live of sent IPv4 multicast, in hops (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Multicast stays in the local network unless somebody lets it out.
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.io.source().multicast_ttl_v4()
    }

    /// Sets the time to live of sent IPv4 multicast, in hops (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_ttl_v4(4)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_multicast_ttl_v4(ttl)
    }

    /// Whether sent IPv6 multicast comes back to this machine (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// // It is on unless somebody turns it off.
    /// assert!(socket.multicast_loop_v6()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.io.source().multicast_loop_v6()
    }

    /// Sets whether sent IPv6 multicast comes back to this machine (`IPV6_MULTICAST_LOOP`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// socket.set_multicast_loop_v6(false)?;
    /// assert!(!socket.multicast_loop_v6()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.io.source().set_multicast_loop_v6(on)
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// assert_eq!(socket.tclass_v6()?, 0);
    /// socket.set_tclass_v6(0x20)?;
    /// assert_eq!(socket.tclass_v6()?, 0x20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.socket().tclass_v6()
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// // Expedited forwarding (RFC 3246): the upper six bits are 46.
    /// socket.set_tclass_v6(46 << 2)?;
    /// assert_eq!(socket.tclass_v6()?, 184);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        self.socket().set_tclass_v6(tclass)
    }

    /// The time to live of sent packets, in hops.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.ttl()? > 0);
    /// socket.set_ttl(100)?;
    /// assert_eq!(socket.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of sent packets, in hops.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_ttl(1)?;
    /// assert_eq!(socket.ttl()?, 1);
    /// // A packet has to make one hop at least.
    /// assert!(socket.set_ttl(0).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.tos_v4()?, 0);
    /// socket.set_tos_v4(0x20)?;
    /// assert_eq!(socket.tos_v4()?, 0x20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.socket().tos_v4()
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Expedited forwarding (RFC 3246): the upper six bits are 46.
    /// socket.set_tos_v4(46 << 2)?;
    /// assert_eq!(socket.tos_v4()?, 184);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.socket().set_tos_v4(tos)
    }

    /// The type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    #[doc(hidden)]
    #[deprecated(note = "it is called `tos_v4`")]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// Sets the type of service of sent IPv4 packets (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    #[doc(hidden)]
    #[deprecated(note = "it is called `set_tos_v4`")]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.device()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.socket().device()
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
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// match socket.bind_device(Some(b"lo")) {
    ///     Ok(()) => assert_eq!(socket.device()?.as_deref(), Some(&b"lo"[..])),
    ///     // Linux before 5.7 wants a privilege for it.
    ///     Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.socket().bind_device(interface)
    }

    /// Joins the IPv4 multicast group `multiaddr` on the interface with the address `interface`.
    ///
    /// `0.0.0.0` lets the system choose the interface.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv4Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let group = Ipv4Addr::new(239, 255, 7, 7);
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    ///
    /// // Once is enough.
    /// let error = socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.source().join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins the IPv6 multicast group `multiaddr` on the interface of index `interface`.
    ///
    /// 0 lets the system choose the interface.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv6Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// // Interface 1 is the loopback interface.
    /// let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x77);
    /// socket.join_multicast_v6(&group, 1)?;
    ///
    /// // Once is enough.
    /// let error = socket.join_multicast_v6(&group, 1).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.source().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves the IPv4 multicast group `multiaddr`.
    ///
    /// See [`join_multicast_v4`](UdpSocket::join_multicast_v4).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv4Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let group = Ipv4Addr::new(239, 255, 7, 7);
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    ///
    /// // It is no member any more.
    /// let error = socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.source().leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves the IPv6 multicast group `multiaddr`.
    ///
    /// See [`join_multicast_v6`](UdpSocket::join_multicast_v6).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::net::Ipv6Addr;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// // Interface 1 is the loopback interface.
    /// let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 0x77);
    /// socket.join_multicast_v6(&group, 1)?;
    /// socket.leave_multicast_v6(&group, 1)?;
    ///
    /// // It is no member any more.
    /// let error = socket.leave_multicast_v6(&group, 1).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.source().leave_multicast_v6(multiaddr, interface)
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
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.take_error()?.is_none());
    ///
    /// // Nobody listens at an address whose socket is closed.
    /// let nobody = UdpSocket::bind("127.0.0.1:0").await?.local_addr()?;
    /// socket.connect(nobody).await?;
    /// socket.send(b"hello?").await?;
    /// socket.ready(Interest::ERROR).await?;
    /// let error = socket.take_error()?.expect("the datagram came back");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }
}

fn bound_to(address: SocketAddr) -> io::Result<UdpSocket> {
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket = Socket::new_raw(Domain::for_address(address), kind, None)?;
    socket.bind(&address.into())?;
    UdpSocket::new(socket.into())
}

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// The same as [`from_std`](UdpSocket::from_std).
    fn try_from(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        UdpSocket::from_std(socket)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for UdpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

//! [`TcpListener`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll, ready};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::io::Interest;
use crate::net::addr::{BLOCKS, first_that_works, ip, is_nonblocking};
use crate::net::{TcpStream, ToSocketAddrs, raw};
use crate::watched::Watched;

/// How many connections may wait to be accepted when nothing else is said.
const BACKLOG: i32 = 1024;

/// A TCP socket that listens for connections.
///
/// [`accept`](TcpListener::accept) gives one connection after the other. Dropping the listener
/// closes it at once: its port may be bound again, and connections that wait to be accepted are
/// refused.
///
/// # Examples
///
/// ```no_run
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::TcpListener;
///
/// # #[zokio::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("0.0.0.0:8080").await?;
/// loop {
///     let (mut stream, peer) = listener.accept().await?;
///     zokio::task::spawn(async move {
///         println!("{peer} connected");
///         let mut buf = [0; 4096];
///         while let Ok(n @ 1..) = stream.read(&mut buf).await {
///             if stream.write_all(&buf[..n]).await.is_err() {
///                 break;
///             }
///         }
///     });
/// }
/// # #[allow(unreachable_code)]
/// # Ok(())
/// # }
/// ```
pub struct TcpListener {
    io: Watched<std::net::TcpListener>,
}

impl TcpListener {
    /// Binds a socket to `addr` and listens.
    ///
    /// Port 0 asks the system for a free one; [`local_addr`](TcpListener::local_addr) tells which
    /// it is. If `addr` gives several addresses, then the first that works is taken. The socket
    /// gets `SO_REUSEADDR`, so a server can be started again at once, and up to 1024 connections
    /// may wait to be accepted. For other settings use [`TcpSocket`](crate::net::TcpSocket).
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
    /// use zokio::net::TcpListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        first_that_works(addr, |address| async move { listen_at(address) }).await
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
    /// use zokio::net::TcpListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_nonblocking(true)?;
    /// let listener = TcpListener::from_std(listener)?;
    /// # drop(listener);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        debug_assert!(is_nonblocking(listener.as_fd()), "{BLOCKS}");
        TcpListener::new(listener)
    }

    #[track_caller]
    pub(super) fn new(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        let io = Watched::new(listener, Interest::READABLE)?;
        Ok(TcpListener { io })
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
    /// use zokio::net::TcpListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
    /// listener.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.io.into_source())
    }

    /// Accepts a connection: waits for one, and gives it with the address of its peer.
    ///
    /// The new stream belongs to the current runtime. Its first read and write are tried without
    /// waiting for a notice of the driver.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then no connection was accepted by it.
    ///
    /// # Errors
    ///
    /// Those of `accept(2)`. Most concern the one connection only (the peer gave up), or pass (too
    /// many open files): a server logs them, waits a little, and goes on.
    ///
    /// # Panics
    ///
    /// When a connection has come: outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (fd, address) = self
            .io
            .reading(|listener| raw::accept(listener.as_fd()))
            .await?;
        accepted(fd, &address)
    }

    /// Polls for a connection.
    ///
    /// As [`accept`](TcpListener::accept), except that the last caller alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call. Not polling
    /// again loses no connection.
    ///
    /// # Errors
    ///
    /// As for [`accept`](TcpListener::accept).
    ///
    /// # Panics
    ///
    /// As for [`accept`](TcpListener::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let (fd, address) = ready!(
            self.io
                .poll_reading(cx, |listener| raw::accept(listener.as_fd()))
        )?;
        Poll::Ready(accepted(fd, &address))
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
    /// use zokio::net::TcpListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.local_addr()?.ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// The time to live of the packets of accepted connections, in hops.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpListener;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(100)?;
    /// assert_eq!(listener.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of the packets of accepted connections, in hops.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(100)?;
    ///
    /// let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(server.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new_raw(Domain::for_address(address), kind, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::new(socket.into())
}

fn accepted(fd: OwnedFd, address: &SockAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let stream = TcpStream::accepted(fd.into())?;
    Ok((stream, ip(address)?))
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// The same as [`from_std`](TcpListener::from_std).
    fn try_from(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for TcpListener {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

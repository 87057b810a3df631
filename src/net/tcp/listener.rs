//! [`TcpListener`].
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use socket2::{Domain, SockAddr, Type};

use crate::io::Interest;
use crate::net::addr::{first_that_works, ip};
use crate::net::forward::forward_std;
use crate::net::{TcpStream, ToSocketAddrs, open};
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::Watched;

/// How many connections may wait to be accepted when nothing else is said.
const BACKLOG: i32 = 1024;

/// A TCP socket that listens for connections.
///
/// Each call of [`accept`](TcpListener::accept) returns one connection. Dropping the listener
/// closes it at once: its port may be bound again, and connections that wait to be accepted are
/// reset.
///
/// # Examples
///
/// ```no_run
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::TcpListener;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("0.0.0.0:8080").await?;
///     loop {
///         let (mut stream, peer) = listener.accept().await?;
///         zokio::task::spawn(async move {
///             println!("{peer} connected");
///             let mut buf = [0; 4096];
///             while let Ok(n @ 1..) = stream.read(&mut buf).await {
///                 if stream.write_all(&buf[..n]).await.is_err() {
///                     break;
///                 }
///             }
///         });
///     }
/// }
/// ```
pub struct TcpListener {
    io: Watched<std::net::TcpListener>,
}

impl TcpListener {
    /// Binds a socket to `addr` and listens.
    ///
    /// With port 0 the system chooses a free port; [`local_addr`](TcpListener::local_addr) returns
    /// it. If `addr` resolves to several addresses, the first that works is taken. The socket has
    /// `SO_REUSEADDR`, so a server can be restarted at once, and up to 1024 connections may wait to
    /// be accepted. For other settings use [`TcpSocket`](crate::net::TcpSocket).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, nothing is bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `addr` cannot be resolved or has no address, or the error of the last
    /// attempt if the socket cannot listen at any of the addresses.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = zokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        first_that_works(addr, |address| async move { listen_at(address) }).await
    }

    /// Takes over a listener of `std`, which has to be in non-blocking mode.
    ///
    /// See [`TcpStream::from_std`], also for the errors and an example.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O. In debug builds,
    /// panics if the listener is in blocking mode.
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        let io =
            open::handed_over(listener, Interest::READABLE)?.reported(ResourceType::TcpListener);
        Ok(TcpListener { io })
    }

    #[track_caller]
    pub(super) fn new(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        let io = Watched::new(listener, Interest::READABLE)?.reported(ResourceType::TcpListener);
        Ok(TcpListener { io })
    }

    /// Turns the listener into one of `std`, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.io.into_source())
    }

    /// Waits for a connection and accepts it. Returns the stream and the address of its peer.
    ///
    /// The stream belongs to the current runtime. Its first read and its first write are tried
    /// without waiting for an event.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, it has accepted no
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns an error if `accept(2)` fails. Most such errors concern a single connection (the
    /// peer gave up) or pass by themselves (too many open files): a server logs them, waits a
    /// little and continues.
    ///
    /// # Panics
    ///
    /// Panics if a connection arrives and there is no current runtime, or one that was built
    /// without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(()) }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (fd, address) = self.io.reading(system::accept).await?;
        accepted(fd, &address)
    }

    /// Polls for a connection, and accepts it as [`accept`](TcpListener::accept) does. Only the
    /// task of the last call is woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, the waker of `cx` replaces that of the last poll,
    /// and no connection has been accepted.
    ///
    /// # Errors
    ///
    /// As for [`accept`](TcpListener::accept).
    ///
    /// # Panics
    ///
    /// As for [`accept`](TcpListener::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let (fd, address) = ready!(self.io.poll_reading(cx, system::accept))?;
        Poll::Ready(accepted(fd, &address))
    }

    /// Returns the address that the listener is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// Returns the time to live of the packets of accepted connections, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be read.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of the packets of accepted connections, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be set, as with a `ttl` of 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(100)?;
    ///
    /// let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(server.ttl()?, 100);
    /// # Ok(()) }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = system::socket(Domain::for_address(address), Type::STREAM)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::new(socket.into())
}

fn accepted(fd: OwnedFd, address: &SockAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let stream = TcpStream::accepted(fd)?;
    Ok((stream, ip(address)?))
}

forward_std!(TcpListener, std::net::TcpListener);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::{TcpListener, TcpStream};
    use crate::runtime::Builder;

    #[test]
    fn a_poll_accepts_a_connection() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap());
            let client = client.await.unwrap();
            let accepted = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            assert_eq!(accepted.1, client.local_addr().unwrap());
            assert_eq!(
                accepted.0.local_addr().unwrap(),
                client.peer_addr().unwrap()
            );
        });
    }
}

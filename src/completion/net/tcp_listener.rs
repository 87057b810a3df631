//! [`TcpListener`].
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::accept::Accept;
use super::connecting::SocketOperation;
use super::forward::forward;
use super::incoming::Incoming;
use super::socket::{Owner, SocketKind};
use super::tcp_stream::TcpStream;
use crate::error::Error;
use crate::net::{ToSocketAddrs, ip};

/// A TCP socket that listens for connections.
///
/// Dropping the listener closes it at once: its port may be bound again, connections that wait to
/// be accepted are reset, and an [`accept`](TcpListener::accept) that is still pending in another
/// task ends with `ECANCELED`.
///
/// Options are set before the socket listens: convert a listener that a
/// [`TcpSocket`](crate::net::TcpSocket) has made. The [module](super#other-types) describes the
/// conversions.
///
/// # Examples
///
/// ```no_run
/// use zokio::completion::net::{TcpListener, TcpStream};
///
/// async fn serve(stream: TcpStream) -> std::io::Result<()> {
///     let mut buffer = Vec::with_capacity(4096);
///     loop {
///         buffer.clear();
///         let (count, filled) = stream.read(buffer).await;
///         if count? == 0 {
///             return Ok(());
///         }
///         let (written, rest) = stream.write_all(filled).await;
///         written?;
///         buffer = rest;
///     }
/// }
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("0.0.0.0:7000").await?;
///     loop {
///         let (stream, _) = listener.accept().await?;
///         zokio::spawn(serve(stream));
///     }
/// }
/// ```
pub struct TcpListener {
    owner: Owner,
}

impl TcpListener {
    /// Binds a socket to `address` and listens.
    ///
    /// With port 0 the system chooses a free port; [`local_addr`](TcpListener::local_addr) returns
    /// it. If `address` resolves to several addresses, the first that works is taken. The socket
    /// has `SO_REUSEADDR`, so a server can be restarted at once, and up to 1,024 connections may
    /// wait to be accepted.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, nothing is bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `address` cannot be resolved or has no address, or the error of the last
    /// attempt if the socket cannot listen at any of the addresses. The latter carries the address.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, or in one that was built without I/O.
    /// The call panics outside a runtime if `address` is the name of a host, which is looked up at
    /// once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::completion::net::TcpListener;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let address = listener.local_addr()?;
    ///
    ///     let error = TcpListener::bind(address).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::AddrInUse);
    ///     assert_eq!(error.address(), Some(address));
    ///     Ok(())
    /// }
    /// ```
    pub fn bind(address: impl ToSocketAddrs) -> SocketOperation<Result<TcpListener, Error>> {
        let bind = crate::net::TcpListener::bind::<SocketAddr>;
        SocketOperation::at("listen at", &address, bind)
    }

    /// Accepts a connection. Returns the stream and the address of its peer.
    ///
    /// The stream is watched by the runtime of the listener, whatever executor polls the future.
    /// Several tasks may wait at the same time; each connection goes to one of them.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, it has accepted no
    /// connection, and the next call gets it.
    ///
    /// # Errors
    ///
    /// Returns the error of accept(2). Most of these errors concern a single connection (the peer
    /// gave up) or pass by themselves (too many open files): log them, wait a little and continue.
    /// Returns `ECANCELED` if the listener was dropped, and an error if its runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::Operation;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let accept = listener.accept().timeout(Duration::from_millis(5));
    ///     assert_eq!(accept.await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    ///
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (_server, peer) = listener.accept().await?;
    ///     assert_eq!(peer, client.local_addr()?);
    ///     Ok(())
    /// }
    /// ```
    pub fn accept(&self) -> Accept<TcpStream> {
        Accept::new(&self.owner)
    }

    /// Returns the connections that are accepted, as a stream. See [`Incoming`].
    pub fn incoming(&self) -> Incoming<TcpStream> {
        Incoming::new(&self.owner)
    }

    /// Returns the address that the listener is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if getsockname(2) fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::TcpListener;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     assert_ne!(listener.local_addr()?.port(), 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.owner.options().local_addr()?)
    }
}

forward!(
    TcpListener,
    SocketKind::Listener,
    crate::net::TcpListener,
    std::net::TcpListener
);

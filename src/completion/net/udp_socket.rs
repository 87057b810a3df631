//! [`UdpSocket`].
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::connecting::{SocketOperation, at_addresses};
use super::forward::forward;
use super::futures::{Recv, RecvFrom, SendDatagram, SendTo};
use super::socket::{Kind, Owner};
use crate::completion::{IoBuf, IoBufMut};
use crate::error::Error;
use crate::net::{ToSocketAddrs, ip, resolve};

/// A UDP socket, which sends and receives datagrams with owned buffers.
///
/// All methods take `&self`, and the futures own what they need: any number of them may be pending
/// at a time. Each datagram goes to one receive; it is not determined to which.
///
/// Dropping the socket ends the operations that are left: they return `ECANCELED` and their buffer.
/// The port is free when the last of them has been polled or dropped.
///
/// # Examples
///
/// ```
/// use zokio::completion::net::UdpSocket;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let server = UdpSocket::bind("127.0.0.1:0").await?;
///     let client = UdpSocket::bind("127.0.0.1:0").await?;
///     let (count, _) = client.send_to("hello", server.local_addr()?).await;
///     assert_eq!(count?, 5);
///
///     let (received, buffer) = server.recv_from(Vec::with_capacity(1500)).await;
///     let (count, sender) = received?;
///     assert_eq!((count, sender), (5, client.local_addr()?));
///     let (count, _) = server.send_to(buffer, sender).await;
///     assert_eq!(count?, 5);
///     Ok(())
/// }
/// ```
pub struct UdpSocket {
    owner: Owner,
}

impl UdpSocket {
    /// Binds a socket to `address`.
    ///
    /// With port 0 the system chooses a free port; [`local_addr`](UdpSocket::local_addr) returns
    /// it. If `address` resolves to several addresses, the first that works is taken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, nothing is bound.
    ///
    /// # Errors
    ///
    /// Returns an error if `address` cannot be resolved or has no address, or the error of the last
    /// attempt if the socket cannot be bound to any of the addresses. The latter carries the
    /// address.
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
    /// use zokio::completion::net::UdpSocket;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let error = UdpSocket::bind(socket.local_addr()?).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::AddrInUse);
    ///     Ok(())
    /// }
    /// ```
    pub fn bind(address: impl ToSocketAddrs) -> SocketOperation<Result<UdpSocket, Error>> {
        let bind = crate::net::UdpSocket::bind::<SocketAddr>;
        let bound = at_addresses("bind a socket to", resolve(&address), bind);
        SocketOperation::new("bind a socket", async { bound.await.map(UdpSocket::from) })
    }

    /// Connects the socket to `address`: [`send`](UdpSocket::send) sends there, and only datagrams
    /// from there are received.
    ///
    /// No datagram is sent for that, so an address where nothing listens is no error. If `address`
    /// resolves to several addresses, the first that works is taken.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the socket may or may not be connected. Call it again.
    ///
    /// # Errors
    ///
    /// Returns an error if `address` cannot be resolved or has no address, or the error of the last
    /// attempt. The latter carries the address.
    ///
    /// # Panics
    ///
    /// The call panics outside a runtime if `address` is the name of a host, which is looked up at
    /// once.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UdpSocket;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let server = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let client = UdpSocket::bind("127.0.0.1:0").await?;
    ///     client.connect(server.local_addr()?).await?;
    ///     server.connect(client.local_addr()?).await?;
    ///     let (count, _) = client.send("ping").await;
    ///     assert_eq!(count?, 4);
    ///     let (count, datagram) = server.recv(Vec::with_capacity(1500)).await;
    ///     assert_eq!((count?, &datagram[..]), (4, &b"ping"[..]));
    ///     Ok(())
    /// }
    /// ```
    pub fn connect(&self, address: impl ToSocketAddrs) -> SocketOperation<Result<(), Error>> {
        let socket = self.owner.clone();
        let connect = move |address: SocketAddr| {
            std::future::ready(socket.options().connect(&address.into()))
        };
        let connected = at_addresses("connect to", resolve(&address), connect);
        SocketOperation::new("connect a socket", connected)
    }

    /// Sends `buffer` as one datagram to the address that the socket is connected to; returns its
    /// length.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns the error of send(2), such as one for a datagram that is too long or for a socket
    /// that is not connected. A peer that refused an earlier datagram is reported as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused). Returns `ECANCELED` if the socket
    /// was dropped, and an error if its runtime has shut down.
    pub fn send<B: IoBuf>(&self, buffer: B) -> SendDatagram<B> {
        SendDatagram::new(&self.owner, buffer)
    }

    /// Sends `buffer` as one datagram to `target`; returns its length.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// The same as for [`send`](UdpSocket::send).
    pub fn send_to<B: IoBuf>(&self, buffer: B, target: SocketAddr) -> SendTo<B> {
        SendTo::new(&self.owner, buffer, target)
    }

    /// Receives a datagram; returns its length. See [`IoBufMut`] for where the bytes go.
    ///
    /// What does not fit into the room of `buffer` is discarded.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, no datagram was
    /// received, and the next receive gets it.
    ///
    /// # Errors
    ///
    /// Returns the error of recv(2). A peer that refused an earlier datagram is reported as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused), if the socket is connected. Returns
    /// `ECANCELED` if the socket was dropped, and an error if its runtime has shut down.
    pub fn recv<B: IoBufMut>(&self, buffer: B) -> Recv<B> {
        Recv::new(&self.owner, buffer)
    }

    /// Receives a datagram; returns its length and its sender.
    ///
    /// In everything else it is [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`recv`](UdpSocket::recv).
    ///
    /// # Errors
    ///
    /// The same as for [`recv`](UdpSocket::recv).
    pub fn recv_from<B: IoBufMut>(&self, buffer: B) -> RecvFrom<B> {
        RecvFrom::new(&self.owner, buffer)
    }

    /// Returns the address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if getsockname(2) fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.owner.options().local_addr()?)
    }

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Returns [`NotConnected`](io::ErrorKind::NotConnected) if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.owner.options().peer_addr()?)
    }
}

forward!(
    UdpSocket,
    Kind::Datagrams,
    crate::net::UdpSocket,
    std::net::UdpSocket
);

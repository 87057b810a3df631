//! [`UdpSocket`].
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::connecting::SocketOperation;
use super::forward::forward;
use super::futures::{Recv, RecvFrom, SendDatagram, SendTo};
use super::raw;
use super::recv_datagrams::RecvDatagrams;
use super::send_batch::{SendBatch, SendBatchTo};
use super::socket::{Owner, SocketKind};
use crate::completion::{BufferRing, IoBuf, IoBufMut};
use crate::error::Error;
use crate::net::{ToSocketAddrs, ip};

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
        SocketOperation::at("bind a socket to", &address, bind)
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
        SocketOperation::at("connect to", &address, connect)
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

    /// Receives what arrives, into buffers of `ring`, as [`RecvDatagrams`].
    ///
    /// In place of a buffer for each receive that waits, all sockets and streams with the same ring
    /// share its buffers. See [`BufferRing`] for what happens when there is none left, and
    /// [`ReceivedDatagrams::iter`](super::ReceivedDatagrams::iter) for an example.
    pub fn recv_multi(&self, ring: &BufferRing) -> RecvDatagrams {
        RecvDatagrams::new(&self.owner, ring)
    }

    /// Sends many datagrams to the address that the socket is connected to, with few system calls;
    /// returns how many were sent.
    ///
    /// They are sent in order. Those of one length that follow each other go through the kernel
    /// together, if it can (`UDP_SEGMENT`). Fewer than all are sent only if one fails after others
    /// were sent: to learn of the error, send it again. See
    /// [`send_batch_to`](UdpSocket::send_batch_to) for an example.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, some datagrams may have been sent.
    /// With [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with) the number of those is returned, if it is not 0.
    ///
    /// # Errors
    ///
    /// The same as for [`send`](UdpSocket::send), for the first datagram.
    pub fn send_batch<B: IoBuf>(&self, datagrams: Vec<B>) -> SendBatch<B> {
        SendBatch::new(&self.owner, datagrams)
    }

    /// Sends many datagrams, each to an address of its own, with few system calls; returns how many
    /// were sent.
    ///
    /// In everything else it is [`send_batch`](UdpSocket::send_batch). Those that go through the
    /// kernel together have one target.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`send_batch`](UdpSocket::send_batch).
    ///
    /// # Errors
    ///
    /// The same as for [`send`](UdpSocket::send), for the first datagram.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::UdpSocket;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let target = receiver.local_addr()?;
    ///     let datagrams = ["one", "two", "three"].map(|text| (text, target)).to_vec();
    ///     let (sent, _) = sender.send_batch_to(datagrams).await;
    ///     assert_eq!(sent?, 3);
    ///     for length in [3, 3, 5] {
    ///         let (count, _) = receiver.recv(Vec::with_capacity(100)).await;
    ///         assert_eq!(count?, length);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn send_batch_to<B: IoBuf>(&self, datagrams: Vec<(B, SocketAddr)>) -> SendBatchTo<B> {
        SendBatchTo::new(&self.owner, datagrams)
    }

    /// Sets whether the kernel joins datagrams of one sender and one length before they are
    /// received (`UDP_GRO`). It is off at first.
    ///
    /// [`recv_multi`](UdpSocket::recv_multi) then receives up to 64 KiB at once, if the buffers of
    /// its ring have that room, and takes them apart again. The other receives cannot, and return
    /// joined datagrams as one.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel does not know this option. Then each datagram is received by
    /// itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferRing;
    /// use zokio::completion::net::UdpSocket;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let _ = receiver.set_gro(true);
    ///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
    ///     sender.connect(receiver.local_addr()?).await?;
    ///     sender.send_batch(vec![[7; 1000].to_vec(); 40]).await.0?;
    ///
    ///     let mut received = receiver.recv_multi(&BufferRing::new(4, 64 << 10));
    ///     let mut count = 0;
    ///     while count < 40 {
    ///         let datagrams = received.next().await.expect("the socket is there")?;
    ///         assert!(datagrams.iter().all(|datagram| datagram == [7; 1000]));
    ///         count += datagrams.iter().count();
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn set_gro(&self, on: bool) -> io::Result<()> {
        raw::set_gro(self.owner.fd(), on)
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
    SocketKind::Datagrams,
    crate::net::UdpSocket,
    std::net::UdpSocket
);

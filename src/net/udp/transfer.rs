//! Sending, receiving and peeking with a [`UdpSocket`].
//!
//! Each comes in three shapes: `async` (every waiting task is woken), `poll_*` (the last caller is
//! woken) and `try_*` (never waits).
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::{SockAddr, SockRef};

use super::UdpSocket;
use crate::io::ReadBuf;
use crate::net::ToSocketAddrs;
use crate::net::addr::{ip, resolve};
use crate::watched::{Datagrams, Receive};

impl UdpSocket {
    /// Sends `buf` as one datagram to the connected address, and returns its length.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket is not connected, if the datagram is too long or cannot be
    /// sent, or if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let peer_addr = peer.local_addr()?;
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer_addr).await?;
    /// assert_eq!(socket.send(b"hello").await?, 5);
    /// # assert_eq!(peer.recv(&mut [0; 16]).await?, 5);
    /// # Ok(()) }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.writing(|socket| socket.send(buf)).await
    }

    /// Polls to send `buf` as one datagram to the connected address.
    ///
    /// The errors are the same as for [`send`](UdpSocket::send), and
    /// [`poll_send_to`](UdpSocket::poll_send_to) has an example.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was sent.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_writing(cx, |socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to the connected address, without waiting.
    ///
    /// [`try_send_to`](UdpSocket::try_send_to) has an example.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; wait with
    /// [`writable`](UdpSocket::writable) then. Other errors are the same as for
    /// [`send`](UdpSocket::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_writing(|socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to `addr`, and returns its length.
    ///
    /// If `addr` resolves to several addresses, only the first is used.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns an error if `addr` cannot be resolved or has no address, if the datagram is too long
    /// or cannot be sent, or if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let a = UdpSocket::bind("127.0.0.1:0").await?;
    /// let b = UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    ///
    /// let mut buf = [0; 16];
    /// let (n, from) = b.recv_from(&mut buf).await?;
    /// assert_eq!((&buf[..n], from), (&b"hello"[..], a.local_addr()?));
    /// # Ok(()) }
    /// ```
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let target = resolve(&addr).await?.next().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to")
        })?;
        self.io.writing(|socket| socket.send_to(buf, target)).await
    }

    /// Polls to send `buf` as one datagram to `target`. Only the task of the last `poll_send*` call
    /// is woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was sent.
    ///
    /// # Errors
    ///
    /// As for [`send_to`](UdpSocket::send_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let target = peer.local_addr()?;
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let n = poll_fn(|cx| socket.poll_send_to(cx, b"hello", target)).await?;
    /// assert_eq!(n, 5);
    /// # assert_eq!(peer.recv(&mut [0; 16]).await?, n);
    /// # Ok(()) }
    /// ```
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io
            .poll_writing(cx, |socket| socket.send_to(buf, target))
    }

    /// Sends `buf` as one datagram to `target`, without waiting.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; wait with
    /// [`writable`](UdpSocket::writable) then. Other errors are the same as for
    /// [`send_to`](UdpSocket::send_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let peer = socket.local_addr()?;
    /// while let Err(error) = socket.try_send_to(b"hello", peer) {
    ///     if error.kind() != ErrorKind::WouldBlock {
    ///         return Err(error);
    ///     }
    ///     socket.writable().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io.try_writing(|socket| socket.send_to(buf, target))
    }

    /// Receives a datagram from the connected address, and returns its length.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down. On a connected socket, also returns the error
    /// of an earlier send: [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if the port of
    /// the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hi", socket.local_addr()?).await?;
    ///
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hi");
    /// # Ok(()) }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.reading(|socket| socket.recv(buf)).await
    }

    /// Polls for a datagram from the connected address, and appends it to the filled part of `buf`.
    ///
    /// The errors are the same as for [`recv`](UdpSocket::recv), and
    /// [`poll_recv_from`](UdpSocket::poll_recv_from) has an example.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was received.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv(cx, buf, Receive::Take).map_ok(drop)
    }

    /// Receives a datagram from the connected address, without waiting.
    ///
    /// [`try_recv_from`](UdpSocket::try_recv_from) has an example.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no datagram; wait with
    /// [`readable`](UdpSocket::readable) then. Other errors are the same as for
    /// [`recv`](UdpSocket::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_reading(|socket| socket.recv(buf))
    }

    /// Receives a datagram from the connected address into the spare capacity of `buf`, and
    /// advances `buf` past it.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, `buf` is unchanged.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv). `buf` is unchanged then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"world").await?;
    ///
    /// let mut text = b"hello ".to_vec();
    /// text.reserve(512);
    /// socket.recv_buf(&mut text).await?;
    /// assert_eq!(text, b"hello world");
    /// # Ok(()) }
    /// ```
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.recv_buf(buf).await
    }

    /// Receives a datagram from the connected address into the spare capacity of `buf`, without
    /// waiting.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_recv_buf(buf)
    }

    /// Receives a datagram, and returns its length and its sender. The errors are the same as for
    /// [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # peer.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let (n, from) = socket.recv_from(&mut buf).await?;
    /// println!("{n} bytes from {from}");
    /// # assert_eq!((&buf[..n], from), (&b"hello"[..], peer.local_addr()?));
    /// # Ok(()) }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.reading(|socket| socket.recv_from(buf)).await
    }

    /// Polls for a datagram, appends it to the filled part of `buf`, and returns its sender. Only
    /// the task of the last `poll_recv*` or `poll_peek*` call is woken.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, `buf` is unchanged.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # peer.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut space = [0; 1500];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let from = poll_fn(|cx| socket.poll_recv_from(cx, &mut buf)).await?;
    /// println!("{:?} from {from}", buf.filled());
    /// # assert_eq!((buf.filled(), from), (&b"hello"[..], peer.local_addr()?));
    /// # Ok(()) }
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_recv_from(cx, buf, Receive::Take)
    }

    /// Receives a datagram, without waiting, and returns its length and its sender.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let (n, peer) = loop {
    ///     socket.readable().await?;
    ///     match socket.try_recv_from(&mut buf) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         result => break result?,
    ///     }
    /// };
    /// println!("{n} bytes from {peer}");
    /// # Ok(()) }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_reading(|socket| socket.recv_from(buf))
    }

    /// Receives a datagram into the spare capacity of `buf`, and returns its length and its sender.
    ///
    /// The errors are the same as for [`recv`](UdpSocket::recv), and
    /// [`recv_buf`](UdpSocket::recv_buf) has an example with such a buffer.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, `buf` is unchanged.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io.recv_buf_from(buf).await
    }

    /// Receives a datagram into the spare capacity of `buf`, without waiting, and returns its
    /// length and its sender.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io.try_recv_buf_from(buf)
    }

    /// Copies the next datagram from the connected address to `buf`, leaving it in the socket.
    ///
    /// A datagram that does not fit is cut short in `buf`, not in the socket.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes no datagram out of the socket.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv). Unlike a datagram, the error of an earlier send is taken.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// // Connected to itself.
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
    ///
    /// // A look at the first byte leaves the datagram whole.
    /// let mut first = [0; 1];
    /// assert_eq!(socket.peek(&mut first).await?, 1);
    /// let mut all = [0; 16];
    /// let n = socket.recv(&mut all).await?;
    /// assert_eq!((&first, &all[..n]), (b"h", &b"hello"[..]));
    /// # Ok(()) }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.reading(|socket| socket.peek(buf)).await
    }

    /// Polls for a datagram from the connected address and appends it to the filled part of `buf`,
    /// leaving it in the socket. See [`peek`](UdpSocket::peek), also for the errors.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv(cx, buf, Receive::Peek).map_ok(drop)
    }

    /// Copies the next datagram from the connected address to `buf`, without waiting, leaving it in
    /// the socket.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_reading(|socket| socket.peek(buf))
    }

    /// Copies the next datagram to `buf`, leaving it in the socket, and returns the number of bytes
    /// copied and the sender.
    ///
    /// A datagram that does not fit is cut short in `buf`, not in the socket. The errors are the
    /// same as for [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let socket = zokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut first = [0; 1];
    /// let (n, from) = socket.peek_from(&mut first).await?;
    /// assert_eq!((n, &first), (1, b"h"));
    /// assert_eq!(from, socket.local_addr()?);
    /// # Ok(()) }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.reading(|socket| socket.peek_from(buf)).await
    }

    /// Polls for a datagram, appends it to the filled part of `buf`, leaving it in the socket, and
    /// returns its sender. See [`peek_from`](UdpSocket::peek_from), also for the errors.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_recv_from(cx, buf, Receive::Peek)
    }

    /// Copies the next datagram to `buf`, without waiting, and returns the number of bytes copied
    /// and the sender.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_reading(|socket| socket.peek_from(buf))
    }

    /// Waits for a datagram and returns its sender, leaving it in the socket.
    ///
    /// Where several sockets serve one client, this finds out whose a datagram is before it is
    /// received. The address is what the datagram claims. The errors are the same as for
    /// [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (socket, peer) =
    ///     zokio::try_join!(UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"))?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// assert_eq!(socket.peek_sender().await?, peer.local_addr()?);
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # Ok(()) }
    /// ```
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.io.reading(sender_of_next).await
    }

    /// Polls for a datagram and returns its sender, leaving it in the socket. See
    /// [`peek_sender`](UdpSocket::peek_sender), also for the errors.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_reading(cx, sender_of_next)
    }

    /// Returns the sender of the next datagram, without waiting, leaving it in the socket.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](UdpSocket::try_recv).
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.io.try_reading(sender_of_next)
    }
}

impl Datagrams for std::net::UdpSocket {
    type Address = SocketAddr;

    fn address(sender: &SockAddr) -> io::Result<SocketAddr> {
        ip(sender)
    }
}

fn sender_of_next(socket: &std::net::UdpSocket) -> io::Result<SocketAddr> {
    ip(&SockRef::from(socket).peek_sender()?)
}

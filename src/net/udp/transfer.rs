//! Sending, receiving and peeking with a [`UdpSocket`].
//!
//! Each comes in three shapes: `async` (every waiting task is woken), `poll_*` (the last caller is
//! woken) and `try_*` (never waits).
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use bytes::BufMut;

use super::UdpSocket;
use crate::io::{Interest, ReadBuf};
use crate::net::ToSocketAddrs;
use crate::net::addr::{ip, resolve};
use crate::watched::{Receive, fill, recv, recv_from};

impl UdpSocket {
    /// Sends `buf` as one datagram to the connected address.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has sent nothing.
    ///
    /// # Errors
    ///
    /// Those of `send(2)`, or the runtime shut down.
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
    /// socket.connect(peer.local_addr()?).await?;
    ///
    /// assert_eq!(socket.send(b"hello").await?, 5);
    /// let mut buf = [0; 16];
    /// let (n, from) = peer.recv_from(&mut buf).await?;
    /// assert_eq!((&buf[..n], from), (&b"hello"[..], socket.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .perform(Interest::WRITABLE, |socket| socket.send(buf))
            .await
    }

    /// Polls to send `buf` as one datagram to the connected address.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `send(2)`, or the runtime shut down.
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
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    ///
    /// assert_eq!(poll_fn(|cx| socket.poll_send(cx, b"hello")).await?, 5);
    /// let mut buf = [0; 16];
    /// let (n, _) = peer.recv_from(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_writing(cx, |socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to the connected address, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; then wait with [`writable`](UdpSocket::writable).
    /// Otherwise those of `send(2)`.
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
    /// socket.connect(peer.local_addr()?).await?;
    ///
    /// socket.writable().await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    /// let mut buf = [0; 16];
    /// let (n, _) = peer.recv_from(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .attempt(Interest::WRITABLE, |socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to `addr`.
    ///
    /// If `addr` gives several addresses, then it goes to the first.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has sent nothing.
    ///
    /// # Errors
    ///
    /// `addr` cannot be resolved or gives no address, those of `sendto(2)`, or the runtime shut
    /// down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let a = UdpSocket::bind("127.0.0.1:0").await?;
    /// let b = UdpSocket::bind("127.0.0.1:0").await?;
    /// a.send_to(b"hello", b.local_addr()?).await?;
    ///
    /// let mut buf = [0; 16];
    /// let (n, from) = b.recv_from(&mut buf).await?;
    /// assert_eq!((&buf[..n], from), (&b"hello"[..], a.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let target = resolve(&addr).await?.next().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to")
        })?;
        self.io
            .perform(Interest::WRITABLE, |socket| socket.send_to(buf, target))
            .await
    }

    /// Polls to send `buf` as one datagram to `target`.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `send(2)`, or the runtime shut down.
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
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// let target = peer.local_addr()?;
    ///
    /// assert_eq!(poll_fn(|cx| socket.poll_send_to(cx, b"hello", target)).await?, 5);
    /// let mut buf = [0; 16];
    /// let (n, _) = peer.recv_from(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
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
    /// `WouldBlock` if there is no room; then wait with [`writable`](UdpSocket::writable).
    /// Otherwise those of `send(2)`.
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
    /// # let peer = socket.local_addr()?;
    /// loop {
    ///     socket.writable().await?;
    ///     match socket.try_send_to(b"hello", peer) {
    ///         Ok(_) => break,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io
            .attempt(Interest::WRITABLE, |socket| socket.send_to(buf, target))
    }

    /// Receives a datagram of the connected address, and gives its length.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut buf = [0; 16];
    /// let n = socket.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .perform(Interest::READABLE, |socket| socket.recv(buf))
            .await
    }

    /// Polls for a datagram of the connected address, and appends it to `buf`'s filled part.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut space = [0; 16];
    /// let mut buf = ReadBuf::new(&mut space);
    /// poll_fn(|cx| socket.poll_recv(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io
            .poll_reading(cx, |socket| recv(socket.as_fd(), buf, Receive::Take))
            .map_ok(|_len| ())
    }

    /// Receives a datagram of the connected address, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    ///
    /// let mut buf = [0; 16];
    /// let error = socket.try_recv(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    /// socket.readable().await?;
    /// let n = socket.try_recv(&mut buf)?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .attempt(Interest::READABLE, |socket| socket.recv(buf))
    }

    /// Receives a datagram of the connected address into the free space of `buf`, and advances
    /// `buf`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
    ///
    /// let mut buf = Vec::with_capacity(512);
    /// socket.recv_buf(&mut buf).await?;
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io
            .perform(Interest::READABLE, |socket| {
                fill(buf, |buf| recv(socket.as_fd(), buf, Receive::Take))
            })
            .await
    }

    /// Receives a datagram of the connected address into the free space of `buf`, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// socket.readable().await?;
    /// let mut buf = Vec::with_capacity(512);
    /// assert_eq!(socket.try_recv_buf(&mut buf)?, 5);
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.attempt(Interest::READABLE, |socket| {
            fill(buf, |buf| recv(socket.as_fd(), buf, Receive::Take))
        })
    }

    /// Receives a datagram, and gives its length and its sender.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    ///
    /// let mut buf = [0; 16];
    /// let (n, from) = socket.recv_from(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// assert_eq!(from, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .perform(Interest::READABLE, |socket| socket.recv_from(buf))
            .await
    }

    /// Polls for a datagram, appends it to `buf`'s filled part, and gives its sender.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut space = [0; 16];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let from = poll_fn(|cx| socket.poll_recv_from(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"hello");
    /// assert_eq!(from, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_reading(cx, |socket| {
            ip(&recv_from(socket.as_fd(), buf, Receive::Take)?)
        })
    }

    /// Receives a datagram, without waiting, and gives its length and its sender.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    /// # socket.send_to(b"hello", socket.local_addr()?).await?;
    /// loop {
    ///     socket.readable().await?;
    ///     // The buffer is not part of the future's state, because no wait comes after it.
    ///     let mut buf = [0; 1500];
    ///     match socket.try_recv_from(&mut buf) {
    ///         Ok((n, peer)) => {
    ///             println!("{n} bytes from {peer}");
    ///             break;
    ///         }
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .attempt(Interest::READABLE, |socket| socket.recv_from(buf))
    }

    /// Receives a datagram into the free space of `buf`, and gives its length and its sender.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    ///
    /// let mut buf = Vec::with_capacity(512);
    /// let (n, from) = socket.recv_buf_from(&mut buf).await?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// assert_eq!(from, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io
            .perform(Interest::READABLE, |socket| take_from(socket, buf))
            .await
    }

    /// Receives a datagram into the free space of `buf`, without waiting, and gives its length and
    /// its sender.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    ///
    /// socket.readable().await?;
    /// let mut buf = Vec::with_capacity(512);
    /// let (n, from) = socket.try_recv_buf_from(&mut buf)?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// assert_eq!(from, peer.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io
            .attempt(Interest::READABLE, |socket| take_from(socket, buf))
    }

    /// Copies the next datagram of the connected address to `buf`, leaving it in the socket.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// // A look at the first byte leaves the datagram whole.
    /// let mut first = [0; 1];
    /// assert_eq!(socket.peek(&mut first).await?, 1);
    /// let mut all = [0; 16];
    /// let n = socket.recv(&mut all).await?;
    /// assert_eq!((&first, &all[..n]), (b"h", &b"hello"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .perform(Interest::READABLE, |socket| socket.peek(buf))
            .await
    }

    /// Polls for a datagram of the connected address, and copies it to `buf`, leaving it in the
    /// socket.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// // A look at the first byte leaves the datagram whole.
    /// let mut space = [0; 1];
    /// let mut buf = ReadBuf::new(&mut space);
    /// poll_fn(|cx| socket.poll_peek(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"h");
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io
            .poll_reading(cx, |socket| recv(socket.as_fd(), buf, Receive::Peek))
            .map_ok(|_len| ())
    }

    /// Copies the next datagram of the connected address to `buf`, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    /// socket.connect(peer.local_addr()?).await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// socket.readable().await?;
    /// let mut first = [0; 1];
    /// assert_eq!(socket.try_peek(&mut first)?, 1);
    /// assert_eq!(&first, b"h");
    /// assert_eq!(socket.try_recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .attempt(Interest::READABLE, |socket| socket.peek(buf))
    }

    /// Copies the next datagram to `buf`, leaving it in the socket, and gives its length and its
    /// sender.
    ///
    /// A datagram that does not fit is cut short in `buf`, not in the socket.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut first = [0; 1];
    /// let (n, peer) = socket.peek_from(&mut first).await?;
    /// assert_eq!((n, &first), (1, b"h"));
    /// assert_eq!(peer, socket.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .perform(Interest::READABLE, |socket| socket.peek_from(buf))
            .await
    }

    /// Polls for a datagram, copies it to `buf`, leaving it in the socket, and gives its sender.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UdpSocket;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut space = [0; 1];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let from = poll_fn(|cx| socket.poll_peek_from(cx, &mut buf)).await?;
    /// assert_eq!((buf.filled(), from), (&b"h"[..], peer.local_addr()?));
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_reading(cx, |socket| {
            ip(&recv_from(socket.as_fd(), buf, Receive::Peek)?)
        })
    }

    /// Copies the next datagram to `buf`, without waiting, and gives its length and its sender.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    ///
    /// socket.readable().await?;
    /// let mut first = [0; 1];
    /// assert_eq!(socket.try_peek_from(&mut first)?, (1, peer.local_addr()?));
    /// assert_eq!(socket.try_recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .attempt(Interest::READABLE, |socket| socket.peek_from(buf))
    }

    /// Waits for a datagram and gives its sender, leaving it in the socket.
    ///
    /// With several sockets for one client this tells whose a datagram is before it is received.
    /// The sender's address is what the datagram claims.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    ///
    /// assert_eq!(socket.peek_sender().await?, peer.local_addr()?);
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .perform(Interest::READABLE, |_| self.peek_sender_now())
            .await
    }

    /// Polls for a datagram and gives its sender, leaving it in the socket.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down. On a connected socket the error of an earlier
    /// send may come here: `ConnectionRefused` if the port of the peer was closed.
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
    /// let peer = UdpSocket::bind("127.0.0.1:0").await?;
    /// peer.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let from = poll_fn(|cx| socket.poll_peek_sender(cx)).await?;
    /// assert_eq!(from, peer.local_addr()?);
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_reading(cx, |_| self.peek_sender_now())
    }

    /// Gives the sender of the next datagram, without waiting, leaving it in the socket.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UdpSocket::readable).
    /// Otherwise those of `recv(2)`.
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
    ///
    /// socket.readable().await?;
    /// assert_eq!(socket.try_peek_sender()?, peer.local_addr()?);
    /// assert_eq!(socket.try_recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .attempt(Interest::READABLE, |_| self.peek_sender_now())
    }

    fn peek_sender_now(&self) -> io::Result<SocketAddr> {
        ip(&self.socket().peek_sender()?)
    }
}

fn take_from<B: BufMut>(
    socket: &std::net::UdpSocket,
    buf: &mut B,
) -> io::Result<(usize, SocketAddr)> {
    fill(buf, |buf| {
        let sender = recv_from(socket.as_fd(), buf, Receive::Take)?;
        Ok((buf.filled().len(), ip(&sender)?))
    })
}

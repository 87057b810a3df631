//! Sending and receiving with a [`UnixDatagram`].
//!
//! Each comes in three shapes: `async` (every waiting task is woken), `poll_*` (the last caller is
//! woken) and `try_*` (never waits).
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::task::{Context, Poll};

use bytes::BufMut;

use crate::io::{Interest, ReadBuf};
use crate::net::UnixDatagram;
use crate::net::unix::SocketAddr;
use crate::net::unix::socketaddr::at_path;
use crate::watched::{Receive, fill, recv, recv_from};

impl UnixDatagram {
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// assert_eq!(socket.send(b"hello").await?, 5);
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// assert_eq!(poll_fn(|cx| socket.poll_send(cx, b"hello")).await?, 5);
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
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
    /// `WouldBlock` if there is no room; then wait with [`writable`](UnixDatagram::writable).
    /// Otherwise those of `send(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// socket.writable().await?;
    /// assert_eq!(socket.try_send(b"hello")?, 5);
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .attempt(Interest::WRITABLE, |socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to the socket at `target`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has sent nothing.
    ///
    /// # Errors
    ///
    /// `target` is no path for a socket, those of `sendto(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixDatagram::unbound()?;
    /// let peer = UnixDatagram::bind(&path)?;
    ///
    /// assert_eq!(socket.send_to(b"hello", &path).await?, 5);
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = at_path(target.as_ref())?;
        self.io
            .perform(Interest::WRITABLE, |socket| {
                socket.send_to_addr(buf, &target)
            })
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
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let socket = UnixDatagram::unbound()?;
    /// let peer = UnixDatagram::bind(&path)?;
    ///
    /// assert_eq!(poll_fn(|cx| socket.poll_send_to(cx, b"hello", &path)).await?, 5);
    /// let mut buf = [0; 16];
    /// let n = peer.recv(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_to<P>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        let target = at_path(target.as_ref())?;
        self.io
            .poll_writing(cx, |socket| socket.send_to_addr(buf, &target))
    }

    /// Sends `buf` as one datagram to `target`, without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; then wait with [`writable`](UnixDatagram::writable).
    /// Otherwise those of `send(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let peer = folder.path().join("peer");
    /// # let _peer = UnixDatagram::bind(&peer)?;
    /// let socket = UnixDatagram::unbound()?;
    /// loop {
    ///     socket.writable().await?;
    ///     match socket.try_send_to(b"hello", &peer) {
    ///         Ok(_) => break,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = at_path(target.as_ref())?;
        self.io.attempt(Interest::WRITABLE, |socket| {
            socket.send_to_addr(buf, &target)
        })
    }

    /// Receives a datagram of the connected address, and gives its length.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
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
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
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
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UnixDatagram::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    ///
    /// let mut buf = [0; 16];
    /// let error = socket.try_recv(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// peer.send(b"hello").await?;
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
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
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
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UnixDatagram::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
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
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let (path, peer_path) = (folder.path().join("socket"), folder.path().join("peer"));
    /// let socket = UnixDatagram::bind(&path)?;
    /// let peer = UnixDatagram::bind(&peer_path)?;
    /// peer.send_to(b"hello", &path).await?;
    ///
    /// let mut buf = [0; 16];
    /// let (n, from) = socket.recv_from(&mut buf).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// assert_eq!(from.as_pathname(), Some(peer_path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .perform(Interest::READABLE, |socket| recv_from_std(socket, buf))
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
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::ReadBuf;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// let mut space = [0; 16];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let from = poll_fn(|cx| socket.poll_recv_from(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"hello");
    /// // Neither end of a pair has a name.
    /// assert!(from.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_reading(cx, |socket| {
            SocketAddr::received(&recv_from(socket.as_fd(), buf, Receive::Take)?)
        })
    }

    /// Receives a datagram, without waiting, and gives its length and its sender.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UnixDatagram::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    /// loop {
    ///     socket.readable().await?;
    ///     // The buffer is not part of the future's state, because no wait comes after it.
    ///     let mut buf = [0; 1500];
    ///     match socket.try_recv_from(&mut buf) {
    ///         Ok((n, peer)) => {
    ///             println!("{n} bytes from {peer:?}");
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
            .attempt(Interest::READABLE, |socket| recv_from_std(socket, buf))
    }

    /// Receives a datagram into the free space of `buf`, and gives its length and its sender.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then it has received nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// let mut buf = Vec::with_capacity(512);
    /// let (n, from) = socket.recv_buf_from(&mut buf).await?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// // Neither end of a pair has a name.
    /// assert!(from.is_unnamed());
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
    /// `WouldBlock` if there is no datagram; then wait with [`readable`](UnixDatagram::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixDatagram;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (socket, peer) = UnixDatagram::pair()?;
    /// peer.send(b"hello").await?;
    ///
    /// socket.readable().await?;
    /// let mut buf = Vec::with_capacity(512);
    /// let (n, from) = socket.try_recv_buf_from(&mut buf)?;
    /// assert_eq!((n, &buf[..]), (5, &b"hello"[..]));
    /// // Neither end of a pair has a name.
    /// assert!(from.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io
            .attempt(Interest::READABLE, |socket| take_from(socket, buf))
    }
}

fn take_from<B: BufMut>(
    socket: &std::os::unix::net::UnixDatagram,
    buf: &mut B,
) -> io::Result<(usize, SocketAddr)> {
    fill(buf, |buf| {
        let sender = recv_from(socket.as_fd(), buf, Receive::Take)?;
        Ok((buf.filled().len(), SocketAddr::received(&sender)?))
    })
}

/// `recv_from` with the address type of this crate.
fn recv_from_std(
    socket: &std::os::unix::net::UnixDatagram,
    buf: &mut [u8],
) -> io::Result<(usize, SocketAddr)> {
    let (n, sender) = socket.recv_from(buf)?;
    Ok((n, sender.into()))
}

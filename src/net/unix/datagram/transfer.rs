//! Sending and receiving with a [`UnixDatagram`].
//!
//! Each comes in three shapes: `async` (every waiting task is woken), `poll_*` (the last caller is
//! woken) and `try_*` (never waits).
#![forbid(unsafe_code)]

use std::io;
use std::path::Path;
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::SockAddr;

use crate::io::ReadBuf;
use crate::net::UnixDatagram;
use crate::net::unix::SocketAddr;
use crate::net::unix::socketaddr::at_path;
use crate::watched::{Datagrams, Receive};

type StdSocket = std::os::unix::net::UnixDatagram;

impl UnixDatagram {
    /// Sends `buf` as one datagram to the connected socket.
    ///
    /// As [`UdpSocket::send`](crate::net::UdpSocket::send), except that it waits while the receiver
    /// is behind.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the socket is not connected, if the datagram is too long, if the peer is
    /// closed, or if the runtime has shut down.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.writing(|socket| socket.send(buf)).await
    }

    /// Polls to send `buf` as one datagram to the connected socket. See
    /// [`UdpSocket::poll_send`](crate::net::UdpSocket::poll_send).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was sent.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_writing(cx, |socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to the connected socket, without waiting. See
    /// [`UdpSocket::try_send`](crate::net::UdpSocket::try_send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_writing(|socket| socket.send(buf))
    }

    /// Sends `buf` as one datagram to the socket at `target`.
    ///
    /// As [`UdpSocket::send_to`](crate::net::UdpSocket::send_to), except that it takes a path, and
    /// waits while the receiver is behind.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns an error if `target` is too long or holds a zero byte other than the first, if no
    /// datagram socket is bound to it, if the datagram is too long, or if the runtime has shut
    /// down.
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = at_path(target.as_ref())?;
        self.io.writing(|io| io.send_to_addr(buf, &target)).await
    }

    /// Polls to send `buf` as one datagram to the socket at `target`. See
    /// [`UdpSocket::poll_send_to`](crate::net::UdpSocket::poll_send_to).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was sent.
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

    /// Sends `buf` as one datagram to the socket at `target`, without waiting. See
    /// [`UdpSocket::try_send_to`](crate::net::UdpSocket::try_send_to).
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = at_path(target.as_ref())?;
        self.io.try_writing(|io| io.send_to_addr(buf, &target))
    }

    /// Receives a datagram and returns its length, as
    /// [`UdpSocket::recv`](crate::net::UdpSocket::recv) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.reading(|socket| socket.recv(buf)).await
    }

    /// Polls for a datagram and appends it to the filled part of `buf`. See
    /// [`UdpSocket::poll_recv`](crate::net::UdpSocket::poll_recv).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was received.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io.poll_recv(cx, buf, Receive::Take).map_ok(drop)
    }

    /// Receives a datagram, without waiting. See
    /// [`UdpSocket::try_recv`](crate::net::UdpSocket::try_recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_reading(|socket| socket.recv(buf))
    }

    /// Receives a datagram into the spare capacity of `buf`, as
    /// [`UdpSocket::recv_buf`](crate::net::UdpSocket::recv_buf) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, `buf` is unchanged.
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.recv_buf(buf).await
    }

    /// Receives a datagram into the spare capacity of `buf`, without waiting. See
    /// [`UdpSocket::try_recv_buf`](crate::net::UdpSocket::try_recv_buf).
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_recv_buf(buf)
    }

    /// Receives a datagram, and returns its length and its sender.
    ///
    /// As [`UdpSocket::recv_from`](crate::net::UdpSocket::recv_from), except that the sender may be
    /// unnamed: then it was not bound, and cannot be answered.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.reading(|socket| recv_from(socket, buf)).await
    }

    /// Polls for a datagram, appends it to the filled part of `buf`, and returns its sender. See
    /// [`UdpSocket::poll_recv_from`](crate::net::UdpSocket::poll_recv_from).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, nothing was received.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io.poll_recv_from(cx, buf, Receive::Take)
    }

    /// Receives a datagram, without waiting, and returns its length and its sender. See
    /// [`UdpSocket::try_recv_from`](crate::net::UdpSocket::try_recv_from).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_reading(|socket| recv_from(socket, buf))
    }

    /// Receives a datagram into the spare capacity of `buf`, and returns its length and its sender,
    /// as [`UdpSocket::recv_buf_from`](crate::net::UdpSocket::recv_buf_from) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, `buf` is unchanged.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io.recv_buf_from(buf).await
    }

    /// Receives a datagram into the spare capacity of `buf`, without waiting, and returns its
    /// length and its sender. See
    /// [`UdpSocket::try_recv_buf_from`](crate::net::UdpSocket::try_recv_buf_from).
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io.try_recv_buf_from(buf)
    }
}

impl Datagrams for StdSocket {
    type Address = SocketAddr;

    fn address(sender: &SockAddr) -> io::Result<SocketAddr> {
        SocketAddr::received(sender)
    }
}

/// `recv_from` with the address type of this crate.
fn recv_from(socket: &StdSocket, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    let (n, sender) = socket.recv_from(buf)?;
    Ok((n, sender.into()))
}

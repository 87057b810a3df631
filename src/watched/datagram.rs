//! Datagrams over a [`Watched`]: UDP sockets and Unix datagram sockets.
//!
//! What the sockets of `std` can do by themselves (send, receive into initialized memory) is called
//! there. This file receives into a [`ReadBuf`] and into any [`BufMut`], and finds the sender.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::{SockAddr, SockRef};

use super::Watched;
use super::stream::{Receive, append, fill, recv};
use crate::stream::ReadBuf;

/// A socket that receives datagrams from senders.
pub(crate) trait Datagrams: AsFd {
    /// The address of a sender.
    type Address;

    /// Converts the address that the kernel filled in.
    fn address(sender: &SockAddr) -> io::Result<Self::Address>;
}

impl<S: AsFd> Watched<S> {
    /// Polls `recv(2)` into the unfilled part of `buf`. The last caller is woken.
    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        how: Receive,
    ) -> Poll<io::Result<usize>> {
        self.poll_reading(cx, |socket| recv(socket.as_fd(), buf, how))
    }
}

impl<S: Datagrams> Watched<S> {
    /// Polls `recvfrom(2)` into the unfilled part of `buf`. The last caller is woken.
    pub(crate) fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        how: Receive,
    ) -> Poll<io::Result<S::Address>> {
        self.poll_reading(cx, |socket| {
            S::address(&recv_from(socket.as_fd(), buf, how)?)
        })
    }

    /// Receives into the spare capacity of `buf`.
    pub(crate) async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.reading(|socket| take(socket, buf)).await
    }

    /// Receives the next datagram into the spare capacity of `buf`.
    pub(crate) fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.try_reading(|socket| take(socket, buf))
    }

    /// Receives into the spare capacity of `buf`, with the sender.
    pub(crate) async fn recv_buf_from<B: BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, S::Address)> {
        self.reading(|socket| take_from(socket, buf)).await
    }

    /// Receives the next datagram into the spare capacity of `buf`, with the sender.
    pub(crate) fn try_recv_buf_from<B: BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, S::Address)> {
        self.try_reading(|socket| take_from(socket, buf))
    }
}

fn take<S: AsFd, B: BufMut>(socket: &S, buf: &mut B) -> io::Result<usize> {
    fill(buf, |buf| recv(socket.as_fd(), buf, Receive::Take))
}

fn take_from<S: Datagrams, B: BufMut>(socket: &S, buf: &mut B) -> io::Result<(usize, S::Address)> {
    fill(buf, |buf| {
        let sender = recv_from(socket.as_fd(), buf, Receive::Take)?;
        Ok((buf.filled().len(), S::address(&sender)?))
    })
}

/// Calls `recvfrom(2)` on the unfilled part of `buf`; returns the sender's address.
fn recv_from(fd: BorrowedFd<'_>, buf: &mut ReadBuf<'_>, how: Receive) -> io::Result<SockAddr> {
    // SAFETY: nothing initialized is made uninitialized: the kernel only writes bytes.
    let unfilled = unsafe { buf.unfilled_mut() };
    let (n, address) = SockRef::from(&fd).recv_from_with_flags(unfilled, how.flags())?;
    // SAFETY: the kernel wrote `n` bytes to the front of the unfilled part, as for `recv`.
    unsafe { append(buf, n) };
    Ok(address)
}

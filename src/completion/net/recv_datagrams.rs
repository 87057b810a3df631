//! `RecvDatagrams`: what a UDP socket receives, as a stream of buffers of a ring.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::stream::{FusedStream, Stream};

use super::next::{Next, Sequence};
use super::raw;
use super::receiving::Receiving;
use super::socket::Socket;
use crate::completion::{BufferRing, ReceivedBuf};
use crate::net::ip;

/// What one call has received: a datagram, or several of one sender.
///
/// There are several only if the socket joins them
/// ([`UdpSocket::set_gro`](super::UdpSocket::set_gro)).
pub struct ReceivedDatagrams {
    bytes: ReceivedBuf,
    sender: SocketAddr,
    /// The length of each datagram but the last one, if there are several.
    segment: Option<usize>,
    truncated: bool,
}

impl ReceivedDatagrams {
    /// Returns the address of the sender.
    pub fn sender(&self) -> SocketAddr {
        self.sender
    }

    /// Returns the datagrams, in the order in which they were sent. There is at least one, and one
    /// may be empty.
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
    ///     let sender = UdpSocket::bind("127.0.0.1:0").await?;
    ///     sender.send_to("one", receiver.local_addr()?).await.0?;
    ///
    ///     let mut received = receiver.recv_multi(&BufferRing::new(4, 1500));
    ///     let datagrams = received.next().await.expect("the socket is there")?;
    ///     assert_eq!(datagrams.sender(), sender.local_addr()?);
    ///     assert!(datagrams.iter().eq([b"one"]));
    ///     Ok(())
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let len = self.bytes.len();
        let segment = self.segment.unwrap_or(len);
        // A datagram that is empty comes alone.
        let count = len.div_ceil(segment.max(1)).max(1);
        (0..count).map(move |at| {
            let start = at * segment;
            &self.bytes[start..len.min(start + segment)]
        })
    }

    /// Returns the length of each datagram but the last one, which may be shorter, in bytes.
    pub fn segment_size(&self) -> usize {
        self.segment.unwrap_or(self.bytes.len())
    }

    /// Returns whether there was more than fitted into the buffer. The rest is lost.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Returns the buffer, in which the datagrams are without gaps.
    pub fn into_inner(self) -> ReceivedBuf {
        self.bytes
    }
}

impl fmt::Debug for ReceivedDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedDatagrams")
            .field("sender", &self.sender)
            .field("len", &self.bytes.len())
            .field("segment_size", &self.segment_size())
            .field("is_truncated", &self.truncated)
            .finish()
    }
}

/// What arrives at a UDP socket, in buffers of a [`BufferRing`].
///
/// It is made by [`UdpSocket::recv_multi`](super::UdpSocket::recv_multi).
/// [`next`](RecvDatagrams::next) returns what comes next; it is also a [`Stream`], for code that is
/// generic or uses the combinators of the crate `futures`.
///
/// While nothing has come, it holds no buffer. What it does not fetch stays in the socket, which
/// discards datagrams when it is full.
///
/// It continues after an error, and yields `None` only after the socket was dropped or its runtime
/// has shut down. Nothing is lost if it is dropped: the next receive, of whatever kind, gets what it
/// has not returned.
#[must_use = "streams do nothing unless polled"]
pub struct RecvDatagrams {
    receiving: Receiving,
}

impl RecvDatagrams {
    pub(super) fn new(socket: &Arc<Socket>, ring: &BufferRing) -> RecvDatagrams {
        RecvDatagrams {
            receiving: Receiving::new(socket, ring),
        }
    }

    /// Sets how many buffers of the ring may be in use by this stream and what it has returned.
    ///
    /// It is the same as [`RecvMulti::with_limit`](super::RecvMulti::with_limit).
    ///
    /// # Panics
    ///
    /// Panics if `buffers` is 0.
    #[track_caller]
    #[must_use = "it returns the stream"]
    pub fn with_limit(mut self, buffers: usize) -> RecvDatagrams {
        self.receiving.set_limit(buffers);
        self
    }

    /// Returns what comes next.
    ///
    /// Waits if nothing has come, if the ring has no buffer left, or if the stream has as many as it
    /// [may](RecvDatagrams::with_limit).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received. If it has waited for a buffer, its place in the queue is lost.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`recv_from`](super::UdpSocket::recv_from), and those of
    /// [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with). The next call continues, unless the socket was
    /// dropped or its runtime has shut down.
    #[allow(
        clippy::should_implement_trait,
        reason = "the name that it has in `futures`"
    )]
    pub fn next(&mut self) -> Next<'_, RecvDatagrams> {
        Next::new(self)
    }

    fn poll_received(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<ReceivedDatagrams>>> {
        if self.receiving.has_ended() {
            return Poll::Ready(None);
        }
        let received = ready!(self.receiving.poll(cx, |socket, _, room| {
            let message = raw::receive_datagrams(room, socket.fd())?;
            Ok((ip(&message.sender)?, message))
        }));
        Poll::Ready(Some(received.map(|((sender, message), bytes)| {
            ReceivedDatagrams {
                // Joined ones that are cut off still have this length.
                segment: message.segment.filter(|&segment| segment < bytes.len()),
                bytes,
                sender,
                truncated: message.truncated,
            }
        })))
    }
}

impl Stream for RecvDatagrams {
    type Item = io::Result<ReceivedDatagrams>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_received(cx)
    }
}

impl FusedStream for RecvDatagrams {
    fn is_terminated(&self) -> bool {
        self.receiving.has_ended()
    }
}

impl fmt::Debug for RecvDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvDatagrams")
            .field("has_ended", &self.receiving.has_ended())
            .finish_non_exhaustive()
    }
}

impl Sequence for RecvDatagrams {
    const OPERATION: &'static str = "receive from a socket";

    fn leave(&mut self) {
        // A buffer that comes is for those who wait.
        self.receiving.stop_waiting();
    }
}

//! `RecvMulti`: what a stream receives, as a stream of buffers of a ring.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::stream::{FusedStream, Stream};

use super::next::{Next, Sequence};
use super::raw;
use super::receiving::{Receiving, Room};
use super::socket::Socket;
use crate::completion::{BufferRing, ReceivedBuf};
use crate::driver::readiness::{ReadyEvent, Verdict};
use crate::watched::is_short;

/// What arrives at a stream, in buffers of a [`BufferRing`].
///
/// It is made by [`TcpStream::recv_multi`](super::TcpStream::recv_multi) and by the methods of that
/// name of [`UnixStream`](super::UnixStream) and [`OwnedReadHalf`](super::OwnedReadHalf).
/// [`next`](RecvMulti::next) returns what comes next; it is also a [`Stream`], for code that is
/// generic or uses the combinators of the crate `futures`.
///
/// While nothing has come, it holds no buffer. It receives only when it is polled: what a reader
/// that stops reading does not fetch stays with the kernel, which slows the sender down.
///
/// It yields `None` after the end of the stream and after an error. Several of them, and other
/// reads, may be used on one socket; each byte goes to one of them.
///
/// # Dropping
///
/// Nothing is lost if it is dropped: what it has not returned is still in the socket, and the next
/// read gets it, of whatever kind it is. Like any operation, it ends with `ECANCELED` if the stream
/// that it was made from is dropped first; see [`TcpStream`](super::TcpStream#closing).
#[must_use = "streams do nothing unless polled"]
pub struct RecvMulti {
    receiving: Receiving,
}

impl RecvMulti {
    pub(super) fn new(socket: &Arc<Socket>, ring: &BufferRing) -> RecvMulti {
        RecvMulti {
            receiving: Receiving::new(socket, ring),
        }
    }

    /// Sets how many buffers of the ring may be in use by this stream and what it has returned.
    ///
    /// By default it is a quarter of the buffers, rounded up. Buffers that the stream has returned
    /// before this call do not count.
    ///
    /// # Panics
    ///
    /// Panics if `buffers` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferRing;
    /// use zokio::completion::net::UnixStream;
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let ring = BufferRing::new(16, 1);
    ///     let (near, far) = UnixStream::pair()?;
    ///     near.write_all("ab").await.0?;
    ///     let mut received = far.recv_multi(&ring).with_limit(1);
    ///     let first = received.next().await.expect("not the end")?;
    ///     // It waits until the first buffer is back.
    ///     zokio::spawn(async move { drop(first) });
    ///     let second = received.next().await.expect("not the end")?;
    ///     assert_eq!(second, b"b");
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    #[must_use = "it returns the stream"]
    pub fn with_limit(mut self, buffers: usize) -> RecvMulti {
        self.receiving.set_limit(buffers);
        self
    }

    /// Returns what comes next: one or more bytes, in one buffer. Returns `None` at the end of the
    /// stream.
    ///
    /// Waits if nothing has come, if the ring has no buffer left, or if the stream has as many as it
    /// [may](RecvMulti::with_limit).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// received. If it has waited for a buffer, its place in the queue is lost.
    ///
    /// # Errors
    ///
    /// Returns the error of recv(2) if the connection failed, `ECANCELED` if the stream was dropped,
    /// and an error if its runtime has shut down. After such an error it returns `None`. With
    /// [`timeout`](crate::completion::Operation::timeout) and
    /// [`with`](crate::completion::Operation::with), it also returns their errors, after which the
    /// next call continues.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferRing;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let ring = BufferRing::new(16, 4096);
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.write_all("hello").await.0?;
    ///     drop(client);
    ///
    ///     let mut total = 0;
    ///     let mut received = server.recv_multi(&ring);
    ///     while let Some(bytes) = received.next().await {
    ///         total += bytes?.len();
    ///     }
    ///     assert_eq!(total, 5);
    ///     Ok(())
    /// }
    /// ```
    #[allow(
        clippy::should_implement_trait,
        reason = "the name that it has in `futures`"
    )]
    pub fn next(&mut self) -> Next<'_, RecvMulti> {
        Next::new(self)
    }

    /// Leaves the queue for a buffer; returns whether it has waited for one.
    pub(super) fn stop_waiting(&mut self) -> bool {
        self.receiving.stop_waiting()
    }

    /// Polls for the next bytes. `None` is the end.
    pub(super) fn poll_received(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<ReceivedBuf>>> {
        if self.receiving.has_ended() {
            return Poll::Ready(None);
        }
        let received = match ready!(self.receiving.poll(cx, receive)) {
            Ok((0, _)) => None,
            Ok((_, bytes)) => return Poll::Ready(Some(Ok(bytes))),
            Err(error) => Some(Err(error)),
        };
        self.receiving.end();
        Poll::Ready(received)
    }
}

/// Calls recv(2) on a stream.
fn receive(socket: &Socket, event: ReadyEvent, room: &mut Room) -> io::Result<usize> {
    let count = match socket.io().receiver() {
        Some(receiver) => socket.receive(receiver, event, room)?,
        None => {
            let len = room.left();
            let count = raw::transfer(room, socket.fd(), 0)?;
            if socket.short_read_drains(event) && is_short(count, len) {
                socket.disprove(event, Verdict::Closure);
            }
            count
        }
    };
    // The end of what this side has closed.
    if count == 0 && socket.is_closed() {
        return Err(Socket::closed_error());
    }
    Ok(count)
}

impl Stream for RecvMulti {
    type Item = io::Result<ReceivedBuf>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_received(cx)
    }
}

impl FusedStream for RecvMulti {
    fn is_terminated(&self) -> bool {
        self.receiving.has_ended()
    }
}

impl fmt::Debug for RecvMulti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMulti")
            .field("has_ended", &self.receiving.has_ended())
            .finish_non_exhaustive()
    }
}

impl Sequence for RecvMulti {
    const OPERATION: &'static str = "receive from a socket";

    fn leave(&mut self) {
        // A buffer that comes is for those who wait.
        self.receiving.stop_waiting();
    }
}

//! `duplex`: a two-way pipe in memory.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::loom::sync::Mutex;
use crate::stream::util::pipe::Pipe;
use crate::stream::{AsyncRead, AsyncWrite, ReadBuf};
use crate::util::budget::poll_proceed;

/// One end of a two-way pipe in memory.
///
/// Created in pairs by [`duplex`]. What one end writes, the other reads, as with a socket. While as
/// many bytes are on their way as the limit allows, writing waits until some are read. When one end
/// is dropped, the other reads what is left and then the end, and writing to it is a
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) error.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
///
/// # futures::executor::block_on(async {
/// let (mut near, mut far): (DuplexStream, DuplexStream) = duplex(64);
/// near.write_all(b"goodbye").await?;
/// drop(near);
///
/// // What was on its way arrives; an answer does not.
/// let mut text = String::new();
/// far.read_to_string(&mut text).await?;
/// assert_eq!(text, "goodbye");
/// let error = far.write_all(b"wait").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct DuplexStream {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

/// Creates a two-way pipe in memory and returns its two ends.
///
/// At most `max_buf_size` bytes are on their way in each direction.
///
/// # Panics
///
/// Panics if `max_buf_size` is 0.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
///
/// # futures::executor::block_on(async {
/// let (mut client, mut server) = duplex(64);
/// let mut buf = [0; 4];
///
/// client.write_all(b"ping").await?;
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
///
/// server.write_all(b"pong").await?;
/// client.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"pong");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[track_caller]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let one = Arc::new(Mutex::new(Pipe::new(max_buf_size)));
    let two = Arc::new(Mutex::new(Pipe::new(max_buf_size)));
    (
        DuplexStream {
            incoming: one.clone(),
            outgoing: two.clone(),
        },
        DuplexStream {
            incoming: two,
            outgoing: one,
        },
    )
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(poll_proceed(cx));
        // The guard is dropped at the end of the statement, before the wakers are.
        let (polled, _after) = self.incoming.lock().poll_read(cx, buf);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        // The guard is dropped at the end of the statement, before the wakers are.
        let (polled, _after) = self.outgoing.lock().poll_write(cx, buf);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(poll_proceed(cx));
        // The guard is dropped at the end of the statement, before the wakers are.
        let (polled, _after) = self.outgoing.lock().poll_write_vectored(cx, bufs);
        if polled.is_ready() {
            unit.made_progress();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _after = self.outgoing.lock().close_write();
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        // Each guard is dropped at the end of its statement, before the wakers are.
        let _reader = self.outgoing.lock().close_write();
        let _writer = self.incoming.lock().close_read();
    }
}

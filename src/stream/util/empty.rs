//! `empty`: a stream without bytes that accepts every byte.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::forward::forward_write;
use crate::stream::util::{poll_unit, sink};
use crate::stream::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// A stream that is always at its end for readers, and drops what is written.
///
/// Created by [`empty`].
///
/// # Examples
///
/// ```
/// use zokio::io::{Empty, copy, empty};
///
/// # futures::executor::block_on(async {
/// // An input for what wants one.
/// let mut nothing: Empty = empty();
/// let mut copied = Vec::new();
/// assert_eq!(copy(&mut nothing, &mut copied).await?, 0);
/// assert!(copied.is_empty());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Empty(());

/// Creates a stream that is always at its end for readers, and drops what is written.
///
/// Seeking is allowed and does nothing: the position is always 0. Every operation spends a unit of
/// the task's budget, so that a loop over an empty stream lets other tasks run.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # futures::executor::block_on(async {
/// let mut nothing = zokio::io::empty();
/// let mut text = String::new();
/// assert_eq!(nothing.read_to_string(&mut text).await?, 0);
/// assert_eq!(nothing.write(b"gone").await?, 4);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn empty() -> Empty {
    Empty(())
}

impl AsyncRead for Empty {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_unit(cx).map(Ok)
    }
}

impl AsyncBufRead for Empty {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        poll_unit(cx).map(|()| Ok(&[][..]))
    }

    fn consume(self: Pin<&mut Self>, _amt: usize) {}
}

/// Writes as a [`Sink`](crate::io::Sink) does.
impl AsyncWrite for Empty {
    forward_write!(|_this| Pin::new(&mut sink()), |_this| sink());
}

impl AsyncSeek for Empty {
    fn start_seek(self: Pin<&mut Self>, _position: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        poll_unit(cx).map(|()| Ok(0))
    }
}

impl fmt::Debug for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Empty").finish_non_exhaustive()
    }
}

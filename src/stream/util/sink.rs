//! `sink`: a writer that drops what is written.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::AsyncWrite;
use crate::stream::util::{poll_unit, total_len};

/// A writer that accepts every byte and drops it.
///
/// Created by [`sink`].
///
/// # Examples
///
/// ```
/// use zokio::io::{Sink, copy, sink};
///
/// # futures::executor::block_on(async {
/// // How long is the input? Its bytes do not matter.
/// let mut input: &[u8] = b"hello";
/// let mut nowhere: Sink = sink();
/// assert_eq!(copy(&mut input, &mut nowhere).await?, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Sink(());

/// Creates a writer that accepts every byte and drops it.
///
/// Every operation spends a unit of the task's budget, so that a loop over it lets other tasks run.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncWriteExt;
///
/// # futures::executor::block_on(async {
/// assert_eq!(zokio::io::sink().write(b"gone").await?, 4);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn sink() -> Sink {
    Sink(())
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_unit(cx).map(|()| Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_unit(cx).map(Ok)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_unit(cx).map(Ok)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_unit(cx).map(|()| Ok(total_len(bufs)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

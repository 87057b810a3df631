//! The future of `AsyncWriteExt::write_all`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncWrite;
use crate::stream::util::{interrupted, write_zero};

pin_project! {
    /// The future returned by [`AsyncWriteExt::write_all`](crate::io::AsyncWriteExt::write_all).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct WriteAll<'a, W: ?Sized> {
        writer: &'a mut W,
        // What is left to write.
        src: &'a [u8],
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, W: ?Sized> WriteAll<'a, W> {
    pub(crate) fn new(writer: &'a mut W, src: &'a [u8]) -> Self {
        WriteAll {
            writer,
            src,
            _pin: PhantomPinned,
        }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteAll<'_, W> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.project();
        while !me.src.is_empty() {
            match ready!(Pin::new(&mut **me.writer).poll_write(cx, me.src)) {
                Ok(0) => return Poll::Ready(Err(write_zero())),
                Ok(n) => *me.src = &me.src[n..],
                Err(error) if interrupted(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

//! The future of `AsyncReadExt::read_exact`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::util::{early_eof, interrupted};
use crate::stream::{AsyncRead, ReadBuf};

pin_project! {
    /// The future returned by [`AsyncReadExt::read_exact`](crate::io::AsyncReadExt::read_exact).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadExact<'a, R: ?Sized> {
        reader: &'a mut R,
        buf: ReadBuf<'a>,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadExact<'a, R> {
    pub(crate) fn new(reader: &'a mut R, buf: &'a mut [u8]) -> Self {
        ReadExact {
            reader,
            buf: ReadBuf::new(buf),
            _pin: PhantomPinned,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadExact<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        while me.buf.remaining() > 0 {
            let before = me.buf.filled().len();
            match ready!(Pin::new(&mut **me.reader).poll_read(cx, me.buf)) {
                Err(error) if interrupted(&error) => continue,
                result => result?,
            }
            if me.buf.filled().len() == before {
                return Poll::Ready(Err(early_eof()));
            }
        }
        Poll::Ready(Ok(me.buf.capacity()))
    }
}

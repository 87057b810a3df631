//! The future of `AsyncReadExt::read_to_end`, and the loop that `read_to_string` shares with it.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncRead;
use crate::stream::raw::{HoldsVec, SpareVec};
use crate::stream::util::interrupted;

pin_project! {
    /// The future returned by [`AsyncReadExt::read_to_end`](crate::io::AsyncReadExt::read_to_end).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadToEnd<'a, R: ?Sized> {
        reader: &'a mut R,
        buf: SpareVec<&'a mut Vec<u8>>,
        read: usize,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(crate) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        ReadToEnd {
            reader,
            buf: SpareVec::new(buf),
            read: 0,
            _pin: PhantomPinned,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        poll_to_end(me.buf, Pin::new(&mut **me.reader), me.read, cx)
    }
}

/// Reads until the end of `reader` and returns how many bytes that were; `read` counts them.
pub(super) fn poll_to_end<R, V>(
    buf: &mut SpareVec<V>,
    mut reader: Pin<&mut R>,
    read: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>>
where
    R: AsyncRead + ?Sized,
    V: HoldsVec,
{
    loop {
        match ready!(buf.poll_read(reader.as_mut(), cx)) {
            Ok(0) => return Poll::Ready(Ok(std::mem::take(read))),
            Ok(n) => *read += n,
            Err(error) if interrupted(&error) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

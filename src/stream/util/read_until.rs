//! The future of `AsyncBufReadExt::read_until`, and the loop that lines and segments share with it.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncBufRead;
use crate::stream::raw::memchr;
use crate::stream::util::interrupted;

pin_project! {
    /// The future returned by
    /// [`AsyncBufReadExt::read_until`](crate::io::AsyncBufReadExt::read_until).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadUntil<'a, R: ?Sized> {
        reader: &'a mut R,
        delimiter: u8,
        buf: &'a mut Vec<u8>,
        read: usize,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadUntil<'a, R> {
    pub(crate) fn new(reader: &'a mut R, delimiter: u8, buf: &'a mut Vec<u8>) -> Self {
        ReadUntil {
            reader,
            delimiter,
            buf,
            read: 0,
            _pin: PhantomPinned,
        }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let reader = Pin::new(&mut **me.reader);
        poll_read_until(reader, cx, *me.delimiter, me.buf, me.read)
    }
}

/// Appends to `buf` until `delimiter` was appended or the source ends, and returns how many bytes
/// were appended since `read` was 0; `read` is 0 again then.
///
/// After an error or `Pending`, `buf` and `read` hold what was read so far, for the next call.
pub(super) fn poll_read_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    buf: &mut Vec<u8>,
    read: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        let available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(available) => available,
            Err(error) if interrupted(&error) => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let end = memchr(delimiter, available);
        let used = end.map_or(available.len(), |at| at + 1);
        buf.extend_from_slice(&available[..used]);
        reader.as_mut().consume(used);
        *read += used;
        if end.is_some() || used == 0 {
            return Poll::Ready(Ok(std::mem::take(read)));
        }
    }
}

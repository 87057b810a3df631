//! The future of `AsyncSeekExt::seek`, `rewind` and `stream_position`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io::{self, SeekFrom};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncSeek;

pin_project! {
    /// The future returned by [`AsyncSeekExt::seek`](crate::io::AsyncSeekExt::seek).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Seek<'a, S: ?Sized> {
        stream: &'a mut S,
        // Set until the seek was submitted.
        position: Option<SeekFrom>,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, S: ?Sized> Seek<'a, S> {
    pub(crate) fn new(stream: &'a mut S, position: SeekFrom) -> Self {
        Seek {
            stream,
            position: Some(position),
            _pin: PhantomPinned,
        }
    }
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let me = self.project();
        let mut stream = Pin::new(&mut **me.stream);
        if let Some(position) = *me.position {
            // An operation that an earlier, dropped future began has to end first.
            ready!(stream.as_mut().poll_complete(cx))?;
            stream.as_mut().start_seek(position)?;
            *me.position = None;
        }
        stream.poll_complete(cx)
    }
}

//! The future of `AsyncBufReadExt::fill_buf`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::stream::{AsyncBufRead, raw};

pin_project! {
    /// The future returned by [`AsyncBufReadExt::fill_buf`](crate::io::AsyncBufReadExt::fill_buf).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct FillBuf<'a, R: ?Sized> {
        // Empty once the bytes were returned.
        reader: Option<&'a mut R>,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> FillBuf<'a, R> {
    pub(crate) fn new(reader: &'a mut R) -> Self {
        FillBuf {
            reader: Some(reader),
            _pin: PhantomPinned,
        }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        raw::poll_fill_slot(self.project().reader, cx)
    }
}

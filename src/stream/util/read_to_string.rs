//! The future of `AsyncReadExt::read_to_string`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncRead;
use crate::stream::raw::SpareVec;
use crate::stream::util::read_to_end::poll_to_end;

pin_project! {
    /// The future returned by
    /// [`AsyncReadExt::read_to_string`](crate::io::AsyncReadExt::read_to_string).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadToString<'a, R: ?Sized> {
        reader: &'a mut R,
        // The bytes of `output`, which is empty until the future is done.
        buf: SpareVec<Vec<u8>>,
        output: &'a mut String,
        read: usize,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(crate) fn new(reader: &'a mut R, output: &'a mut String) -> Self {
        ReadToString {
            reader,
            buf: SpareVec::new(std::mem::take(output).into_bytes()),
            output,
            read: 0,
            _pin: PhantomPinned,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let result = ready!(poll_to_end(me.buf, Pin::new(&mut **me.reader), me.read, cx));
        let added = *result.as_ref().unwrap_or(me.read);
        let mut bytes = me.buf.take();
        let before = bytes.len() - added;
        let result = match (result, std::str::from_utf8(&bytes)) {
            (Ok(n), Ok(_)) => Ok(n),
            (Ok(_), Err(error)) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            (Err(error), _) => Err(error),
        };
        if result.is_err() {
            // Only what was in the string before stays.
            bytes.truncate(before);
        }
        **me.output = String::from_utf8(bytes).expect("a string's own bytes are UTF-8");
        Poll::Ready(result)
    }
}

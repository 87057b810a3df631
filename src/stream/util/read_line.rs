//! The future of `AsyncBufReadExt::read_line`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncBufRead;
use crate::stream::util::read_until::poll_read_until;

pin_project! {
    /// The future returned by
    /// [`AsyncBufReadExt::read_line`](crate::io::AsyncBufReadExt::read_line).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadLine<'a, R: ?Sized> {
        reader: &'a mut R,
        // The bytes of `output`, which is empty until the future is done.
        buf: Vec<u8>,
        output: &'a mut String,
        read: usize,
        // Not `Unpin`, so that a later version may hold pinned state.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadLine<'a, R> {
    pub(crate) fn new(reader: &'a mut R, output: &'a mut String) -> Self {
        ReadLine {
            reader,
            buf: std::mem::take(output).into_bytes(),
            output,
            read: 0,
            _pin: PhantomPinned,
        }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let reader = Pin::new(&mut **me.reader);
        let result = ready!(poll_read_until(reader, cx, b'\n', me.buf, me.read));
        let added = *result.as_ref().unwrap_or(me.read);
        let bytes = std::mem::take(me.buf);
        Poll::Ready(finish(result, bytes, added, me.output))
    }
}

/// Puts `bytes` into `output`, without the last `added` ones if the whole is not UTF-8.
///
/// After an I/O error, what was read until then stays in the string if it is UTF-8.
fn finish(
    result: io::Result<usize>,
    bytes: Vec<u8>,
    added: usize,
    output: &mut String,
) -> io::Result<usize> {
    match String::from_utf8(bytes) {
        Ok(string) => {
            *output = string;
            result
        }
        Err(invalid) => {
            let error = invalid.utf8_error();
            let mut bytes = invalid.into_bytes();
            bytes.truncate(bytes.len() - added);
            *output = String::from_utf8(bytes).expect("a string's own bytes are UTF-8");
            result.and(Err(io::Error::new(io::ErrorKind::InvalidData, error)))
        }
    }
}

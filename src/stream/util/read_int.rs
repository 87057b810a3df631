//! The futures that read one number: `AsyncReadExt::read_u8` to `read_f64_le`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::util::{early_eof, interrupted};
use crate::stream::{AsyncRead, ReadBuf};

/// Fills the rest of `bytes` from `reader`; `read` counts what is there.
#[inline]
fn poll_fill<R: AsyncRead>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut [u8],
    read: &mut usize,
) -> Poll<io::Result<()>> {
    while *read < bytes.len() {
        let mut buf = ReadBuf::new(&mut bytes[*read..]);
        match ready!(reader.as_mut().poll_read(cx, &mut buf)) {
            Ok(()) if buf.filled().is_empty() => return Poll::Ready(Err(early_eof())),
            Ok(()) => *read += buf.filled().len(),
            Err(error) if interrupted(&error) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Defines a future that reads the bytes of `$number` and converts them with `$from_bytes`.
macro_rules! read_number {
    ($($future:ident: $number:ty, $from_bytes:ident;)*) => {$(
        pin_project! {
            #[doc = concat!("Future that reads one [`", stringify!($number), "`].")]
            #[derive(Debug)]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $future<R> {
                #[pin]
                reader: R,
                bytes: [u8; size_of::<$number>()],
                read: usize,
                // Not `Unpin`, so that a later version may hold pinned state.
                #[pin]
                _pin: PhantomPinned,
            }
        }

        impl<R> $future<R> {
            pub(crate) fn new(reader: R) -> Self {
                $future {
                    reader,
                    bytes: [0; size_of::<$number>()],
                    read: 0,
                    _pin: PhantomPinned,
                }
            }
        }

        impl<R: AsyncRead> Future for $future<R> {
            type Output = io::Result<$number>;

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let me = self.project();
                ready!(poll_fill(me.reader, cx, me.bytes, me.read))?;
                Poll::Ready(Ok(<$number>::$from_bytes(*me.bytes)))
            }
        }
    )*};
}

read_number! {
    ReadU8: u8, from_be_bytes;
    ReadU16: u16, from_be_bytes;
    ReadU32: u32, from_be_bytes;
    ReadU64: u64, from_be_bytes;
    ReadU128: u128, from_be_bytes;
    ReadI8: i8, from_be_bytes;
    ReadI16: i16, from_be_bytes;
    ReadI32: i32, from_be_bytes;
    ReadI64: i64, from_be_bytes;
    ReadI128: i128, from_be_bytes;
    ReadF32: f32, from_be_bytes;
    ReadF64: f64, from_be_bytes;

    ReadU16Le: u16, from_le_bytes;
    ReadU32Le: u32, from_le_bytes;
    ReadU64Le: u64, from_le_bytes;
    ReadU128Le: u128, from_le_bytes;
    ReadI16Le: i16, from_le_bytes;
    ReadI32Le: i32, from_le_bytes;
    ReadI64Le: i64, from_le_bytes;
    ReadI128Le: i128, from_le_bytes;
    ReadF32Le: f32, from_le_bytes;
    ReadF64Le: f64, from_le_bytes;
}

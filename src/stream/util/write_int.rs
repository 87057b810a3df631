//! The futures that write one number: `AsyncWriteExt::write_u8` to `write_f64_le`.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncWrite;
use crate::stream::util::{interrupted, write_zero};

/// Writes the rest of `bytes` to `writer`; `written` counts what is done.
#[inline]
fn poll_drain<W: AsyncWrite>(
    mut writer: Pin<&mut W>,
    cx: &mut Context<'_>,
    bytes: &[u8],
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while *written < bytes.len() {
        match ready!(writer.as_mut().poll_write(cx, &bytes[*written..])) {
            Ok(0) => return Poll::Ready(Err(write_zero())),
            Ok(n) => *written += n,
            Err(error) if interrupted(&error) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Defines a future that writes the bytes which `$to_bytes` makes of a `$number`.
macro_rules! write_number {
    ($($future:ident: $number:ty, $to_bytes:ident;)*) => {$(
        pin_project! {
            #[doc = concat!("Future that writes one [`", stringify!($number), "`].")]
            #[derive(Debug)]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $future<W> {
                #[pin]
                writer: W,
                bytes: [u8; size_of::<$number>()],
                written: usize,
                // Not `Unpin`, so that a later version may hold pinned state.
                #[pin]
                _pin: PhantomPinned,
            }
        }

        impl<W> $future<W> {
            pub(crate) fn new(writer: W, number: $number) -> Self {
                $future {
                    writer,
                    bytes: number.$to_bytes(),
                    written: 0,
                    _pin: PhantomPinned,
                }
            }
        }

        impl<W: AsyncWrite> Future for $future<W> {
            type Output = io::Result<()>;

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let me = self.project();
                poll_drain(me.writer, cx, me.bytes, me.written)
            }
        }
    )*};
}

write_number! {
    WriteU8: u8, to_be_bytes;
    WriteU16: u16, to_be_bytes;
    WriteU32: u32, to_be_bytes;
    WriteU64: u64, to_be_bytes;
    WriteU128: u128, to_be_bytes;
    WriteI8: i8, to_be_bytes;
    WriteI16: i16, to_be_bytes;
    WriteI32: i32, to_be_bytes;
    WriteI64: i64, to_be_bytes;
    WriteI128: i128, to_be_bytes;
    WriteF32: f32, to_be_bytes;
    WriteF64: f64, to_be_bytes;

    WriteU16Le: u16, to_le_bytes;
    WriteU32Le: u32, to_le_bytes;
    WriteU64Le: u64, to_le_bytes;
    WriteU128Le: u128, to_le_bytes;
    WriteI16Le: i16, to_le_bytes;
    WriteI32Le: i32, to_le_bytes;
    WriteI64Le: i64, to_le_bytes;
    WriteI128Le: i128, to_le_bytes;
    WriteF32Le: f32, to_le_bytes;
    WriteF64Le: f64, to_le_bytes;
}

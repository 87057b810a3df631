//! The one `unsafe` part of the bridge: a buffer of the tokio crate, lent as one of this crate.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::{AsyncRead, ReadBuf};
use crate::stream::raw::check_same;

/// Reads into the unfilled part of the tokio crate's buffer, without a copy in between.
///
/// What either buffer knows about initialized memory is passed to the other one.
///
/// # Panics
///
/// Panics if the reader replaced the buffer that it was passed.
pub(super) fn poll_read<R>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut tokio::io::ReadBuf<'_>,
) -> Poll<io::Result<()>>
where
    R: AsyncRead + ?Sized,
{
    let initialized = buf.initialized().len() - buf.filled().len();
    // SAFETY: the slice goes into a `ReadBuf` only, which never makes a byte uninitialized (its
    // R2).
    let mut part = ReadBuf::uninit(unsafe { buf.unfilled_mut() });
    // SAFETY: `part` starts where the filled part of `buf` ends, and `buf` reports that this many
    // bytes from there on are initialized.
    unsafe { part.assume_init(initialized) };
    let start = part.filled().as_ptr();
    let polled = reader.poll_read(cx, &mut part);
    check_same(start, &part);
    let (n, initialized) = (part.filled().len(), part.initialized().len());
    // SAFETY: `part` is a view of exactly the unfilled part of `buf` (`check_same`), and reports
    // that this many bytes of it are initialized.
    unsafe { buf.assume_init(initialized) };
    buf.advance(n);
    polled
}

#[cfg(test)]
mod tests {
    use super::poll_read;
    use crate::io::{AsyncRead, ReadBuf};
    use std::io;
    use std::mem::MaybeUninit;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    /// Initializes two bytes more than it fills.
    struct Ahead;

    impl AsyncRead for Ahead {
        fn poll_read(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let known = buf.initialized().len();
            buf.initialize_unfilled_to(known + 3).fill(b'x');
            buf.advance(1);
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn both_buffers_know_what_is_initialized() {
        let mut space = [MaybeUninit::uninit(); 16];
        let mut buf = tokio::io::ReadBuf::uninit(&mut space);
        buf.put_slice(b"ab");
        let mut cx = Context::from_waker(Waker::noop());
        for (filled, initialized) in [(3, 5), (4, 8), (5, 11)] {
            assert!(poll_read(Pin::new(&mut Ahead), &mut cx, &mut buf).is_ready());
            assert_eq!(
                (buf.filled().len(), buf.initialized().len()),
                (filled, initialized)
            );
        }
        assert_eq!(buf.filled(), b"abxxx");
    }

    /// Replaces the buffer that it is passed with another one.
    struct Swapper;

    impl AsyncRead for Swapper {
        fn poll_read(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            *buf = ReadBuf::new(&mut []);
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    #[should_panic(expected = "replaced the ReadBuf")]
    fn a_swapped_buffer_is_noticed() {
        let mut space = [MaybeUninit::uninit(); 16];
        let mut buf = tokio::io::ReadBuf::uninit(&mut space);
        let mut cx = Context::from_waker(Waker::noop());
        let _ = poll_read(Pin::new(&mut Swapper), &mut cx, &mut buf);
    }
}

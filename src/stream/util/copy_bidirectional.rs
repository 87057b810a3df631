//! `copy_bidirectional`: everything between two streams, in both directions at once.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::DEFAULT_BUF_SIZE;
use crate::stream::util::copy::CopyBuffer;
use crate::stream::{AsyncRead, AsyncWrite};

/// Copies between `a` and `b` in both directions at once, as a proxy does.
///
/// When one stream is at its end, the other one is flushed and shut down, and the opposite
/// direction continues. Once both directions are done, returns how many bytes went from `a` to `b`,
/// and how many from `b` to `a`.
///
/// Each direction has a buffer of 8 KiB; for other sizes there is
/// [`copy_bidirectional_with_sizes`]. A read or a write that reports
/// [`Interrupted`](io::ErrorKind::Interrupted) is tried again.
///
/// Between sockets or pipes, data that comes in more than 16 KiB at a time stays in the kernel, as
/// with [`copy`](crate::io::copy()), with the same results. A connection that is at rest holds no
/// descriptors for that, and all copies together hold few.
///
/// # Cancel safety
///
/// This function is not cancel safe: if the future is dropped, bytes that were read but not yet
/// written are lost, up to 512 KiB in each direction.
///
/// # Errors
///
/// Returns the first error of either stream in either direction; both directions stop then, and
/// what was read but not yet written is lost.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};
///
/// # futures::executor::block_on(async {
/// let (mut client, mut a) = duplex(64);
/// let (mut server, mut b) = duplex(64);
/// client.write_all(b"request").await?;
/// client.shutdown().await?;
/// server.write_all(b"answer").await?;
/// server.shutdown().await?;
///
/// assert_eq!(copy_bidirectional(&mut a, &mut b).await?, (7, 6));
///
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!(text, "request");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_both(a, b, DEFAULT_BUF_SIZE, DEFAULT_BUF_SIZE).await
}

/// Like [`copy_bidirectional`], with buffers of the given sizes in bytes.
///
/// The sizes are those of the buffers in memory. They do not apply to bulk data that stays in the
/// kernel.
///
/// # Cancel safety
///
/// The same as for [`copy_bidirectional`].
///
/// # Errors
///
/// Returns an error under the same conditions as [`copy_bidirectional`].
///
/// # Panics
///
/// Panics when it is polled if one of the sizes is 0.
///
/// # Examples
///
/// ```
/// use zokio::io::{copy_bidirectional_with_sizes, duplex};
///
/// # futures::executor::block_on(async {
/// let (client, mut a) = duplex(64);
/// let (server, mut b) = duplex(64);
/// drop((client, server));
/// assert_eq!(copy_bidirectional_with_sizes(&mut a, &mut b, 512, 65536).await?, (0, 0));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(
        a_to_b_buf_size > 0,
        "`a_to_b_buf_size` must be greater than 0: nothing could be copied otherwise"
    );
    assert!(
        b_to_a_buf_size > 0,
        "`b_to_a_buf_size` must be greater than 0: nothing could be copied otherwise"
    );
    copy_both(a, b, a_to_b_buf_size, b_to_a_buf_size).await
}

async fn copy_both<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut a_to_b = Direction::Copying(CopyBuffer::new(a_to_b_buf_size));
    let mut b_to_a = Direction::Copying(CopyBuffer::new(b_to_a_buf_size));
    poll_fn(|cx| {
        // Both are polled in every case, and an error of either ends both.
        let there = a_to_b.poll(cx, Pin::new(&mut *a), Pin::new(&mut *b))?;
        let back = b_to_a.poll(cx, Pin::new(&mut *b), Pin::new(&mut *a))?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    })
    .await
}

/// The progress of one of the two directions; the number is how many bytes it copied.
enum Direction {
    Copying(CopyBuffer),
    ShuttingDown(u64),
    Done(u64),
}

impl Direction {
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            *self = match self {
                Direction::Copying(buffer) => {
                    let copied = ready!(buffer.poll_copy(cx, reader.as_mut(), writer.as_mut()))?;
                    Direction::ShuttingDown(copied)
                }
                Direction::ShuttingDown(copied) => {
                    ready!(writer.as_mut().poll_shutdown(cx))?;
                    Direction::Done(*copied)
                }
                Direction::Done(copied) => return Poll::Ready(Ok(*copied)),
            };
        }
    }
}

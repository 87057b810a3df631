//! The trait `AsyncRead` and its implementations for standard types.
//!
//! The methods to call with `.await` are in `util/async_read_ext.rs`.
#![forbid(unsafe_code)]

use std::io::{self, Cursor};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::forward::forward_read;
use crate::stream::{Bulk, PipeBuf, ReadBuf, Transfer};

/// A source of bytes that can be read from without blocking the thread.
///
/// This is [`std::io::Read`] for tasks: a source that has no bytes yet returns [`Poll::Pending`]
/// and wakes the task when that changes. Programs mostly call the methods of
/// [`AsyncReadExt`](crate::io::AsyncReadExt), which every `AsyncRead` has; they implement or call
/// this trait when they write a source or an adapter of their own.
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use zokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
///
/// /// Yields the letters from A to Z.
/// struct Letters(u8);
///
/// impl AsyncRead for Letters {
///     fn poll_read(
///         mut self: Pin<&mut Self>,
///         _cx: &mut Context<'_>,
///         buf: &mut ReadBuf<'_>,
///     ) -> Poll<io::Result<()>> {
///         while self.0 <= b'Z' && buf.remaining() > 0 {
///             buf.put_slice(&[self.0]);
///             self.0 += 1;
///         }
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let mut text = String::new();
/// Letters(b'A').read_to_string(&mut text).await?;
/// assert_eq!(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncRead {
    /// Tries to read into `buf`.
    ///
    /// - `Ready(Ok(()))`: the bytes that were read are appended to the filled part of `buf`. If
    ///   `buf` had room and nothing was appended, the source is at its end.
    /// - `Pending`: nothing was read, and `buf` is unchanged.
    /// - `Ready(Err(e))`: the read failed. The filled part of `buf` is unchanged.
    ///
    /// An implementation only appends; it leaves what was filled before unchanged.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call, and is woken
    /// when a read may succeed. Not polling again loses no bytes.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// use zokio::io::{AsyncRead, ReadBuf};
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello";
    /// let mut space = [0; 16];
    /// let mut buf = ReadBuf::new(&mut space);
    /// buf.put_slice(b"oh, ");
    ///
    /// // What was there stays; the bytes are appended.
    /// poll_fn(|cx| Pin::new(&mut source).poll_read(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"oh, hello");
    ///
    /// // Nothing is appended: that is the end.
    /// poll_fn(|cx| Pin::new(&mut source).poll_read(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled().len(), 9);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;

    /// Returns by what means bulk data is read from here; see `stream/pipe_buf.rs`.
    #[doc(hidden)]
    fn bulk_source(self: Pin<&mut Self>) -> Bulk {
        Bulk::Ordinary
    }

    /// Moves at most `max` bytes that have come into `pipe`, which is empty, without waiting.
    ///
    /// The number of bytes in the pipe grows by what was moved. An error is that of a read.
    #[doc(hidden)]
    fn try_read_to_pipe(
        self: Pin<&mut Self>,
        _pipe: &mut PipeBuf,
        _max: usize,
    ) -> io::Result<Transfer> {
        Ok(Transfer::Refused)
    }
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for Box<T> {
    forward_read!(|this| Pin::new(&mut **this.get_mut()));
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for &mut T {
    forward_read!(|this| Pin::new(&mut **this.get_mut()));
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    forward_read!(|this| this.as_deref_mut());
}

/// Reads from the front of the slice, which shrinks by what was read.
impl AsyncRead for &[u8] {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (now, later) = self.split_at(self.len().min(buf.remaining()));
        buf.put_slice(now);
        *self = later;
        Poll::Ready(Ok(()))
    }
}

/// Reads from the cursor's position on; a position beyond the end reads as the end.
impl<T: AsRef<[u8]> + Unpin> AsyncRead for Cursor<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let position = self.position();
        let bytes = self.get_ref().as_ref();
        let start = usize::try_from(position).map_or(bytes.len(), |start| start.min(bytes.len()));
        let rest = &bytes[start..];
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        self.set_position(position + n as u64);
        Poll::Ready(Ok(()))
    }
}

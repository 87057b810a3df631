//! The trait `AsyncBufRead` and its implementations for standard types.
//!
//! The methods to call with `.await` are in `util/async_buf_read_ext.rs`.
#![forbid(unsafe_code)]

use std::io::{self, BufRead, Cursor};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::forward::forward_buf_read;
use crate::stream::{AsyncRead, PipeBuf};

/// A source of bytes that has a buffer of its own.
///
/// This is [`std::io::BufRead`] for tasks. The contents of the buffer can be looked at before they
/// are taken, which is what reading lines needs. Any [`AsyncRead`] becomes one through
/// [`BufReader`](crate::io::BufReader). Programs mostly call the methods of
/// [`AsyncBufReadExt`](crate::io::AsyncBufReadExt).
///
/// # Examples
///
/// ```
/// use std::future::poll_fn;
/// use std::io;
/// use std::pin::Pin;
/// use zokio::io::AsyncBufRead;
///
/// /// The first byte that is left, which stays where it is.
/// async fn peek<R: AsyncBufRead + Unpin>(reader: &mut R) -> io::Result<Option<u8>> {
///     poll_fn(|cx| {
///         let polled = Pin::new(&mut *reader).poll_fill_buf(cx);
///         polled.map_ok(|bytes| bytes.first().copied())
///     })
///     .await
/// }
///
/// # futures::executor::block_on(async {
/// let mut source: &[u8] = b"abc";
/// assert_eq!(peek(&mut source).await?, Some(b'a'));
/// assert_eq!(source, b"abc");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncBufRead: AsyncRead {
    /// Returns the bytes of the buffer, which is filled from the source first if it is empty.
    ///
    /// An empty slice means that the source is at its end. The bytes stay in the buffer until
    /// [`consume`](AsyncBufRead::consume) takes them; the next call returns them again.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call, and is woken
    /// when the buffer may be filled. Not polling again loses no bytes.
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
    /// use zokio::io::AsyncBufRead;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello";
    /// let bytes = poll_fn(|cx| {
    ///     let polled = Pin::new(&mut source).poll_fill_buf(cx);
    ///     polled.map_ok(|bytes| bytes.to_vec())
    /// })
    /// .await?;
    /// assert_eq!(bytes, b"hello");
    /// // They stay in the buffer.
    /// assert_eq!(source, b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Takes `amt` bytes out of the buffer, so that they are not returned again.
    ///
    /// `amt` must be at most the length of what the last call of
    /// [`poll_fill_buf`](AsyncBufRead::poll_fill_buf) returned; implementations may panic
    /// otherwise, or take fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::Pin;
    /// use zokio::io::AsyncBufRead;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello world";
    /// Pin::new(&mut source).consume(6);
    /// assert_eq!(source, b"world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn consume(self: Pin<&mut Self>, amt: usize);

    /// Takes the bytes in `pipe`, which this reader moved there, back into the buffer; see
    /// `stream/pipe_buf.rs`.
    #[doc(hidden)]
    fn put_back(self: Pin<&mut Self>, _pipe: &mut PipeBuf) {}
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for Box<T> {
    forward_buf_read!(|this| Pin::new(&mut **this.get_mut()));
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for &mut T {
    forward_buf_read!(|this| Pin::new(&mut **this.get_mut()));
}

impl<P> AsyncBufRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncBufRead,
{
    forward_buf_read!(|this| this.as_deref_mut());
}

/// The slice is its own buffer.
impl AsyncBufRead for &[u8] {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(*self))
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        *self = &self[amt..];
    }
}

/// What follows the cursor's position is the buffer.
impl<T: AsRef<[u8]> + Unpin> AsyncBufRead for Cursor<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(BufRead::fill_buf(self.get_mut()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        BufRead::consume(self.get_mut(), amt);
    }
}

//! The trait `AsyncWrite` and its implementations for standard types.
//!
//! The methods to call with `.await` are in `util/async_write_ext.rs`.
#![forbid(unsafe_code)]

use std::io::{self, Cursor, IoSlice, Write};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::forward::forward_write;
use crate::stream::{Bulk, PipeBuf, Transfer};

/// A destination for bytes that can be written to without blocking the thread.
///
/// This is [`std::io::Write`] for tasks: a destination that has no room yet returns
/// [`Poll::Pending`] and wakes the task when that changes. Programs mostly call the methods of
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt), which every `AsyncWrite` has; they implement or
/// call this trait when they write a destination or an adapter of their own.
///
/// What was written may wait in a buffer of the destination: it is certain to be on its way after
/// [`poll_flush`](AsyncWrite::poll_flush), and the end of the stream is sent by
/// [`poll_shutdown`](AsyncWrite::poll_shutdown).
///
/// # Examples
///
/// ```
/// use std::io;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use zokio::io::{AsyncWrite, AsyncWriteExt};
///
/// /// Counts bytes.
/// struct Counter(usize);
///
/// impl AsyncWrite for Counter {
///     fn poll_write(
///         mut self: Pin<&mut Self>,
///         _cx: &mut Context<'_>,
///         buf: &[u8],
///     ) -> Poll<io::Result<usize>> {
///         self.0 += buf.len();
///         Poll::Ready(Ok(buf.len()))
///     }
///
///     fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let mut counter = Counter(0);
/// counter.write_all(b"hello").await?;
/// assert_eq!(counter.0, 5);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncWrite {
    /// Tries to write bytes from the front of `buf`, and returns how many were taken.
    ///
    /// Fewer than `buf.len()` may be taken. `Ok(0)` for a `buf` that is not empty usually means
    /// that the destination accepts no more bytes, now or ever.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` nothing was taken; the waker of `cx` is kept, in place of the one of the last
    /// call of a method of this trait, and is woken when a write may succeed.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports. Nothing of `buf` was taken then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::Cursor;
    /// use std::pin::Pin;
    /// use zokio::io::AsyncWrite;
    ///
    /// # futures::executor::block_on(async {
    /// // There is room for three bytes only.
    /// let mut space = [0; 3];
    /// let mut target = Cursor::new(&mut space[..]);
    /// let n = poll_fn(|cx| Pin::new(&mut target).poll_write(cx, b"hello")).await?;
    /// assert_eq!(n, 3);
    /// assert_eq!(&space, b"hel");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Tries to flush: everything that was written leaves the buffers of this object.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call of a method of
    /// this trait, and is woken when flushing can continue. A flush that is not polled to its end
    /// loses nothing; what is left stays buffered.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// use zokio::io::{AsyncWrite, BufWriter};
    ///
    /// # futures::executor::block_on(async {
    /// let mut target = BufWriter::new(Vec::new());
    /// poll_fn(|cx| Pin::new(&mut target).poll_write(cx, b"hello")).await?;
    /// assert_eq!(target.get_ref(), b"");
    ///
    /// poll_fn(|cx| Pin::new(&mut target).poll_flush(cx)).await?;
    /// assert_eq!(target.get_ref(), b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tries to flush and then to end the stream in order.
    ///
    /// A TCP stream, for instance, sends FIN, and a TLS stream its closing message. `Ready(Ok(()))`
    /// means that the object can be dropped without loss. Writing afterwards is a mistake of the
    /// caller, and returns an error or panics; calling this again is allowed until it has
    /// succeeded.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call of a method of
    /// this trait, and is woken when the shutdown can continue. Poll again to complete it.
    ///
    /// # Errors
    ///
    /// Returns the error that the destination reports. The connection is then usually broken.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// use zokio::io::{AsyncReadExt, AsyncWrite, duplex};
    ///
    /// # futures::executor::block_on(async {
    /// let (mut near, mut far) = duplex(64);
    /// poll_fn(|cx| Pin::new(&mut near).poll_write(cx, b"hello")).await?;
    /// poll_fn(|cx| Pin::new(&mut near).poll_shutdown(cx)).await?;
    ///
    /// // The other side sees the end of the stream.
    /// let mut text = String::new();
    /// far.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Like [`poll_write`](AsyncWrite::poll_write), from several buffers in order.
    ///
    /// Unless an implementation overrides it, this writes from the first buffer that is not empty.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`poll_write`](AsyncWrite::poll_write).
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`poll_write`](AsyncWrite::poll_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::IoSlice;
    /// use std::pin::Pin;
    /// use zokio::io::AsyncWrite;
    ///
    /// # futures::executor::block_on(async {
    /// let mut target = Vec::new();
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// let n = poll_fn(|cx| Pin::new(&mut target).poll_write_vectored(cx, &bufs)).await?;
    /// assert_eq!((n, &target[..]), (13, &b"head and body"[..]));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[][..], |buf| buf))
    }

    /// Returns whether [`poll_write_vectored`](AsyncWrite::poll_write_vectored) is better than
    /// copying the buffers into one.
    ///
    /// Returns `false` unless an implementation overrides it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWrite, stdout};
    ///
    /// // A vector appends from many buffers as well as from one.
    /// assert!(Vec::new().is_write_vectored());
    ///
    /// // Standard output takes one buffer at a time.
    /// assert!(!stdout().is_write_vectored());
    /// ```
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// Returns by what means bulk data is written here; see `stream/pipe_buf.rs`.
    #[doc(hidden)]
    fn bulk_sink(self: Pin<&mut Self>) -> Bulk {
        Bulk::Ordinary
    }

    /// Tries to take bytes from the front of `pipe`, which is not empty.
    ///
    /// The number of bytes in the pipe shrinks by what was taken. An error is that of a write.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`poll_write`](AsyncWrite::poll_write).
    #[doc(hidden)]
    fn poll_write_from_pipe(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _pipe: &mut PipeBuf,
    ) -> Poll<io::Result<Transfer>> {
        Poll::Ready(Ok(Transfer::Refused))
    }
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for Box<T> {
    forward_write!(|this| Pin::new(&mut **this.get_mut()), |this| **this);
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for &mut T {
    forward_write!(|this| Pin::new(&mut **this.get_mut()), |this| **this);
}

impl<P> AsyncWrite for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncWrite,
{
    forward_write!(|this| this.as_deref_mut(), |this| **this);
}

/// Appends, and never waits.
impl AsyncWrite for Vec<u8> {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.get_mut().write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// Implements [`AsyncWrite`] for a cursor that `std` can write through; it never waits.
macro_rules! write_through_std {
    ($($cursor:ty)*) => {$(
        /// Writes at the cursor's position, and never waits.
        impl AsyncWrite for $cursor {
            fn poll_write(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write(buf))
            }

            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(self.get_mut().flush())
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write_vectored(bufs))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }
        }
    )*};
}

write_through_std! {
    Cursor<&mut [u8]>
    Cursor<&mut Vec<u8>>
    Cursor<Vec<u8>>
    Cursor<Box<[u8]>>
}

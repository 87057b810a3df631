//! The trait `AsyncSeek` and its implementations for standard types.
//!
//! The methods to call with `.await` are in `util/async_seek_ext.rs`.
#![forbid(unsafe_code)]

use std::io::{self, Cursor, Seek, SeekFrom};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::stream::forward::forward_seek;

/// A stream of bytes with a position that can be moved.
///
/// This is [`std::io::Seek`] for tasks, in two steps: [`start_seek`](AsyncSeek::start_seek) submits
/// the request, and [`poll_complete`](AsyncSeek::poll_complete) waits for it. Programs mostly call
/// the methods of [`AsyncSeekExt`](crate::io::AsyncSeekExt), which do both.
///
/// # Examples
///
/// ```
/// use std::future::poll_fn;
/// use std::io::{Cursor, SeekFrom};
/// use std::pin::Pin;
/// use zokio::io::AsyncSeek;
///
/// # futures::executor::block_on(async {
/// let mut stream = Cursor::new(b"hello");
/// Pin::new(&mut stream).start_seek(SeekFrom::End(-1))?;
/// let position = poll_fn(|cx| Pin::new(&mut stream).poll_complete(cx)).await?;
/// assert_eq!(position, 4);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncSeek {
    /// Submits a request to move the position to `position`.
    ///
    /// The request may be carried out later: wait for it with
    /// [`poll_complete`](AsyncSeek::poll_complete). A position beyond the end is allowed; what it
    /// means is up to the stream.
    ///
    /// # Errors
    ///
    /// Returns an error if the request cannot be accepted, for instance because another operation
    /// is under way: call [`poll_complete`](AsyncSeek::poll_complete) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::{Cursor, SeekFrom};
    /// use std::pin::Pin;
    /// use zokio::io::AsyncSeek;
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = Cursor::new(b"hello");
    /// Pin::new(&mut stream).start_seek(SeekFrom::Start(2))?;
    /// poll_fn(|cx| Pin::new(&mut stream).poll_complete(cx)).await?;
    /// assert_eq!(stream.position(), 2);
    ///
    /// // Before the start there is nothing.
    /// assert!(Pin::new(&mut stream).start_seek(SeekFrom::Current(-3)).is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()>;

    /// Waits until the requested seek is done and returns the new position, counted in bytes from
    /// the start of the stream.
    ///
    /// The position is exact only right after a seek. Whether a read or a write since then, or no
    /// seek at all, is reflected in it depends on the stream.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call, and is woken
    /// when the seek may be done. A seek that is not polled to its end still takes place.
    ///
    /// # Errors
    ///
    /// Returns an error if the seek failed, for instance because the position is before the start
    /// of the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::{Cursor, SeekFrom};
    /// use std::pin::Pin;
    /// use zokio::io::AsyncSeek;
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = Cursor::new(b"hello");
    /// for (target, expected) in [(SeekFrom::Start(1), 1), (SeekFrom::Current(2), 3)] {
    ///     Pin::new(&mut stream).start_seek(target)?;
    ///     let position = poll_fn(|cx| Pin::new(&mut stream).poll_complete(cx)).await?;
    ///     assert_eq!(position, expected);
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>>;
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for Box<T> {
    forward_seek!(|this| Pin::new(&mut **this.get_mut()));
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for &mut T {
    forward_seek!(|this| Pin::new(&mut **this.get_mut()));
}

impl<P> AsyncSeek for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncSeek,
{
    forward_seek!(|this| this.as_deref_mut());
}

/// The seek is done when `start_seek` returns.
impl<T: AsRef<[u8]> + Unpin> AsyncSeek for Cursor<T> {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Seek::seek(&mut *self, position).map(drop)
    }

    fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position()))
    }
}

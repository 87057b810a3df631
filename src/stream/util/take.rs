//! `Take`: a reader that ends after a number of bytes.
#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::{AsyncBufRead, AsyncRead, Bulk, PipeBuf, ReadBuf, Transfer, raw};

pin_project! {
    /// A reader that ends after at most a given number of bytes of another one.
    ///
    /// Created by [`AsyncReadExt::take`](crate::io::AsyncReadExt::take).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"hello world";
    /// let mut start = source.take(5);
    /// let mut text = String::new();
    /// start.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// assert_eq!(start.limit(), 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "a reader does nothing unless it is read from"]
    pub struct Take<R> {
        #[pin]
        inner: R,
        limit: u64,
    }
}

impl<R> Take<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Take { inner, limit }
    }
}

impl<R: AsyncRead> Take<R> {
    /// Returns how many more bytes may be read.
    ///
    /// The end may come sooner: when the inner reader ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut part = AsyncReadExt::take(&b"abcd"[..], 3);
    /// part.read_u8().await?;
    /// assert_eq!(part.limit(), 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Sets how many more bytes may be read; what was read before does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"abcdef";
    /// let mut part = source.take(2);
    /// let mut text = String::new();
    /// part.read_to_string(&mut text).await?;
    /// part.set_limit(3);
    /// part.read_to_string(&mut text).await?;
    /// assert_eq!(text, "abcde");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Returns a reference to the inner reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// let part = AsyncReadExt::take(&b"abcd"[..], 3);
    /// assert_eq!(*part.get_ref(), b"abcd");
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Returns a mutable reference to the inner reader.
    ///
    /// What is read from it directly does not count toward the limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut part = AsyncReadExt::take(&b"abcd"[..], 3);
    /// part.get_mut().read_u8().await?;
    /// assert_eq!(part.limit(), 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Returns a pinned mutable reference to the inner reader.
    ///
    /// What is read from it directly does not count toward the limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut part = pin!(AsyncReadExt::take(&b"abcd"[..], 3));
    /// assert_eq!(part.as_mut().get_pin_mut().read_u8().await?, b'a');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Returns the inner reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut part = AsyncReadExt::take(&b"abcd"[..], 3);
    /// part.read_u8().await?;
    /// assert_eq!(part.into_inner(), b"bcd");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let me = self.project();
        let n = ready!(raw::poll_read_limited(me.inner, cx, buf, clamp(*me.limit)))?;
        *me.limit -= n as u64;
        Poll::Ready(Ok(()))
    }

    #[doc(hidden)]
    fn bulk_source(self: Pin<&mut Self>) -> Bulk {
        self.project().inner.bulk_source()
    }

    #[doc(hidden)]
    fn try_read_to_pipe(
        self: Pin<&mut Self>,
        pipe: &mut PipeBuf,
        max: usize,
    ) -> io::Result<Transfer> {
        // As for a read, the inner reader is not asked at the limit.
        if self.limit == 0 {
            return Ok(Transfer::End);
        }
        let me = self.project();
        let transfer = me.inner.try_read_to_pipe(pipe, max.min(clamp(*me.limit)))?;
        if let Transfer::Moved(n) = transfer {
            *me.limit -= n as u64;
        }
        Ok(transfer)
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        // At the limit the inner reader is not asked: it might wait for bytes that are not wanted.
        if *me.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let available = ready!(me.inner.poll_fill_buf(cx))?;
        let n = available.len().min(clamp(*me.limit));
        Poll::Ready(Ok(&available[..n]))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let me = self.project();
        let amt = amt.min(clamp(*me.limit));
        *me.limit -= amt as u64;
        me.inner.consume(amt);
    }

    #[doc(hidden)]
    fn put_back(self: Pin<&mut Self>, pipe: &mut PipeBuf) {
        let me = self.project();
        *me.limit += pipe.len() as u64;
        me.inner.put_back(pipe);
    }
}

/// Converts a limit to the size of a buffer, which `usize` bounds.
fn clamp(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

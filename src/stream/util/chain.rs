//! `Chain`: one reader after another.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::{AsyncBufRead, AsyncRead, ReadBuf};

pin_project! {
    /// A reader that returns the bytes of one reader, and then the bytes of a second one.
    ///
    /// Created by [`AsyncReadExt::chain`](crate::io::AsyncReadExt::chain).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let (first, second): (&[u8], &[u8]) = (b"ab", b"cd");
    /// let mut all = Vec::new();
    /// first.chain(second).read_to_end(&mut all).await?;
    /// assert_eq!(all, b"abcd");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use = "a reader does nothing unless it is read from"]
    pub struct Chain<T, U> {
        #[pin]
        first: T,
        #[pin]
        second: U,
        first_ended: bool,
    }
}

impl<T, U> Chain<T, U> {
    pub(super) fn new(first: T, second: U) -> Self {
        Chain {
            first,
            second,
            first_ended: false,
        }
    }
}

impl<T, U> Chain<T, U>
where
    T: AsyncRead,
    U: AsyncRead,
{
    /// Returns a reference to the two readers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// let chain = AsyncReadExt::chain(&b"ab"[..], &b"cd"[..]);
    /// assert_eq!(chain.get_ref(), (&&b"ab"[..], &&b"cd"[..]));
    /// ```
    pub fn get_ref(&self) -> (&T, &U) {
        (&self.first, &self.second)
    }

    /// Returns a mutable reference to the two readers.
    ///
    /// What is read from them directly is missing in the chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut chain = AsyncReadExt::chain(&b"ab"[..], &b"cd"[..]);
    /// assert_eq!(chain.get_mut().1.read_u8().await?, b'c');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> (&mut T, &mut U) {
        (&mut self.first, &mut self.second)
    }

    /// Returns a pinned mutable reference to the two readers.
    ///
    /// What is read from them directly is missing in the chain.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut chain = pin!(AsyncReadExt::chain(&b"ab"[..], &b"cd"[..]));
    /// let (mut first, _) = chain.as_mut().get_pin_mut();
    /// assert_eq!(first.read_u8().await?, b'a');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> (Pin<&mut T>, Pin<&mut U>) {
        let me = self.project();
        (me.first, me.second)
    }

    /// Returns the two readers.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut chain = AsyncReadExt::chain(&b"ab"[..], &b"cd"[..]);
    /// chain.read_u8().await?;
    /// assert_eq!(chain.into_inner(), (&b"b"[..], &b"cd"[..]));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> (T, U) {
        (self.first, self.second)
    }
}

impl<T, U> AsyncRead for Chain<T, U>
where
    T: AsyncRead,
    U: AsyncRead,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.project();
        if !*me.first_ended {
            let room = buf.remaining();
            ready!(me.first.poll_read(cx, buf))?;
            // A read without room does not indicate the end.
            if buf.remaining() != room || room == 0 {
                return Poll::Ready(Ok(()));
            }
            *me.first_ended = true;
        }
        me.second.poll_read(cx, buf)
    }
}

impl<T, U> AsyncBufRead for Chain<T, U>
where
    T: AsyncBufRead,
    U: AsyncBufRead,
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        if !*me.first_ended {
            let available = ready!(me.first.poll_fill_buf(cx))?;
            if !available.is_empty() {
                return Poll::Ready(Ok(available));
            }
            *me.first_ended = true;
        }
        me.second.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let me = self.project();
        if *me.first_ended {
            me.second.consume(amt);
        } else {
            me.first.consume(amt);
        }
    }
}

impl<T, U> fmt::Debug for Chain<T, U>
where
    T: fmt::Debug,
    U: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("first", &self.first)
            .field("second", &self.second)
            .field("first_ended", &self.first_ended)
            .finish()
    }
}

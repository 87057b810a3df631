//! `join`: a reader and a writer as one value.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::stream::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

pin_project! {
    /// A reader and a writer as one value.
    ///
    /// Created by [`join`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, empty, join};
    ///
    /// # futures::executor::block_on(async {
    /// let mut both = join(&b"in"[..], empty());
    /// assert_eq!(both.read_u8().await?, b'i');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct Join<R, W> {
        #[pin]
        reader: R,
        #[pin]
        writer: W,
    }
}

/// Combines a reader and a writer into one value, which reads from the one and writes to the other.
///
/// This is the opposite of [`split`](crate::io::split).
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt, join};
///
/// # futures::executor::block_on(async {
/// let source: &[u8] = b"in";
/// let mut both = join(source, Vec::new());
/// let mut text = String::new();
/// both.read_to_string(&mut text).await?;
/// both.write_all(b"out").await?;
/// assert_eq!(text, "in");
/// assert_eq!(both.writer(), b"out");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn join<R, W>(reader: R, writer: W) -> Join<R, W>
where
    R: AsyncRead,
    W: AsyncWrite,
{
    Join { reader, writer }
}

impl<R, W> Join<R, W>
where
    R: AsyncRead,
    W: AsyncWrite,
{
    /// Returns the reader and the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::join;
    ///
    /// let both = join(&b"in"[..], Vec::new());
    /// let (reader, writer) = both.into_inner();
    /// # let _: &Vec<u8> = &writer;
    /// assert_eq!(reader, b"in");
    /// ```
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }

    /// Returns a reference to the reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{empty, join};
    ///
    /// let both = join(&b"in"[..], empty());
    /// assert_eq!(*both.reader(), b"in");
    /// ```
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// Returns a reference to the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncWriteExt, join};
    ///
    /// # futures::executor::block_on(async {
    /// let mut both = join(&b"in"[..], Vec::new());
    /// both.write_all(b"out").await?;
    /// assert_eq!(both.writer(), b"out");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// Returns a mutable reference to the reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, empty, join};
    ///
    /// # futures::executor::block_on(async {
    /// let mut both = join(&b"in"[..], empty());
    /// assert_eq!(both.reader_mut().read_u8().await?, b'i');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns a mutable reference to the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{empty, join};
    ///
    /// let mut both = join(empty(), Vec::new());
    /// both.writer_mut().extend(b"out");
    /// assert_eq!(both.writer(), b"out");
    /// ```
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Returns a pinned mutable reference to the reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::{AsyncReadExt, empty, join};
    ///
    /// # futures::executor::block_on(async {
    /// let mut both = pin!(join(&b"in"[..], empty()));
    /// assert_eq!(both.as_mut().reader_pin_mut().read_u8().await?, b'i');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn reader_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// Returns a pinned mutable reference to the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use zokio::io::{AsyncWriteExt, empty, join};
    ///
    /// # futures::executor::block_on(async {
    /// let mut both = pin!(join(empty(), Vec::new()));
    /// both.as_mut().writer_pin_mut().write_u8(7).await?;
    /// assert_eq!(both.writer(), &[7]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn writer_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }
}

impl<R, W> AsyncRead for Join<R, W>
where
    R: AsyncRead,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().reader.poll_read(cx, buf)
    }
}

impl<R, W> AsyncBufRead for Join<R, W>
where
    R: AsyncBufRead,
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().reader.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.project().reader.consume(amt);
    }
}

impl<R, W> AsyncWrite for Join<R, W>
where
    W: AsyncWrite,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }
}

//! `join`: a reader and a writer as one value.
#![forbid(unsafe_code)]

use std::pin::Pin;

use pin_project_lite::pin_project;

use crate::stream::forward::{forward_buf_read, forward_read, forward_write};
use crate::stream::{AsyncBufRead, AsyncRead, AsyncWrite};

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
    forward_read!(|this| this.project().reader);
}

impl<R, W> AsyncBufRead for Join<R, W>
where
    R: AsyncBufRead,
{
    forward_buf_read!(|this| this.project().reader);
}

impl<R, W> AsyncWrite for Join<R, W>
where
    W: AsyncWrite,
{
    forward_write!(|this| this.project().writer, |this| this.writer);
}

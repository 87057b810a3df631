//! The trait `AsyncBufReadExt`: the methods for buffered reading to call with `.await`.
#![forbid(unsafe_code)]

use std::pin::Pin;

use crate::stream::AsyncBufRead;
use crate::stream::util::fill_buf::FillBuf;
use crate::stream::util::lines::Lines;
use crate::stream::util::read_line::ReadLine;
use crate::stream::util::read_until::ReadUntil;
use crate::stream::util::split::Split;

/// The methods for reading lines and segments that every [`AsyncBufRead`] has.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncBufReadExt;
///
/// # futures::executor::block_on(async {
/// let source: &[u8] = b"one\ntwo\n";
/// let mut lines = source.lines();
/// while let Some(line) = lines.next_line().await? {
///     assert_eq!(line.len(), 3);
/// }
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Reads until `byte` was read or the source ends, appends to `buf`, and returns how many bytes
    /// were added.
    ///
    /// `byte` itself is appended too. 0 means that the source is at its end. A read that reports
    /// [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again. A source that never sends
    /// `byte` makes `buf` grow without bound: put a [`take`](crate::io::AsyncReadExt::take) before
    /// it where that matters.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, the bytes that
    /// were read until then are in `buf`: call again with the same `buf` to continue. The count
    /// then starts at 0 again.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports. The bytes that were read before are in `buf`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"key=value";
    /// let mut buf = Vec::new();
    /// assert_eq!(source.read_until(b'=', &mut buf).await?, 4);
    /// assert_eq!(buf, b"key=");
    /// assert_eq!(source.read_until(b'=', &mut buf).await?, 5);
    /// assert_eq!(source.read_until(b'=', &mut buf).await?, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> ReadUntil<'a, Self>
    where
        Self: Unpin,
    {
        ReadUntil::new(self, byte, buf)
    }

    /// Reads UTF-8 until the end of the line or of the source, appends to `buf`, and returns how
    /// many bytes were added.
    ///
    /// The newline (`0xA`) is appended too. 0 means that the source is at its end. A read that
    /// reports [`Interrupted`](std::io::ErrorKind::Interrupted) is tried again. A source without
    /// newlines makes `buf` grow without bound: put a [`take`](crate::io::AsyncReadExt::take)
    /// before it where that matters.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped before it completes, what was read
    /// is lost, and so is what `buf` held; `buf` is empty then. Use
    /// [`read_until`](AsyncBufReadExt::read_until) or [`lines`](AsyncBufReadExt::lines) where that
    /// matters.
    ///
    /// # Errors
    ///
    /// - Returns [`InvalidData`](std::io::ErrorKind::InvalidData), with a
    ///   [`Utf8Error`](std::str::Utf8Error) in it, if the line is not UTF-8. `buf` is unchanged,
    ///   and the line is lost.
    /// - Returns the error that the source reports. What was read of the line is in `buf`, unless
    ///   it is not UTF-8: then `buf` is unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"one\ntwo";
    /// let mut text = String::new();
    /// assert_eq!(source.read_line(&mut text).await?, 4);
    /// assert_eq!(text, "one\n");
    /// assert_eq!(source.read_line(&mut text).await?, 3);
    /// assert_eq!(text, "one\ntwo");
    /// assert_eq!(source.read_line(&mut text).await?, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> ReadLine<'a, Self>
    where
        Self: Unpin,
    {
        ReadLine::new(self, buf)
    }

    /// Creates an asynchronous iterator over what lies between the bytes `byte`.
    ///
    /// Each segment is a `Vec<u8>` without `byte` at its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"a,,b";
    /// let mut segments = AsyncBufReadExt::split(source, b',');
    /// assert_eq!(segments.next_segment().await?, Some(b"a".to_vec()));
    /// assert_eq!(segments.next_segment().await?, Some(b"".to_vec()));
    /// assert_eq!(segments.next_segment().await?, Some(b"b".to_vec()));
    /// assert_eq!(segments.next_segment().await?, None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// Returns the bytes of the buffer, which is filled from the source first if it is empty.
    ///
    /// An empty slice means that the source is at its end. The bytes stay in the buffer until
    /// [`consume`](AsyncBufReadExt::consume) takes them.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it completes, no bytes are lost.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports.
    ///
    /// # Panics
    ///
    /// Panics if the future is polled after it has completed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello";
    /// assert_eq!(source.fill_buf().await?, b"hello");
    /// source.consume(2);
    /// assert_eq!(source.fill_buf().await?, b"llo");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self)
    }

    /// Takes `amt` bytes out of the buffer, so that they are not returned again.
    ///
    /// `amt` must be at most the length of what [`fill_buf`](AsyncBufReadExt::fill_buf) returned
    /// last; implementations may panic otherwise, or take fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut source: &[u8] = b"hello";
    /// source.consume(4);
    /// assert_eq!(source.fill_buf().await?, b"o");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amt);
    }

    /// Creates an asynchronous iterator over the lines.
    ///
    /// Each line is a `String` without the newline (`0xA`, or `0xD 0xA`) at its end.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"one\r\ntwo";
    /// let mut lines = source.lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// assert_eq!(lines.next_line().await?, None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}

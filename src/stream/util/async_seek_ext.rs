//! The trait `AsyncSeekExt`: the methods for moving a position to call with `.await`.
#![forbid(unsafe_code)]

use std::io::SeekFrom;

use crate::stream::AsyncSeek;
use crate::stream::util::seek::Seek;

/// The methods for moving the position that every [`AsyncSeek`] has.
///
/// # Examples
///
/// ```
/// use std::io::{Cursor, SeekFrom};
/// use zokio::io::{AsyncReadExt, AsyncSeekExt};
///
/// # futures::executor::block_on(async {
/// let mut stream = Cursor::new(b"hello world");
/// stream.seek(SeekFrom::End(-5)).await?;
/// let mut text = String::new();
/// stream.read_to_string(&mut text).await?;
/// assert_eq!(text, "world");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves the position to `pos` and returns it, counted in bytes from the start of the stream.
    ///
    /// A position beyond the end is allowed; what it means is up to the stream. If an operation of
    /// the stream is still under way, this waits for it first.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it completes, the position may or may not move. The stream
    /// stays usable.
    ///
    /// # Errors
    ///
    /// Returns the error that the stream reports; a position before its start is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Cursor, SeekFrom};
    /// use zokio::io::AsyncSeekExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = Cursor::new(b"0123456789");
    /// assert_eq!(stream.seek(SeekFrom::Start(4)).await?, 4);
    /// assert_eq!(stream.seek(SeekFrom::Current(3)).await?, 7);
    /// assert!(stream.seek(SeekFrom::Current(-8)).await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn seek(&mut self, pos: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek::new(self, pos)
    }

    /// Moves the position back to the start of the stream.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`seek`](AsyncSeekExt::seek).
    ///
    /// # Errors
    ///
    /// Returns the error that the stream reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncSeekExt, AsyncWriteExt};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = Cursor::new(Vec::new());
    /// stream.write_all(b"hello").await?;
    /// assert_eq!(stream.rewind().await?, 0);
    /// stream.write_all(b"j").await?;
    /// assert_eq!(stream.into_inner(), b"jello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// Returns the position, counted in bytes from the start of the stream.
    ///
    /// This is a [`seek`](AsyncSeekExt::seek) by 0 bytes.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The position does not move.
    ///
    /// # Errors
    ///
    /// Returns the error that the stream reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, AsyncSeekExt};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = Cursor::new(b"hello");
    /// stream.read_u16().await?;
    /// assert_eq!(stream.stream_position().await?, 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

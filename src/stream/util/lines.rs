//! `Lines`: an asynchronous iterator over lines.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncBufRead;
use crate::stream::util::read_until::poll_read_until;

pin_project! {
    /// Reads line by line.
    ///
    /// Created by [`AsyncBufReadExt::lines`](crate::io::AsyncBufReadExt::lines). A line is what
    /// lies between two newlines; the newline (`0xA`), or carriage return and newline (`0xD 0xA`),
    /// at its end is removed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"one\ntwo\n";
    /// let mut lines = source.lines();
    /// let mut all = Vec::new();
    /// while let Some(line) = lines.next_line().await? {
    ///     all.push(line);
    /// }
    /// assert_eq!(all, ["one", "two"]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "lines are read only when they are asked for"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        // The line so far: kept when a read fails or the call is cancelled.
        line: Vec<u8>,
    }
}

impl<R> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Lines {
            reader,
            line: Vec::new(),
        }
    }
}

impl<R> Lines<R>
where
    R: AsyncBufRead + Unpin,
{
    /// Reads the next line, or returns `None` at the end of the source.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. What was read of a line is kept for the next call.
    ///
    /// # Errors
    ///
    /// - Returns [`InvalidData`](io::ErrorKind::InvalidData), with a
    ///   [`FromUtf8Error`](std::string::FromUtf8Error) in it that holds the bytes, if the line is
    ///   not UTF-8. The next call continues with the line after it.
    /// - Returns the error that the source reports. What was read of the line is kept for the next
    ///   call.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"one\ntwo";
    /// let mut lines = source.lines();
    /// assert_eq!(lines.next_line().await?, Some("one".to_owned()));
    /// assert_eq!(lines.next_line().await?, Some("two".to_owned()));
    /// assert_eq!(lines.next_line().await?, None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_line(cx)).await
    }

    /// Returns a reference to the reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut lines = AsyncBufReadExt::lines(&b"one\ntwo\n"[..]);
    /// lines.next_line().await?;
    /// assert_eq!(*lines.get_ref(), b"two\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_ref(&mut self) -> &R {
        &self.reader
    }

    /// Returns a mutable reference to the reader.
    ///
    /// What is read from it directly is missing in the lines.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut lines = AsyncBufReadExt::lines(&b"one\ntwo\n"[..]);
    /// lines.get_mut().consume(2);
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("e"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns the reader. What was read of an unfinished line is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut lines = AsyncBufReadExt::lines(&b"one\ntwo\n"[..]);
    /// lines.next_line().await?;
    /// assert_eq!(lines.into_inner(), b"two\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R> Lines<R>
where
    R: AsyncBufRead,
{
    /// Tries to read the next line; `None` means the end of the source.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call, and is woken
    /// when more can be read. What was read of a line is kept for the next call.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`next_line`](Lines::next_line).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut lines = AsyncBufReadExt::lines(&b"one\ntwo\n"[..]);
    /// let line = poll_fn(|cx| Pin::new(&mut lines).poll_next_line(cx)).await?;
    /// assert_eq!(line.as_deref(), Some("one"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let me = self.project();
        ready!(poll_read_until(me.reader, cx, b'\n', me.line, &mut 0))?;
        if me.line.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = std::mem::take(me.line);
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        let line = String::from_utf8(line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
        Poll::Ready(line.map(Some))
    }
}

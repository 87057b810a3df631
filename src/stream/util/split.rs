//! `Split`: an asynchronous iterator over what lies between delimiters.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::stream::AsyncBufRead;
use crate::stream::util::read_until::poll_read_until;

pin_project! {
    /// Reads segment by segment.
    ///
    /// Created by [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split). A segment is what
    /// lies between two delimiters; the delimiter at its end is removed.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"10;20;30";
    /// let mut segments = AsyncBufReadExt::split(source, b';');
    /// let mut count = 0;
    /// while let Some(segment) = segments.next_segment().await? {
    ///     assert!(segment.ends_with(b"0"));
    ///     count += 1;
    /// }
    /// assert_eq!(count, 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "segments are read only when they are asked for"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        delimiter: u8,
        // The segment so far: kept when a read fails or the call is cancelled.
        segment: Vec<u8>,
    }
}

impl<R> Split<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Split {
            reader,
            delimiter,
            segment: Vec::new(),
        }
    }
}

impl<R> Split<R>
where
    R: AsyncBufRead + Unpin,
{
    /// Reads the next segment, or returns `None` at the end of the source.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. What was read of a segment is kept for the next call.
    ///
    /// # Errors
    ///
    /// Returns the error that the source reports. What was read of the segment is kept for the next
    /// call.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let source: &[u8] = b"a b";
    /// let mut words = AsyncBufReadExt::split(source, b' ');
    /// assert_eq!(words.next_segment().await?, Some(b"a".to_vec()));
    /// assert_eq!(words.next_segment().await?, Some(b"b".to_vec()));
    /// assert_eq!(words.next_segment().await?, None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn next_segment(&mut self) -> io::Result<Option<Vec<u8>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_segment(cx)).await
    }
}

impl<R> Split<R>
where
    R: AsyncBufRead,
{
    /// Tries to read the next segment; `None` means the end of the source.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call, and is woken
    /// when more can be read. What was read of a segment is kept for the next call.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`next_segment`](Split::next_segment).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// use zokio::io::AsyncBufReadExt;
    ///
    /// # futures::executor::block_on(async {
    /// let mut words = AsyncBufReadExt::split(&b"a b"[..], b' ');
    /// let word = poll_fn(|cx| Pin::new(&mut words).poll_next_segment(cx)).await?;
    /// assert_eq!(word.as_deref(), Some(&b"a"[..]));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let me = self.project();
        ready!(poll_read_until(
            me.reader,
            cx,
            *me.delimiter,
            me.segment,
            &mut 0
        ))?;
        if me.segment.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut segment = std::mem::take(me.segment);
        if segment.last() == Some(me.delimiter) {
            segment.pop();
        }
        Poll::Ready(Ok(Some(segment)))
    }
}

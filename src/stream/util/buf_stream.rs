//! `BufStream`: a stream with a buffer in each direction.
#![forbid(unsafe_code)]

use std::pin::Pin;

use pin_project_lite::pin_project;

use crate::stream::forward::{forward_buf_read, forward_read, forward_seek, forward_write};
use crate::stream::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, BufReader, BufWriter};

pin_project! {
    /// Adds a buffer for reading and a buffer for writing to a stream.
    ///
    /// The rules of [`BufReader`] and [`BufWriter`] apply here too: flush at the end, and what is
    /// buffered is lost when the stream is dropped or taken apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream, duplex};
    ///
    /// # futures::executor::block_on(async {
    /// let (near, far) = duplex(64);
    /// let (mut near, mut far) = (BufStream::new(near), BufStream::new(far));
    /// near.write_all(b"hello\n").await?;
    /// near.flush().await?;
    /// let mut line = String::new();
    /// far.read_line(&mut line).await?;
    /// assert_eq!(line, "hello\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct BufStream<RW> {
        #[pin]
        inner: BufReader<BufWriter<RW>>,
    }
}

impl<RW: AsyncRead + AsyncWrite> BufStream<RW> {
    /// Creates a stream with two buffers of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, BufStream};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = BufStream::new(Cursor::new(b"abc".to_vec()));
    /// assert_eq!(stream.read_u8().await?, b'a');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn new(stream: RW) -> BufStream<RW> {
        BufStream {
            inner: BufReader::new(BufWriter::new(stream)),
        }
    }

    /// Creates a stream with a buffer of `reader_capacity` bytes for reading and one of
    /// `writer_capacity` bytes for writing.
    ///
    /// # Panics
    ///
    /// Panics if `reader_capacity` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, BufStream};
    ///
    /// # futures::executor::block_on(async {
    /// let cursor = Cursor::new(b"abc".to_vec());
    /// let mut stream = BufStream::with_capacity(2, 4096, cursor);
    /// stream.read_u8().await?;
    /// assert_eq!(stream.get_ref().position(), 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn with_capacity(
        reader_capacity: usize,
        writer_capacity: usize,
        stream: RW,
    ) -> BufStream<RW> {
        let writer = BufWriter::with_capacity(writer_capacity, stream);
        BufStream {
            inner: BufReader::with_capacity(reader_capacity, writer),
        }
    }

    /// Returns a reference to the inner stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, BufStream};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = BufStream::new(Cursor::new(b"abc".to_vec()));
    /// stream.read_u8().await?;
    /// // All of it was buffered.
    /// assert_eq!(stream.get_ref().position(), 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &RW {
        self.inner.get_ref().get_ref()
    }

    /// Returns a mutable reference to the inner stream.
    ///
    /// What is read from it or written to it directly bypasses the buffers.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, BufStream};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = BufStream::new(Cursor::new(b"abc".to_vec()));
    /// stream.get_mut().set_position(1);
    /// assert_eq!(stream.read_u8().await?, b'b');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut RW {
        self.inner.get_mut().get_mut()
    }

    /// Returns a pinned mutable reference to the inner stream.
    ///
    /// What is read from it or written to it directly bypasses the buffers.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::io::Cursor;
    /// use zokio::io::{AsyncReadExt, BufStream};
    ///
    /// # futures::executor::block_on(async {
    /// let mut stream = pin!(BufStream::new(Cursor::new(b"abc".to_vec())));
    /// assert_eq!(stream.as_mut().get_pin_mut().read_u8().await?, b'a');
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut RW> {
        self.project().inner.get_pin_mut().get_pin_mut()
    }

    /// Returns the inner stream. What is buffered in either direction is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    /// use zokio::io::BufStream;
    ///
    /// let stream = BufStream::new(Cursor::new(b"abc".to_vec()));
    /// assert_eq!(stream.into_inner().into_inner(), b"abc");
    /// ```
    pub fn into_inner(self) -> RW {
        self.inner.into_inner().into_inner()
    }
}

impl<RW> From<BufReader<BufWriter<RW>>> for BufStream<RW> {
    fn from(inner: BufReader<BufWriter<RW>>) -> Self {
        BufStream { inner }
    }
}

impl<RW> From<BufWriter<BufReader<RW>>> for BufStream<RW> {
    fn from(writer: BufWriter<BufReader<RW>>) -> Self {
        let reader = writer.inner;
        let inner = BufWriter {
            inner: reader.inner,
            buffer: writer.buffer,
            seek: writer.seek,
        };
        BufStream {
            inner: BufReader {
                inner,
                buffer: reader.buffer,
                seek: reader.seek,
            },
        }
    }
}

impl<RW: AsyncRead + AsyncWrite> AsyncRead for BufStream<RW> {
    forward_read!(|this| this.project().inner);
}

impl<RW: AsyncRead + AsyncWrite> AsyncBufRead for BufStream<RW> {
    forward_buf_read!(|this| this.project().inner);
}

impl<RW: AsyncRead + AsyncWrite> AsyncWrite for BufStream<RW> {
    forward_write!(|this| this.project().inner, |this| this.inner);
}

/// Writes out what is buffered for writing, discards what is buffered for reading, and seeks in the
/// inner stream.
///
/// [`SeekFrom::Current`](std::io::SeekFrom::Current) counts from the byte that this stream returns
/// next, as for [`BufReader`].
impl<RW: AsyncRead + AsyncWrite + AsyncSeek> AsyncSeek for BufStream<RW> {
    forward_seek!(|this| this.project().inner);
}

//! The adapter between zokio's I/O traits and hyper's, in both directions. It holds no bytes of its
//! own: a read goes from the connection straight into the caller's buffer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use zokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pin_project_lite::pin_project! {
    /// Adapts a connection to the other family's I/O traits.
    ///
    /// Around a type of zokio it is hyper's `Read` and `Write`; around a type of hyper (an upgraded
    /// connection) it is zokio's `AsyncRead` and `AsyncWrite`.
    #[derive(Debug)]
    pub struct ZokioIo<T> {
        #[pin]
        inner: T,
    }
}

impl<T> ZokioIo<T> {
    /// Wraps `inner`.
    pub fn new(inner: T) -> ZokioIo<T> {
        ZokioIo { inner }
    }

    /// Returns a reference to the wrapped value.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Returns a mutable reference to the wrapped value.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Returns the wrapped value.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: AsyncRead> Read for ZokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: the bytes are handed on as uninitialized memory, and `ReadBuf` never writes
        // uninitialized bytes over initialized ones.
        let mut buf = ReadBuf::uninit(unsafe { cursor.as_mut() });
        let result = self.project().inner.poll_read(cx, &mut buf);
        let filled = buf.filled().len();
        // SAFETY: `filled` bytes from the start are initialized, as `ReadBuf` asserts.
        unsafe { cursor.advance(filled) };
        result
    }
}

impl<T: AsyncWrite> Write for ZokioIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }
}

impl<T: Read> AsyncRead for ZokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: hyper's buffer is told that the bytes are uninitialized, and writes none such.
        let mut inner = hyper::rt::ReadBuf::uninit(unsafe { buf.unfilled_mut() });
        let result = self.project().inner.poll_read(cx, inner.unfilled());
        let filled = inner.filled().len();
        // SAFETY: what hyper calls filled is initialized.
        unsafe { buf.assume_init(filled) };
        buf.advance(filled);
        result
    }
}

impl<T: Write> AsyncWrite for ZokioIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }
}

//! The methods of the I/O traits for a type that passes each call on to another.
//!
//! A macro takes, as in a closure, how to reach the other one from a `Pin<&mut Self>`.
#![forbid(unsafe_code)]

/// Implements the methods of `AsyncRead`.
macro_rules! forward_read {
    (|$this:ident| $reader:expr) => {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &mut $crate::stream::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $reader.poll_read(cx, buf)
        }
    };
}

/// Implements the methods of `AsyncBufRead`.
macro_rules! forward_buf_read {
    (|$this:ident| $reader:expr) => {
        fn poll_fill_buf(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<&[u8]>> {
            let $this = self;
            $reader.poll_fill_buf(cx)
        }

        fn consume(self: std::pin::Pin<&mut Self>, amt: usize) {
            let $this = self;
            $reader.consume(amt);
        }
    };
}

/// Implements the methods of `AsyncWrite`. The second closure is how to reach the other writer from
/// a `&Self`.
macro_rules! forward_write {
    (|$this:ident| $writer:expr, |$shared:ident| $shared_writer:expr) => {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let $this = self;
            $writer.poll_write(cx, buf)
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $writer.poll_flush(cx)
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $writer.poll_shutdown(cx)
        }

        fn poll_write_vectored(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            bufs: &[std::io::IoSlice<'_>],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let $this = self;
            $writer.poll_write_vectored(cx, bufs)
        }

        fn is_write_vectored(&self) -> bool {
            let $shared = self;
            $shared_writer.is_write_vectored()
        }
    };
}

/// Implements the methods of `AsyncSeek`.
macro_rules! forward_seek {
    (|$this:ident| $stream:expr) => {
        fn start_seek(
            self: std::pin::Pin<&mut Self>,
            position: std::io::SeekFrom,
        ) -> std::io::Result<()> {
            let $this = self;
            $stream.start_seek(position)
        }

        fn poll_complete(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<u64>> {
            let $this = self;
            $stream.poll_complete(cx)
        }
    };
}

pub(super) use {forward_buf_read, forward_read, forward_seek, forward_write};

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

        $crate::stream::forward::forward_bulk_source!(|$this| $reader);
    };
}

/// Implements the methods of `AsyncRead` for bulk data; see `pipe_buf.rs`.
macro_rules! forward_bulk_source {
    (|$this:ident| $reader:expr) => {
        #[doc(hidden)]
        fn bulk_source(self: std::pin::Pin<&mut Self>) -> $crate::stream::Bulk {
            let $this = self;
            $reader.bulk_source()
        }

        #[doc(hidden)]
        fn try_read_to_pipe(
            self: std::pin::Pin<&mut Self>,
            pipe: &mut $crate::stream::PipeBuf,
            max: usize,
        ) -> std::io::Result<$crate::stream::Transfer> {
            let $this = self;
            $reader.try_read_to_pipe(pipe, max)
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

        #[doc(hidden)]
        fn put_back(self: std::pin::Pin<&mut Self>, pipe: &mut $crate::stream::PipeBuf) {
            let $this = self;
            $reader.put_back(pipe);
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

        $crate::stream::forward::forward_bulk_sink!(|$this| $writer);
    };
}

/// Implements the methods of `AsyncWrite` for bulk data; see `pipe_buf.rs`.
macro_rules! forward_bulk_sink {
    (|$this:ident| $writer:expr) => {
        #[doc(hidden)]
        fn bulk_sink(self: std::pin::Pin<&mut Self>) -> $crate::stream::Bulk {
            let $this = self;
            $writer.bulk_sink()
        }

        #[doc(hidden)]
        fn poll_write_from_pipe(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            pipe: &mut $crate::stream::PipeBuf,
        ) -> std::task::Poll<std::io::Result<$crate::stream::Transfer>> {
            let $this = self;
            $writer.poll_write_from_pipe(cx, pipe)
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
pub(crate) use {forward_bulk_sink, forward_bulk_source};

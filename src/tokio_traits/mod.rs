//! The tokio crate's I/O traits on every I/O type of this crate (feature `tokio`).
//!
//! Code of the ecosystem that is generic over the tokio crate's `AsyncRead`, `AsyncWrite`,
//! `AsyncSeek` or `AsyncBufRead` (hyper-util's `TokioIo`, tokio-util's codecs, TLS streams) takes
//! the types of this crate as they are. Each implementation calls the one for this crate's own
//! trait and nothing else; buffers are lent, never copied (`raw.rs`). A new I/O type gets its line
//! in the lists below.

mod raw;

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::completion::Adapter;
use crate::completion::net::ByteStream;
use crate::fs::File;
use crate::io::{
    AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, BufReader, BufStream, BufWriter, Chain,
    DuplexStream, Empty, Join, ReadHalf, Repeat, SimplexStream, Sink, Stderr, Stdin, Stdout, Take,
    WriteHalf,
};
use crate::net::unix::{self, pipe};
use crate::net::{TcpStream, UnixStream, tcp};
use crate::process::{ChildStderr, ChildStdin, ChildStdout};

/// Implements the tokio crate's `AsyncRead` through this crate's.
macro_rules! forward_read {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> tokio::io::AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                raw::poll_read(self, cx, buf)
            }
        }
    )*};
}

/// Implements the tokio crate's `AsyncBufRead` through this crate's.
macro_rules! forward_buf_read {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> tokio::io::AsyncBufRead for $type {
            fn poll_fill_buf(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<&[u8]>> {
                AsyncBufRead::poll_fill_buf(self, cx)
            }

            fn consume(self: Pin<&mut Self>, amt: usize) {
                AsyncBufRead::consume(self, amt);
            }
        }
    )*};
}

/// Implements the tokio crate's `AsyncWrite` through this crate's.
macro_rules! forward_write {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> tokio::io::AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(self, cx, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(self, cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_shutdown(self, cx)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write_vectored(self, cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                AsyncWrite::is_write_vectored(self)
            }
        }
    )*};
}

/// Implements the tokio crate's `AsyncSeek` through this crate's.
macro_rules! forward_seek {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> tokio::io::AsyncSeek for $type {
            fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
                AsyncSeek::start_seek(self, position)
            }

            fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
                AsyncSeek::poll_complete(self, cx)
            }
        }
    )*};
}

forward_read! {
    [T: ByteStream + Unpin] Adapter<T>;
    [R: AsyncRead] BufReader<R>;
    [RW: AsyncRead + AsyncWrite] BufStream<RW>;
    [W: AsyncWrite + AsyncRead] BufWriter<W>;
    [T: AsyncRead, U: AsyncRead] Chain<T, U>;
    [] ChildStderr;
    [] ChildStdout;
    [] DuplexStream;
    [] Empty;
    [] File;
    [R: AsyncRead, W] Join<R, W>;
    [T: AsyncRead] ReadHalf<T>;
    [] Repeat;
    [] SimplexStream;
    [] Stdin;
    [R: AsyncRead] Take<R>;
    [] TcpStream;
    [] UnixStream;
    [] pipe::Receiver;
    [] tcp::OwnedReadHalf;
    [] tcp::ReadHalf<'_>;
    [] unix::OwnedReadHalf;
    [] unix::ReadHalf<'_>;
}

forward_buf_read! {
    [T: ByteStream + Unpin] Adapter<T>;
    [R: AsyncRead] BufReader<R>;
    [RW: AsyncRead + AsyncWrite] BufStream<RW>;
    [W: AsyncWrite + AsyncBufRead] BufWriter<W>;
    [T: AsyncBufRead, U: AsyncBufRead] Chain<T, U>;
    [] Empty;
    [R: AsyncBufRead, W] Join<R, W>;
    [R: AsyncBufRead] Take<R>;
}

forward_write! {
    [T: ByteStream + Unpin] Adapter<T>;
    [R: AsyncRead + AsyncWrite] BufReader<R>;
    [RW: AsyncRead + AsyncWrite] BufStream<RW>;
    [W: AsyncWrite] BufWriter<W>;
    [] ChildStdin;
    [] DuplexStream;
    [] Empty;
    [] File;
    [R, W: AsyncWrite] Join<R, W>;
    [] SimplexStream;
    [] Sink;
    [] Stderr;
    [] Stdout;
    [] TcpStream;
    [] UnixStream;
    [T: AsyncWrite] WriteHalf<T>;
    [] pipe::Sender;
    [] tcp::OwnedWriteHalf;
    [] tcp::WriteHalf<'_>;
    [] unix::OwnedWriteHalf;
    [] unix::WriteHalf<'_>;
}

forward_seek! {
    [R: AsyncRead + AsyncSeek] BufReader<R>;
    [RW: AsyncRead + AsyncWrite + AsyncSeek] BufStream<RW>;
    [W: AsyncWrite + AsyncSeek] BufWriter<W>;
    [] Empty;
    [] File;
}

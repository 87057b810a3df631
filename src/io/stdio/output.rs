//! `stdout` and `stderr`: the standard output and error of the process.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::AsyncWrite;
use crate::io::stdio::blocking::Writer;

/// A handle to the standard output of the process.
///
/// Created by [`stdout`].
///
/// # Examples
///
/// ```
/// use std::os::fd::AsRawFd;
/// use zokio::io::{AsyncWriteExt, Stdout, stdout};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut out: Stdout = stdout();
/// assert_eq!(out.as_raw_fd(), 1);
/// out.write_all(b"the first line\n").await?;
/// out.write_all(b"the second line\n").await?;
/// out.flush().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Stdout {
    pub(super) stream: io::Stdout,
    writer: Writer,
}

/// A handle to the standard error of the process.
///
/// Created by [`stderr`].
///
/// # Examples
///
/// ```
/// use std::os::fd::AsRawFd;
/// use zokio::io::{AsyncWriteExt, Stderr, stderr};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut err: Stderr = stderr();
/// assert_eq!(err.as_raw_fd(), 2);
/// err.write_all(b"something is wrong\n").await?;
/// err.flush().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Stderr {
    pub(super) stream: io::Stderr,
    writer: Writer,
}

/// Returns a handle to the standard output of the process.
///
/// A write hands its bytes to the blocking pool and completes at once, so
/// [flush](crate::io::AsyncWriteExt::flush) at the end: only that waits until everything is out. A
/// write that was accepted takes place even if the handle is dropped or the runtime is shut down;
/// if it fails, the next call on the handle reports it. Bytes of different handles, and of
/// `print!`, are not mixed within one write, but come in any order; for lines in order, use one
/// handle.
///
/// # Panics
///
/// A write panics if it is polled outside a runtime.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncWriteExt, stdout};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut out = stdout();
/// out.write_all(b"hello\n").await?;
/// out.flush().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn stdout() -> Stdout {
    Stdout {
        stream: io::stdout(),
        writer: Writer::new(
            |bytes| io::stdout().write_all(bytes),
            || io::stdout().flush(),
        ),
    }
}

/// Returns a handle to the standard error of the process.
///
/// Writes behave as they do for [`stdout`].
///
/// # Panics
///
/// A write panics if it is polled outside a runtime.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncWriteExt, stderr};
///
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut err = stderr();
/// err.write_all(b"something is wrong\n").await?;
/// err.flush().await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn stderr() -> Stderr {
    Stderr {
        stream: io::stderr(),
        writer: Writer::new(
            |bytes| io::stderr().write_all(bytes),
            || io::stderr().flush(),
        ),
    }
}

/// Implements the traits of one of the two types.
macro_rules! output {
    ($($stream:ty)*) => {$(
        impl AsyncWrite for $stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.writer.poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.writer.poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                // The stream belongs to the process, so it stays open.
                self.writer.poll_flush(cx)
            }
        }
    )*};
}

output! {
    Stdout
    Stderr
}

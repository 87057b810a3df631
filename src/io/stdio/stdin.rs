//! `stdin`: the standard input of the process.
#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::stdio::blocking::Reader;
use crate::io::{AsyncRead, ReadBuf};

/// A handle to the standard input of the process.
///
/// Created by [`stdin`].
///
/// # Examples
///
/// ```
/// use std::os::fd::AsRawFd;
/// use zokio::io::{Stdin, stdin};
///
/// // Nothing is read before it is asked for.
/// let input: Stdin = stdin();
/// assert_eq!(input.as_raw_fd(), 0);
/// ```
#[derive(Debug)]
pub struct Stdin {
    pub(super) stream: io::Stdin,
    reader: Reader,
}

/// Returns a handle to the standard input of the process.
///
/// Each read runs on the blocking pool, and cannot be cancelled: while it waits for input, the
/// runtime's shutdown waits for it, for instance until the user presses Enter. For input that a
/// user types, a better choice is a thread of your own that reads [`std::io::stdin`] and sends
/// lines over a channel.
///
/// All handles, including the handles of `std`, share one buffer of the process: what one of them
/// has read is gone for the others.
///
/// # Panics
///
/// A read panics if it is polled outside a runtime.
///
/// # Examples
///
/// ```no_run
/// use zokio::io::{AsyncReadExt, stdin};
///
/// # async fn run() -> std::io::Result<()> {
/// let mut text = String::new();
/// stdin().read_to_string(&mut text).await?;
/// # Ok(()) }
/// ```
pub fn stdin() -> Stdin {
    Stdin {
        stream: io::stdin(),
        reader: Reader::new(|buf| io::stdin().read(buf)),
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader.poll_read(cx, buf)
    }
}

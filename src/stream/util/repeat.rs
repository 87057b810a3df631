//! `repeat`: a reader that returns one byte again and again.
#![forbid(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::stream::util::poll_unit;
use crate::stream::{AsyncRead, ReadBuf};

/// A reader that returns one byte again and again, and never ends.
///
/// Created by [`repeat`].
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, Repeat, repeat};
///
/// # futures::executor::block_on(async {
/// // It never ends, so take a part of it.
/// let dashes: Repeat = repeat(b'-');
/// let mut line = String::new();
/// dashes.take(5).read_to_string(&mut line).await?;
/// assert_eq!(line, "-----");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

/// Creates a reader that returns `byte` again and again, and never ends.
///
/// Every read fills the whole buffer and spends a unit of the task's budget, so that a loop over it
/// lets other tasks run.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncReadExt;
///
/// # futures::executor::block_on(async {
/// let mut buf = [0; 3];
/// zokio::io::repeat(7).read_exact(&mut buf).await?;
/// assert_eq!(buf, [7, 7, 7]);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

impl AsyncRead for Repeat {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(poll_unit(cx));
        let room = buf.initialize_unfilled();
        room.fill(self.byte);
        let n = room.len();
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

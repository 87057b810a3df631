//! Extension traits, the futures that their methods return, and adapters over the traits.
//!
//! One future or adapter per file; the `*_ext.rs` files hold the traits and their documentation.
//! Everything public is re-exported by `io/mod.rs`; the futures have no public name.
#![forbid(unsafe_code)]

mod async_buf_read_ext;
mod async_read_ext;
mod async_seek_ext;
mod async_write_ext;
mod buf_reader;
mod buf_stream;
mod buf_writer;
mod bulk;
mod chain;
mod copy;
mod copy_bidirectional;
mod copy_buf;
mod duplex;
mod empty;
mod fill_buf;
mod flush;
mod lines;
mod pipe;
mod read;
mod read_buf;
mod read_exact;
mod read_int;
mod read_line;
mod read_to_end;
mod read_to_string;
mod read_until;
mod repeat;
mod seek;
mod shutdown;
mod simplex;
mod sink;
mod split;
mod take;
mod write;
mod write_all;
mod write_buf;
mod write_int;
mod write_vectored;

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use crate::util::budget::poll_proceed;

pub use self::async_buf_read_ext::AsyncBufReadExt;
pub use self::async_read_ext::AsyncReadExt;
pub use self::async_seek_ext::AsyncSeekExt;
pub use self::async_write_ext::AsyncWriteExt;
pub use self::buf_reader::BufReader;
pub use self::buf_stream::BufStream;
pub use self::buf_writer::BufWriter;
pub use self::chain::Chain;
pub use self::copy::copy;
pub use self::copy_bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use self::copy_buf::copy_buf;
pub use self::duplex::{DuplexStream, duplex};
pub use self::empty::{Empty, empty};
pub use self::lines::Lines;
pub use self::repeat::{Repeat, repeat};
pub use self::simplex::{SimplexStream, simplex};
pub use self::sink::{Sink, sink};
pub use self::split::Split;
pub use self::take::Take;

/// The default size of a buffer in bytes.
const DEFAULT_BUF_SIZE: usize = 8 * 1024;

/// The error of a source that ended too early.
fn early_eof() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "early eof")
}

/// The error of a destination that accepts no more bytes.
fn write_zero() -> io::Error {
    io::ErrorKind::WriteZero.into()
}

/// Returns whether the operation only needs to be tried again.
fn interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// Returns the number of bytes in all of `bufs`.
pub(crate) fn total_len(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter()
        .fold(0, |sum, buf| sum.saturating_add(buf.len()))
}

/// Spends a unit of the task's budget for an operation that is always ready.
fn poll_unit(cx: &mut Context<'_>) -> Poll<()> {
    ready!(poll_proceed(cx)).made_progress();
    Poll::Ready(())
}

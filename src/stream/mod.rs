//! Streams of bytes: the traits, the buffer and the interests that they use, and what is built on
//! them without a runtime.
//!
//! [`io`](crate::io) is its public face.

#[cfg(all(feature = "rt", target_os = "freebsd"))]
mod aio;
mod async_buf_read;
mod async_read;
mod async_seek;
mod async_write;
#[cfg(feature = "io-util")]
mod buf_mut;
mod forward;
mod interest;
mod join;
mod pipe_buf;
#[cfg_attr(windows, path = "without_pipe_ends.rs")]
mod pipe_ends;
#[cfg_attr(not(target_os = "linux"), path = "without_priority.rs")]
mod priority;
#[cfg(feature = "io-util")]
pub(crate) mod raw;
mod read_buf;
mod ready;
#[cfg(feature = "io-util")]
mod split;
#[cfg(feature = "io-util")]
mod util;

pub use self::async_buf_read::AsyncBufRead;
pub use self::async_read::AsyncRead;
pub use self::async_seek::AsyncSeek;
pub use self::async_write::AsyncWrite;
#[cfg(feature = "rt")]
pub(crate) use self::forward::{forward_bulk_sink, forward_bulk_source};
pub use self::interest::Interest;
pub use self::join::{Join, join};
#[cfg(feature = "rt")]
pub(crate) use self::pipe_buf::PipeHome;
pub use self::pipe_buf::{Bulk, PipeBuf, Transfer};
#[cfg(feature = "rt")]
pub(crate) use self::pipe_ends::PipeEnds;
pub use self::read_buf::ReadBuf;
pub use self::ready::Ready;
#[cfg(feature = "io-util")]
pub use self::split::{ReadHalf, WriteHalf, split};
#[cfg(feature = "rt")]
pub(crate) use self::util::total_len;
#[cfg(feature = "io-util")]
pub use self::util::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Lines, Repeat, SimplexStream, Sink, Split, Take, copy,
    copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty, repeat, simplex,
    sink,
};

//! Traits, helpers and types for asynchronous input and output.
//!
//! The four traits mirror `std`'s: [`AsyncRead`], [`AsyncWrite`], [`AsyncSeek`] and
//! [`AsyncBufRead`]. Sockets, files, pipes, child streams and the in-memory streams of this module
//! implement them. The methods to call with `.await` come from [`AsyncReadExt`], [`AsyncWriteExt`],
//! [`AsyncSeekExt`] and [`AsyncBufReadExt`], which every type with the trait has.
//!
//! # Examples
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # futures::executor::block_on(async {
//! let mut source: &[u8] = b"hello world";
//! let mut greeting = [0; 5];
//! source.read_exact(&mut greeting).await?;
//!
//! let mut copy = Vec::new();
//! copy.write_all(&greeting).await?;
//! assert_eq!(copy, b"hello");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```

mod async_buf_read;
mod async_read;
mod async_seek;
mod async_write;
#[cfg(feature = "io-util")]
mod buf_mut;
mod interest;
mod join;
#[cfg(feature = "io-util")]
pub(crate) mod raw;
mod read_buf;
mod ready;
#[cfg(feature = "io-util")]
mod split;
#[cfg(feature = "rt")]
mod stdio;
#[cfg(feature = "rt")]
pub(crate) mod strategy;
#[cfg(feature = "rt")]
pub mod unix;
#[cfg(feature = "io-util")]
mod util;

pub use std::io::{Error, ErrorKind, Result, SeekFrom};

pub use self::async_buf_read::AsyncBufRead;
pub use self::async_read::AsyncRead;
pub use self::async_seek::AsyncSeek;
pub use self::async_write::AsyncWrite;
pub use self::interest::Interest;
pub use self::join::{Join, join};
pub use self::read_buf::ReadBuf;
pub use self::ready::Ready;
#[cfg(feature = "io-util")]
pub use self::split::{ReadHalf, WriteHalf, split};
#[cfg(feature = "rt")]
pub use self::stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
#[cfg(feature = "io-util")]
pub use self::util::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Lines, Repeat, SimplexStream, Sink, Split, Take, copy,
    copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty, repeat, simplex,
    sink,
};

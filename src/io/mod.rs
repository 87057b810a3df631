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

#[cfg(feature = "rt")]
mod stdio;
#[cfg(feature = "rt")]
pub mod unix;

pub use std::io::{Error, ErrorKind, Result, SeekFrom};

#[cfg(feature = "rt")]
pub use self::stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use crate::stream::{
    AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, Interest, Join, ReadBuf, Ready, join,
};
#[cfg(feature = "io-util")]
pub use crate::stream::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Lines, ReadHalf, Repeat, SimplexStream, Sink, Split, Take,
    WriteHalf, copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty,
    repeat, simplex, sink, split,
};

//! Traits, helpers and types for asynchronous input and output.
//!
//! # The traits
//!
//! [`AsyncRead`], [`AsyncWrite`], [`AsyncSeek`] and [`AsyncBufRead`] mirror the traits of
//! [`std::io`]. Their methods are polled, and are meant for those who implement or wrap a stream.
//! The methods to call with `.await` are in [`AsyncReadExt`], [`AsyncWriteExt`], [`AsyncSeekExt`]
//! and [`AsyncBufReadExt`], which every type with the trait of that name has. Import them:
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let mut source: &[u8] = b"hello world";
//!     let mut greeting = [0; 5];
//!     source.read_exact(&mut greeting).await?;
//!
//!     let mut copy = Vec::new();
//!     copy.write_all(&greeting).await?;
//!     assert_eq!(copy, b"hello");
//!     Ok(())
//! }
//! ```
//!
//! Sockets, files, pipes, the streams of child processes and the streams in memory of this module
//! implement the traits. Those in memory need no runtime.
//!
//! # Buffers
//!
//! Each read or write of a socket or file is at least one system call. [`BufReader`] and
//! [`BufWriter`] make fewer and larger ones, and a `BufReader` reads by lines. A `BufWriter` has to
//! be flushed before it is dropped, or the bytes in it are lost:
//!
//! ```
//! use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter, duplex};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let (near, far) = duplex(1024);
//!     let mut writer = BufWriter::new(near);
//!     for name in ["ada", "grace"] {
//!         writer.write_all(name.as_bytes()).await?;
//!         writer.write_all(b"\n").await?;
//!     }
//!     writer.flush().await?;
//!
//!     let mut lines = BufReader::new(far).lines();
//!     assert_eq!(lines.next_line().await?.as_deref(), Some("ada"));
//!     assert_eq!(lines.next_line().await?.as_deref(), Some("grace"));
//!     Ok(())
//! }
//! ```
//!
//! # Copying, splitting, joining
//!
//! - [`copy`](fn@copy) moves bytes until a reader ends, and [`copy_bidirectional`] does so in both
//!   directions.
//! - [`split`](fn@split) makes two halves of a stream, for two tasks. [`TcpStream`] and
//!   [`UnixStream`] have a method `into_split` of their own that needs no lock. [`join`](fn@join)
//!   makes one stream of a reader and a writer.
//! - [`duplex`] and [`simplex`] make streams in memory, for tests and between tasks.
//! - [`empty`], [`repeat`] and [`sink`] stand in for a real end.
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let (mut near, far) = zokio::io::duplex(16);
//!     let echo = zokio::spawn(async move {
//!         let (mut reader, mut writer) = zokio::io::split(far);
//!         zokio::io::copy(&mut reader, &mut writer).await
//!     });
//!     near.write_all(b"echo").await?;
//!     near.shutdown().await?;
//!     let mut back = String::new();
//!     near.read_to_string(&mut back).await?;
//!     assert_eq!(back, "echo");
//!     assert_eq!(echo.await.expect("no panic")?, 4);
//!     Ok(())
//! }
//! ```
//!
//! # Standard streams
//!
//! [`stdin`], [`stdout`] and [`stderr`] are those of the process. Each operation on them runs on
//! the pool of [`spawn_blocking`](crate::task::spawn_blocking), since terminals and files cannot be
//! polled reliably. For input that a user types, a thread of your own serves better; see [`stdin`].
//!
//! # Other file descriptors
//!
//! [`AsyncFd`](unix::AsyncFd) waits for descriptors that no type of this crate covers. [`Interest`]
//! states what to wait for, here and with sockets, and [`Ready`] what has become ready.
//!
//! # Names from the standard library
//!
//! [`Error`], [`ErrorKind`], [`Result`] and [`SeekFrom`] are those of [`std::io`].
//!
//! [`TcpStream`]: crate::net::TcpStream
//! [`UnixStream`]: crate::net::UnixStream

#[cfg(all(feature = "rt", target_os = "freebsd"))]
pub mod bsd;
#[cfg(feature = "rt")]
mod stdio;
#[cfg(all(feature = "rt", unix))]
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

//! Operations with owned buffers: many at a time on one file, without a copy, and none loses its
//! buffer.
//!
//! This module goes beyond tokio's API. An operation takes a buffer by value, owns it while the
//! kernel uses it, and returns it with its result, as a [`BufResult`]:
//!
//! ```
//! use zokio::completion::fs::File;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let file = File::create(dir.path().join("file")).await?;
//!     let (written, text) = file.write_all_at(String::from("hello"), 0).await;
//!     written?;
//!     assert_eq!(text, "hello");
//!     file.close().await
//! }
//! ```
//!
//! [`fs`] has files, and [`net`] has sockets. What follows is about files unless it says otherwise.
//!
//! # Why
//!
//! The I/O traits pass a *borrowed* buffer to each poll. The kernel cannot write to such a buffer
//! between two polls, because its owner may drop the future and reuse the memory. So
//! [`fs::File`](crate::fs::File) reads into a buffer of its own and copies, has one read or write in
//! flight, and keeps one position, like tokio's. That suits streams of bytes. For a database, a file
//! server or a copier the file here suits better:
//!
//! | | [`zokio::fs::File`](crate::fs::File) | [`completion::fs::File`](fs::File) |
//! |---|---|---|
//! | in flight at a time | one read or write | any number, from any task |
//! | where | at the position of the open file | at an offset that the call names |
//! | bytes that are not in memory | are copied once more | go straight into the buffer |
//! | a write has returned | it may still be in progress until `flush` | it is done |
//! | an error of the close | is lost | is returned by [`close`](fs::File::close) |
//! | direct I/O (`O_DIRECT`) | its buffer is not aligned for it | with aligned buffers of the caller's |
//! | traits of [`io`](crate::io) | yes | no |
//!
//! The kernel is asked in the same ways as by [`fs`](crate::fs): what it has in memory is done
//! during the first poll, reads that have to wait and direct writes go to io_uring, and the rest to
//! threads, as does everything where there is no io_uring. The results are the same either way.
//! [`guide::files`](crate::guide::files) has the background.
//!
//! For sockets, owned buffers are a matter of convenience: a future that owns all it needs can be
//! spawned, limited and cancelled, and its buffer is not lost. [`net`] says how its operations are
//! carried out: by readiness, or with receives on io_uring, and never on threads.
//!
//! Code that is generic over the I/O traits runs on these sockets by way of an [`Adapter`].
//!
//! # The futures
//!
//! Each operation returns a future that is `Send` and `'static`: it can be spawned, collected, or
//! polled by another executor. It begins at its first poll, which must be in the context of a
//! runtime, and completes on whatever thread polls it. An operation on a socket that is there needs
//! no such context: the socket knows its runtime.
//!
//! **The buffer always comes back**: with a success, with an error, from an operation that was
//! cancelled, and from a runtime that was shut down, which completes an operation or ends it with an
//! error of the kind [`Other`](std::io::ErrorKind::Other). Dropping the future is the one way to lose it. Then the
//! operation is cancelled if it can be, and the buffer is dropped when the kernel has let go of it,
//! on another thread if need be. [`IoBuf`] and [`IoBufMut`] are the buffers that an operation takes;
//! [`IoBuf::slice`] restricts one to a part. A [`BufferPool`] has buffers of one size, aligned for direct
//! I/O, whose memory is registered with io_uring.
//!
//! The streams that [`net`] has ([`RecvMulti`](net::RecvMulti), [`Incoming`](net::Incoming)) are
//! `Send` and `'static` as well. The futures of their `next` borrow them.
//!
//! The futures of reads and writes of sockets are not [`Unpin`]: to poll one by reference, as in a
//! `select!` inside a loop, pin it first, with [`pin!`](crate::pin) or [`Box::pin`].
//!
//! Reads from many places of a file, at once:
//!
//! ```
//! use futures::future::join_all;
//! use zokio::completion::fs::File;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let dir = tempfile::tempdir()?;
//!     let path = dir.path().join("file");
//!     std::fs::write(&path, (0..=255).collect::<Vec<u8>>())?;
//!     let file = File::open(&path).await?;
//!     let reads = (0..8).map(|block| file.read_exact_at(vec![0; 4], block * 32));
//!     for (block, (read, buffer)) in join_all(reads).await.into_iter().enumerate() {
//!         read?;
//!         assert_eq!(usize::from(buffer[0]), block * 32);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`submit_all()`] does the same with one entry to the kernel, where io_uring carries the operations
//! out, and returns results in order or as they come. A write is linked to a sync of what it has
//! written by [`and_sync_data`](fs::WriteAllAt::and_sync_data).
//!
//! What a program does not look at needs no buffer: a [`Transfer`] moves bytes between files, streams
//! and pipes, in the kernel where it can, and counts them as they arrive.
//!
//! # Cancelling
//!
//! [`Operation::timeout`] limits an operation, and a [`Canceller`] ends a group of them. Both really
//! cancel, wait for the end, and return the buffer. An operation that has not begun ends at once, and
//! so does most of what is with io_uring. A system call that a thread has begun cannot be
//! interrupted: its buffer comes back when it returns.
//!
//! ```
//! use std::time::Duration;
//! use zokio::completion::{Operation, fs::File};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let file = File::open("/proc/version").await?;
//!     let read = file.read_at(vec![0; 5], 0).timeout(Duration::from_secs(5));
//!     let (count, buffer) = read.await;
//!     assert_eq!((count?, &buffer[..]), (5, &b"Linux"[..]));
//!     Ok(())
//! }
//! ```
//!
//! # Errors
//!
//! A read or a write returns an [`io::Error`] with the code of the operating system.
//! An open returns [`zokio::Error`](crate::Error), which carries the path. An operation that took too
//! long returns that type too, within an `io::Error` where the operation returns one. If the system
//! starts no thread that an operation needs, a read or a write returns an error of the resource
//! family, and an operation without a buffer panics, as
//! [`spawn_blocking`](crate::task::spawn_blocking) does.
//!
//! An operation that makes or connects a socket returns a [`zokio::Error`](crate::Error), which
//! carries the address or the path.
//!
//! A function that calls both kinds returns [`io::Result`], since `?` converts a
//! [`zokio::Error`](crate::Error) into an [`io::Error`], but not the other way round.
//! [`io::Error::downcast`] finds it again. A [`Canceller`] was the reason if the code is `ECANCELED`
//! and [`is_cancelled`](Canceller::is_cancelled) is true:
//!
//! ```
//! use std::io;
//! use std::time::Duration;
//! use zokio::completion::Operation;
//! use zokio::completion::net::{TcpListener, TcpStream};
//!
//! /// Connects, and reads what the server begins with.
//! async fn greeting(address: std::net::SocketAddr) -> io::Result<Vec<u8>> {
//!     let stream = TcpStream::connect(address).await?;
//!     let read = stream.read(Vec::with_capacity(1024)).timeout(Duration::from_millis(5));
//!     let (count, greeting) = read.await;
//!     count?;
//!     Ok(greeting)
//! }
//!
//! #[zokio::main]
//! async fn main() -> io::Result<()> {
//!     // It sends no greeting.
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let error = greeting(listener.local_addr()?).await.unwrap_err();
//!     assert_eq!(error.kind(), io::ErrorKind::TimedOut);
//!     let error: zokio::Error = error.downcast().unwrap();
//!     assert_eq!(error.to_string(), "cannot receive from a socket: not done within 5ms");
//!     Ok(())
//! }
//! ```
//!
//! # If you know another io_uring runtime
//!
//! - Futures are `Send` on every flavor of runtime, so tasks may move between threads.
//! - No handle has to be closed by hand. What is dropped while operations own it is closed when they
//!   end (files), or at once (sockets).
//! - There are no traits for reading and writing with owned buffers. Code that is to take a TCP and
//!   a Unix stream alike takes the halves, [`OwnedReadHalf`](net::OwnedReadHalf) and
//!   [`OwnedWriteHalf`](net::OwnedWriteHalf), or an [`Adapter`].
//! - There are no separate operations for registered buffers, or to be cancelled: each one takes a
//!   [`PooledBuf`], and each one can be limited and cancelled.
//! - A read never shortens a buffer, and fills it from its start; see [`IoBufMut`].

mod buffer_ring;
mod canceller;
pub mod fs;
mod io_buf;
pub mod net;
mod operation;
mod pool;
mod pooled_buf;
mod raw;
mod received_buf;
mod slice;
mod submit_all;
mod transfer;
mod unbuffered;
mod vectored;

use std::io;

pub use self::buffer_ring::BufferRing;
pub use self::canceller::Canceller;
pub use self::io_buf::{IoBuf, IoBufMut};
pub use self::net::{Adapter, splice};
pub use self::operation::{Operation, Timeout, With};
pub use self::pool::BufferPool;
pub use self::pooled_buf::PooledBuf;
pub use self::received_buf::ReceivedBuf;
pub use self::slice::Slice;
pub use self::submit_all::{SubmitAll, submit_all};
pub use self::transfer::{Progress, Transfer, Transferred};
pub use self::vectored::{IoVectoredBuf, IoVectoredBufMut};

/// The result of an operation, and the buffer that it took.
///
/// # Examples
///
/// ```
/// use zokio::completion::{BufResult, fs::File};
///
/// /// Reads the block with this number, without a new buffer.
/// async fn read_block(file: &File, number: u64, buffer: Vec<u8>) -> BufResult<(), Vec<u8>> {
///     file.read_exact_at(buffer, number * 4096).await
/// }
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("file");
///     std::fs::write(&path, [[1; 4096], [2; 4096]].concat())?;
///     let file = File::open(&path).await?;
///     let (read, buffer) = read_block(&file, 0, Vec::with_capacity(4096)).await;
///     read?;
///     assert!(buffer.iter().all(|&byte| byte == 1));
///     let (read, buffer) = read_block(&file, 1, buffer).await;
///     read?;
///     assert!(buffer.iter().all(|&byte| byte == 2));
///     Ok(())
/// }
/// ```
pub type BufResult<T, B> = (io::Result<T>, B);

//! Sockets by operations with owned buffers.
//!
//! | Type | What it is |
//! |---|---|
//! | [`TcpListener`], [`TcpStream`] | connections over TCP |
//! | [`UdpSocket`] | datagrams over UDP |
//! | [`UnixListener`], [`UnixStream`] | connections between processes of one machine |
//! | [`PipeReceiver`], [`PipeSender`] | the ends of pipes, for transfers |
//!
//! ```
//! use zokio::completion::net::{TcpListener, TcpStream};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (server, _peer) = listener.accept().await?;
//!
//!     let (written, _) = client.write_all(String::from("hello")).await;
//!     written?;
//!     let (count, buffer) = server.read(Vec::with_capacity(4096)).await;
//!     assert_eq!(count?, 5);
//!     assert_eq!(buffer, b"hello");
//!     Ok(())
//! }
//! ```
//!
//! # How sockets are read and written
//!
//! These sockets are like those of [`net`](crate::net). An operation makes its system call when it is
//! polled, and if that would block, it waits until the kernel reports the socket as ready and makes
//! it again. Bytes are copied to and from the operation's buffer in the poll, and in no other place.
//! Where [`Builder::sockets`](crate::runtime::Builder::sockets) has put receives on io_uring, a read
//! of a stream that finds nothing begins one there, which receives into memory of the runtime.
//!
//! - **The kernel never keeps a buffer.** The buffer of an operation that is dropped is dropped at
//!   once, and the buffer of one that is cancelled comes back at once.
//! - **Dropping a future loses nothing.** What has come, or comes after that, is for the next receive
//!   or accept, of whatever kind. The exceptions are
//!   [`read_exact`](TcpStream::read_exact) and [`write_all`](TcpStream::write_all), which make
//!   several calls, so that a part may have been moved.
//! - **Operations that wait for the same socket have no order.** When it becomes ready, all of them
//!   are woken, and each makes its call when its task is polled.
//!
//! Every system call that moves something takes a unit of the task's [budget](crate::task::coop).
//!
//! # Receiving without a buffer for each connection
//!
//! A [`read`](TcpStream::read) owns a buffer while it waits. Where there are many connections and most
//! are idle, [`recv_multi`](TcpStream::recv_multi) receives into the buffers of a
//! [`BufferRing`](super::BufferRing) instead, which all connections share, and takes one only when
//! bytes have come. Like [`incoming`](TcpListener::incoming) of a listener, it returns a stream: it
//! has a method `next`, and implements `Stream` of the crate `futures-core`.
//!
//! # Moving bytes without a buffer
//!
//! [`splice`] forwards a stream to another one, and
//! [`File::send_to`](super::fs::File::send_to) and
//! [`File::receive_from`](super::fs::File::receive_from) move bytes between a stream and a file.
//!
//! # Cancelling
//!
//! [`Operation::timeout`](super::Operation::timeout) and [`Canceller`](super::Canceller) work as
//! for files, and end an operation as soon as its task is polled.
//!
//! # Dropping
//!
//! Each operation owns its socket as well as its buffer. Nevertheless, dropping the socket closes
//! it at once: the peer sees the end of the stream, and operations that are left end with
//! `ECANCELED`. See [`TcpStream`](TcpStream#closing).
//!
//! # Sockets and runtimes
//!
//! A socket belongs to the runtime in which it was made, or to that of the listener that accepted
//! it. Its operations can be polled from anywhere, even by another executor. When its runtime shuts
//! down, they end with an error and return their buffers.
//!
//! # Other types
//!
//! | from | to | |
//! |---|---|---|
//! | the type of the same name in [`net`](crate::net) | a type of this module | `From` |
//! | a type of this module | the type of the same name in [`net`](crate::net) | `TryFrom`; fails if an operation on the socket has not completed, and returns it |
//! | the type of the same name in [`std`], or an [`OwnedFd`](std::os::fd::OwnedFd) | a type of this module | `TryFrom`; in a runtime, which watches the socket from then on |
//! | a type of this module | the type of the same name in `std`, or an `OwnedFd` | `TryFrom`; as above |
//!
//! A stream that is returned as an error is not an `Error`, so `?` needs a `map_err`. Unix datagram
//! sockets and pipes are in [`net`](crate::net) only.
//!
//! The first two keep the registration with the runtime. No conversion loses bytes: all that was
//! not returned by an operation is still in the socket. Where that is not so, because a dropped read
//! has received something on io_uring or a receive cannot be ended from this thread, a conversion to
//! a type of `std` fails; the next read returns the bytes. Of the conversions between the first two,
//! the next read of the result does.
//!
//! ```
//! use zokio::completion::net::TcpStream;
//! use zokio::io::AsyncWriteExt;
//! use zokio::net::TcpListener;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let mut client = zokio::net::TcpStream::connect(listener.local_addr()?).await?;
//!     client.write_all(b"hello").await?;
//!     client.shutdown().await?;
//!
//!     let (stream, _) = listener.accept().await?;
//!     let stream = TcpStream::from(stream);
//!     let (count, buffer) = stream.read(vec![0; 3]).await;
//!     assert_eq!((count?, &buffer[..]), (3, &b"hel"[..]));
//!
//!     let stream = std::net::TcpStream::try_from(stream).expect("no operation is left");
//!     stream.set_nonblocking(false)?;
//!     assert_eq!(std::io::read_to_string(stream)?, "lo");
//!     Ok(())
//! }
//! ```

mod accept;
mod adapter;
mod attempts;
mod connecting;
mod ends;
mod forward;
mod futures;
mod halves;
mod incoming;
mod moves;
mod next;
mod pipe;
mod polled;
mod raw;
mod received;
mod receiving;
mod recv_datagrams;
mod recv_multi;
#[cfg_attr(not(target_os = "linux"), path = "without_segments.rs")]
mod segments;
mod send_batch;
mod socket;
mod tcp_listener;
mod tcp_stream;
mod transfers;
mod udp_socket;
mod unix_listener;
mod unix_stream;

pub use self::accept::{Accept, Accepted};
pub use self::adapter::Adapter;
pub use self::connecting::SocketOperation;
pub use self::ends::{Sink, Source};
pub use self::futures::{
    Peek, Read, ReadExact, ReadVectored, Recv, RecvFrom, SendDatagram, SendTo, Write, WriteAll,
    WriteVectored,
};
pub use self::halves::{ByteStream, OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use self::incoming::Incoming;
pub use self::moves::splice;
pub(super) use self::moves::{receive, send};
pub use self::next::Next;
pub use self::pipe::{PipeReceiver, PipeSender};
pub use self::recv_datagrams::{ReceivedDatagrams, RecvDatagrams};
pub use self::recv_multi::RecvMulti;
pub use self::send_batch::{SendBatch, SendBatchTo};
pub use self::tcp_listener::TcpListener;
pub use self::tcp_stream::TcpStream;
pub use self::udp_socket::UdpSocket;
pub use self::unix_listener::UnixListener;
pub use self::unix_stream::UnixStream;

//! TCP, UDP and Unix domain sockets, and pipes.
//!
//! | Type | What it is |
//! |---|---|
//! | [`TcpListener`], [`TcpStream`] | connections over TCP |
//! | [`TcpSocket`] | a TCP socket whose options are set before it connects or listens |
//! | [`UdpSocket`] | datagrams over UDP |
//! | [`UnixListener`], [`UnixStream`] | connections between processes of one machine |
//! | [`UnixDatagram`] | datagrams between processes of one machine |
//! | [`UnixSocket`] | a Unix socket that is bound before it connects or listens |
//! | [`unix::pipe`] | pipes and FIFOs |
//! | [`lookup_host`](fn@lookup_host) | from the name of a host to its addresses |
//!
//! For other kinds of file descriptors see [`AsyncFd`](crate::io::unix::AsyncFd).
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::net::{TcpListener, TcpStream};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!
//!     let mut client = TcpStream::connect(address).await?;
//!     let (mut server, _peer) = listener.accept().await?;
//!
//!     client.write_all(b"hello").await?;
//!     let mut greeting = [0; 5];
//!     server.read_exact(&mut greeting).await?;
//!     assert_eq!(&greeting, b"hello");
//!     Ok(())
//! }
//! ```
//!
//! # Sharing a socket between tasks
//!
//! Datagram sockets receive and send with `&self`, so that an [`Arc`](std::sync::Arc) shares one
//! between tasks. A stream is read and written with `&mut self`. To read it in one task and write
//! it in another, take it apart with `into_split`:
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::net::UnixStream;
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let (mut peer, stream) = UnixStream::pair()?;
//!     let (mut reader, mut writer) = stream.into_split();
//!     let writing = zokio::spawn(async move { writer.write_all(b"question").await });
//!     let reading = zokio::spawn(async move { reader.read_u8().await });
//!
//!     let mut question = [0; 8];
//!     peer.read_exact(&mut question).await?;
//!     peer.write_u8(42).await?;
//!     writing.await.expect("no panic")?;
//!     assert_eq!(reading.await.expect("no panic")?, 42);
//!     Ok(())
//! }
//! ```
//!
//! Beyond that, streams and datagram sockets have methods that take `&self`, do not wait, and
//! return [`WouldBlock`](std::io::ErrorKind::WouldBlock) instead (`try_read`, `try_write`, ...).
//! Call them after `readable` or `writable`. If several tasks wait in `async` methods of one
//! socket, all of them are woken. The `poll_*` methods wake the last caller for each direction.
//!
//! # Sockets and runtimes
//!
//! A socket belongs to the runtime in which it was made, whose driver watches it. It can be used
//! from anywhere, even under another executor. When its runtime shuts down, waits for it end with
//! an error. Making one panics outside of a runtime, and in a runtime whose I/O is not
//! [enabled](crate::runtime::Builder::enable_io).
//!
//! Reads and writes of sockets are cancel safe: if a future is dropped, nothing was read or written
//! by it. Methods that move a certain number of bytes (`read_exact`, `write_all`) are not, see
//! [`guide::cancellation`](crate::guide::cancellation).

mod addr;
mod forward;
mod halves;
mod lookup_host;
mod open;
pub(crate) mod raw;
pub mod tcp;
mod udp;
pub mod unix;

pub use self::addr::ToSocketAddrs;
pub(crate) use self::addr::{ip, resolve, subject};
pub use self::lookup_host::lookup_host;
pub use self::tcp::listener::TcpListener;
pub use self::tcp::socket::TcpSocket;
pub use self::tcp::stream::TcpStream;
pub use self::udp::UdpSocket;
pub use self::unix::datagram::socket::UnixDatagram;
pub use self::unix::listener::UnixListener;
pub use self::unix::socket::UnixSocket;
pub use self::unix::stream::UnixStream;

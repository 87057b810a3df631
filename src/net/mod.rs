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
//!
//! For other kinds of file descriptors see [`AsyncFd`](crate::io::unix::AsyncFd).
//!
//! All types belong to the runtime that was current when they were made: its driver watches them.
//! They may be used from anywhere. When that runtime is shut down their waits end with an error.
//!
//! Every method of every type takes `&self` where the operating system allows it, so a socket in an
//! `Arc` serves several tasks. The `async` methods wake every task that waits; the `poll_*` methods
//! wake the last caller of each direction.
//!
//! # Examples
//!
//! ```
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::net::{TcpListener, TcpStream};
//!
//! # #[zokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//!
//! let mut client = TcpStream::connect(address).await?;
//! let (mut server, _peer) = listener.accept().await?;
//!
//! client.write_all(b"hello").await?;
//! let mut greeting = [0; 5];
//! server.read_exact(&mut greeting).await?;
//! assert_eq!(&greeting, b"hello");
//! # Ok(())
//! # }
//! ```

mod addr;
mod lookup_host;
mod raw;
pub mod tcp;
mod udp;
pub mod unix;

pub use self::addr::ToSocketAddrs;
pub use self::lookup_host::lookup_host;
pub use self::tcp::listener::TcpListener;
pub use self::tcp::socket::TcpSocket;
pub use self::tcp::stream::TcpStream;
pub use self::udp::UdpSocket;
pub use self::unix::datagram::socket::UnixDatagram;
pub use self::unix::listener::UnixListener;
pub use self::unix::socket::UnixSocket;
pub use self::unix::stream::UnixStream;

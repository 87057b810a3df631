//! [`TcpStream`].
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BufMut;
use socket2::{Domain, SockRef, Socket, Type};

use super::split::{ReadHalf, WriteHalf, split};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use crate::io::{Interest, ReadBuf, Ready};
use crate::net::addr::first_that_works;
use crate::net::forward::forward_std;
use crate::net::halves::Connection;
use crate::net::{ToSocketAddrs, open};
use crate::trace::ResourceType;
use crate::util::system;
use crate::watched::{Watched, forward_read, forward_write};

/// Priority events report urgent data, see `watched/stream.rs`.
const INTEREST: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);

/// A TCP connection.
///
/// A stream is created by [`connect`](TcpStream::connect), accepted by a
/// [`TcpListener`](crate::net::TcpListener), or connected by a
/// [`TcpSocket`](crate::net::TcpSocket), which sets options first. The methods that read and write
/// are those of [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt). Options that have no method here, such as
/// keepalive, are set by way of `socket2::SockRef::from(&stream)`.
///
/// A stream belongs to the runtime in which it was created, but can be used
/// [anywhere](crate::net#sockets-and-runtimes).
///
/// # Reading and writing at the same time
///
/// The methods of these traits take `&mut self`. To read and write at the same time, split the
/// stream: [`split`](TcpStream::split) returns halves for use in one task, and
/// [`into_split`](TcpStream::into_split) halves that move to different tasks. The methods here take
/// `&self`: wait with [`readable`](TcpStream::readable) or [`writable`](TcpStream::writable), then
/// call a `try_` method. Any number of tasks may do so at the same time.
///
/// # Closing
///
/// A write that has completed has passed its bytes to the kernel, so there is nothing to flush.
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown) closes the writing side: the peer reads the
/// rest and then the end of the stream, and can still answer.
///
/// Dropping the stream closes both sides at once, and the kernel still sends what was written. But
/// if bytes were received that have not been read, it resets the connection: the peer gets an error
/// instead of the end of the stream, and what has not been delivered is lost. So call `shutdown`
/// and read to the end before the drop, unless the peer is known to send nothing more.
///
/// # Examples
///
/// ```no_run
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::TcpStream;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let mut stream = TcpStream::connect("example.com:80").await?;
///     stream.write_all(b"GET / HTTP/1.0\r\nHost: example.com\r\n\r\n").await?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).await?;
///     Ok(())
/// }
/// ```
pub struct TcpStream {
    io: Watched<std::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `addr`.
    ///
    /// If `addr` resolves to several addresses, they are tried in order until one accepts the
    /// connection. To set options first, or to choose the local address, use
    /// [`TcpSocket`](crate::net::TcpSocket).
    ///
    /// The kernel decides when to give up on a peer that does not answer, which can take minutes.
    /// For a limit of your own, use [`timeout`](crate::time::timeout).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the connection that was being made is
    /// closed.
    ///
    /// # Errors
    ///
    /// Returns an error if `addr` cannot be resolved or has no address, if the runtime has shut
    /// down, or if no address can be connected to. In the last case it is the error of the last
    /// attempt.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(()) }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        first_that_works(addr, |address| async move {
            let socket = system::socket(Domain::for_address(address), Type::STREAM)?;
            TcpStream::connect_socket(socket, address).await
        })
        .await
    }

    /// Connects `socket`, which does not block.
    pub(super) async fn connect_socket(
        socket: Socket,
        address: SocketAddr,
    ) -> io::Result<TcpStream> {
        let io =
            open::connecting(socket, &address.into(), INTEREST)?.reported(ResourceType::TcpStream);
        let io = open::connected(io).await?;
        Ok(TcpStream { io })
    }

    #[track_caller]
    pub(super) fn accepted(fd: OwnedFd) -> io::Result<TcpStream> {
        let io = open::accepted(fd, INTEREST)?.reported(ResourceType::TcpStream);
        Ok(TcpStream { io })
    }

    /// Converts a stream of the standard library, which has to be in non-blocking mode.
    ///
    /// The caller has to [set that mode](std::net::TcpStream::set_nonblocking). A stream in
    /// blocking mode would block the runtime's threads. The stream belongs to the current runtime
    /// from then on.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be registered with the runtime's driver, or if the
    /// runtime is shutting down.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O. In debug builds,
    /// panics if the stream is in blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = std::net::TcpStream::connect(address)?;
    /// stream.set_nonblocking(true)?;
    /// let stream = zokio::net::TcpStream::from_std(stream)?;
    /// assert_eq!(stream.peer_addr()?, address);
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        let io = open::handed_over_stream(stream, INTEREST)?.reported(ResourceType::TcpStream);
        Ok(TcpStream { io })
    }

    /// Converts this into a stream of the standard library, which is still in non-blocking mode.
    ///
    /// To block in its reads and writes, call
    /// [`set_nonblocking(false)`](std::net::TcpStream::set_nonblocking). Nothing that was received
    /// is lost, because the kernel keeps bytes until they are read. The exception is a runtime that
    /// receives on io_uring, where a read that was polled and dropped may have taken some bytes:
    /// see [`retained`](TcpStream::retained).
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = zokio::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let stream: std::net::TcpStream = stream.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # Ok(()) }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.io.into_source())
    }

    /// Returns how many bytes have been received on io_uring and not been read.
    ///
    /// The number is 0 unless [`Builder::sockets`](crate::runtime::Builder::sockets) has put
    /// receives on io_uring and a read was polled and then dropped before it was ready. The
    /// methods of the stream that read return these bytes first. System calls on the descriptor,
    /// such as those of a closure of [`try_io`](TcpStream::try_io), and the stream that
    /// [`into_std`](TcpStream::into_std) returns, do not see them.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = zokio::net::TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.retained(), 0);
    /// # Ok(()) }
    /// ```
    pub fn retained(&self) -> usize {
        self.io.retained()
    }

    /// Returns the address of this end of the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if `getsockname(2)` fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// # Ok(()) }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    ///
    /// Returns an error if `getpeername(2)` fails, as it does with
    /// [`NotConnected`](io::ErrorKind::NotConnected) once the connection has been reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(client.peer_addr()?, server.local_addr()?);
    /// assert_eq!(server.peer_addr()?, client.local_addr()?);
    /// # Ok(()) }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
    }

    /// Takes the error that is pending on the socket, if there is one (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_ERROR` cannot be read. The pending error is not one of these: it is
    /// the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (peer, _) = listener.accept().await?;
    /// assert!(stream.take_error()?.is_none());
    ///
    /// // The peer resets the connection.
    /// peer.set_zero_linger()?;
    /// drop(peer);
    /// stream.readable().await?;
    /// let error = stream.take_error()?.expect("the connection was reset");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok(()) }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Polls to copy received bytes to `buf`, leaving them in the socket.
    ///
    /// Returns the number of bytes appended to the filled part of `buf`; 0 is the end of the
    /// stream, unless `buf` has no room. Of the tasks that poll to read (here, with `poll_read` or
    /// with [`poll_read_ready`](TcpStream::poll_read_ready)), only the last one is woken. A task
    /// that polls to write is not affected.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    ///
    /// # Errors
    ///
    /// As for [`peek`](TcpStream::peek).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::{AsyncWriteExt, ReadBuf};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// client.write_all(b"GET").await?;
    ///
    /// let mut space = [0; 1];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let n = poll_fn(|cx| server.poll_peek(cx, &mut buf)).await?;
    /// assert_eq!((n, buf.filled()), (1, &b"G"[..]));
    /// # Ok(()) }
    /// ```
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_peek(cx, buf)
    }

    /// Waits for bytes and copies them to `buf`, leaving them in the socket.
    ///
    /// The next read returns the same bytes again. A result of 0 is the end of the stream, unless
    /// `buf` is empty.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection failed, or if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut server, _) = listener.accept().await?;
    /// client.write_all(b"GET").await?;
    ///
    /// let mut first = [0; 1];
    /// server.peek(&mut first).await?;
    /// assert_eq!(&first, b"G");
    ///
    /// let mut all = [0; 3];
    /// server.read_exact(&mut all).await?;
    /// assert_eq!(&all, b"GET");
    /// # Ok(()) }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.peek(buf).await
    }

    /// Waits until the stream is ready for at least a part of `interest`, and returns which.
    ///
    /// Follow it with a `try_` method, which may still fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock). If another task was faster, the result may even
    /// be empty. With `READABLE | WRITABLE`, one task can read and write without splitting the
    /// stream.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The stream stays ready until a read or write shows that it is
    /// not, for example by failing with `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # drop(listener.accept().await?);
    /// loop {
    ///     let ready = stream.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     if ready.is_readable() {
    ///         let mut buf = [0; 1024];
    ///         match stream.try_read(&mut buf) {
    ///             Ok(0) => break,
    ///             Ok(n) => println!("read {n} bytes"),
    ///             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///             Err(error) => return Err(error),
    ///         }
    ///     }
    /// #   zokio::task::yield_now().await;
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// Follow it with [`try_read`](TcpStream::try_read), whose example shows both, or with another
    /// `try_` method.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe, like [`ready`](TcpStream::ready): it takes nothing out of the
    /// socket.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Polls for something to read, or the end of the stream.
    ///
    /// Of the tasks that poll to read (here, with `poll_read` or with
    /// [`poll_peek`](TcpStream::poll_peek)), only the last one is woken. Prefer
    /// [`readable`](TcpStream::readable), which wakes all of them.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, the waker of `cx` replaces that of the last poll.
    ///
    /// # Errors
    ///
    /// As for [`readable`](TcpStream::readable).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// poll_fn(|cx| client.poll_write_ready(cx)).await?;
    /// client.try_write(b"ping")?;
    ///
    /// poll_fn(|cx| server.poll_read_ready(cx)).await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(server.try_read(&mut buf)?, 4);
    /// # Ok(()) }
    /// ```
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Reads what has been received, without waiting.
    ///
    /// Returns the number of bytes. A result of 0 is the end of the stream, unless `buf` is empty.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) if there is nothing to read; wait with
    /// [`readable`](TcpStream::readable) then. Returns another error if the connection failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// # server.writable().await?;
    /// # server.try_write(b"hello")?;
    /// # drop(server);
    /// let mut message = Vec::new();
    /// loop {
    ///     stream.readable().await?;
    ///     // No wait comes after the buffer, so it is not part of the future's state.
    ///     let mut buf = [0; 4096];
    ///     match stream.try_read(&mut buf) {
    ///         Ok(0) => break,
    ///         Ok(n) => message.extend_from_slice(&buf[..n]),
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert_eq!(message, b"hello");
    /// # Ok(()) }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_read(buf)
    }

    /// Reads what has been received into several buffers, filled in order, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`try_read`](TcpStream::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, _) = listener.accept().await?;
    /// client.write_all(b"head and body").await?;
    ///
    /// stream.readable().await?;
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(stream.try_read_vectored(&mut bufs)?, 13);
    /// assert_eq!((&head, &body[..9]), (b"head", &b" and body"[..]));
    /// # Ok(()) }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_read_vectored(bufs)
    }

    /// Reads what has been received into the spare capacity of `buf`, without waiting, and advances
    /// `buf` past it.
    ///
    /// # Errors
    ///
    /// As for [`try_read`](TcpStream::try_read). `buf` is unchanged then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, _) = listener.accept().await?;
    /// client.write_all(b"world").await?;
    ///
    /// let mut text = b"hello ".to_vec();
    /// text.reserve(16);
    /// stream.readable().await?;
    /// assert_eq!(stream.try_read_buf(&mut text)?, 5);
    /// assert_eq!(text, b"hello world");
    /// # Ok(()) }
    /// ```
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }

    /// Waits until there is room to write, or the connection is closed.
    ///
    /// Follow it with [`try_write`](TcpStream::try_write), whose example shows both.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe, like [`ready`](TcpStream::ready): it writes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime has shut down.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Polls for room to write.
    ///
    /// Of the tasks that poll to write (here or with `poll_write`), only the last one is woken.
    /// Prefer [`writable`](TcpStream::writable), which wakes all of them. See
    /// [`poll_read_ready`](TcpStream::poll_read_ready) for an example.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. On `Pending`, the waker of `cx` replaces that of the last poll.
    ///
    /// # Errors
    ///
    /// As for [`writable`](TcpStream::writable).
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Writes as much of `buf` as there is room for, without waiting, and returns the number of
    /// bytes.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; wait with
    /// [`writable`](TcpStream::writable) then. Returns another error if the connection failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut rest: &[u8] = b"hello";
    /// while !rest.is_empty() {
    ///     stream.writable().await?;
    ///     match stream.try_write(rest) {
    ///         // Another task has used the room.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         written => rest = &rest[written?..],
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_write(buf)
    }

    /// Writes as much as there is room for from several buffers, in order, without waiting.
    ///
    /// Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// As for [`try_write`](TcpStream::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.writable().await?;
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// assert_eq!(stream.try_write_vectored(&bufs)?, 13);
    ///
    /// let mut buf = [0; 13];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"head and body");
    /// # Ok(()) }
    /// ```
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(bufs)
    }

    /// Runs `f` once if the stream looks ready for `interest`, without waiting.
    ///
    /// This is for system calls on the socket that have no method here. `f` must fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) only if the socket itself did, because that clears
    /// the readiness for all of `interest`: later calls might wait for an event that does not come.
    /// So pass only the interest of the system call that `f` makes. Do not call the stream's own
    /// methods in `f`: they keep track of the readiness themselves.
    ///
    /// # Errors
    ///
    /// Returns [`WouldBlock`](io::ErrorKind::WouldBlock) without calling `f` if the stream is not
    /// ready, and the error of `f` otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_peer, _) = listener.accept().await?;
    ///
    /// // Nothing has been received, so the closure is not even called.
    /// let never = || -> std::io::Result<()> { unreachable!() };
    /// let result = stream.try_io(Interest::READABLE, never);
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// // A byte of urgent data, which has no method here.
    /// stream.writable().await?;
    /// let socket = SockRef::from(&stream);
    /// let n = stream.try_io(Interest::WRITABLE, || socket.send_out_of_band(b"!"))?;
    /// assert_eq!(n, 1);
    /// # Ok(()) }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, f)
    }

    /// Waits for `interest` and runs `f`, until `f` does not fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// This is [`try_io`](TcpStream::try_io) in a loop with [`ready`](TcpStream::ready), and what
    /// is said there of `interest` and `f` holds here, too.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe if `f` is: the future waits between calls of `f`, never inside
    /// one, and the last call before it is dropped has failed with `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, or an error if the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use socket2::SockRef;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"skip this").await?;
    /// // Bytes that are not wanted are not even copied.
    /// let mut space = [MaybeUninit::uninit(); 5];
    /// let n = stream
    ///     .async_io(Interest::READABLE, || {
    ///         SockRef::from(&stream).recv_with_flags(&mut space, libc::MSG_TRUNC)
    ///     })
    ///     .await?;
    /// assert_eq!(n, 5);
    ///
    /// let mut rest = [0; 4];
    /// stream.read_exact(&mut rest).await?;
    /// assert_eq!(&rest, b"this");
    /// # Ok(()) }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, f).await
    }

    /// Returns whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_NODELAY` cannot be read.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.source().nodelay()
    }

    /// Sets whether small segments are sent at once (`TCP_NODELAY`), instead of being gathered
    /// until earlier ones are acknowledged (Nagle's algorithm).
    ///
    /// The kernel's default is `false`. Protocols with small requests and answers usually set it.
    ///
    /// # Errors
    ///
    /// Returns an error if `TCP_NODELAY` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(()) }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.source().set_nodelay(nodelay)
    }

    /// Returns how long closing the stream waits for unsent data (`SO_LINGER`).
    ///
    /// With `None`, which is the default, closing does not wait, and the kernel sends the data in
    /// the background.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be read.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket().linger()
    }

    /// Sets how long closing the stream waits for unsent data (`SO_LINGER`).
    ///
    /// With a duration above zero, dropping the stream blocks the thread for up to that time.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be set.
    #[deprecated(
        note = "the drop of the stream may then block the thread; `set_zero_linger` is the case \
                that does not"
    )]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.socket().set_linger(dur)
    }

    /// Makes closing the stream reset the connection and discard unsent data (`SO_LINGER` of zero).
    ///
    /// The peer receives a reset instead of the end of the stream. Closing does not block.
    ///
    /// # Errors
    ///
    /// Returns an error if `SO_LINGER` cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// stream.set_zero_linger()?;
    /// assert_eq!(stream.linger()?, Some(Duration::ZERO));
    ///
    /// drop(stream);
    /// let error = peer.read(&mut [0; 1]).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok(()) }
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.socket().set_linger(Some(Duration::ZERO))
    }

    /// Returns the time to live of sent packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be read.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of sent packets, in hops (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// Returns an error if `IP_TTL` cannot be set, as with a `ttl` of 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(1)?;
    /// assert_eq!(stream.ttl()?, 1);
    /// // A packet has to make one hop at least.
    /// assert!(stream.set_ttl(0).is_err());
    /// # Ok(()) }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }

    /// Splits the stream into a half that reads and a half that writes, which borrow it.
    ///
    /// This costs nothing, but both halves stay in one task. For halves that move to different
    /// tasks, see [`into_split`](TcpStream::into_split).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(b"pong").await?;
    /// let (mut reader, mut writer) = stream.split();
    /// let mut answer = [0; 4];
    /// zokio::try_join!(reader.read_exact(&mut answer), writer.write_all(b"ping"))?;
    /// assert_eq!(&answer, b"pong");
    /// # Ok(()) }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub fn split<'a>(&'a mut self) -> (ReadHalf<'a>, WriteHalf<'a>) {
        split(self)
    }

    /// Splits the stream into a half that reads and a half that writes, which own it together.
    ///
    /// The halves can move to different tasks. Dropping the half that writes closes the writing
    /// side, as [`shutdown`](crate::io::AsyncWriteExt::shutdown) does, and the stream is closed
    /// when both halves are gone. [`reunite`](OwnedReadHalf::reunite) turns them into a stream
    /// again.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// let (mut reader, mut writer) = stream.into_split();
    ///
    /// let reading = zokio::task::spawn(async move {
    ///     let mut text = String::new();
    ///     reader.read_to_string(&mut text).await?;
    ///     std::io::Result::Ok(text)
    /// });
    /// writer.write_all(b"ping").await?;
    /// peer.write_all(b"pong").await?;
    /// peer.shutdown().await?;
    /// assert_eq!(reading.await??, "pong");
    /// # Ok(()) }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }

    pub(super) fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.io.source())
    }
}

impl Connection for TcpStream {
    type Source = std::net::TcpStream;

    #[inline]
    fn io(&self) -> &Watched<std::net::TcpStream> {
        &self.io
    }
}

impl AsRef<TcpStream> for TcpStream {
    fn as_ref(&self) -> &TcpStream {
        self
    }
}

forward_std!(TcpStream, std::net::TcpStream);
forward_read!(TcpStream, |stream| &stream.io);
forward_write!(TcpStream, |stream| &stream.io, stream.close_writing());

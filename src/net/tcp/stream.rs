//! [`TcpStream`].
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BufMut;
use socket2::{Domain, SockRef, Socket, Type};

use super::split::{ReadHalf, WriteHalf, split};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::ToSocketAddrs;
use crate::net::addr::{BLOCKS, first_that_works, is_nonblocking};
use crate::watched::{Receive, Watched};

/// Priority events tell of urgent data, see `watched/stream.rs`.
const INTEREST: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);

/// A TCP connection.
///
/// Made by [`connect`](TcpStream::connect) or by a [`TcpListener`](crate::net::TcpListener). Read
/// and write through [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt); both want `&mut`, so to read and write at the same
/// time take the stream apart with [`split`](TcpStream::split) or
/// [`into_split`](TcpStream::into_split), or use the `&self` methods here.
///
/// What was written is with the kernel when the write is done; there is nothing to flush. Dropping
/// the stream closes it at once, also while a read of another poll was pending: the peer sees the
/// end of the stream after what was written. To close the writing side alone, call
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown).
///
/// # Examples
///
/// ```no_run
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::TcpStream;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut stream = TcpStream::connect("example.com:80").await?;
/// stream.write_all(b"GET / HTTP/1.0\r\nHost: example.com\r\n\r\n").await?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer).await?;
/// # Ok(())
/// # }
/// ```
pub struct TcpStream {
    io: Watched<std::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `addr`.
    ///
    /// If `addr` gives several addresses, then they are tried one after the other until one
    /// answers. To set options first, or to choose the local address, use
    /// [`TcpSocket`](crate::net::TcpSocket).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the connection that was being made is closed.
    ///
    /// # Errors
    ///
    /// `addr` cannot be resolved or gives no address, or no address can be connected to; then the
    /// error is that of the last one.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        first_that_works(addr, |address| async move {
            let kind = Type::STREAM.nonblocking().cloexec();
            let socket = Socket::new_raw(Domain::for_address(address), kind, None)?;
            TcpStream::connect_socket(socket, address).await
        })
        .await
    }

    /// Connects `socket`, which does not block.
    pub(super) async fn connect_socket(
        socket: Socket,
        address: SocketAddr,
    ) -> io::Result<TcpStream> {
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        // Only now: before, the kernel would report a socket that is not connected as closed.
        let stream = TcpStream::new(socket.into())?;
        // The outcome is known when the socket can be written to.
        poll_fn(|cx| stream.io.poll_write_ready(cx)).await?;
        match stream.take_error()? {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }

    #[track_caller]
    fn new(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        let io = Watched::new(stream, INTEREST)?;
        Ok(TcpStream { io })
    }

    /// A connection that was just accepted. Its peer has often sent something already, and there is
    /// room to write: the first of each is tried at once.
    #[track_caller]
    pub(super) fn accepted(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        let stream = TcpStream::new(stream)?;
        stream.io.assume(Ready::READABLE | Ready::WRITABLE);
        Ok(stream)
    }

    /// Takes a connection of `std` to the current runtime.
    ///
    /// It has to be in non-blocking mode; nothing else of it is changed.
    ///
    /// # Errors
    ///
    /// The driver cannot watch the descriptor, or the runtime is shutting down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O; in debug builds also when
    /// the stream is in blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = std::net::TcpStream::connect(address)?;
    /// stream.set_nonblocking(true)?;
    /// let stream = TcpStream::from_std(stream)?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        debug_assert!(is_nonblocking(stream.as_fd()), "{BLOCKS}");
        TcpStream::new(stream)
    }

    /// Turns the stream into one of `std`, which stays in non-blocking mode.
    ///
    /// Nothing that was received is lost: bytes are with the kernel until they are read.
    ///
    /// # Errors
    ///
    /// None today.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.io.into_source())
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// Those of `getsockname(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_peer, address) = listener.accept().await?;
    /// assert_eq!(stream.local_addr()?, address);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// Those of `getpeername(2)`; `NotConnected` once the connection was reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (peer, _) = listener.accept().await?;
    /// assert_eq!(peer.peer_addr()?, stream.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr()
    }

    /// Takes the error that is pending on the socket, if there is one (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (peer, _) = listener.accept().await?;
    /// assert!(stream.take_error()?.is_none());
    ///
    /// // The peer resets the connection.
    /// peer.set_zero_linger()?;
    /// drop(peer);
    /// stream.readable().await?;
    /// let error = stream.take_error()?.expect("it was reset");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
    }

    /// Polls for bytes and copies them to `buf`, leaving them in the socket.
    ///
    /// Gives the number of bytes, which are appended to `buf`'s filled part; 0 is the end of the
    /// stream. Of this, reading and [`poll_read_ready`](TcpStream::poll_read_ready) the last caller
    /// alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"GET").await?;
    ///
    /// let mut space = [0; 1];
    /// let mut buf = ReadBuf::new(&mut space);
    /// let n = poll_fn(|cx| stream.poll_peek(cx, &mut buf)).await?;
    /// assert_eq!((n, buf.filled()), (1, &b"G"[..]));
    ///
    /// // Nothing was taken.
    /// let mut all = [0; 3];
    /// stream.read_exact(&mut all).await?;
    /// assert_eq!(&all, b"GET");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_recv(cx, buf, Receive::Peek)
    }

    /// Waits for bytes and copies them to `buf`, leaving them in the socket.
    ///
    /// The next read gives them again. 0 is the end of the stream, or of `buf`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Errors
    ///
    /// Those of `recv(2)`, or the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
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
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.reading(|stream| stream.peek(buf)).await
    }

    /// Waits until a part of `interest` is ready, and returns which.
    ///
    /// To be followed by `try_read`, `try_write` or `try_io`, which may find nothing all the same.
    /// The result may even be empty, when another task was faster.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what is ready stays so until an attempt has failed with
    /// `WouldBlock`.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::Interest;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
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
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// To be followed by [`try_read`](TcpStream::try_read) or another `try_` method.
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](TcpStream::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"hello").await?;
    ///
    /// stream.readable().await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(stream.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await?;
        Ok(())
    }

    /// Polls for something to read, or the end of the stream.
    ///
    /// Of this, reading and [`poll_peek`](TcpStream::poll_peek) the last caller alone has its task
    /// woken. Prefer [`readable`](TcpStream::readable) where it is possible.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"hello").await?;
    ///
    /// poll_fn(|cx| stream.poll_read_ready(cx)).await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(stream.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Reads what is there, without waiting.
    ///
    /// Gives the number of bytes; 0 is the end of the stream, or of `buf`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing to read; then wait with [`readable`](TcpStream::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// # server.writable().await?;
    /// # server.try_write(b"hello")?;
    /// # drop(server);
    /// let mut message = Vec::new();
    /// loop {
    ///     stream.readable().await?;
    ///     // The buffer is not part of the future's state, because no wait comes after it.
    ///     let mut buf = [0; 4096];
    ///     match stream.try_read(&mut buf) {
    ///         Ok(0) => break,
    ///         Ok(n) => message.extend_from_slice(&buf[..n]),
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert_eq!(message, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_read(buf)
    }

    /// Reads what is there into several buffers in their order, without waiting.
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
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"head and body").await?;
    ///
    /// stream.readable().await?;
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(stream.try_read_vectored(&mut bufs)?, 13);
    /// assert_eq!((&head, &body[..9]), (b"head", &b" and body"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_read_vectored(bufs)
    }

    /// Reads what is there into the free space of `buf`, without waiting.
    ///
    /// `buf` is advanced by what was read.
    ///
    /// # Errors
    ///
    /// As for [`try_read`](TcpStream::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"world").await?;
    ///
    /// let mut text = b"hello ".to_vec();
    /// text.reserve(16);
    /// stream.readable().await?;
    /// assert_eq!(stream.try_read_buf(&mut text)?, 5);
    /// assert_eq!(text, b"hello world");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }

    /// Waits until there is room to write, or the connection is closed.
    ///
    /// To be followed by [`try_write`](TcpStream::try_write).
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](TcpStream::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_peer, _) = listener.accept().await?;
    ///
    /// stream.writable().await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await?;
        Ok(())
    }

    /// Polls for room to write.
    ///
    /// Of this and writing the last caller alone has its task woken. Prefer
    /// [`writable`](TcpStream::writable) where it is possible.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_peer, _) = listener.accept().await?;
    ///
    /// poll_fn(|cx| stream.poll_write_ready(cx)).await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Writes what fits, without waiting, and says how much that was.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; then wait with [`writable`](TcpStream::writable).
    /// Otherwise those of `send(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut rest: &[u8] = b"hello";
    /// while !rest.is_empty() {
    ///     stream.writable().await?;
    ///     match stream.try_write(rest) {
    ///         Ok(n) => rest = &rest[n..],
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_write(buf)
    }

    /// Writes what fits from several buffers in their order, without waiting.
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
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    ///
    /// stream.writable().await?;
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// assert_eq!(stream.try_write_vectored(&bufs)?, 13);
    /// let mut buf = [0; 13];
    /// peer.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"head and body");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(bufs)
    }

    /// Runs `f` once if the stream looks ready for `interest`, without waiting.
    ///
    /// For system calls on the socket that have no method here. `f` must report `WouldBlock` only
    /// when the socket itself did, because that clears the readiness.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the stream is not ready, without a call of `f`; otherwise what `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use socket2::SockRef;
    /// use zokio::io::Interest;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_peer, _) = listener.accept().await?;
    ///
    /// // Nothing has come, so the closure is not even called.
    /// let never = || -> std::io::Result<()> { unreachable!() };
    /// let result = stream.try_io(Interest::READABLE, never);
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// // A byte of urgent data, which has no method here.
    /// stream.writable().await?;
    /// let socket = SockRef::from(&stream);
    /// let n = stream.try_io(Interest::WRITABLE, || socket.send_out_of_band(b"!"))?;
    /// assert_eq!(n, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, f)
    }

    /// Waits for `interest` and runs `f`, again and again until `f` does not report `WouldBlock`.
    ///
    /// For system calls on the socket that have no method here. `f` must report `WouldBlock` only
    /// when the socket itself did.
    ///
    /// # Cancel safety
    ///
    /// The future waits between calls of `f` and never inside one: if it is dropped before it is
    /// ready, then the last `f`, if any, reported `WouldBlock`.
    ///
    /// # Errors
    ///
    /// What `f` returns except `WouldBlock`, or that the runtime shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use socket2::SockRef;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"skip this").await?;
    ///
    /// // Bytes that nobody wants are not even copied.
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
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, f).await
    }

    /// Whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// for nodelay in [true, false] {
    ///     stream.set_nodelay(nodelay)?;
    ///     assert_eq!(stream.nodelay()?, nodelay);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.source().nodelay()
    }

    /// Sets whether small segments are sent at once (`TCP_NODELAY`), instead of being gathered
    /// while an acknowledgement is awaited (Nagle's algorithm).
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.source().set_nodelay(nodelay)
    }

    /// Whether received data is acknowledged at once (`TCP_QUICKACK`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_quickack(false)?;
    /// assert!(!stream.quickack()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn quickack(&self) -> io::Result<bool> {
        self.socket().tcp_quickack()
    }

    /// Sets whether received data is acknowledged at once (`TCP_QUICKACK`).
    ///
    /// The kernel goes back to delaying acknowledgements when it sees fit, so this may have to be
    /// set again.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_quickack(true)?;
    /// assert!(stream.quickack()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.socket().set_tcp_quickack(quickack)
    }

    /// How long a close waits for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.linger()?, None);
    /// stream.set_zero_linger()?;
    /// assert_eq!(stream.linger()?, Some(Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket().linger()
    }

    /// Sets how long a close waits for unsent data (`SO_LINGER`).
    ///
    /// A duration above zero makes the drop of the stream block the thread for up to that time.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let limit = Some(Duration::from_secs(5));
    /// # #[allow(deprecated)]
    /// stream.set_linger(limit)?;
    /// assert_eq!(stream.linger()?, limit);
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "the drop of the stream may then block the thread; `set_zero_linger` is the case \
                that does not"
    )]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.socket().set_linger(dur)
    }

    /// Makes the close of the stream reset the connection, throwing unsent data away.
    ///
    /// The peer gets a reset instead of the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    ///
    /// stream.set_zero_linger()?;
    /// drop(stream);
    /// let error = peer.read(&mut [0; 1]).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.socket().set_linger(Some(Duration::ZERO))
    }

    /// The time to live of sent packets, in hops.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.ttl()? > 0);
    /// stream.set_ttl(100)?;
    /// assert_eq!(stream.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.source().ttl()
    }

    /// Sets the time to live of sent packets, in hops.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(1)?;
    /// assert_eq!(stream.ttl()?, 1);
    /// // A packet has to make one hop at least.
    /// assert!(stream.set_ttl(0).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.source().set_ttl(ttl)
    }

    /// Takes the stream apart into a half to read and a half to write, which borrow it.
    ///
    /// For two halves inside one task; this costs nothing. Halves for different tasks come from
    /// [`into_split`](TcpStream::into_split).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # drop(listener.accept().await?);
    /// let (mut reader, mut writer) = stream.split();
    /// writer.write_all(b"ping").await?;
    /// let mut answer = Vec::new();
    /// reader.read_to_end(&mut answer).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub fn split<'a>(&'a mut self) -> (ReadHalf<'a>, WriteHalf<'a>) {
        split(self)
    }

    /// Takes the stream apart into a half to read and a half to write, which own it together.
    ///
    /// The halves can go to different tasks. Dropping the half to write closes the writing side.
    /// [`reunite`](OwnedReadHalf::reunite) puts them together again.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{TcpListener, TcpStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("both halves are of one stream");
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }

    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.io.source())
    }

    /// What both `AsyncRead` here and those of the halves do.
    #[inline]
    pub(super) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(cx, buf)
    }

    #[inline]
    pub(super) fn poll_write_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    #[inline]
    pub(super) fn poll_write_vectored_shared(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(cx, bufs)
    }

    /// Closes the writing side.
    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        match self.io.source().shutdown(Shutdown::Write) {
            // The peer reset the connection: then the writing side is as closed as it can be.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// The same as [`from_std`](TcpStream::from_std).
    fn try_from(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(stream)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_shared(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: what was written is with the kernel.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the writing side.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown_write())
    }
}

impl AsRef<TcpStream> for TcpStream {
    fn as_ref(&self) -> &TcpStream {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for TcpStream {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

//! [`UnixStream`].
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;
use socket2::{Domain, Socket, Type};

use super::socketaddr::at_path;
use super::split::split;
use super::split_owned::split_owned;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, SocketAddr, UCred, WriteHalf};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::addr::{BLOCKS, is_nonblocking};
use crate::net::raw;
use crate::watched::Watched;

/// A connection over a Unix socket.
///
/// Made by [`connect`](UnixStream::connect), by a [`UnixListener`](crate::net::UnixListener) or by
/// [`pair`](UnixStream::pair). Read and write through [`AsyncReadExt`](crate::io::AsyncReadExt) and
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt); to do both at the same time take the stream apart
/// with [`split`](UnixStream::split) or [`into_split`](UnixStream::into_split), or use the `&self`
/// methods here.
///
/// Dropping the stream closes it at once. To close the writing side alone, call
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown).
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::UnixStream;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut near, mut far) = UnixStream::pair()?;
/// near.write_all(b"hello").await?;
/// near.shutdown().await?;
///
/// let mut message = String::new();
/// far.read_to_string(&mut message).await?;
/// assert_eq!(message, "hello");
/// # Ok(())
/// # }
/// ```
pub struct UnixStream {
    io: Watched<std::os::unix::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket at `path`.
    ///
    /// A path that begins with a zero byte is an abstract name.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the connection that was being made is closed.
    ///
    /// # Errors
    ///
    /// Those of `connect(2)`. `WouldBlock` means that too many connections wait to be accepted at
    /// the other end.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let stream = UnixStream::connect("/run/demo.sock").await?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<P>(path: P) -> io::Result<UnixStream>
    where
        P: AsRef<Path>,
    {
        let address = SocketAddr::from(at_path(path.as_ref())?);
        UnixStream::connect_addr(&address).await
    }

    /// Connects to the socket at an address.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, then the connection that was being made is closed.
    ///
    /// # Errors
    ///
    /// As for [`connect`](UnixStream::connect).
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::unix::SocketAddr;
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let address: SocketAddr = listener.local_addr()?;
    /// let stream = UnixStream::connect_addr(&address).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        let kind = Type::STREAM.nonblocking().cloexec();
        let socket = Socket::new_raw(Domain::UNIX, kind, None)?;
        UnixStream::connect_socket(socket, socket_addr).await
    }

    /// Connects `socket`, which does not block.
    pub(super) async fn connect_socket(
        socket: Socket,
        address: &SocketAddr,
    ) -> io::Result<UnixStream> {
        match socket.connect(&address.to_socket2()?) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        // Only now: before, the kernel would report a socket that is not connected as closed.
        let stream = UnixStream::new(OwnedFd::from(socket).into())?;
        // The outcome is known when the socket can be written to.
        poll_fn(|cx| stream.io.poll_write_ready(cx)).await?;
        match stream.take_error()? {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }

    #[track_caller]
    fn new(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        let io = Watched::new(stream, Interest::READABLE | Interest::WRITABLE)?;
        Ok(UnixStream { io })
    }

    /// A connection that was just accepted. Its peer has often sent something already, and there is
    /// room to write: the first of each is tried at once.
    #[track_caller]
    pub(super) fn accepted(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        let stream = UnixStream::new(stream)?;
        stream.io.assume(Ready::READABLE | Ready::WRITABLE);
        Ok(stream)
    }

    /// Makes two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// Those of `socketpair(2)` and of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut a, mut b) = UnixStream::pair()?;
    /// let mut buf = [0; 4];
    ///
    /// a.write_all(b"ping").await?;
    /// b.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"ping");
    ///
    /// b.write_all(b"pong").await?;
    /// a.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"pong");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let kind = Type::STREAM.nonblocking().cloexec();
        let (a, b) = Socket::pair_raw(Domain::UNIX, kind, None)?;
        let a = UnixStream::new(OwnedFd::from(a).into())?;
        let b = UnixStream::new(OwnedFd::from(b).into())?;
        a.io.assume(Ready::WRITABLE);
        b.io.assume(Ready::WRITABLE);
        Ok((a, b))
    }

    /// Takes a stream of `std` to the current runtime.
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
    /// use std::io::Write;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = std::os::unix::net::UnixStream::pair()?;
    /// stream.set_nonblocking(true)?;
    /// let mut stream = UnixStream::from_std(stream)?;
    ///
    /// peer.write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// stream.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        debug_assert!(is_nonblocking(stream.as_fd()), "{BLOCKS}");
        UnixStream::new(stream)
    }

    /// Turns the stream into one of `std`, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// None today.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// peer.write_all(b"hello").await?;
    ///
    /// let mut stream = stream.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// let mut buf = [0; 5];
    /// stream.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixStream> {
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
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(server.local_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(client.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().local_addr().map(SocketAddr::from)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// Those of `getpeername(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::{UnixListener, UnixStream};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(server.peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.source().peer_addr().map(SocketAddr::from)
    }

    /// Who the peer was when the connection was made: for a client, who called `listen`; for a
    /// server, who called `connect`; for a pair, who made it.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// assert_eq!(a.peer_cred()?.pid(), Some(std::process::id() as i32));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        raw::peer_credentials(self.as_fd()).map(|credentials| UCred::new(&credentials))
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
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut stream, peer) = UnixStream::pair()?;
    /// stream.write_all(b"hello").await?;
    /// assert!(stream.take_error()?.is_none());
    ///
    /// // The peer goes away with bytes that it has not read.
    /// drop(peer);
    /// let error = stream.take_error()?.expect("they are lost");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.source().take_error()
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, peer) = UnixStream::pair()?;
    /// # drop(peer);
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
    /// To be followed by [`try_read`](UnixStream::try_read) or another `try_` method.
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](UnixStream::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
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
    /// Of this and reading the last caller alone has its task woken. Prefer
    /// [`readable`](UnixStream::readable) where it is possible.
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
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
    /// `WouldBlock` if there is nothing to read; then wait with [`readable`](UnixStream::readable).
    /// Otherwise those of `recv(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, peer) = UnixStream::pair()?;
    /// peer.try_write(b"hello")?;
    /// drop(peer);
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
    /// As for [`try_read`](UnixStream::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
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
    /// As for [`try_read`](UnixStream::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
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
    /// To be followed by [`try_write`](UnixStream::try_write).
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](UnixStream::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
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
    /// [`writable`](UnixStream::writable) where it is possible.
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
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
    /// `WouldBlock` if there is no room; then wait with [`writable`](UnixStream::writable).
    /// Otherwise those of `send(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
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
    /// As for [`try_write`](UnixStream::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
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
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(buf)
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
    /// use std::mem::MaybeUninit;
    /// use socket2::SockRef;
    /// use zokio::io::{AsyncWriteExt, Interest};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    ///
    /// // Nothing has come, so the closure is not even called.
    /// let never = || -> std::io::Result<()> { unreachable!() };
    /// let result = stream.try_io(Interest::READABLE, never);
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// // A look at what has come, which has no method here.
    /// peer.write_all(b"hello").await?;
    /// stream.readable().await?;
    /// let mut space = [MaybeUninit::uninit(); 16];
    /// let n = stream.try_io(Interest::READABLE, || SockRef::from(&stream).peek(&mut space))?;
    /// assert_eq!(n, 5);
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut stream, mut peer) = UnixStream::pair()?;
    /// peer.write_all(b"hello").await?;
    ///
    /// // A look at what has come, which has no method here.
    /// let mut space = [MaybeUninit::uninit(); 16];
    /// let socket = SockRef::from(&stream);
    /// let n = stream.async_io(Interest::READABLE, || socket.peek(&mut space)).await?;
    /// assert_eq!(n, 5);
    ///
    /// // Nothing was taken.
    /// let mut all = [0; 5];
    /// stream.read_exact(&mut all).await?;
    /// assert_eq!(&all, b"hello");
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

    /// Takes the stream apart into a half to read and a half to write, which borrow it.
    ///
    /// For two halves inside one task; this costs nothing. Halves for different tasks come from
    /// [`into_split`](UnixStream::into_split).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut stream, mut peer) = UnixStream::pair()?;
    /// peer.write_all(b"pong").await?;
    ///
    /// let (mut reader, mut writer) = stream.split();
    /// let mut answer = [0; 4];
    /// zokio::try_join!(reader.read_exact(&mut answer), writer.write_all(b"ping"))?;
    /// assert_eq!(&answer, b"pong");
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
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("both halves are of one stream");
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
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
            // The peer is gone: then the writing side is as closed as it can be.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

impl TryFrom<std::os::unix::net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// The same as [`from_std`](UnixStream::from_std).
    fn try_from(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        UnixStream::from_std(stream)
    }
}

impl AsyncRead for UnixStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }
}

impl AsyncWrite for UnixStream {
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

impl AsRef<UnixStream> for UnixStream {
    fn as_ref(&self) -> &UnixStream {
        self
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.source().fmt(f)
    }
}

impl AsRawFd for UnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.io.source().as_raw_fd()
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

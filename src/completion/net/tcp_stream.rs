//! [`TcpStream`].
#![forbid(unsafe_code)]

use std::io;
use std::net::{Shutdown, SocketAddr};

use socket2::SockAddr;

use super::accept::{Accepted, sealed::Internal};
use super::connecting::SocketOperation;
use super::forward::forward;
use super::futures::{Peek, Read, ReadExact, ReadVectored, Write, WriteAll, WriteVectored};
use super::halves::{ByteStream, OwnedReadHalf, OwnedWriteHalf, sealed::HasOwner, split};
use super::recv_multi::RecvMulti;
use super::socket::{Owner, SocketKind};
use crate::completion::{BufferRing, IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};
use crate::error::Error;
use crate::net::{ToSocketAddrs, ip};

/// A TCP connection, which is read and written with owned buffers.
///
/// All methods take `&self`, and the futures own what they need, so one task can read while another
/// writes. Several reads may be pending at a time: each byte goes to one of them, but it is not
/// determined to which. The same holds for writes, each of which is sent in one piece only as far
/// as one system call takes it. To keep an order, await one before the next.
///
/// # Closing
///
/// [`shutdown`](TcpStream::shutdown) closes one direction or both. Dropping the stream closes the
/// connection at once, as for [`net::TcpStream`](crate::net::TcpStream#closing). This holds also if
/// operations are left, such as a read that is pending in another task, or one that was never
/// polled. They end with `ECANCELED` and their buffer. The connection is shut down then, also for
/// duplicates of its descriptor:
///
/// ```
/// use zokio::completion::net::{TcpListener, TcpStream};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let stream = TcpStream::connect(listener.local_addr()?).await?;
///     let (peer, _) = listener.accept().await?;
///
///     let reading = zokio::spawn(stream.read(vec![0; 100]));
///     drop(stream);
///     // The peer reads the end of the stream.
///     let (count, _) = peer.read(vec![0; 100]).await;
///     assert_eq!(count?, 0);
///     let (count, buffer) = reading.await.expect("no panic");
///     assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
///     assert_eq!(buffer.len(), 100);
///     Ok(())
/// }
/// ```
///
/// # Other types
///
/// See the [module](super#other-types) for the conversions.
pub struct TcpStream {
    owner: Owner,
}

impl TcpStream {
    /// Connects to `address`.
    ///
    /// If `address` resolves to several addresses, they are tried in order until one accepts the
    /// connection. To set options first, convert a stream that a
    /// [`TcpSocket`](crate::net::TcpSocket) has connected.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, the connection that was being made is
    /// closed.
    ///
    /// # Errors
    ///
    /// Returns an error if `address` cannot be resolved or has no address, or the error of the last
    /// attempt if no address can be connected to. The latter carries the address.
    ///
    /// # Panics
    ///
    /// Panics at the first poll if it is outside a runtime, or in one that was built without I/O.
    /// The call panics outside a runtime if `address` is the name of a host, which is looked up at
    /// once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    /// use zokio::completion::Operation;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> zokio::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let address = listener.local_addr().expect("it is bound");
    ///     let limit = Duration::from_secs(5);
    ///     let _stream = TcpStream::connect(address).timeout(limit).await?;
    ///
    ///     drop(listener);
    ///     let error = TcpStream::connect(address).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    ///     assert_eq!(error.address(), Some(address));
    ///     Ok(())
    /// }
    /// ```
    pub fn connect(address: impl ToSocketAddrs) -> SocketOperation<Result<TcpStream, Error>> {
        let connect = crate::net::TcpStream::connect::<SocketAddr>;
        SocketOperation::at("connect to", &address, connect)
    }

    /// Reads what has been received, up to the room of `buffer`; see [`IoBufMut`] for where the
    /// bytes go.
    ///
    /// Waits if there is nothing. A result of 0 is the end of the stream, unless the buffer has no
    /// room.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was read,
    /// and the next read gets the bytes. The buffer is dropped at once.
    ///
    /// # Errors
    ///
    /// Returns the error of recv(2) if the connection failed, `ECANCELED` if the stream was
    /// dropped, and an error if its runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let (written, _) = client.write_all("hello").await;
    ///     written?;
    ///
    ///     let (count, buffer) = server.read(Vec::with_capacity(100).slice(..3)).await;
    ///     assert_eq!((count?, &buffer[..]), (3, &b"hel"[..]));
    ///     let (count, buffer) = server.read(buffer.into_inner()).await;
    ///     // Over what was there.
    ///     assert_eq!((count?, &buffer[..]), (2, &b"lol"[..]));
    ///     Ok(())
    /// }
    /// ```
    pub fn read<B: IoBufMut>(&self, buffer: B) -> Read<B> {
        Read::new(&self.owner, buffer)
    }

    /// Reads until `buffer` is full.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, what was read by then is lost with
    /// the buffer. With [`timeout`](crate::completion::Operation::timeout) or
    /// [`with`](crate::completion::Operation::with) nothing is lost: it is in the buffer that these
    /// return. Its length is the count if the buffer is a vector that was empty.
    ///
    /// # Errors
    ///
    /// Returns [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the stream ends before the buffer
    /// is full, and the errors of [`read`](TcpStream::read). What was read by then is in the
    /// buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    /// use zokio::completion::{IoBuf, Operation};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let (written, _) = client.write_all("hel").await;
    ///     written?;
    ///
    ///     let limit = Duration::from_millis(10);
    ///     let read = server.read_exact(Vec::with_capacity(5).slice(..5));
    ///     let (read, buffer) = read.timeout(limit).await;
    ///     assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    ///     assert_eq!(&buffer[..], b"hel");
    ///     Ok(())
    /// }
    /// ```
    pub fn read_exact<B: IoBufMut>(&self, buffer: B) -> ReadExact<B> {
        ReadExact::new(&self.owner, buffer)
    }

    /// Reads what has been received into several buffers, one after the other.
    ///
    /// In everything else it is [`read`](TcpStream::read).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`read`](TcpStream::read).
    ///
    /// # Errors
    ///
    /// The same as for [`read`](TcpStream::read).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let (count, _) = client.writev(["head", ", and the body"]).await;
    ///     assert_eq!(count?, 18);
    ///
    ///     let (count, [head, body]) = server.readv([vec![0; 4], vec![0; 100]]).await;
    ///     assert_eq!(head, b"head");
    ///     assert_eq!(&body[..count? - 4], b", and the body");
    ///     Ok(())
    /// }
    /// ```
    pub fn readv<V: IoVectoredBufMut>(&self, buffers: V) -> ReadVectored<V> {
        ReadVectored::new(&self.owner, buffers)
    }

    /// Copies what has been received, and leaves it in the socket.
    ///
    /// In everything else it is [`read`](TcpStream::read).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the socket.
    ///
    /// # Errors
    ///
    /// The same as for [`read`](TcpStream::read).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let (written, _) = client.write_all("GET").await;
    ///     written?;
    ///
    ///     let (count, first) = server.peek(vec![0]).await;
    ///     assert_eq!((count?, &first[..]), (1, &b"G"[..]));
    ///     let (read, all) = server.read_exact(vec![0; 3]).await;
    ///     read?;
    ///     assert_eq!(all, b"GET");
    ///     Ok(())
    /// }
    /// ```
    pub fn peek<B: IoBufMut>(&self, buffer: B) -> Peek<B> {
        Peek::new(&self.owner, buffer)
    }

    /// Receives what arrives, into buffers of `ring`, as a [`RecvMulti`].
    ///
    /// In place of a buffer for each read that waits, all streams with the same ring share its
    /// buffers: a stream has one only once bytes have come. See [`BufferRing`] for what happens when
    /// there is none left.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferRing;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let ring = BufferRing::new(64, 4096);
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     // Sends back what it receives, from the buffers it was received into.
    ///     zokio::spawn(async move {
    ///         let mut received = server.recv_multi(&ring);
    ///         while let Some(Ok(bytes)) = received.next().await {
    ///             server.write_all(bytes).await.0.expect("the client reads");
    ///         }
    ///     });
    ///
    ///     client.write_all("echo").await.0?;
    ///     let (read, echo) = client.read_exact(vec![0; 4]).await;
    ///     read?;
    ///     assert_eq!(echo, b"echo");
    ///     Ok(())
    /// }
    /// ```
    pub fn recv_multi(&self, ring: &BufferRing) -> RecvMulti {
        RecvMulti::new(&self.owner, ring)
    }

    /// Writes as much of `buffer` as there is room for in the socket; returns how many bytes.
    ///
    /// Waits if there is no room at all. What was written is with the kernel, which sends it even
    /// if the stream is dropped.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped before it is ready, nothing was
    /// written.
    ///
    /// # Errors
    ///
    /// Returns the error of send(2), such as [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the
    /// writing side is shut down, `ECANCELED` if the stream was dropped, and an error if its
    /// runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::IoBuf;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let text = String::from("hello, world");
    ///     let (count, slice) = client.write(text.slice(7..)).await;
    ///     assert_eq!(count?, 5);
    ///     assert_eq!(slice.into_inner(), "hello, world");
    ///     let (_, received) = server.read(Vec::with_capacity(100)).await;
    ///     assert_eq!(received, b"world");
    ///     Ok(())
    /// }
    /// ```
    pub fn write<B: IoBuf>(&self, buffer: B) -> Write<B> {
        Write::new(&self.owner, buffer)
    }

    /// Writes all of `buffer`.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, or ended by a
    /// [`timeout`](crate::completion::Operation::timeout), a part of the buffer may have been
    /// written, from none of it to all but one byte. Use [`write`](TcpStream::write) in a loop if
    /// you have to know how much.
    ///
    /// # Errors
    ///
    /// The same as for [`write`](TcpStream::write). A part of the buffer may have been written
    /// then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     // More than fits into the socket.
    ///     let large = vec![1; 10 << 20];
    ///     let writing = zokio::spawn(async move {
    ///         let (written, _) = client.write_all(large).await;
    ///         written
    ///     });
    ///     let room = vec![0; 10 << 20].into_boxed_slice();
    ///     let (read, received) = server.read_exact(room).await;
    ///     read?;
    ///     assert!(received.iter().all(|&byte| byte == 1));
    ///     writing.await.expect("no panic")
    /// }
    /// ```
    pub fn write_all<B: IoBuf>(&self, buffer: B) -> WriteAll<B> {
        WriteAll::new(&self.owner, buffer)
    }

    /// Writes as much of several buffers as there is room for, one after the other; returns how
    /// many bytes.
    ///
    /// In everything else it is [`write`](TcpStream::write). See [`readv`](TcpStream::readv) for an
    /// example.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`write`](TcpStream::write).
    ///
    /// # Errors
    ///
    /// The same as for [`write`](TcpStream::write).
    pub fn writev<V: IoVectoredBuf>(&self, buffers: V) -> WriteVectored<V> {
        WriteVectored::new(&self.owner, buffers)
    }

    /// Shuts down reading, writing, or both, without waiting.
    ///
    /// After the writing side is shut down, the peer reads the rest and then the end of the stream,
    /// and can still answer. Operations that are pending in that direction end: a write with an
    /// error of the kind [`BrokenPipe`](io::ErrorKind::BrokenPipe), a read with the end of the
    /// stream.
    ///
    /// # Errors
    ///
    /// Returns the error of shutdown(2). That the peer has reset the connection is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Shutdown;
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     client.shutdown(Shutdown::Write)?;
    ///     let (count, _) = server.read(vec![0; 100]).await;
    ///     assert_eq!(count?, 0);
    ///
    ///     let (written, _) = server.write_all("answer").await;
    ///     written?;
    ///     let (_, answer) = client.read(Vec::with_capacity(100)).await;
    ///     assert_eq!(answer, b"answer");
    ///     Ok(())
    /// }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.owner.shut_down(how)
    }

    /// Splits the stream into a half that reads and a half that writes, which own it together.
    ///
    /// As all methods take `&self`, an [`Arc`](std::sync::Arc) shares the stream as well. Halves
    /// are for code where each part is to end its direction when it is dropped.
    /// [`reunite`](OwnedReadHalf::reunite) turns them into a stream again.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     let (_reader, writer) = client.into_split();
    ///     let (written, _) = writer.write_all("all").await;
    ///     written?;
    ///     // This ends the stream for the peer, although the other half is still there.
    ///     drop(writer);
    ///     let (read, text) = server.read_exact(Box::new([0; 4])).await;
    ///     assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    ///     assert_eq!(&text[..3], b"all");
    ///     Ok(())
    /// }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf<TcpStream>, OwnedWriteHalf<TcpStream>) {
        split(self)
    }

    /// Returns the address of this end of the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if getsockname(2) fails.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.owner.options().local_addr()?)
    }

    /// Returns how many bytes were received and not yet returned.
    ///
    /// It is 0 unless [`Builder::sockets`](crate::runtime::Builder::sockets) put receives on io_uring,
    /// and also there unless a read was polled and then dropped before it was ready. All operations
    /// that read return these bytes first, and the conversions of the stream do not lose them. Only
    /// system calls on the descriptor miss them.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let stream = TcpStream::connect(listener.local_addr()?).await?;
    ///     assert_eq!(stream.retained(), 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn retained(&self) -> usize {
        self.owner.io().retained()
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    ///
    /// Returns an error if getpeername(2) fails, as it does with
    /// [`NotConnected`](io::ErrorKind::NotConnected) once the connection has been reset.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        ip(&self.owner.options().peer_addr()?)
    }

    /// Returns whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// Returns an error if the option cannot be read.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.owner.options().tcp_nodelay()
    }

    /// Sets whether small segments are sent at once (`TCP_NODELAY`), instead of being gathered
    /// until earlier ones are acknowledged.
    ///
    /// For other options use `socket2::SockRef::from(&stream)`.
    ///
    /// # Errors
    ///
    /// Returns an error if the option cannot be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::net::{TcpListener, TcpStream};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let stream = TcpStream::connect(listener.local_addr()?).await?;
    ///     stream.set_nodelay(true)?;
    ///     assert!(stream.nodelay()?);
    ///     Ok(())
    /// }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.owner.options().set_tcp_nodelay(nodelay)
    }
}

impl ByteStream for TcpStream {}

impl HasOwner for TcpStream {
    #[allow(private_interfaces, reason = "it is sealed")]
    fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Accepted for TcpStream {
    type Address = SocketAddr;

    fn address(peer: &SockAddr, _: Internal) -> io::Result<SocketAddr> {
        ip(peer)
    }
}

forward!(
    TcpStream,
    SocketKind::TcpStream,
    crate::net::TcpStream,
    std::net::TcpStream
);

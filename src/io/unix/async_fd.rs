//! [`AsyncFd`]: any object with a file descriptor, watched by the runtime's driver.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};

use super::guard::Seen;
use super::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdRegisterError};
use crate::driver::readiness::{Direction, Registration, Verdict};
use crate::io::{Interest, Ready};
use crate::watched;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// An object with a file descriptor whose readiness the runtime watches.
///
/// The object does its I/O itself, with calls that do not block; the `AsyncFd` tells when to try.
/// The short way is [`async_io`](AsyncFd::async_io), which runs a closure until it does not report
/// [`WouldBlock`](io::ErrorKind::WouldBlock). The long way is to wait with
/// [`readable`](AsyncFd::readable) or [`writable`](AsyncFd::writable), to try inside the guard that
/// they return, and to wait again when the guard reports that the readiness was false.
///
/// # Rules
///
/// - The descriptor has to be in non-blocking mode. This is not checked: a descriptor that blocks
///   blocks the thread.
/// - It has to be one that the kernel can watch (`epoll(7)`): sockets, pipes, terminals, timers,
///   and so on, but not regular files or directories.
/// - The same open file can be registered only once per runtime, for whatever interest.
/// - The object has to keep its descriptor. See the safety section of
///   [`register`](AsyncFd::register).
///
/// The kernel reports changes, not states. What it reported counts until an attempt fails with
/// `WouldBlock`; an attempt that is made outside a guard, `try_io` or `async_io` has to clear the
/// readiness itself, see [`AsyncFdReadyGuard::clear_ready`].
///
/// `&AsyncFd` suffices for everything, so two tasks can read and write at the same time, and any
/// number of tasks can wait for the same event. The exceptions are the `poll_*` methods, which wake
/// only the last caller of each direction.
///
/// Dropping the `AsyncFd` ends the watch and then drops the object.
///
/// # Examples
///
/// A socket pair of `std` with an asynchronous read:
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::os::unix::net::UnixStream;
/// use zokio::io::Interest;
/// use zokio::io::unix::AsyncFd;
///
/// struct Reader(AsyncFd<UnixStream>);
///
/// impl Reader {
///     fn new(stream: UnixStream) -> io::Result<Reader> {
///         stream.set_nonblocking(true)?;
///         // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
///         Ok(Reader(unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE)? }))
///     }
///
///     async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
///         self.0.async_io(Interest::READABLE, |mut stream| stream.read(buf)).await
///     }
/// }
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (near, mut far) = UnixStream::pair()?;
/// let reader = Reader::new(near)?;
/// far.write_all(b"hello")?;
/// let mut buf = [0; 16];
/// let n = reader.read(&mut buf).await?;
/// assert_eq!(&buf[..n], b"hello");
/// # Ok(())
/// # }
/// ```
pub struct AsyncFd<T: AsRawFd> {
    /// Both are there until the value is taken apart.
    registration: Option<Registration>,
    inner: Option<T>,
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers `inner` for reading and writing with the current runtime.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`register`](AsyncFd::register); the object is
    /// dropped.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// #[allow(deprecated)]
    /// let a = AsyncFd::new(a)?;
    ///
    /// b.write_all(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = a.async_io(Interest::READABLE, |mut a| a.read(&mut buf)).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "the object must keep its descriptor: use the unsafe `register`")]
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        match AsyncFd::start(inner, BOTH) {
            Ok(this) => Ok(this),
            Err(error) => Err(error.into()),
        }
    }

    /// Registers `inner` with the current runtime for the events in `interest`.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`register`](AsyncFd::register); the object is
    /// dropped.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// #[allow(deprecated)]
    /// let a = AsyncFd::with_interest(a, Interest::READABLE)?;
    ///
    /// b.write_all(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = a.async_io(Interest::READABLE, |mut a| a.read(&mut buf)).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "the object must keep its descriptor: use the unsafe `register_with_interest`"
    )]
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        match AsyncFd::start(inner, interest) {
            Ok(this) => Ok(this),
            Err(error) => Err(error.into()),
        }
    }

    /// Registers `inner` for reading and writing with the current runtime.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`register`](AsyncFd::register); the error
    /// holds the object.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::ErrorKind;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// // Regular files cannot be watched.
    /// let file = File::open("Cargo.toml")?;
    /// #[allow(deprecated)]
    /// let error = AsyncFd::try_new(file).unwrap_err();
    ///
    /// let (file, cause) = error.into_parts();
    /// assert!(file.metadata()?.is_file());
    /// assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(note = "the object must keep its descriptor: use the unsafe `register`")]
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::start(inner, BOTH)
    }

    /// Registers `inner` with the current runtime for the events in `interest`.
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`register`](AsyncFd::register); the error
    /// holds the object.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// #[allow(deprecated)]
    /// let a = AsyncFd::try_with_interest(a, Interest::READABLE)?;
    ///
    /// b.write_all(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = a.async_io(Interest::READABLE, |mut a| a.read(&mut buf)).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "the object must keep its descriptor: use the unsafe `register_with_interest`"
    )]
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::start(inner, interest)
    }

    /// The common part of all constructors.
    #[track_caller]
    pub(super) fn start(inner: T, interest: Interest) -> Result<Self, AsyncFdRegisterError<T>> {
        match watched::register(inner.as_raw_fd(), interest) {
            Ok(registration) => Ok(AsyncFd {
                registration: Some(registration),
                inner: Some(inner),
            }),
            Err(cause) => Err(AsyncFdRegisterError::new(inner, cause)),
        }
    }

    pub(super) fn registration(&self) -> &Registration {
        self.registration
            .as_ref()
            .expect("an AsyncFd is registered until it is taken apart")
    }

    /// Returns a reference to the object.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// assert!(a.get_ref().peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get_ref(&self) -> &T {
        self.inner
            .as_ref()
            .expect("an AsyncFd has its object until it is taken apart")
    }

    /// Returns a mutable reference to the object.
    ///
    /// The object still has to keep its descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// a.get_mut().write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// b.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.inner
            .as_mut()
            .expect("an AsyncFd has its object until it is taken apart")
    }

    /// Ends the watch and returns the object.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut a = a.into_inner();
    /// a.set_nonblocking(false)?;
    /// b.write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// a.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(mut self) -> T {
        self.registration = None;
        self.inner
            .take()
            .expect("an AsyncFd has its object until it is taken apart")
    }

    /// Polls for readability.
    ///
    /// For implementing an `AsyncRead`. Waits like [`readable`](AsyncFd::readable), except that of
    /// all calls of this method and of [`poll_read_ready_mut`](AsyncFd::poll_read_ready_mut) only
    /// the task of the last one is woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use std::task::{Poll, ready};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut buf = [0; 16];
    /// let n = poll_fn(|cx| {
    ///     loop {
    ///         let mut guard = ready!(a.poll_read_ready(cx))?;
    ///         if let Ok(result) = guard.try_io(|a| a.get_ref().read(&mut buf)) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// })
    /// .await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let seen = ready!(self.poll_seen(cx, Direction::Read))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, seen)))
    }

    /// Polls for readability, and returns a guard with exclusive access.
    ///
    /// See [`poll_read_ready`](AsyncFd::poll_read_ready).
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use std::task::{Poll, ready};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut buf = [0; 16];
    /// let n = poll_fn(|cx| {
    ///     loop {
    ///         let mut guard = ready!(a.poll_read_ready_mut(cx))?;
    ///         if let Ok(result) = guard.try_io(|a| a.get_mut().read(&mut buf)) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// })
    /// .await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let seen = ready!(self.poll_seen(cx, Direction::Read))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, seen)))
    }

    /// Polls for writability.
    ///
    /// For implementing an `AsyncWrite`. Waits like [`writable`](AsyncFd::writable), except that of
    /// all calls of this method and of [`poll_write_ready_mut`](AsyncFd::poll_write_ready_mut) only
    /// the task of the last one is woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use std::task::{Poll, ready};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// let n = poll_fn(|cx| {
    ///     loop {
    ///         let mut guard = ready!(a.poll_write_ready(cx))?;
    ///         if let Ok(result) = guard.try_io(|a| a.get_ref().write(b"hello")) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// })
    /// .await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let seen = ready!(self.poll_seen(cx, Direction::Write))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, seen)))
    }

    /// Polls for writability, and returns a guard with exclusive access.
    ///
    /// See [`poll_write_ready`](AsyncFd::poll_write_ready).
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call for this
    /// direction. Not polling again loses nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use std::task::{Poll, ready};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// let n = poll_fn(|cx| {
    ///     loop {
    ///         let mut guard = ready!(a.poll_write_ready_mut(cx))?;
    ///         if let Ok(result) = guard.try_io(|a| a.get_mut().write(b"hello")) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// })
    /// .await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let seen = ready!(self.poll_seen(cx, Direction::Write))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, seen)))
    }

    fn poll_seen(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<Seen>> {
        let event = ready!(self.registration().poll_ready(cx, direction))?;
        Poll::Ready(Ok(Seen::new(event)))
    }

    /// Waits until at least one event of `interest` is ready.
    ///
    /// The guard tells which. It may be none, when another task was faster: then wait again.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// let guard = a.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.registration().ready(interest).await?;
        Ok(AsyncFdReadyGuard::new(self, Seen::new(event)))
    }

    /// Waits until at least one event of `interest` is ready, and returns a guard with exclusive
    /// access.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// let guard = a.ready_mut(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = self.registration().ready(interest).await?;
        Ok(AsyncFdReadyMutGuard::new(self, Seen::new(event)))
    }

    /// Waits until the descriptor is readable.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut guard = a.readable().await?;
    /// let mut buf = [0; 16];
    /// let n = guard.try_io(|a| a.get_ref().read(&mut buf)).expect("it is readable")?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub async fn readable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::READABLE).await
    }

    /// Waits until the descriptor is readable, and returns a guard with exclusive access.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut guard = a.readable_mut().await?;
    /// let mut buf = [0; 16];
    /// let n = guard.get_inner_mut().read(&mut buf)?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub async fn readable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until the descriptor is writable.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut guard = a.writable().await?;
    /// let n = guard.try_io(|a| a.get_ref().write(b"hello")).expect("it is writable")?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub async fn writable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// Waits until the descriptor is writable, and returns a guard with exclusive access.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing: an event that came in is seen
    /// by the next wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut guard = a.writable_mut().await?;
    /// assert_eq!(guard.get_inner_mut().write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_lifetimes)]
    pub async fn writable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// Runs `f` once if the descriptor seems ready, without waiting.
    ///
    /// If `f` reports `WouldBlock` the readiness is cleared, so `f` must do so only if the
    /// descriptor itself did.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if the descriptor is not ready, without calling `f`; otherwise the
    /// error that `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut buf = [0; 16];
    /// let error = a.try_io(Interest::READABLE, |mut a| a.read(&mut buf)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// b.write_all(b"hello")?;
    /// a.readable().await?.retain_ready();
    /// let n = a.try_io(Interest::READABLE, |mut a| a.read(&mut buf))?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration()
            .try_io(interest, Verdict::Closure, || f(self.get_ref()))
    }

    /// Runs `f` once if the descriptor seems ready, without waiting.
    ///
    /// Like [`try_io`](AsyncFd::try_io), with exclusive access to the object.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if the descriptor is not ready, without calling `f`; otherwise the
    /// error that `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// a.readable().await?.retain_ready();
    /// let mut buf = [0; 16];
    /// let n = a.try_io_mut(Interest::READABLE, |a| a.read(&mut buf))?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let (registration, inner) = self.parts();
        registration.try_io(interest, Verdict::Closure, || f(inner))
    }

    /// Waits for `interest` and runs `f`, repeatedly until `f` does not report `WouldBlock`.
    ///
    /// `f` must report `WouldBlock` only if the descriptor itself did. Any number of tasks may wait
    /// like this at the same time.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The future waits between calls of `f` and never inside one: if
    /// it is dropped before it is ready, then the last `f`, if any, reported `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Returns the error that `f` returns, except `WouldBlock`, or an error if the runtime shuts
    /// down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// // The read waits, and the write is what it waits for.
    /// let mut buf = [0; 16];
    /// let (n, ()) = zokio::try_join!(
    ///     a.async_io(Interest::READABLE, |mut a| a.read(&mut buf)),
    ///     async { b.write_all(b"hello") },
    /// )?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration()
            .async_io(interest, Verdict::Closure, || f(self.get_ref()))
            .await
    }

    /// Waits for `interest` and runs `f`, repeatedly until `f` does not report `WouldBlock`.
    ///
    /// Like [`async_io`](AsyncFd::async_io), with exclusive access to the object.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`async_io`](AsyncFd::async_io).
    ///
    /// # Errors
    ///
    /// Returns the error that `f` returns, except `WouldBlock`, or an error if the runtime shuts
    /// down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut buf = [0; 16];
    /// let n = a.async_io_mut(Interest::READABLE, |a| a.read(&mut buf)).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let (registration, inner) = self.parts();
        registration
            .async_io(interest, Verdict::Closure, || f(inner))
            .await
    }

    fn parts(&mut self) -> (&Registration, &mut T) {
        let AsyncFd {
            registration,
            inner,
        } = self;
        let registration = registration
            .as_ref()
            .expect("an AsyncFd is registered until it is taken apart");
        let inner = inner
            .as_mut()
            .expect("an AsyncFd has its object until it is taken apart");
        (registration, inner)
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        super::raw::borrow(self)
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", self.get_ref())
            .field("ready", &self.registration().event(READINESS).ready)
            .finish()
    }
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        // The watch ends before the object closes its descriptor.
        self.registration = None;
    }
}

/// Every kind of readiness.
const READINESS: Interest = BOTH.add(Interest::PRIORITY).add(Interest::ERROR);

const _: () = assert!(READINESS.mask().bits() == Ready::ALL.bits());

//! The guards of `AsyncFd`: a readiness that was observed, until it is cleared.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use super::{AsyncFd, TryIoError};
use crate::driver::readiness::{ReadyEvent, Registration, Verdict};
use crate::io::Ready;

/// The event that a guard represents. It is empty once all its flags were cleared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen(ReadyEvent);

impl Seen {
    pub(super) fn new(event: ReadyEvent) -> Seen {
        Seen(event)
    }

    fn clear(&mut self, registration: &Registration, ready: Ready) {
        registration.disprove(self.0.only(ready), Verdict::Closure);
        self.0 = self.0.without(ready);
    }
}

/// Returns whether a closure reported `WouldBlock`.
fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// A readiness of an [`AsyncFd`] that was observed.
///
/// The descriptor counts as ready until the readiness is cleared, which is what the guard is for.
/// Do the I/O inside [`try_io`](AsyncFdReadyGuard::try_io), which clears the readiness when the I/O
/// reports `WouldBlock`, or call [`clear_ready`](AsyncFdReadyGuard::clear_ready) at that point.
/// Clearing without having seen `WouldBlock` can make the next wait last forever, because the
/// kernel reports changes only. An event that comes in after the guard was returned is never
/// cleared by it.
///
/// Dropping the guard leaves the readiness unchanged.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use zokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
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
/// let n = loop {
///     let mut guard: AsyncFdReadyGuard<'_, UnixStream> = a.readable().await?;
///     // On `WouldBlock` the guard takes the readiness back, and the next wait is a real one.
///     if let Ok(result) = guard.try_io(|a| a.get_ref().read(&mut buf)) {
///         break result?;
///     }
/// };
/// assert_eq!(&buf[..n], b"hello");
/// # Ok(())
/// # }
/// ```
#[must_use = "a guard that is dropped leaves the readiness set: use `try_io` or `clear_ready`"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    async_fd: &'a AsyncFd<T>,
    seen: Seen,
}

/// Like [`AsyncFdReadyGuard`], with exclusive access to the [`AsyncFd`].
///
/// Dropping the guard leaves the readiness unchanged.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use zokio::io::unix::{AsyncFd, AsyncFdReadyMutGuard};
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
/// let n = loop {
///     let mut guard: AsyncFdReadyMutGuard<'_, UnixStream> = a.readable_mut().await?;
///     // The object can be changed through the guard.
///     if let Ok(result) = guard.try_io(|a| a.get_mut().read(&mut buf)) {
///         break result?;
///     }
/// };
/// assert_eq!(&buf[..n], b"hello");
/// # Ok(())
/// # }
/// ```
#[must_use = "a guard that is dropped leaves the readiness set: use `try_io` or `clear_ready`"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    async_fd: &'a mut AsyncFd<T>,
    seen: Seen,
}

impl<'a, Inner: AsRawFd> AsyncFdReadyGuard<'a, Inner> {
    pub(super) fn new(async_fd: &'a AsyncFd<Inner>, seen: Seen) -> Self {
        AsyncFdReadyGuard { async_fd, seen }
    }

    /// Clears the readiness of everything that the guard represents.
    ///
    /// Call it when an operation reported `WouldBlock`, and only then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Write};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = std::os::unix::net::UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hi")?;
    ///
    /// let mut received = Vec::new();
    /// while received != b"hi" {
    ///     let mut guard = a.readable().await?;
    ///     let mut buf = [0; 8];
    ///     match guard.get_inner().read(&mut buf) {
    ///         Ok(n) => received.extend_from_slice(&buf[..n]),
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => guard.clear_ready(),
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        self.clear_ready_matching(Ready::ALL);
    }

    /// Clears the readiness of the events in `ready`.
    ///
    /// For a guard of several interests: a read that reported `WouldBlock` does not tell anything
    /// about writing. That a direction is closed cannot be taken back.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::unix::AsyncFd;
    /// use zokio::io::{Interest, Ready};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut guard = a.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(guard.ready().is_writable());
    /// guard.clear_ready_matching(Ready::WRITABLE);
    /// assert!(!guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        self.seen.clear(self.async_fd.registration(), ready);
    }

    /// Leaves the readiness unchanged.
    ///
    /// Dropping the guard does the same; calling this states the intent.
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
    /// // One byte of five: there is more to read.
    /// let mut guard = a.readable().await?;
    /// guard.get_inner().read_exact(&mut [0; 1])?;
    /// guard.retain_ready();
    /// assert!(guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn retain_ready(&mut self) {}

    /// Returns the readiness that the guard represents, less what it has cleared.
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
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let guard = a.readable().await?;
    /// assert!(guard.ready().is_readable());
    /// assert!(!guard.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(&self) -> Ready {
        self.seen.0.ready
    }

    /// Runs `f`, and clears the readiness if it reports `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Returns [`TryIoError`] if `f` reported `WouldBlock`; then wait for readiness again. Any
    /// other result of `f` is inside `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, mut b) = std::os::unix::net::UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let mut buf = [0; 16];
    /// let n = loop {
    ///     let mut guard = a.readable().await?;
    ///     match guard.try_io(|a| a.get_ref().read(&mut buf)) {
    ///         Ok(result) => break result?,
    ///         Err(_would_block) => continue,
    ///     }
    /// };
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        if would_block(&result) {
            self.clear_ready();
            return Err(TryIoError(()));
        }
        Ok(result)
    }

    /// Returns a reference to the [`AsyncFd`] that the guard belongs to.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsRawFd;
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let a = unsafe { AsyncFd::register(a)? };
    /// let fd = a.as_raw_fd();
    ///
    /// let guard = a.writable().await?;
    /// assert_eq!(guard.get_ref().as_raw_fd(), fd);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &'a AsyncFd<Inner> {
        self.async_fd
    }

    /// Returns a reference to the object inside the [`AsyncFd`].
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
    /// let guard = a.writable().await?;
    /// assert_eq!(guard.get_inner().write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner(&self) -> &'a Inner {
        self.async_fd.get_ref()
    }
}

impl<'a, Inner: AsRawFd> AsyncFdReadyMutGuard<'a, Inner> {
    pub(super) fn new(async_fd: &'a mut AsyncFd<Inner>, seen: Seen) -> Self {
        AsyncFdReadyMutGuard { async_fd, seen }
    }

    /// Clears the readiness of everything that the guard represents.
    ///
    /// As with [`AsyncFdReadyGuard::clear_ready`], do so only after an operation reported
    /// `WouldBlock`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Write};
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
    /// assert_eq!(guard.get_inner_mut().read(&mut buf)?, 5);
    /// let error = guard.get_inner_mut().read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// guard.clear_ready();
    /// assert!(guard.ready().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        self.clear_ready_matching(Ready::ALL);
    }

    /// Clears the readiness of the events in `ready`.
    ///
    /// See [`AsyncFdReadyGuard::clear_ready_matching`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    /// use zokio::io::{Interest, Ready};
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// let mut guard = a.ready_mut(Interest::READABLE | Interest::WRITABLE).await?;
    /// let error = guard.get_inner_mut().read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// // There is nothing to read; that says nothing about writing.
    /// guard.clear_ready_matching(Ready::READABLE);
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        self.seen.clear(self.async_fd.registration(), ready);
    }

    /// Leaves the readiness unchanged.
    ///
    /// Dropping the guard does the same; calling this states the intent.
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
    /// // One byte of five: there is more to read.
    /// let mut guard = a.readable_mut().await?;
    /// guard.get_inner_mut().read_exact(&mut [0; 1])?;
    /// guard.retain_ready();
    /// assert!(guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn retain_ready(&mut self) {}

    /// Returns the readiness that the guard represents, less what it has cleared.
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
    /// let (a, mut b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// b.write_all(b"hello")?;
    ///
    /// let guard = a.readable_mut().await?;
    /// assert!(guard.ready().is_readable());
    /// assert!(!guard.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(&self) -> Ready {
        self.seen.0.ready
    }

    /// Runs `f`, and clears the readiness if it reports `WouldBlock`.
    ///
    /// Like [`AsyncFdReadyGuard::try_io`], with exclusive access.
    ///
    /// # Errors
    ///
    /// Returns [`TryIoError`] if `f` reported `WouldBlock`; then wait for readiness again. Any
    /// other result of `f` is inside `Ok`.
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
    /// let n = guard.try_io(|a| a.get_mut().read(&mut buf)).expect("it is readable")?;
    /// assert_eq!(&buf[..n], b"hello");
    ///
    /// // The second read finds nothing.
    /// assert!(guard.try_io(|a| a.get_mut().read(&mut buf)).is_err());
    /// assert!(!guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        if would_block(&result) {
            self.clear_ready();
            return Err(TryIoError(()));
        }
        Ok(result)
    }

    /// Returns a reference to the [`AsyncFd`] that the guard belongs to.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::AsRawFd;
    /// use std::os::unix::net::UnixStream;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, _b) = UnixStream::pair()?;
    /// a.set_nonblocking(true)?;
    /// // SAFETY: a `UnixStream` keeps its descriptor until it is dropped.
    /// let mut a = unsafe { AsyncFd::register(a)? };
    /// let fd = a.as_raw_fd();
    ///
    /// let guard = a.writable_mut().await?;
    /// assert_eq!(guard.get_ref().as_raw_fd(), fd);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &AsyncFd<Inner> {
        self.async_fd
    }

    /// Returns a mutable reference to the [`AsyncFd`] that the guard belongs to.
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
    /// let mut guard = a.writable_mut().await?;
    /// guard.get_mut().get_mut().write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// b.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut AsyncFd<Inner> {
        self.async_fd
    }

    /// Returns a reference to the object inside the [`AsyncFd`].
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
    /// let mut a = unsafe { AsyncFd::register(a)? };
    ///
    /// let guard = a.writable_mut().await?;
    /// assert!(guard.get_inner().peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner(&self) -> &Inner {
        self.async_fd.get_ref()
    }

    /// Returns a mutable reference to the object inside the [`AsyncFd`].
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
    /// let mut guard = a.writable_mut().await?;
    /// guard.get_inner_mut().write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// b.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner_mut(&mut self) -> &mut Inner {
        self.async_fd.get_mut()
    }
}

impl<'a, T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}

impl<'a, T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyMutGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}

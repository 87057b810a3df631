//! The constructors of `AsyncFd` that are unsafe to call.

use std::os::fd::{AsRawFd, BorrowedFd};

use super::{AsyncFd, AsyncFdRegisterError};
use crate::io::Interest;

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers `inner` for reading and writing with the current runtime.
    ///
    /// The object and its descriptor are left unchanged; in particular the caller must have put the
    /// descriptor into non-blocking mode.
    ///
    /// # Safety
    ///
    /// From now on until the `AsyncFd` is dropped or [`into_inner`](AsyncFd::into_inner) has
    /// returned the object, `inner.as_raw_fd()` returns the same descriptor at each call, and that
    /// descriptor stays open. (The runtime removes it from its watch list by number. If that number
    /// belonged to another file by then, that file's watch would end.)
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel refuses to watch the descriptor (a regular file, one that is
    /// not open), if it is registered with this runtime already, or if the runtime is shutting
    /// down. The error holds the object.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixDatagram;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, b) = UnixDatagram::pair()?;
    /// b.set_nonblocking(true)?;
    /// // SAFETY: a `UnixDatagram` keeps its descriptor until it is dropped.
    /// let b = unsafe { AsyncFd::register(b)? };
    ///
    /// a.send(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = b.async_io(zokio::io::Interest::READABLE, |socket| socket.recv(&mut buf)).await?;
    /// assert_eq!(&buf[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::start(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// Registers `inner` with the current runtime for the events in `interest`.
    ///
    /// Like [`register`](AsyncFd::register), for descriptors that are only read or only written, or
    /// whose priority events count. A wait for an event that is not in `interest` may never end.
    ///
    /// # Safety
    ///
    /// The same as for [`register`](AsyncFd::register).
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`register`](AsyncFd::register).
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or if the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    /// use zokio::io::unix::AsyncFd;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, _writer) = std::io::pipe()?;
    /// // SAFETY: a `PipeReader` keeps its descriptor until it is dropped.
    /// let reader = unsafe { AsyncFd::register_with_interest(reader, Interest::READABLE)? };
    /// # drop(reader);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::start(inner, interest)
    }
}

/// Returns the descriptor of the object, borrowed for as long as the object is.
///
/// `AsFd` cannot be required of the object: any `AsRawFd` may be registered.
pub(super) fn borrow<T: AsRawFd>(async_fd: &AsyncFd<T>) -> BorrowedFd<'_> {
    // SAFETY: the creator of the `AsyncFd` promised that the object keeps its descriptor open while
    // it is inside (`register`), and the borrow ends before the object can be taken out. The
    // deprecated safe constructors leave that promise to prose, which is why they are deprecated.
    unsafe { BorrowedFd::borrow_raw(async_fd.get_ref().as_raw_fd()) }
}

//! Pipes and FIFOs.
//!
//! [`pipe`] makes an anonymous pipe: two ends, for use inside one process or to hand one to a
//! child. [`OpenOptions`] opens a FIFO, a pipe that has a name in the file system.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::task::{Context, Poll};

use bytes::BufMut;
use libc::c_int;

use crate::driver::splice;
use crate::io::{Interest, ReadBuf, Ready};
use crate::net::forward::forward_fd;
use crate::net::raw;
use crate::trace::ResourceType;
use crate::watched::{ByteStream, Watched, forward_read, forward_write, read};

/// Makes an anonymous pipe: what is written to the [`Sender`] is read from the [`Receiver`].
///
/// # Errors
///
/// Returns an error if the pipe cannot be made or registered with the runtime's driver.
///
/// # Panics
///
/// Panics if called outside a runtime, or in one that was built without I/O.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::unix::pipe;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (mut sender, mut receiver) = pipe::pipe()?;
///     sender.write_all(b"hello").await?;
///     drop(sender);
///
///     let mut message = String::new();
///     receiver.read_to_string(&mut message).await?;
///     assert_eq!(message, "hello");
///     Ok(())
/// }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (reader, writer) = splice::pipe()?;
    let sender = Sender::new(writer.into())?;
    sender.io.assume(Ready::WRITABLE);
    Ok((sender, Receiver::new(reader.into())?))
}

/// How to open a FIFO.
///
/// # Examples
///
/// ```
/// use zokio::io::AsyncWriteExt;
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("fifo");
/// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
/// // There is no writer yet, and the open does not wait for one.
/// let receiver = pipe::OpenOptions::new().open_receiver(&path)?;
/// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
///
/// sender.write_all(b"hello").await?;
/// receiver.readable().await?;
/// assert_eq!(receiver.try_read(&mut [0; 16])?, 5);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Returns options that open one direction, and check that the file is a FIFO.
    pub fn new() -> OpenOptions {
        OpenOptions {
            read_write: false,
            unchecked: false,
        }
    }

    /// Sets whether to open the FIFO for reading and writing, whatever end is wanted.
    ///
    /// A receiver then never sees the end of the stream, because it is a writer itself: it can wait
    /// for the next writer. A sender can be opened before there is a reader, and its writes do not
    /// fail for want of one. Linux defines this; POSIX does not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("fifo");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // The receiver continues to read when a writer is gone.
    /// let mut receiver = pipe::OpenOptions::new().read_write(true).open_receiver(&path)?;
    /// for command in [b"start", b"close"] {
    ///     let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    ///     sender.write_all(command).await?;
    ///     drop(sender);
    ///
    ///     let mut buf = [0; 5];
    ///     receiver.read_exact(&mut buf).await?;
    ///     assert_eq!(&buf, command);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Sets whether to leave out the check that the file is a FIFO.
    ///
    /// Then any file will do that behaves like one and that the runtime's driver can watch.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let error = pipe::OpenOptions::new().open_receiver("/dev/random").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    ///
    /// // It is not a pipe, but it can be watched and read.
    /// let mut options = pipe::OpenOptions::new();
    /// let mut receiver = options.unchecked(true).open_receiver("/dev/random")?;
    /// let mut key = [0; 16];
    /// receiver.read_exact(&mut key).await?;
    /// assert_ne!(key, [0; 16]);
    /// # Ok(()) }
    /// ```
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the FIFO at `path` for reading, without waiting for a writer.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened or registered with the runtime's driver, and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not a FIFO.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let mut options = File::options();
        Receiver::new(self.open(options.read(true).write(self.read_write), path.as_ref())?)
    }

    /// Opens the FIFO at `path` for writing.
    ///
    /// # Errors
    ///
    /// Returns the error `ENXIO` if no process has the FIFO open for reading, unless
    /// [`read_write`](OpenOptions::read_write) is set. Other errors are the same as for
    /// [`open_receiver`](OpenOptions::open_receiver).
    ///
    /// # Panics
    ///
    /// As for [`open_receiver`](OpenOptions::open_receiver).
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let mut options = File::options();
        Sender::new(self.open(options.write(true).read(self.read_write), path.as_ref())?)
    }

    fn open(&self, options: &mut std::fs::OpenOptions, path: &Path) -> io::Result<File> {
        let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
        if !self.unchecked {
            check_fifo(&file)?;
        }
        Ok(file)
    }
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

/// The file of one end.
struct End(File);

/// Converts an end from and to its watched descriptor.
macro_rules! watched {
    ($end:ident) => {
        impl From<Watched<File>> for $end {
            fn from(io: Watched<File>) -> $end {
                $end { io: io.map(End) }
            }
        }

        impl From<$end> for Watched<File> {
            fn from(end: $end) -> Watched<File> {
                end.io.map(|End(file)| file)
            }
        }
    };
}

watched!(Sender);
watched!(Receiver);

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl ByteStream for End {
    // A pipe in packet mode (`O_DIRECT`) returns one packet a read.
    const SHORT_READ_DRAINS: bool = false;
    // What was not checked to be a pipe may be a device that takes as much as it likes.
    const SHORT_WRITE_FILLS: bool = false;

    fn read(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        read(self.as_fd(), buf)
    }

    fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(bufs)
    }

    fn write(&self, buf: &[u8]) -> io::Result<usize> {
        (&self.0).write(buf)
    }

    fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(bufs)
    }
}

/// The end of a pipe that is written to.
///
/// It is written through [`AsyncWriteExt`](crate::io::AsyncWriteExt) or the methods here, which
/// work like the methods of the same names on [`TcpStream`](crate::net::TcpStream). A write of up
/// to `PIPE_BUF` (4096) bytes is not mixed with the writes of others; a longer one may be. Without
/// a reader a write fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe). Dropping the sender
/// closes it; a [`shutdown`](crate::io::AsyncWriteExt::shutdown) does not. When the last sender is
/// closed, readers see the end of the stream.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
/// use zokio::io::AsyncWriteExt;
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// sender.write_all(b"hello").await?;
///
/// drop(receiver);
/// let error = sender.write_all(b"hello").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # Ok(()) }
/// ```
pub struct Sender {
    io: Watched<End>,
}

impl Sender {
    #[track_caller]
    fn new(file: File) -> io::Result<Sender> {
        let io = Watched::new(End(file), Interest::WRITABLE)?.reported(ResourceType::PipeSender);
        Ok(Sender { io })
    }

    /// Takes over a file of `std` that is a pipe open for writing, and puts it into non-blocking
    /// mode.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if `file` is not a pipe or not open
    /// for writing, and another error if it cannot be registered with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Read;
    /// use std::os::fd::OwnedFd;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (mut reader, writer) = std::io::pipe()?;
    /// let mut sender = pipe::Sender::from_file(File::from(OwnedFd::from(writer)))?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    ///
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        prepare(&file, libc::O_WRONLY)?;
        Sender::new(file)
    }

    /// Takes over a descriptor that is a pipe open for writing, as
    /// [`from_file`](Sender::from_file) does, with the same errors.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Sender::from_file).
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::from_file(owned_fd.into())
    }

    /// Takes over a file of `std` as it is.
    ///
    /// It has to be open for writing and in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime's driver cannot watch the file.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Sender::from_file).
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        Sender::new(file)
    }

    /// Takes over a descriptor as it is, as [`from_file_unchecked`](Sender::from_file_unchecked)
    /// does.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Sender::from_file).
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::new(owned_fd.into())
    }

    /// Waits until the pipe is ready for a part of `interest`, as
    /// [`TcpStream::ready`](crate::net::TcpStream::ready) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it writes nothing.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to write, or no reader is left.
    ///
    /// As [`TcpStream::writable`](crate::net::TcpStream::writable), with the same errors.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it writes nothing.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Polls for room to write. See
    /// [`TcpStream::poll_write_ready`](crate::net::TcpStream::poll_write_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it writes nothing.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Writes as much of `buf` as there is room for, without waiting. See
    /// [`TcpStream::try_write`](crate::net::TcpStream::try_write).
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_write(buf)
    }

    /// Writes from several buffers, without waiting. See
    /// [`TcpStream::try_write_vectored`](crate::net::TcpStream::try_write_vectored).
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(buf)
    }

    /// Runs `f` once if the pipe looks writable, without waiting. What `f` has to observe is at
    /// [`TcpStream::try_io`](crate::net::TcpStream::try_io).
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_io(Interest::WRITABLE, f)
    }

    /// Turns the sender into a descriptor in blocking mode, which child processes expect of their
    /// standard output.
    ///
    /// # Errors
    ///
    /// Returns an error if `fcntl(2)` does not change the mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// let output = sender.into_blocking_fd()?;
    /// assert!(Command::new("echo").arg("hello").stdout(output).status()?.success());
    ///
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # Ok(()) }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io.into_source())
    }

    /// Turns the sender into a descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.io.into_source().0.into())
    }
}

/// The end of a pipe that is read from.
///
/// It is read through [`AsyncReadExt`](crate::io::AsyncReadExt) or the methods here, which work
/// like the methods of the same names on [`TcpStream`](crate::net::TcpStream). When the last writer
/// has closed its end, a read returns 0 bytes. A FIFO may be opened by a writer again after that,
/// and then reads return what it writes; see [`OpenOptions::read_write`].
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// let mut lines = BufReader::new(receiver).lines();
///
/// sender.write_all(b"one\ntwo\n").await?;
/// drop(sender);
/// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
/// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
/// assert_eq!(lines.next_line().await?, None);
/// # Ok(()) }
/// ```
pub struct Receiver {
    io: Watched<End>,
}

impl Receiver {
    #[track_caller]
    fn new(file: File) -> io::Result<Receiver> {
        let io = Watched::new(End(file), Interest::READABLE)?.reported(ResourceType::PipeReceiver);
        Ok(Receiver { io })
    }

    /// Takes over a file of `std` that is a pipe open for reading, and puts it into non-blocking
    /// mode. [`Sender::from_file`] has an example of the other end.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if `file` is not a pipe or not open
    /// for reading, and another error if it cannot be registered with the runtime's driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one that was built without I/O.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        prepare(&file, libc::O_RDONLY)?;
        Receiver::new(file)
    }

    /// Takes over a descriptor that is a pipe open for reading, as
    /// [`from_file`](Receiver::from_file) does, with the same errors.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Receiver::from_file).
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::from_file(owned_fd.into())
    }

    /// Takes over a file of `std` as it is.
    ///
    /// It has to be open for reading and in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the runtime's driver cannot watch the file.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Receiver::from_file).
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        Receiver::new(file)
    }

    /// Takes over a descriptor as it is, as [`from_file_unchecked`](Receiver::from_file_unchecked)
    /// does.
    ///
    /// # Panics
    ///
    /// As for [`from_file`](Receiver::from_file).
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::new(owned_fd.into())
    }

    /// Waits until the pipe is ready for a part of `interest`, as
    /// [`TcpStream::ready`](crate::net::TcpStream::ready) does.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the pipe.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is something to read, or no writer is left.
    ///
    /// As [`TcpStream::readable`](crate::net::TcpStream::readable), with the same errors.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the pipe.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Polls for something to read, or the end of the stream. See
    /// [`TcpStream::poll_read_ready`](crate::net::TcpStream::poll_read_ready).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it takes nothing out of the pipe.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Reads what is in the pipe, without waiting. See
    /// [`TcpStream::try_read`](crate::net::TcpStream::try_read).
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_read(buf)
    }

    /// Reads into several buffers, without waiting. See
    /// [`TcpStream::try_read_vectored`](crate::net::TcpStream::try_read_vectored).
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_read_vectored(bufs)
    }

    /// Reads into the spare capacity of `buf`, without waiting. See
    /// [`TcpStream::try_read_buf`](crate::net::TcpStream::try_read_buf).
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }

    /// Runs `f` once if the pipe looks readable, without waiting. What `f` has to observe is at
    /// [`TcpStream::try_io`](crate::net::TcpStream::try_io).
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_io(Interest::READABLE, f)
    }

    /// Turns the receiver into a descriptor in blocking mode, which child processes expect of their
    /// standard input.
    ///
    /// # Errors
    ///
    /// Returns an error if `fcntl(2)` does not change the mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    ///
    /// let output = Command::new("cat").stdin(receiver.into_blocking_fd()?).output()?;
    /// assert_eq!(output.stdout, b"hello");
    /// # Ok(()) }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io.into_source())
    }

    /// Turns the receiver into a descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.io.into_source().0.into())
    }
}

/// An error of the caller.
fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn check_fifo(file: &File) -> io::Result<()> {
    if !file.metadata()?.file_type().is_fifo() {
        return Err(invalid("not a pipe"));
    }
    Ok(())
}

/// Checks that `file` is a pipe with the given access or both, and puts it into non-blocking mode.
fn prepare(file: &File, access: c_int) -> io::Result<()> {
    check_fifo(file)?;
    let flags = raw::status_flags(file.as_fd())?;
    let mode = flags & libc::O_ACCMODE;
    if mode != access && mode != libc::O_RDWR {
        return Err(invalid(if access == libc::O_RDONLY {
            "not in O_RDONLY or O_RDWR access mode"
        } else {
            "not in O_WRONLY or O_RDWR access mode"
        }));
    }
    if flags & libc::O_NONBLOCK == 0 {
        raw::set_status_flags(file.as_fd(), flags | libc::O_NONBLOCK)?;
    }
    Ok(())
}

fn into_blocking(end: End) -> io::Result<OwnedFd> {
    let flags = raw::status_flags(end.as_fd())?;
    raw::set_status_flags(end.as_fd(), flags & !libc::O_NONBLOCK)?;
    Ok(end.0.into())
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.io.source().0).finish()
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver")
            .field(&self.io.source().0)
            .finish()
    }
}

// A shutdown closes nothing: that is done by dropping the sender.
forward_write!(Sender, |sender| &sender.io, Ok(()));
forward_fd!(Sender, |sender| sender.io.source().0);
forward_read!(Receiver, |receiver| &receiver.io);
forward_fd!(Receiver, |receiver| receiver.io.source().0);

#[cfg(test)]
mod tests {
    use super::{File, Receiver, Sender, io, pipe};
    use crate::runtime::Builder;

    #[test]
    fn both_ends_come_back_from_their_descriptors() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        let (sender, receiver) = pipe().unwrap();
        let sender = File::from(sender.into_nonblocking_fd().unwrap());
        let sender = Sender::from_file_unchecked(sender).unwrap();
        let receiver = receiver.into_nonblocking_fd().unwrap();
        let receiver = Receiver::from_owned_fd_unchecked(receiver).unwrap();
        let sender = Sender::from_owned_fd_unchecked(sender.into_nonblocking_fd().unwrap());
        let receiver = File::from(receiver.into_nonblocking_fd().unwrap());
        let receiver = Receiver::from_file_unchecked(receiver).unwrap();
        let sender = sender.unwrap();

        let error = receiver.try_read(&mut [0; 16]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        runtime.block_on(async {
            sender.writable().await.unwrap();
            assert_eq!(sender.try_write(b"hello").unwrap(), 5);
            receiver.readable().await.unwrap();
            assert_eq!(receiver.try_read(&mut [0; 16]).unwrap(), 5);
        });
    }
}

//! Pipes and FIFOs.
//!
//! [`pipe`] makes an anonymous pipe: two ends, inside one process or to be given to a child.
//! [`OpenOptions`] opens a FIFO, a pipe that has a name in the file system.
#![forbid(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;
use libc::c_int;

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::raw;
use crate::watched::{ByteStream, Watched, read};

/// Makes an anonymous pipe: what is written to the [`Sender`] is read from the [`Receiver`].
///
/// # Errors
///
/// Those of `pipe2(2)` and of the driver.
///
/// # Panics
///
/// Outside a runtime, and when the runtime was built without I/O.
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncReadExt, AsyncWriteExt};
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, mut receiver) = pipe::pipe()?;
/// sender.write_all(b"hello").await?;
/// drop(sender);
///
/// let mut message = String::new();
/// receiver.read_to_string(&mut message).await?;
/// assert_eq!(message, "hello");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (reader, writer) = raw::pipe()?;
    let sender = Sender::new(writer.into())?;
    sender.io.assume(Ready::WRITABLE);
    Ok((sender, Receiver::new(reader.into())?))
}

/// How to open a FIFO.
///
/// # Examples
///
/// ```no_run
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// // A reader that stays open when a writer goes away.
/// let receiver = pipe::OpenOptions::new().read_write(true).open_receiver("/run/commands")?;
/// # drop(receiver);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Options that open one direction of what is checked to be a FIFO.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("fifo");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// let receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    ///
    /// sender.write_all(b"hello").await?;
    /// receiver.readable().await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(receiver.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions {
            read_write: false,
            unchecked: false,
        }
    }

    /// Whether to open the FIFO for reading and writing, whichever end is wanted.
    ///
    /// A receiver then never sees the end of the stream, because it is a writer itself: it can wait
    /// for the next writer. A sender can be opened before there is a reader, and its writes do not
    /// fail for want of one. This is a matter of Linux; POSIX leaves it open.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("fifo");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // Being a writer itself, the receiver reads on when a writer goes away.
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
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Whether to leave out the check that the file is a FIFO.
    ///
    /// Then anything that behaves like one and that the driver can watch will do.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let error = pipe::OpenOptions::new().open_receiver("/dev/random").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    ///
    /// // It is no pipe, but it can be watched and read.
    /// let mut options = pipe::OpenOptions::new();
    /// let mut receiver = options.unchecked(true).open_receiver("/dev/random")?;
    /// let mut key = [0; 16];
    /// receiver.read_exact(&mut key).await?;
    /// assert_ne!(key, [0; 16]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the FIFO at `path` for reading.
    ///
    /// This does not wait for a writer.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is no FIFO; those of `open(2)` and of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("fifo");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // There is no writer yet.
    /// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    ///
    /// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let mut options = File::options();
        Receiver::new(self.open(options.read(true).write(self.read_write), path.as_ref())?)
    }

    /// Opens the FIFO at `path` for writing.
    ///
    /// # Errors
    ///
    /// `ENXIO` if nobody has it open for reading (see [`read_write`](OpenOptions::read_write));
    /// `InvalidInput` if it is no FIFO; others of `open(2)`, and those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("fifo");
    /// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
    /// // Nobody would read.
    /// let error = pipe::OpenOptions::new().open_sender(&path).unwrap_err();
    /// assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
    ///
    /// let _receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    /// sender.write_all(b"hello").await?;
    /// # Ok(())
    /// # }
    /// ```
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

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl ByteStream for End {
    // A pipe in packet mode (`O_DIRECT`) gives one packet a read.
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
/// Write through [`AsyncWriteExt`](crate::io::AsyncWriteExt) or the methods here. A write of up to
/// `PIPE_BUF` (4096) bytes is not mixed with those of other writers; a longer one may be. Without a
/// reader a write fails with `BrokenPipe`. Dropping the sender closes it; when the last one is
/// closed, readers see the end of the stream.
///
/// # Examples
///
/// ```
/// use std::io::ErrorKind;
/// use zokio::io::AsyncWriteExt;
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// sender.write_all(b"hello").await?;
///
/// // Without a reader there is no point in writing.
/// drop(receiver);
/// let error = sender.write_all(b"hello").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # Ok(())
/// # }
/// ```
pub struct Sender {
    io: Watched<End>,
}

impl Sender {
    #[track_caller]
    fn new(file: File) -> io::Result<Sender> {
        let io = Watched::new(End(file), Interest::WRITABLE)?;
        Ok(Sender { io })
    }

    /// Takes a file of `std` that is a pipe open for writing.
    ///
    /// It is put into non-blocking mode.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is no pipe or not open for writing; those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
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
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut reader, writer) = std::io::pipe()?;
    /// let mut sender = pipe::Sender::from_file(File::from(OwnedFd::from(writer)))?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    ///
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        prepare(&file, libc::O_WRONLY)?;
        Sender::new(file)
    }

    /// Takes a descriptor that is a pipe open for writing.
    ///
    /// As [`from_file`](Sender::from_file).
    ///
    /// # Errors
    ///
    /// As for [`from_file`](Sender::from_file).
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = std::io::pipe()?;
    /// let sender = pipe::Sender::from_owned_fd(writer.into())?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    ///
    /// // The other end is for reading.
    /// let error = pipe::Sender::from_owned_fd(reader.into()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::from_file(owned_fd.into())
    }

    /// Takes a file of `std` as it is.
    ///
    /// It has to be open for writing and in non-blocking mode, and the driver must be able to
    /// watch it.
    ///
    /// # Errors
    ///
    /// Those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// let file = File::from(sender.into_nonblocking_fd()?);
    ///
    /// let mut sender = pipe::Sender::from_file_unchecked(file)?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        Sender::new(file)
    }

    /// Takes a descriptor as it is.
    ///
    /// As [`from_file_unchecked`](Sender::from_file_unchecked).
    ///
    /// # Errors
    ///
    /// Those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// let fd = sender.into_nonblocking_fd()?;
    ///
    /// let mut sender = pipe::Sender::from_owned_fd_unchecked(fd)?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::new(owned_fd.into())
    }

    /// Waits until a part of `interest` is ready, and returns which.
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
    /// use zokio::io::Interest;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// assert!(sender.ready(Interest::WRITABLE).await?.is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to write, or no reader is left.
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](Sender::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await?;
        Ok(())
    }

    /// Polls for room to write.
    ///
    /// Of this and writing the last caller alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call. Not polling
    /// again loses nothing.
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// poll_fn(|cx| sender.poll_write_ready(cx)).await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
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
    /// `WouldBlock` if there is no room; then wait with [`writable`](Sender::writable). Otherwise
    /// those of `write(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// loop {
    ///     sender.writable().await?;
    ///     match sender.try_write(b"hello") {
    ///         Ok(_) => break,
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
    /// As for [`try_write`](Sender::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// sender.writable().await?;
    /// let bufs = [IoSlice::new(b"head"), IoSlice::new(b" and body")];
    /// assert_eq!(sender.try_write_vectored(&bufs)?, 13);
    ///
    /// let mut buf = [0; 13];
    /// receiver.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"head and body");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_write_vectored(buf)
    }

    /// Runs `f` once if the pipe looks writable, without waiting.
    ///
    /// `f` must report `WouldBlock` only when the pipe itself did, because that clears the
    /// readiness.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the pipe is not ready, without a call of `f`; otherwise what `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Write;
    /// use std::os::fd::AsFd;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// // A second descriptor of the same pipe, written to by `std`.
    /// let mut file = File::from(sender.as_fd().try_clone_to_owned()?);
    /// sender.writable().await?;
    /// assert_eq!(sender.try_io(|| file.write(b"hello"))?, 5);
    ///
    /// let mut buf = [0; 5];
    /// receiver.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_io(Interest::WRITABLE, f)
    }

    /// Turns the sender into a descriptor in blocking mode, to be given to a child process, for
    /// example.
    ///
    /// # Errors
    ///
    /// Those of `fcntl(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// let output = sender.into_blocking_fd()?;
    /// assert!(Command::new("echo").arg("hello").stdout(output).status()?.success());
    ///
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io.into_source())
    }

    /// Turns the sender into a descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// None today.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Write};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// let mut file = File::from(sender.into_nonblocking_fd()?);
    ///
    /// // It takes what there is room for, and does not wait until somebody reads.
    /// let error = file.write_all(&vec![0; 1 << 24]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.io.into_source().0.into())
    }
}

/// The end of a pipe that is read from.
///
/// Read through [`AsyncReadExt`](crate::io::AsyncReadExt) or the methods here. When the last writer
/// has closed its end, a read gives 0 bytes. A FIFO may be opened by a writer again after that, and
/// then reads give what it writes; see [`OpenOptions::read_write`].
///
/// # Examples
///
/// ```
/// use zokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use zokio::net::unix::pipe;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// let mut lines = BufReader::new(receiver).lines();
///
/// sender.write_all(b"one\ntwo\n").await?;
/// drop(sender);
/// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
/// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
/// assert_eq!(lines.next_line().await?, None);
/// # Ok(())
/// # }
/// ```
pub struct Receiver {
    io: Watched<End>,
}

impl Receiver {
    #[track_caller]
    fn new(file: File) -> io::Result<Receiver> {
        let io = Watched::new(End(file), Interest::READABLE)?;
        Ok(Receiver { io })
    }

    /// Takes a file of `std` that is a pipe open for reading.
    ///
    /// It is put into non-blocking mode.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is no pipe or not open for reading; those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Write;
    /// use std::os::fd::OwnedFd;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, mut writer) = std::io::pipe()?;
    /// let mut receiver = pipe::Receiver::from_file(File::from(OwnedFd::from(reader)))?;
    ///
    /// writer.write_all(b"hello")?;
    /// let mut buf = [0; 5];
    /// receiver.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        prepare(&file, libc::O_RDONLY)?;
        Receiver::new(file)
    }

    /// Takes a descriptor that is a pipe open for reading.
    ///
    /// As [`from_file`](Receiver::from_file).
    ///
    /// # Errors
    ///
    /// As for [`from_file`](Receiver::from_file).
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = std::io::pipe()?;
    /// let receiver = pipe::Receiver::from_owned_fd(reader.into())?;
    /// let error = receiver.try_read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// // The other end is for writing.
    /// let error = pipe::Receiver::from_owned_fd(writer.into()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::from_file(owned_fd.into())
    }

    /// Takes a file of `std` as it is.
    ///
    /// It has to be open for reading and in non-blocking mode, and the driver must be able to
    /// watch it.
    ///
    /// # Errors
    ///
    /// Those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// let file = File::from(receiver.into_nonblocking_fd()?);
    ///
    /// let mut receiver = pipe::Receiver::from_file_unchecked(file)?;
    /// sender.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// receiver.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        Receiver::new(file)
    }

    /// Takes a descriptor as it is.
    ///
    /// As [`from_file_unchecked`](Receiver::from_file_unchecked).
    ///
    /// # Errors
    ///
    /// Those of the driver.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and when the runtime was built without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// let fd = receiver.into_nonblocking_fd()?;
    ///
    /// let mut receiver = pipe::Receiver::from_owned_fd_unchecked(fd)?;
    /// sender.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// receiver.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::new(owned_fd.into())
    }

    /// Waits until a part of `interest` is ready, and returns which.
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
    /// use zokio::io::{AsyncWriteExt, Interest};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// assert!(receiver.ready(Interest::READABLE).await?.is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// # Cancel safety
    ///
    /// As for [`ready`](Receiver::ready).
    ///
    /// # Errors
    ///
    /// When the runtime shuts down or has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// receiver.readable().await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(receiver.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await?;
        Ok(())
    }

    /// Polls for something to read, or the end of the stream.
    ///
    /// Of this and reading the last caller alone has its task woken.
    ///
    /// # Cancel safety
    ///
    /// On `Pending` the waker of `cx` is kept, in place of the one of the last call. Not polling
    /// again loses nothing.
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
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// poll_fn(|cx| receiver.poll_read_ready(cx)).await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(receiver.try_read(&mut buf)?, 5);
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
    /// `WouldBlock` if there is nothing to read; then wait with [`readable`](Receiver::readable).
    /// Otherwise those of `read(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// sender.try_write(b"hello")?;
    /// let mut buf = [0; 16];
    /// let n = loop {
    ///     receiver.readable().await?;
    ///     match receiver.try_read(&mut buf) {
    ///         Ok(n) => break n,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// };
    /// assert_eq!(&buf[..n], b"hello");
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
    /// As for [`try_read`](Receiver::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"head and body").await?;
    ///
    /// receiver.readable().await?;
    /// let (mut head, mut body) = ([0; 4], [0; 64]);
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(receiver.try_read_vectored(&mut bufs)?, 13);
    /// assert_eq!((&head, &body[..9]), (b"head", &b" and body"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io.try_read_vectored(bufs)
    }

    /// Reads what is there into the free space of `buf`, without waiting.
    ///
    /// # Errors
    ///
    /// As for [`try_read`](Receiver::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// receiver.readable().await?;
    /// let mut buf = Vec::with_capacity(64);
    /// assert_eq!(receiver.try_read_buf(&mut buf)?, 5);
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_read_buf(buf)
    }

    /// Runs `f` once if the pipe looks readable, without waiting.
    ///
    /// `f` must report `WouldBlock` only when the pipe itself did, because that clears the
    /// readiness.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the pipe is not ready, without a call of `f`; otherwise what `f` returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Read;
    /// use std::os::fd::AsFd;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// // A second descriptor of the same pipe, read from by `std`.
    /// let mut file = File::from(receiver.as_fd().try_clone_to_owned()?);
    /// let mut buf = [0; 16];
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_io(|| file.read(&mut buf))?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_io(Interest::READABLE, f)
    }

    /// Turns the receiver into a descriptor in blocking mode, to be given to a child process, for
    /// example.
    ///
    /// # Errors
    ///
    /// Those of `fcntl(2)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use zokio::io::AsyncWriteExt;
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    ///
    /// let output = Command::new("cat").stdin(receiver.into_blocking_fd()?).output()?;
    /// assert_eq!(output.stdout, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io.into_source())
    }

    /// Turns the receiver into a descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// None today.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Read};
    /// use zokio::net::unix::pipe;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (_sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(receiver.into_nonblocking_fd()?);
    ///
    /// // Nothing was sent, and it does not wait for it.
    /// let error = file.read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
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

impl AsyncWrite for Sender {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: what was written is with the kernel.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ready at once, and closes nothing: that is done by dropping the sender.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Receiver {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(cx, buf)
    }
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

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.source().as_fd()
    }
}

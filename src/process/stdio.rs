//! The pipes to a child process.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll};

use socket2::SockRef;

use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::net::unix::pipe::{Receiver, Sender};
use crate::stream::{forward_bulk_sink, forward_bulk_source};

/// The pipe to a child's standard input.
///
/// Dropping it closes it, and the child reads the end of its input. The pipe holds as much as the
/// kernel allows (64 KiB on Linux): a child that writes while it reads more than that must be
/// written to and read from at the same time.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use zokio::io::AsyncWriteExt;
/// use zokio::process::Command;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut child = Command::new("cat")
///         .stdin(Stdio::piped())
///         .stdout(Stdio::piped())
///         .spawn()?;
///     let mut stdin = child.stdin.take().expect("it was asked for");
///     stdin.write_all(b"hello").await?;
///     drop(stdin);
///     assert_eq!(child.wait_with_output().await?.stdout, b"hello");
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct ChildStdin {
    inner: Sender,
}

/// The pipe from a child's standard output.
///
/// A child that writes more than the pipe holds (64 KiB on Linux) waits until its output is read.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use zokio::io::AsyncReadExt;
/// use zokio::process::Command;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
///     let mut text = String::new();
///     let mut stdout = child.stdout.take().expect("it was asked for");
///     stdout.read_to_string(&mut text).await?;
///     assert_eq!(text, "hello\n");
///     assert!(child.wait().await?.success());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct ChildStdout {
    inner: Receiver,
}

/// The pipe from a child's standard error.
///
/// A child that writes more than the pipe holds (64 KiB on Linux) waits until its output is read.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use zokio::io::AsyncReadExt;
/// use zokio::process::Command;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut command = Command::new("sh");
///     let mut child = command.args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
///     let mut text = String::new();
///     let mut stderr = child.stderr.take().expect("it was asked for");
///     stderr.read_to_string(&mut text).await?;
///     assert_eq!(text, "no\n");
///     assert!(child.wait().await?.success());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct ChildStderr {
    inner: Receiver,
}

impl ChildStdin {
    /// Converts a pipe of the standard library, registering it with the current runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be put into non-blocking mode or registered with
    /// the driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::ChildStdin;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut command = std::process::Command::new("true");
    ///     let mut child = command.stdin(Stdio::piped()).spawn()?;
    ///     let pipe = ChildStdin::from_std(child.stdin.take().expect("it was asked for"))?;
    ///     drop(pipe);
    ///     assert!(child.wait()?.success());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn from_std(inner: process::ChildStdin) -> io::Result<Self> {
        let inner = Sender::from_owned_fd_unchecked(nonblocking(inner.into())?)?;
        Ok(Self { inner })
    }

    /// Converts the pipe to a file descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be deregistered from the driver.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::OwnedFd;
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").stdin(Stdio::piped()).spawn()?;
    ///     let pipe: OwnedFd = child.stdin.take().expect("it was asked for").into_owned_fd()?;
    ///     drop(pipe);
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_nonblocking_fd()
    }
}

impl ChildStdout {
    /// Converts a pipe of the standard library, registering it with the current runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be put into non-blocking mode or registered with
    /// the driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::ChildStdout;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut command = std::process::Command::new("true");
    ///     let mut child = command.stdout(Stdio::piped()).spawn()?;
    ///     let pipe = ChildStdout::from_std(child.stdout.take().expect("it was asked for"))?;
    ///     drop(pipe);
    ///     assert!(child.wait()?.success());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn from_std(inner: process::ChildStdout) -> io::Result<Self> {
        let inner = Receiver::from_owned_fd_unchecked(nonblocking(inner.into())?)?;
        Ok(Self { inner })
    }

    /// Converts the pipe to a file descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be deregistered from the driver.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::OwnedFd;
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").stdout(Stdio::piped()).spawn()?;
    ///     let pipe: OwnedFd = child.stdout.take().expect("it was asked for").into_owned_fd()?;
    ///     drop(pipe);
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_nonblocking_fd()
    }
}

impl ChildStderr {
    /// Converts a pipe of the standard library, registering it with the current runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be put into non-blocking mode or registered with
    /// the driver.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::ChildStderr;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut command = std::process::Command::new("true");
    ///     let mut child = command.stderr(Stdio::piped()).spawn()?;
    ///     let pipe = ChildStderr::from_std(child.stderr.take().expect("it was asked for"))?;
    ///     drop(pipe);
    ///     assert!(child.wait()?.success());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn from_std(inner: process::ChildStderr) -> io::Result<Self> {
        let inner = Receiver::from_owned_fd_unchecked(nonblocking(inner.into())?)?;
        Ok(Self { inner })
    }

    /// Converts the pipe to a file descriptor, which stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the descriptor cannot be deregistered from the driver.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::fd::OwnedFd;
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").stderr(Stdio::piped()).spawn()?;
    ///     let pipe: OwnedFd = child.stderr.take().expect("it was asked for").into_owned_fd()?;
    ///     drop(pipe);
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_nonblocking_fd()
    }
}

fn nonblocking(fd: OwnedFd) -> io::Result<OwnedFd> {
    // This is `fcntl`, which works on any descriptor.
    SockRef::from(&fd).set_nonblocking(true)?;
    Ok(fd)
}

/// Converts the pipe for another child to inherit. It is put into blocking mode, as programs
/// expect.
impl TryInto<Stdio> for ChildStdin {
    type Error = io::Error;

    fn try_into(self) -> io::Result<Stdio> {
        Ok(self.inner.into_blocking_fd()?.into())
    }
}

/// Converts the pipe for another child to inherit. It is put into blocking mode, as programs
/// expect.
impl TryInto<Stdio> for ChildStdout {
    type Error = io::Error;

    fn try_into(self) -> io::Result<Stdio> {
        Ok(self.inner.into_blocking_fd()?.into())
    }
}

/// Converts the pipe for another child to inherit. It is put into blocking mode, as programs
/// expect.
impl TryInto<Stdio> for ChildStderr {
    type Error = io::Error;

    fn try_into(self) -> io::Result<Stdio> {
        Ok(self.inner.into_blocking_fd()?.into())
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    forward_bulk_sink!(|me| Pin::new(&mut me.get_mut().inner));

    /// Returns at once: written bytes are already in the kernel.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Returns at once, and closes nothing: dropping the pipe closes it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncRead for ChildStdout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }

    forward_bulk_source!(|me| Pin::new(&mut me.get_mut().inner));
}

impl AsyncRead for ChildStderr {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }

    forward_bulk_source!(|me| Pin::new(&mut me.get_mut().inner));
}

impl AsRawFd for ChildStdin {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsRawFd for ChildStdout {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsRawFd for ChildStderr {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsFd for ChildStdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsFd for ChildStdout {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsFd for ChildStderr {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

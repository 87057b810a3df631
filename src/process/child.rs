//! [`Child`]: a process that was started.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::process::{ExitStatus, Output};
use std::task::{Context, Poll, ready};

use super::exit::Process;
use super::orphan;
use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::io::{AsyncRead, AsyncReadExt};
use crate::trace::{Resource, ResourceType, Update};
use crate::try_join;

/// A child process; returned by [`Command::spawn`](super::Command::spawn).
///
/// Dropping it lets the process continue, unless [`kill_on_drop`](super::Command::kill_on_drop) was
/// set. See the [module](super#what-happens-to-a-child-that-is-dropped) about zombies.
///
/// # Examples
///
/// ```
/// use zokio::process::Command;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut child = Command::new("sh").args(["-c", "exit 3"]).spawn()?;
///     assert_eq!(child.wait().await?.code(), Some(3));
///     Ok(())
/// }
/// ```
pub struct Child {
    state: ChildState,

    /// The pipe to the child's standard input, if it was requested and not taken out.
    pub stdin: Option<ChildStdin>,

    /// The pipe from the child's standard output, if it was requested and not taken out.
    pub stdout: Option<ChildStdout>,

    /// The pipe from the child's standard error, if it was requested and not taken out.
    pub stderr: Option<ChildStderr>,

    resource: Resource,
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("state", &self.state)
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish()
    }
}

#[derive(Debug)]
enum ChildState {
    Running(Running),
    Ended(ExitStatus),
}

/// A process that has not been waited for yet.
#[derive(Debug)]
struct Running {
    /// `None` once it has ended.
    process: Option<Process>,
    kill_on_drop: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            if self.kill_on_drop {
                // If it cannot be killed, there is no one left to report it to.
                let _ = process.kill();
            }
            orphan::reap_later(process);
        }
    }
}

impl Child {
    #[track_caller]
    pub(super) fn new(process: Process, kill_on_drop: bool) -> Child {
        let pid = process.id();
        let mut child = Child {
            state: ChildState::Running(Running {
                process: Some(process),
                kill_on_drop,
            }),
            stdin: None,
            stdout: None,
            stderr: None,
            resource: Resource::silent(),
        };
        // Now a panic of the subscriber leaves the process to the drop of the child.
        child.resource = Resource::new(ResourceType::Child);
        child.resource.update(Update::Pid(pid));
        child
    }

    /// Sets whether dropping the child kills the process.
    pub(super) fn set_kill_on_drop(&mut self, kill_on_drop: bool) {
        if let ChildState::Running(running) = &mut self.state {
            running.kill_on_drop = kill_on_drop;
        }
    }

    /// Returns the process id; `None` once the process has been waited for, when the operating
    /// system may have reused the id for another process.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").spawn()?;
    ///     assert!(child.id().is_some());
    ///     child.wait().await?;
    ///     assert_eq!(child.id(), None);
    ///     Ok(())
    /// }
    /// ```
    pub fn id(&self) -> Option<u32> {
        match &self.state {
            ChildState::Running(running) => running.process.as_ref().map(Process::id),
            ChildState::Ended(_) => None,
        }
    }

    /// Kills the process with `SIGKILL` without waiting for it to end.
    ///
    /// It stays a zombie until it is waited for, by [`wait`](Child::wait) or, once this value is
    /// dropped, by the runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if this program may not kill the process; see kill(2). It is not an error
    /// if the process has already ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("sleep").arg("60").spawn()?;
    ///     child.start_kill()?;
    ///     assert_eq!(child.wait().await?.code(), None);
    ///     Ok(())
    /// }
    /// ```
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.state {
            ChildState::Running(Running {
                process: Some(process),
                ..
            }) => process.kill(),
            ChildState::Running(_) | ChildState::Ended(_) => Ok(()),
        }
    }

    /// Kills the process with `SIGKILL` and waits for it to end.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. The process is killed at the first poll; dropping the future
    /// after that only stops the wait for its end.
    ///
    /// # Errors
    ///
    /// Returns an error if this program may not kill the process or wait for it. It is not an error
    /// if the process has already ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("sleep").arg("60").spawn()?;
    ///     child.kill().await
    /// }
    /// ```
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await?;
        Ok(())
    }

    /// Waits for the process to end.
    ///
    /// The pipe to its standard input is closed first, unless it was taken out: a child that waits
    /// for more input while its parent waits for it to end would wait forever. The status is kept,
    /// so this may be called again.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses nothing but the pipe to the standard
    /// input, which is closed at the first poll.
    ///
    /// # Errors
    ///
    /// Returns an error if the process cannot be waited for, for example because other code has
    /// done so.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").spawn()?;
    ///     let status = child.wait().await?;
    ///     assert!(status.success());
    ///     assert_eq!(child.wait().await?, status);
    ///     Ok(())
    /// }
    /// ```
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let op = self.resource.begin("Child::wait", "poll_wait");
        op.around(poll_fn(|cx| self.state.poll_exit(cx))).await
    }

    /// Returns the status of the process if it has ended. Does not wait, and leaves the pipe to its
    /// standard input open.
    ///
    /// # Errors
    ///
    /// Returns an error if the process cannot be waited for, for example because other code has
    /// done so.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("sleep").arg("60").spawn()?;
    ///     assert!(child.try_wait()?.is_none());
    ///     child.kill().await?;
    ///     assert!(child.try_wait()?.is_some());
    ///     Ok(())
    /// }
    /// ```
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = match &mut self.state {
            ChildState::Running(Running {
                process: Some(process),
                ..
            }) => process.try_wait()?,
            ChildState::Running(_) => None,
            ChildState::Ended(status) => return Ok(Some(*status)),
        };
        if let Some(status) = status {
            self.state.end(status);
        }
        Ok(status)
    }

    /// Waits for the process to end and collects its output.
    ///
    /// The pipe to its standard input is closed first, unless it was taken out. Only streams for
    /// which a pipe was requested are collected; the others are empty.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: dropping the future drops the child and what was collected.
    ///
    /// # Errors
    ///
    /// Returns an error if the process cannot be waited for or a pipe cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    ///     let output = child.wait_with_output().await?;
    ///     assert!(output.status.success());
    ///     assert_eq!(output.stdout, b"hello\n");
    ///     Ok(())
    /// }
    /// ```
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (self.stdout.take(), self.stderr.take());
        let (status, out, err) = try_join!(
            self.wait(),
            read_to_end(&mut stdout),
            read_to_end(&mut stderr)
        )?;
        Ok(Output {
            status,
            stdout: out,
            stderr: err,
        })
    }
}

/// Reads a pipe to its end; returns an empty vector if there is none.
async fn read_to_end(pipe: &mut Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

impl ChildState {
    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let status = match self {
            ChildState::Ended(status) => *status,
            ChildState::Running(running) => {
                let process = running
                    .process
                    .as_mut()
                    .expect("a running child has a process until it is dropped");
                let status = ready!(process.poll_exit(cx))?;
                self.end(status);
                status
            }
        };
        Poll::Ready(Ok(status))
    }

    /// Records that the process has ended, so that it is neither killed nor reaped once more.
    fn end(&mut self, status: ExitStatus) {
        if let ChildState::Running(running) = self {
            running.process = None;
        }
        *self = ChildState::Ended(status);
    }
}

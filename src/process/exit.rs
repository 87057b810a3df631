//! [`Process`]: a child process, and how the runtime learns that it ended.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child as StdChild, ExitStatus};
use std::task::{Context, Poll, ready};

use super::pidfd::pidfd_open;
use crate::io::Interest;
use crate::record::{self, Wait};
use crate::runtime::{Handle, Id};
use crate::scheduler::context::with_current;
use crate::signal::unix::{Signal, SignalKind, signal};
use crate::watched::Watched;

/// A child process that may still run.
#[derive(Debug)]
pub(super) struct Process {
    child: StdChild,
    notice: Notice,
}

/// What indicates that it is time to check whether the child has ended.
#[derive(Debug)]
enum Notice {
    /// The child's file descriptor becomes readable when it ends.
    Pidfd(Watched<OwnedFd>),
    /// A signal comes for any child that ends. The stream receives it in this runtime.
    Signal(Signal, Id),
    /// The child's runtime is gone, and no other has taken over.
    Nothing,
}

impl Process {
    /// Has the current runtime notify when a child ends.
    ///
    /// # Errors
    ///
    /// Returns an error, with the child, if neither a file descriptor nor a signal handler is
    /// available.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    #[track_caller]
    pub(super) fn new(child: StdChild) -> Result<Process, (io::Error, StdChild)> {
        let notice = pidfd_open(child.id())
            .and_then(|pidfd| Watched::new(pidfd, Interest::READABLE))
            .map(Notice::Pidfd)
            .or_else(|_| Notice::signal());
        match notice {
            Ok(notice) => Ok(Process { child, notice }),
            Err(error) => Err((error, child)),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the child.
    ///
    /// # Errors
    ///
    /// Returns an error if this program may not kill the process; see kill(2). It is not an error
    /// if the child has ended.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// Checks whether the child has ended.
    ///
    /// # Errors
    ///
    /// Returns an error if the child cannot be waited for; see waitpid(2).
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Stops waiting and returns the child.
    pub(super) fn into_child(self) -> StdChild {
        self.child
    }

    /// Polls until the child has ended.
    ///
    /// # Errors
    ///
    /// Returns an error if the child cannot be waited for (see waitpid(2)), or if the runtime is
    /// gone and there is no other.
    pub(super) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let polled = self.poll_notice(cx);
        if polled.is_pending() {
            record::waits_around(Wait::Child, || u64::from(self.child.id()));
        }
        polled
    }

    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.notice.follow()?;
        loop {
            // The notice is already set up, so an end that comes after this check is noticed.
            if let Some(status) = self.child.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            match &mut self.notice {
                Notice::Pidfd(pidfd) => match ready!(pidfd.poll_read_ready(cx)) {
                    Ok(()) => {
                        if let Some(status) = self.child.try_wait()? {
                            return Poll::Ready(Ok(status));
                        }
                        // The child has ended, but a process that traces it has not released it.
                        // When it does, there is a signal, but no further event of the descriptor.
                        self.notice = Notice::signal()?;
                    }
                    Err(_) => self.notice = Notice::Nothing,
                },
                Notice::Signal(signal, _) => {
                    ready!(signal.poll_recv(cx));
                }
                Notice::Nothing => {
                    // The current runtime takes over.
                    self.notice = pidfd_open(self.child.id())
                        .and_then(Notice::pidfd)
                        .or_else(|_| Notice::signal())?;
                }
            }
        }
    }
}

impl Notice {
    fn pidfd(pidfd: OwnedFd) -> io::Result<Notice> {
        current()?;
        Ok(Notice::Pidfd(Watched::new(pidfd, Interest::READABLE)?))
    }

    #[track_caller]
    fn signal() -> io::Result<Notice> {
        let handle = current()?;
        Ok(Notice::Signal(signal(SignalKind::child())?, handle.id()))
    }

    /// Follows the runtime that polls. A stream of signals is served by the runtime in which it was
    /// created, which may be gone, so a new one is created when another runtime polls it.
    fn follow(&mut self) -> io::Result<()> {
        if let (Notice::Signal(_, runtime), Ok(handle)) = (&*self, Handle::try_current()) {
            if handle.id() != *runtime {
                *self = Notice::signal()?;
            }
        }
        Ok(())
    }
}

/// Returns the current runtime, if it can watch.
///
/// This may run where a panic is not expected: in the driver of another runtime.
fn current() -> io::Result<Handle> {
    let handle = Handle::try_current().map_err(io::Error::other)?;
    if with_current(|handle| handle.services().io_enabled) != Ok(true) {
        return Err(io::Error::other(
            "the runtime that watched the child is gone, and this one has no I/O: call \
             `enable_io` on its builder",
        ));
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::{Notice, Process};
    use crate::runtime::Builder;
    use std::future::poll_fn;
    use std::process::Command;

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("0.1").spawn().unwrap()
    }

    #[test]
    fn signals_do_where_there_is_no_pidfd() {
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let mut process = rt.block_on(async {
            Process {
                child: sleeper(),
                notice: Notice::signal().unwrap(),
            }
        });
        // The runtime in which the child was started is gone.
        drop(rt);
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let status = rt.block_on(poll_fn(|cx| process.poll_exit(cx))).unwrap();
        assert!(status.success());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_runtime_takes_over() {
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let mut process = rt.block_on(async { Process::new(sleeper()).unwrap() });
        assert!(matches!(process.notice, Notice::Pidfd(_)));
        drop(rt);
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let status = rt.block_on(poll_fn(|cx| process.poll_exit(cx))).unwrap();
        assert!(status.success());
    }
}

//! Signals on Unix.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use libc::c_int;

use super::broadcast::Listener;
use super::table::Table;
use super::watcher;
use crate::record::{self, Wait};
use crate::runtime::Handle;
use crate::util::budget::poll_proceed;

/// The signal to wait for.
///
/// # Examples
///
/// ```
/// use zokio::signal::unix::SignalKind;
///
/// let kind = SignalKind::terminate();
/// assert_eq!(SignalKind::from_raw(kind.as_raw_value()), kind);
/// ```
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub struct SignalKind(c_int);

impl SignalKind {
    /// Returns the signal with this number.
    ///
    /// Numbers of signals that do not exist or cannot be handled are accepted here and refused
    /// by [`signal`].
    ///
    /// # Examples
    ///
    /// To wait for a real-time signal:
    ///
    /// ```
    /// # extern crate libc;
    /// use zokio::signal::unix::SignalKind;
    ///
    /// let first = SignalKind::from_raw(libc::SIGRTMIN());
    /// assert_eq!(first.as_raw_value(), libc::SIGRTMIN());
    /// ```
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// Returns the signal's number.
    ///
    /// # Examples
    ///
    /// ```
    /// # extern crate libc;
    /// use zokio::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::hangup().as_raw_value(), libc::SIGHUP);
    /// ```
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    /// `SIGALRM`: a timer of the operating system has expired. Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut alarms = signal(SignalKind::alarm())?;
    ///     Command::new("sh").args(["-c", "kill -ALRM $PPID"]).status().await?;
    ///     assert_eq!(alarms.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn alarm() -> Self {
        Self(libc::SIGALRM)
    }

    /// `SIGCHLD`: a child process has stopped, continued or ended. Ignored by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut changes = signal(SignalKind::child())?;
    ///     let mut child = std::process::Command::new("true").spawn()?;
    ///     assert_eq!(changes.recv().await, Some(()));
    ///     assert!(child.wait()?.success());
    ///     Ok(())
    /// }
    /// ```
    pub const fn child() -> Self {
        Self(libc::SIGCHLD)
    }

    /// `SIGHUP`: the terminal is gone; for many daemons, a request to reload the configuration.
    /// Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut hangups = signal(SignalKind::hangup())?;
    ///     Command::new("sh").args(["-c", "kill -HUP $PPID"]).status().await?;
    ///     assert_eq!(hangups.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn hangup() -> Self {
        Self(libc::SIGHUP)
    }

    /// `SIGINT`: Ctrl-C. Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut interrupts = signal(SignalKind::interrupt())?;
    ///     Command::new("sh").args(["-c", "kill -INT $PPID"]).status().await?;
    ///     assert_eq!(interrupts.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn interrupt() -> Self {
        Self(libc::SIGINT)
    }

    /// `SIGIO`: I/O is possible on a file descriptor that was set up for it. Ends the process by
    /// default.
    ///
    /// # Examples
    ///
    /// ```
    /// # extern crate libc;
    /// use zokio::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::io().as_raw_value(), libc::SIGIO);
    /// ```
    pub const fn io() -> Self {
        Self(libc::SIGIO)
    }

    /// `SIGPIPE`: a write to a pipe without a reader. The Rust runtime ignores it, so that such a
    /// write fails instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Write};
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut broken = signal(SignalKind::pipe())?;
    ///     let (reader, mut writer) = std::io::pipe()?;
    ///     drop(reader);
    ///     assert_eq!(writer.write(b"hello").unwrap_err().kind(), ErrorKind::BrokenPipe);
    ///     assert_eq!(broken.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn pipe() -> Self {
        Self(libc::SIGPIPE)
    }

    /// `SIGQUIT`: Ctrl-\\. Ends the process with a core dump by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut quits = signal(SignalKind::quit())?;
    ///     Command::new("sh").args(["-c", "kill -QUIT $PPID"]).status().await?;
    ///     assert_eq!(quits.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn quit() -> Self {
        Self(libc::SIGQUIT)
    }

    /// `SIGTERM`: a request to end. Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut requests = signal(SignalKind::terminate())?;
    ///     Command::new("sh").args(["-c", "kill -TERM $PPID"]).status().await?;
    ///     assert_eq!(requests.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn terminate() -> Self {
        Self(libc::SIGTERM)
    }

    /// `SIGUSR1`: free for the program's use. Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut signals = signal(SignalKind::user_defined1())?;
    ///     Command::new("sh").args(["-c", "kill -USR1 $PPID"]).status().await?;
    ///     assert_eq!(signals.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn user_defined1() -> Self {
        Self(libc::SIGUSR1)
    }

    /// `SIGUSR2`: free for the program's use. Ends the process by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut signals = signal(SignalKind::user_defined2())?;
    ///     Command::new("sh").args(["-c", "kill -USR2 $PPID"]).status().await?;
    ///     assert_eq!(signals.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn user_defined2() -> Self {
        Self(libc::SIGUSR2)
    }

    /// `SIGWINCH`: the size of the terminal's window has changed. Ignored by default.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut changes = signal(SignalKind::window_change())?;
    ///     Command::new("sh").args(["-c", "kill -WINCH $PPID"]).status().await?;
    ///     assert_eq!(changes.recv().await, Some(()));
    ///     Ok(())
    /// }
    /// ```
    pub const fn window_change() -> Self {
        Self(libc::SIGWINCH)
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self::from_raw(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

/// Starts listening to a signal.
///
/// Any number of streams may listen to one signal, in any number of runtimes; each receives it. The
/// stream receives signals that are dispatched after its creation.
///
/// The first call for a kind of signal in a process permanently replaces the default action of the
/// operating system, even after all streams are dropped: a program that has once listened to
/// `SIGTERM` has to end by itself. Handlers that other libraries install with the `signal-hook`
/// crates are called as well.
///
/// # Errors
///
/// Returns an error if the signal does not exist, if it cannot be handled (`SIGKILL`, `SIGSTOP`,
/// `SIGILL`, `SIGFPE`, `SIGSEGV`), if the operating system refuses, or if the runtime has been shut
/// down.
///
/// # Panics
///
/// Panics if called outside a runtime, or in one whose I/O is not enabled (see
/// [`Builder::enable_io`](crate::runtime::Builder::enable_io)).
///
/// # Examples
///
/// ```no_run
/// use zokio::signal::unix::{SignalKind, signal};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut hangups = signal(SignalKind::hangup())?;
///     loop {
///         hangups.recv().await;
///         println!("reading the configuration again");
///     }
/// }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let handle = Handle::current();
    // A runtime without I/O is a mistake in the program, which is reported before any error.
    let _ = handle.io_driver();
    let table = Table::global()?;
    watcher::watch(&handle, table)?;
    Ok(Signal {
        kind,
        listener: table.listen(kind.as_raw_value())?,
    })
}

/// A stream of one kind of signal; returned by [`signal()`].
///
/// Signals do not queue: several that come before the stream is polled count as one. The stream
/// works as long as any runtime runs in which a signal was asked for, even after the runtime that
/// created it is gone.
///
/// # Examples
///
/// ```no_run
/// use zokio::signal::unix::{SignalKind, signal};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let mut terminate = signal(SignalKind::terminate())?;
///     let mut interrupt = signal(SignalKind::interrupt())?;
///     zokio::select! {
///         _ = terminate.recv() => println!("asked to end"),
///         _ = interrupt.recv() => println!("interrupted"),
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "signals are lost when the stream is not polled"]
pub struct Signal {
    kind: SignalKind,
    listener: Listener,
}

impl Signal {
    /// Waits for the next signal. Never returns `None`, which would mean that no more can come.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future loses no signal: the signal is taken only
    /// when the future is ready.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut hangups = signal(SignalKind::hangup())?;
    ///     while let Some(()) = hangups.recv().await {
    ///         println!("reading the configuration again");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for the next signal. Never returns `None`, which would mean that no more can come.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. While it is pending, the next signal wakes the waker of the
    /// latest call.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::future::poll_fn;
    /// use zokio::signal::unix::{SignalKind, signal};
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut hangups = signal(SignalKind::hangup())?;
    ///     poll_fn(|cx| hangups.poll_recv(cx)).await;
    ///     println!("hung up");
    ///     Ok(())
    /// }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let coop = ready!(poll_proceed(cx));
        if self.listener.poll(cx).is_pending() {
            record::waits(Wait::Signal, || self.kind.as_raw_value() as u64);
            return Poll::Pending;
        }
        coop.made_progress();
        Poll::Ready(Some(()))
    }
}

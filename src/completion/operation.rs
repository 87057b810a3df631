//! `Operation`: what all futures of this module have in common, and what limits them.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use self::sealed::{Cancel, Cause};
use super::canceller::{Canceller, Member};
use crate::blocking::pool::SpawnError;
use crate::driver::completion::batch::Batch;
use crate::driver::completion::op::no_thread;
use crate::error::{Error, Subject};
use crate::fs::run;
use crate::time::{Sleep, sleep};
use crate::util::budget::{self, Budget};

/// An operation of [`completion`](super), before it has completed.
///
/// All futures of the module implement this trait, and no others can. It limits an operation
/// without losing what the operation owns, which a `select!` or
/// [`time::timeout`](crate::time::timeout) around it would drop.
pub trait Operation: Future + Cancel {
    /// Limits the operation to `limit`, counted from this call.
    ///
    /// An operation that has not ended by then is cancelled, and its future waits until it has let
    /// go of its buffer. It then ends with an [`Error`] of the timeout family, as an
    /// [`io::Error`] of the kind [`TimedOut`](io::ErrorKind::TimedOut), and the buffer. An operation
    /// that succeeds first, or in spite of the cancellation, returns its result.
    ///
    /// **A thread that has begun a system call cannot be interrupted.** A transfer that a thread
    /// carries out (every one without io_uring, most writes, and reads that io_uring does not suit)
    /// returns its buffer when the call returns, however long after the limit that is. Such a
    /// call usually succeeds, and then its result is returned. An operation without a buffer, such
    /// as an open, ends at the limit in any case.
    ///
    /// # Cancel safety
    ///
    /// The same as that of the operation.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in a runtime whose timers are off (see
    /// [`Builder::enable_time`](crate::runtime::Builder::enable_time)).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::completion::{Operation, fs::File};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let dir = tempfile::tempdir()?;
    ///     let pipe = dir.path().join("pipe");
    ///     # assert!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
    ///     // The pipe is never opened for writing.
    ///     let error = File::open(&pipe).timeout(Duration::from_millis(5)).await.unwrap_err();
    ///     assert!(error.is_timeout());
    ///     assert_eq!(error.path(), Some(pipe.as_path()));
    ///     assert!(error.to_string().ends_with("/pipe`: not done within 5ms"));
    ///     # // Ends the open that a thread still waits in.
    ///     # std::fs::File::options().read(true).write(true).open(&pipe)?;
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    fn timeout(self, limit: Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout {
            operation: self,
            sleep: sleep(limit),
            limit,
            expired: false,
        }
    }

    /// Has the operation cancelled together with all others of a group.
    ///
    /// It then ends with `ECANCELED` and its buffer, if it has not succeeded by then. When the
    /// buffer comes back is the same as for [`timeout`](Operation::timeout).
    ///
    /// # Cancel safety
    ///
    /// The same as that of the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::{Canceller, Operation, fs::File};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::open("/proc/version").await?;
    ///     let canceller = Canceller::new();
    ///     let reads = [0, 6].map(|offset| file.read_at(vec![0; 4], offset).with(&canceller));
    ///     canceller.cancel();
    ///     for read in reads {
    ///         let (count, buffer) = read.await;
    ///         assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    ///         assert_eq!(buffer, [0; 4]);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    fn with(self, canceller: &Canceller) -> With<Self>
    where
        Self: Sized,
    {
        With {
            operation: self,
            member: canceller.join(),
            asked: false,
        }
    }
}

impl<O: Future + Cancel> Operation for O {}

pub(super) mod sealed {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use crate::driver::completion::batch::Batch;

    /// Why an operation is to end before it has completed.
    #[derive(Clone, Copy, Debug)]
    pub enum Cause {
        Limit(Duration),
        Canceller,
    }

    /// What can be told to end.
    pub trait Cancel: Future {
        /// Asks for the end of the operation, which then completes as soon as it can. The first
        /// cause counts.
        #[doc(hidden)]
        fn cancel(self: Pin<&mut Self>, cause: Cause);

        /// Polls for the result. What goes to a ring goes there together with the others of `batch`.
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "it is sealed")]
        fn advance_with(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _batch: &mut Batch,
        ) -> Poll<Self::Output> {
            self.poll(cx)
        }
    }

    /// Polls an operation, together with others if there is a batch.
    pub(super) fn poll<O: Cancel>(
        operation: Pin<&mut O>,
        cx: &mut Context<'_>,
        batch: Option<&mut Batch>,
    ) -> Poll<O::Output> {
        match batch {
            Some(batch) => operation.advance_with(cx, batch),
            None => operation.poll(cx),
        }
    }
}

impl Cause {
    /// Returns the error of an operation that ended because of this; `operation` is a verb with its
    /// object.
    pub(super) fn error(self, operation: &'static str, subject: Subject) -> Error {
        match self {
            Cause::Limit(limit) => Error::timeout(operation, subject, limit),
            Cause::Canceller => Error::on(operation, subject, cancelled()),
        }
    }

    /// Like [`error`](Cause::error), with the code of the operating system where there is one.
    pub(super) fn io_error(self, operation: &'static str) -> io::Error {
        match self {
            Cause::Limit(_) => self.error(operation, Subject::Unnamed).into(),
            Cause::Canceller => cancelled(),
        }
    }
}

fn cancelled() -> io::Error {
    io::Error::from_raw_os_error(libc::ECANCELED)
}

/// Returns the error of an operation that the driver did not carry out: because there was no thread
/// for it, because it was to end, or because the runtime was shut down.
pub(super) fn refused(
    missing: Option<SpawnError>,
    cause: Option<Cause>,
    operation: &'static str,
) -> io::Error {
    match (missing, cause) {
        (Some(SpawnError::NoThread(error)), _) => no_thread(operation, error),
        (_, Some(cause)) => cause.io_error(operation),
        (_, None) => run::task_failed(),
    }
}

pin_project! {
    /// The future returned by [`Operation::timeout`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<O> {
        #[pin]
        operation: O,
        #[pin]
        sleep: Sleep,
        limit: Duration,
        expired: bool,
    }
}

impl<O: fmt::Debug> fmt::Debug for Timeout<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("operation", &self.operation)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<O: Operation> Timeout<O> {
    fn advance(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        batch: Option<&mut Batch>,
    ) -> Poll<O::Output> {
        let mut this = self.project();
        let polled = sealed::poll(this.operation.as_mut(), cx, batch);
        if polled.is_ready() || *this.expired {
            return polled;
        }
        // An operation that used up the budget must not keep the timer from being looked at.
        let sleep = budget::with(Budget::UNCONSTRAINED, || this.sleep.poll(cx));
        if sleep.is_pending() {
            return Poll::Pending;
        }
        *this.expired = true;
        this.operation.as_mut().cancel(Cause::Limit(*this.limit));
        this.operation.poll(cx)
    }
}

impl<O: Operation> Future for Timeout<O> {
    type Output = O::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        self.advance(cx, None)
    }
}

impl<O: Operation> Cancel for Timeout<O> {
    fn cancel(self: Pin<&mut Self>, cause: Cause) {
        self.project().operation.cancel(cause);
    }

    #[allow(private_interfaces, reason = "it is sealed")]
    fn advance_with(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        batch: &mut Batch,
    ) -> Poll<O::Output> {
        self.advance(cx, Some(batch))
    }
}

pin_project! {
    /// The future returned by [`Operation::with`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct With<O> {
        #[pin]
        operation: O,
        member: Member,
        // Whether the operation was asked to end.
        asked: bool,
    }
}

impl<O: fmt::Debug> fmt::Debug for With<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl<O: Operation> With<O> {
    fn advance(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        batch: Option<&mut Batch>,
    ) -> Poll<O::Output> {
        let mut this = self.project();
        // Asked before the operation is polled, so that one whose group is cancelled does not begin.
        // An outcome that is there by now counts all the same.
        if !*this.asked && this.member.poll_cancelled(cx) {
            *this.asked = true;
            this.operation.as_mut().cancel(Cause::Canceller);
        }
        let polled = sealed::poll(this.operation, cx, batch);
        if polled.is_ready() {
            this.member.leave();
        }
        polled
    }
}

impl<O: Operation> Future for With<O> {
    type Output = O::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        self.advance(cx, None)
    }
}

impl<O: Operation> Cancel for With<O> {
    fn cancel(self: Pin<&mut Self>, cause: Cause) {
        self.project().operation.cancel(cause);
    }

    #[allow(private_interfaces, reason = "it is sealed")]
    fn advance_with(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        batch: &mut Batch,
    ) -> Poll<O::Output> {
        self.advance(cx, Some(batch))
    }
}

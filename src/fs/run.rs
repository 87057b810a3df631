//! How a file operation finds its runtime, and how it is carried out there.
//!
//! Dropping the future of a [`perform`] cancels the operation; dropping that of a [`perform_fully`]
//! lets it continue, because it changes the file system: half a `timeout` around a rename must not
//! make it less likely than tokio does.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use crate::blocking::pool::SpawnError;
use crate::driver::completion::InFlight;
use crate::driver::completion::batch::Batch;
use crate::driver::completion::op::{CANCELED, Completed, Op};
use crate::scheduler::Handle;
use crate::scheduler::context::with_current;
use crate::task::JoinHandle;
use crate::util::budget::poll_proceed;

/// The error of an operation that a shut-down runtime does not carry out.
pub(crate) fn task_failed() -> io::Error {
    io::Error::other("background task failed")
}

/// Returns an error if the current runtime does not carry out operations any more.
///
/// # Panics
/// Panics if called outside a runtime.
pub(crate) fn check() -> io::Result<()> {
    with_runtime(check_on)
}

/// Returns an error if this runtime does not carry out operations any more.
pub(crate) fn check_on(handle: &Handle) -> io::Result<()> {
    if handle.services().driver.completions().is_closed() {
        return Err(task_failed());
    }
    Ok(())
}

/// Returns the current runtime, for an operation that continues where there may be none.
///
/// # Panics
/// Panics if called outside a runtime.
pub(crate) fn current() -> Handle {
    with_runtime(Handle::clone)
}

/// Takes a unit of budget and checks that there is a runtime. First in every function.
pub(crate) async fn begin() -> io::Result<()> {
    poll_fn(poll_proceed).await.made_progress();
    check()
}

/// Calls `f` with the handle of the current runtime, without counting one more reference to it.
///
/// # Panics
/// Panics if called outside a runtime.
fn with_runtime<R>(f: impl FnOnce(&Handle) -> R) -> R {
    match with_current(f) {
        Ok(result) => result,
        Err(error) => panic!("{error}"),
    }
}

/// Submits `op` to the current runtime's driver.
///
/// # Panics
/// Panics if called outside a runtime, and, as `spawn_blocking`, if there is no thread.
pub(super) fn submit(op: Op) -> InFlight {
    match with_runtime(|handle| submit_on(handle, op)) {
        (in_flight, None) => in_flight,
        (_, Some(refused)) => panic!("{refused}"),
    }
}

/// Like [`submit`], for an operation that changes something. If it is expected to end in
/// microseconds, a worker of the multi-thread scheduler performs it itself when its current poll has
/// ended. One that was not accepted has ended as cancelled; also returns why.
///
/// # Panics
/// Panics if called outside a runtime.
pub(super) fn submit_change(
    op: Op,
    is_brief: impl FnOnce() -> bool,
) -> (InFlight, Option<SpawnError>) {
    with_runtime(|handle| {
        let completions = handle.services().driver.completions();
        completions.submit_or_keep(op, |job| handle.keep(job, is_brief))
    })
}

/// Submits `op`, whose memory is to come back in any case, to this runtime's driver. One for which
/// there is no thread has ended as cancelled; also returns why.
pub(crate) fn submit_on(handle: &Handle, op: Op) -> (InFlight, Option<SpawnError>) {
    handle.services().driver.completions().submit(op)
}

/// Like [`submit_on`], together with the others of `batch`.
pub(crate) fn submit_in(
    handle: &Handle,
    op: Op,
    batch: &mut Batch,
) -> (InFlight, Option<SpawnError>) {
    let completions = handle.services().driver.completions();
    completions.submit_in(op, batch)
}

/// Carries out `op`, which is cancelled if the future is dropped.
pub(crate) async fn perform(op: Op) -> Completed {
    submit(op).await
}

/// Carries out `op`, which continues if the future is dropped.
pub(crate) async fn perform_fully(op: Op) -> Completed {
    to_the_end(submit(op)).await
}

/// Like [`perform_fully`]. If the operation is expected to end in microseconds, a worker of the
/// multi-thread scheduler performs it itself when its current poll has ended.
///
/// # Panics
/// Panics if called outside a runtime, and, as `spawn_blocking`, if there is no thread.
pub(super) async fn perform_change(op: Op, is_brief: impl FnOnce() -> bool) -> Completed {
    let (in_flight, refused) = submit_change(op, is_brief);
    if let Some(refused @ SpawnError::NoThread(_)) = refused {
        panic!("{refused}");
    }
    to_the_end(in_flight).await
}

/// Waits for an operation that continues if the future is dropped.
async fn to_the_end(in_flight: InFlight) -> Completed {
    struct Detach(Option<InFlight>);
    impl Drop for Detach {
        fn drop(&mut self) {
            if let Some(in_flight) = self.0.take() {
                in_flight.detach();
            }
        }
    }
    let mut detach = Detach(Some(in_flight));
    poll_fn(|cx| match &mut detach.0 {
        Some(in_flight) => in_flight.poll(cx),
        None => unreachable!("taken on drop only"),
    })
    .await
}

/// Converts the error of an operation that the runtime's shutdown refused or cancelled to tokio's.
pub(crate) fn outcome<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| match error.raw_os_error() {
        Some(CANCELED) => task_failed(),
        _ => error,
    })
}

/// Runs `f` on a thread where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match start_blocking(f).await {
        Ok(result) => result,
        Err(_) => Err(task_failed()),
    }
}

/// Starts `f` on a thread where it may block.
pub(super) fn start_blocking<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    with_runtime(|handle| handle.spawn_on_driver(f))
}

/// Waits for what [`start_blocking`] started.
pub(super) fn poll_blocking<T>(
    handle: &mut JoinHandle<io::Result<T>>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    Poll::Ready(match ready!(std::pin::Pin::new(handle).poll(cx)) {
        Ok(result) => result,
        Err(_) => Err(task_failed()),
    })
}

//! Tasks that are in no list: the closures of the blocking pool.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::birth::Birth;
use super::handles::{Notified, Task, UnownedTask};
use super::header::Cell;
use super::join::JoinHandle;
use super::{Schedule, harness};

/// Creates a task that no list shuts down: the owner of the notification runs it.
///
/// A notification that is dropped leaves its `JoinHandle` pending forever.
pub(crate) fn unowned<F, S, O>(
    future: F,
    scheduler: S,
    birth: Birth<O>,
) -> (Notified<S>, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    // One reference each for the notification and the handle.
    let raw = Cell::allocate(future, scheduler, birth, harness::vtable::<F, S>(), 2);
    // SAFETY: T1: the two references go to these two.
    unsafe { (Notified::from_raw(raw), JoinHandle::from_raw(raw)) }
}

/// Creates a task that calls `f` once, when the pool runs it.
pub(crate) fn blocking_task<F, R, O>(f: F, birth: Birth<O>) -> (UnownedTask, JoinHandle<R>)
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (notified, join) = unowned(Blocking(Some(f)), RunsOnce, birth);
    // SAFETY: the notification is passed on, the closure and its result are `Send`, and a
    // `Blocking` never returns `Pending`.
    let task = unsafe { UnownedTask::from_raw(notified.into_raw()) };
    (task, join)
}

/// A closure as a future that is ready at its first poll.
struct Blocking<F>(Option<F>);

/// The closure is moved out to be called, and never pinned.
impl<F> Unpin for Blocking<F> {}

impl<F: FnOnce() -> R, R> Future for Blocking<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<R> {
        let f = self.0.take().expect("a blocking task runs once");
        Poll::Ready(f())
    }
}

/// The scheduler of tasks that run once: its functions are never called.
///
/// Such a task is notified from its creation to its only poll, so no waker or abort queues it.
struct RunsOnce;

impl Schedule for RunsOnce {
    fn schedule(&self, _task: Notified<Self>) {
        unreachable!("a task that runs once is never queued again");
    }

    fn release(&self, _task: &Task<Self>) -> Option<Task<Self>> {
        None
    }
}

//! The functions behind the vtable, each of which knows the type of a task's future or scheduler.
//!
//! They are compiled for every type of future that a program spawns, so they hold what needs the
//! types and no more: the rest of a task's life is in `raw.rs`. No panic of user code leaves this
//! file.

use std::future::Future;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};
use std::time::Duration;

use super::Schedule;
use super::error::JoinError;
use super::handles::{Notified, Task};
use super::header::{Cell, Front, Header, Moment, VTable, front};
use super::id;
use super::waker;
use crate::util::unwind::drop_payload;

/// Returns the vtable of tasks with a future `F` and a scheduler `S`.
pub(super) const fn vtable<F: Future, S: Schedule>() -> &'static VTable {
    &VTable {
        poll: poll::<F>,
        cancel: cancel::<F>,
        tell: tell::<S>,
        schedule: schedule::<S>,
        release: release::<S>,
        panicked: panicked::<S>,
        take_output: take_output::<F>,
        drop_output: drop_output::<F>,
        free: free::<F>,
        drop_scheduler: drop_scheduler::<S>,
    }
}

/// # Safety
///
/// The header is that of a live cell with this type of future.
unsafe fn cell<'a, F: Future>(task: NonNull<Header>) -> &'a Cell<F> {
    // SAFETY: `Cell` is `repr(C)` with the header first, and the pointer was made from the cell's.
    unsafe { task.cast().as_ref() }
}

/// # Safety
///
/// The header is that of a live cell with this type of scheduler.
unsafe fn scheduler<'a, S>(task: NonNull<Header>) -> &'a S {
    // SAFETY: the caller's promise. The scheduler is dropped with the cell.
    unsafe { front(task).scheduler.get() }
}

unsafe fn tell<S: Schedule>(task: NonNull<Header>, moment: Moment, latency: Option<Duration>) {
    // SAFETY: T1: the notification's reference keeps the cell.
    let scheduler = unsafe { scheduler::<S>(task) };
    let Some(hooks) = scheduler.hooks() else {
        return;
    };
    // SAFETY: as above.
    let Front { header, origin, .. } = unsafe { front(task) };
    match moment {
        Moment::BeforePoll => {
            if let Some(latency) = latency {
                scheduler.polls_after(latency);
            }
            hooks.before_poll(header.id, origin, latency);
        }
        Moment::AfterPoll => hooks.after_poll(header.id, origin, latency),
    }
}

unsafe fn schedule<S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the caller holds a reference besides the one that it passes to the notification,
    // so the scheduler, which is in the cell, outlives this call.
    let scheduler = unsafe { scheduler::<S>(task) };
    // SAFETY: as above.
    if let Some(details) = unsafe { front(task) }.origin.details() {
        details.note_queued(false);
    }
    // SAFETY: the caller passes the notification on.
    scheduler.schedule(unsafe { Notified::from_raw(task) });
}

unsafe fn release<S: Schedule>(task: NonNull<Header>) -> bool {
    // SAFETY: borrowed: the caller keeps its reference.
    let borrowed = ManuallyDrop::new(unsafe { Task::<S>::from_raw(task) });
    // SAFETY: T1: the caller's reference.
    let (front, scheduler) = unsafe { (front(task), scheduler::<S>(task)) };
    if let Some(details) = front.origin.details() {
        if let Some(entry) = details.entry() {
            entry.ended();
        }
        if let Some(hooks) = scheduler.hooks() {
            hooks.terminated(front.header.id, &front.origin);
        }
    }
    match scheduler.release(&borrowed) {
        Some(released) => {
            std::mem::forget(released);
            true
        }
        None => false,
    }
}

unsafe fn panicked<S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the reference of the notification that is being run.
    unsafe { scheduler::<S>(task) }.panicked();
}

unsafe fn drop_scheduler<S>(task: NonNull<Header>) {
    // SAFETY: T1: `free` is the last to reach the cell, and calls this once.
    unsafe { drop(ptr::read(scheduler::<S>(task))) };
}

unsafe fn take_output<F: Future>(task: NonNull<Header>, dst: NonNull<()>) {
    // SAFETY: T1: the `JoinHandle` has a reference.
    let cell = unsafe { cell::<F>(task) };
    // SAFETY: T3: the caller is the `JoinHandle` of a complete task.
    let result = unsafe { cell.stage.take() };
    let dst: NonNull<MaybeUninit<Result<F::Output, JoinError>>> = dst.cast();
    // SAFETY: the caller promises that this is what `dst` points to.
    unsafe { dst.write(MaybeUninit::new(result)) };
}

unsafe fn drop_output<F: Future>(task: NonNull<Header>) {
    // SAFETY: T1: the `JoinHandle` has a reference.
    let cell = unsafe { cell::<F>(task) };
    // SAFETY: T3: the caller is the `JoinHandle` of a complete task. The panic hook has reported a
    // panic of the output's drop, and there is no one left to report it to.
    drop_payload(unsafe { cell.stage.consume(cell.front.header.id) });
}

unsafe fn free<F: Future>(task: NonNull<Header>) {
    // SAFETY: T1: no other reference is left.
    let cell = unsafe { cell::<F>(task) };
    // SAFETY: T1: therefore the stage is ours. There is a future in it only if the task could not
    // be woken any more; the panic of its drop was reported by the hook.
    drop_payload(unsafe { cell.stage.consume(cell.front.header.id) });
    // SAFETY: T1: the scheduler is ours, too.
    unsafe { (cell.front.header.vtable.drop_scheduler)(task) };
    // SAFETY: the cell came out of a box of this type, and what has to be dropped in it was.
    drop(unsafe { Box::<Cell<F>>::from_raw(task.cast().as_ptr()) });
}

unsafe fn poll<F: Future>(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T1: the notification's reference keeps the cell.
    let cell = unsafe { cell::<F>(task) };
    let header = &cell.front.header;
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let _current = id::enter(header.id);
        // SAFETY: T1: our reference keeps the cell while the waker is borrowed from it.
        let waker = unsafe { waker::borrowed(&task) };
        let unwinding = DropInUnwinding(cell);
        // SAFETY: T2: `RUNNING` is ours, and a task that is not complete has a future.
        let polled = unsafe { cell.stage.poll(&mut Context::from_waker(&waker)) };
        std::mem::forget(unwinding);
        polled
    }));
    let result = match polled {
        Ok(Poll::Pending) => return Poll::Pending,
        // SAFETY: T2: the stage is ours.
        Ok(Poll::Ready(output)) => match unsafe { cell.stage.consume(header.id) } {
            None => Ok(output),
            Some(payload) => {
                // No one will receive the output. It is dropped as a result that is not read is.
                // SAFETY: T2: the stage is ours, and it was consumed.
                unsafe { cell.stage.finish(Ok(output)) };
                // SAFETY: T2: the stage is ours. Of two panics the first is the one to report.
                drop_payload(unsafe { cell.stage.consume(header.id) });
                Err(payload)
            }
        },
        Err(payload) => Err(payload),
    };
    let result = result.map_err(|payload| {
        // SAFETY: T1: the notification's reference keeps the cell.
        unsafe { (header.vtable.panicked)(task) };
        JoinError::panic(header.id, payload)
    });
    // SAFETY: T2: the stage is ours, and it was consumed.
    unsafe { cell.stage.finish(result) };
    Poll::Ready(())
}

/// Drops a future that panicked while its panic still unwinds, so that its destructors see
/// `std::thread::panicking()`.
struct DropInUnwinding<'a, F: Future>(&'a Cell<F>);

impl<F: Future> Drop for DropInUnwinding<'_, F> {
    fn drop(&mut self) {
        // SAFETY: T2: this lives inside a poll of the task, so `RUNNING` is ours. Of two panics
        // the first is the one to report.
        drop_payload(unsafe { self.0.stage.consume(self.0.front.header.id) });
    }
}

unsafe fn cancel<F: Future>(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    let cell = unsafe { cell::<F>(task) };
    let id = cell.front.header.id;
    // SAFETY: T2: the stage is ours.
    let error = match unsafe { cell.stage.consume(id) } {
        None => JoinError::cancelled(id),
        Some(payload) => JoinError::panic(id, payload),
    };
    // SAFETY: T2: the stage is ours, and it was consumed.
    unsafe { cell.stage.finish(Err(error)) };
}

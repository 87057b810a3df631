//! The functions behind the vtable, where a task's future and scheduler types are known.
//!
//! Each performs the action that a transition of `state.rs` returned, and nothing else. No panic of
//! user code leaves this file.

use std::future::Future;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::Schedule;
use super::error::JoinError;
use super::handles::{Notified, Task};
use super::header::{Cell, Header, VTable};
use super::id;
use super::join::wake_joiner;
use super::state::{Complete, Idle, Start};
use super::waker;
use crate::util::unwind::{contain, drop_payload};

/// Returns the vtable of tasks with a future `F` and a scheduler `S`.
pub(super) const fn vtable<F: Future, S: Schedule>() -> &'static VTable {
    &VTable {
        run: run::<F, S>,
        schedule: schedule::<F, S>,
        shutdown: shutdown::<F, S>,
        take_output: take_output::<F, S>,
        drop_output: drop_output::<F, S>,
        free: free::<F, S>,
    }
}

/// # Safety
///
/// The header is that of a live cell with these types.
unsafe fn cell<'a, F: Future, S>(task: NonNull<Header>) -> &'a Cell<F, S> {
    // SAFETY: `Cell` is `repr(C)` with the header first, and the pointer was made from the cell's.
    unsafe { task.cast().as_ref() }
}

unsafe fn run<F: Future, S: Schedule>(task: NonNull<Header>) -> bool {
    // SAFETY: T1: the notification's reference keeps the cell.
    let cell = unsafe { cell::<F, S>(task) };
    match cell.header.state.start() {
        Start::Nothing => return false,
        Start::Free => {
            // SAFETY: that was the last reference.
            unsafe { free::<F, S>(task) };
            return false;
        }
        // SAFETY: T2: `start` set `RUNNING` for us.
        Start::Cancel => unsafe { cancel(cell) },
        // SAFETY: as above.
        Start::Poll => match unsafe { poll::<F, S>(task) } {
            Poll::Ready(()) => {}
            Poll::Pending => match cell.header.state.idle() {
                Idle::Nothing => return false,
                Idle::Reschedule => return true,
                Idle::Free => {
                    // SAFETY: that was the last reference.
                    unsafe { free::<F, S>(task) };
                    return false;
                }
                // SAFETY: T2: `RUNNING` is still ours.
                Idle::Cancel => unsafe { cancel(cell) },
            },
        },
    }
    // SAFETY: T2: the result is stored and the reference is still ours.
    unsafe { complete::<F, S>(task) };
    false
}

unsafe fn schedule<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the caller holds a reference besides the one that it passes to the notification,
    // so the scheduler, which is in the cell, outlives this call.
    let cell = unsafe { cell::<F, S>(task) };
    // SAFETY: the caller passes the notification on.
    cell.scheduler.schedule(unsafe { Notified::from_raw(task) });
}

unsafe fn shutdown<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference keeps the cell.
    let cell = unsafe { cell::<F, S>(task) };
    if cell.header.state.shutdown() {
        // SAFETY: T2: `shutdown` set `RUNNING` for us.
        unsafe { cancel(cell) };
        // SAFETY: T2: the result is stored and the reference is still ours.
        unsafe { complete::<F, S>(task) };
    } else if cell.header.state.ref_dec(1) {
        // SAFETY: that was the last reference.
        unsafe { free::<F, S>(task) };
    }
}

unsafe fn take_output<F: Future, S: Schedule>(task: NonNull<Header>, dst: NonNull<()>) {
    // SAFETY: T1: the `JoinHandle` has a reference.
    let cell = unsafe { cell::<F, S>(task) };
    // SAFETY: T3: the caller is the `JoinHandle` of a complete task.
    let result = unsafe { cell.stage.take() };
    let dst: NonNull<MaybeUninit<Result<F::Output, JoinError>>> = dst.cast();
    // SAFETY: the caller promises that this is what `dst` points to.
    unsafe { dst.write(MaybeUninit::new(result)) };
}

unsafe fn drop_output<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the `JoinHandle` has a reference.
    let cell = unsafe { cell::<F, S>(task) };
    // SAFETY: T3: the caller is the `JoinHandle` of a complete task. The panic hook has reported a
    // panic of the output's drop, and there is no one left to report it to.
    drop_payload(unsafe { cell.stage.consume(cell.header.id) });
}

unsafe fn free<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: no other reference is left, and the cell came out of a box of this type.
    let cell: Box<Cell<F, S>> = unsafe { Box::from_raw(task.cast().as_ptr()) };
    // SAFETY: T1: therefore the stage is ours. There is a future in it only if the task could not
    // be woken any more; the panic of its drop was reported by the hook.
    drop_payload(unsafe { cell.stage.consume(cell.header.id) });
}

/// Polls the future; if it is ready, stores the result and drops the future.
///
/// # Safety
///
/// T2: the caller set `RUNNING`.
unsafe fn poll<F: Future, S: Schedule>(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T1: the caller's reference.
    let cell = unsafe { cell::<F, S>(task) };
    let header = &cell.header;
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
                drop_quietly(cell, output);
                Err(payload)
            }
        },
        Err(payload) => Err(payload),
    };
    let result = result.map_err(|payload| {
        cell.scheduler.unhandled_panic();
        JoinError::panic(header.id, payload)
    });
    // SAFETY: T2: the stage is ours, and it was consumed.
    unsafe { cell.stage.finish(result) };
    Poll::Ready(())
}

/// Drops a future that panicked while its panic still unwinds, so that its destructors see
/// `std::thread::panicking()`.
struct DropInUnwinding<'a, F: Future, S>(&'a Cell<F, S>);

impl<F: Future, S> Drop for DropInUnwinding<'_, F, S> {
    fn drop(&mut self) {
        // SAFETY: T2: this lives inside a poll of the task, so `RUNNING` is ours. Of two panics
        // the first is the one to report.
        drop_payload(unsafe { self.0.stage.consume(self.0.header.id) });
    }
}

/// Drops the future and stores that the task was cancelled.
///
/// # Safety
///
/// T2: the caller set `RUNNING`.
unsafe fn cancel<F: Future, S: Schedule>(cell: &Cell<F, S>) {
    let id = cell.header.id;
    // SAFETY: T2: the stage is ours.
    let error = match unsafe { cell.stage.consume(id) } {
        None => JoinError::cancelled(id),
        Some(payload) => JoinError::panic(id, payload),
    };
    // SAFETY: T2: the stage is ours, and it was consumed.
    unsafe { cell.stage.finish(Err(error)) };
}

/// Publishes the result, wakes the joiner, and releases the caller's reference and the list's.
///
/// # Safety
///
/// T2: the caller set `RUNNING`, stored the result, and holds a reference that this releases.
unsafe fn complete<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    let cell = unsafe { cell::<F, S>(task) };
    let state = &cell.header.state;
    // SAFETY: borrowed: the caller keeps the reference.
    let borrowed = ManuallyDrop::new(unsafe { Task::<S>::from_raw(task) });
    let refs = match cell.scheduler.release(&borrowed) {
        Some(released) => {
            std::mem::forget(released);
            2
        }
        None => 1,
    };
    let mut action = state.complete(refs, false);
    if action == Complete::DropOutput {
        // SAFETY: T3: there is no `JoinHandle` and `RUNNING` is ours. The panic hook has reported a
        // panic of the output's drop, and there is no one left to report it to.
        drop_payload(unsafe { cell.stage.consume(cell.header.id) });
        action = state.complete(refs, true);
    }
    let last = match action {
        Complete::Nothing => false,
        Complete::Free => true,
        Complete::WakeJoiner => {
            // SAFETY: T4: `COMPLETE` was set while `JOIN_WAKER` was: the slot is ours.
            unsafe { wake_joiner(&cell.header) };
            state.ref_dec(refs)
        }
        Complete::DropOutput => unreachable!("the output was dropped"),
    };
    if last {
        // SAFETY: that was the last reference.
        unsafe { free::<F, S>(task) };
    }
}

/// Drops an output that no one will receive, since the future's drop panicked after it was
/// returned.
fn drop_quietly<F: Future, S>(cell: &Cell<F, S>, output: F::Output) {
    contain(|| {
        let _current = id::enter(cell.header.id);
        drop(output);
    });
}

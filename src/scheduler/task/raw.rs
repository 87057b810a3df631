//! What handles do with their references, independent of the task's types.
//!
//! Each function performs the action that a transition of `state.rs` returned, by the vtable where
//! that needs the types.

use std::ptr::NonNull;
use std::task::Poll;

use super::dumps;
use super::header::{Front, Header, Moment, front};
use super::origin::Details;
use super::state::{Complete, Idle, Start};
use crate::util::wake;

/// Runs a notified task once and consumes the notification's reference, unless it returns `true`:
/// then the task is notified again and the reference is the new notification's.
///
/// # Safety
///
/// T1: the reference is that of a notification. The thread may poll and drop the task's future.
pub(super) unsafe fn run(task: NonNull<Header>) -> bool {
    // SAFETY: T1: the notification's reference keeps the cell.
    let header = unsafe { task.as_ref() };
    match header.state.start() {
        Start::Nothing => return false,
        Start::Free => {
            // SAFETY: that was the last reference.
            unsafe { (header.vtable.free)(task) };
            return false;
        }
        // SAFETY: T2: `start` set `RUNNING` for us.
        Start::Cancel => unsafe { (header.vtable.cancel)(task) },
        // SAFETY: as above.
        Start::Poll => match unsafe { poll(task) } {
            Poll::Ready(()) => {}
            Poll::Pending => match header.state.idle() {
                Idle::Nothing => return false,
                Idle::Reschedule => {
                    // SAFETY: T1: the reference is still ours.
                    if let Some(details) = unsafe { front(task) }.origin.details() {
                        details.note_queued(true);
                    }
                    return true;
                }
                Idle::Free => {
                    // SAFETY: that was the last reference.
                    unsafe { (header.vtable.free)(task) };
                    return false;
                }
                // SAFETY: T2: `RUNNING` is still ours.
                Idle::Cancel => unsafe { (header.vtable.cancel)(task) },
            },
        },
    }
    // SAFETY: T2: the result is stored and the reference is still ours.
    unsafe { complete(task) };
    false
}

/// Polls the task; in trace mode, if it is to be dumped.
///
/// # Safety
///
/// T2: the caller set `RUNNING`, and holds a reference.
#[inline]
unsafe fn poll(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T2: the caller's promise.
    let poll = || unsafe { poll_as_ever(task) };
    if dumps::is_any() {
        // SAFETY: T1: the caller's reference keeps the cell.
        return dumps::poll(unsafe { task.as_ref() }, poll);
    }
    poll()
}

/// Polls the task; if it has details, between the hooks, and noting it if it is recorded.
///
/// # Safety
///
/// T2: the caller set `RUNNING`, and holds a reference.
#[inline]
unsafe fn poll_as_ever(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T1: the caller's reference keeps the cell.
    let Front { header, origin, .. } = unsafe { front(task) };
    if origin.has_details() {
        // SAFETY: T2: the caller's promise.
        return unsafe { poll_with_details(task) };
    }
    // SAFETY: as above.
    unsafe { (header.vtable.poll)(task) }
}

/// Like [`poll_as_ever`].
///
/// # Safety
///
/// T2: the caller set `RUNNING`, and holds a reference.
#[cold]
unsafe fn poll_with_details(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T1: the caller's reference keeps the cell.
    let Front { origin, .. } = unsafe { front(task) };
    match origin.details().and_then(Details::entry) {
        // SAFETY: T2: the caller's promise.
        Some(entry) => entry.poll(|| unsafe { poll_with_hooks(task) }),
        // SAFETY: as above.
        None => unsafe { poll_with_hooks(task) },
    }
}

/// Polls the task, between the hooks if there are some.
///
/// # Safety
///
/// T2: the caller set `RUNNING`, and holds a reference.
unsafe fn poll_with_hooks(task: NonNull<Header>) -> Poll<()> {
    // SAFETY: T1: the caller's reference keeps the cell.
    let Front { header, origin, .. } = unsafe { front(task) };
    if !origin.details().is_some_and(Details::is_hooked) {
        // SAFETY: T2: the caller's promise.
        return unsafe { (header.vtable.poll)(task) };
    }
    let latency = origin.details().and_then(Details::latency);
    // SAFETY: T1: as above. No hook's panic comes out of it.
    unsafe { (header.vtable.tell)(task, Moment::BeforePoll, latency) };
    // SAFETY: T2: the caller's promise.
    let polled = unsafe { (header.vtable.poll)(task) };
    // SAFETY: T1: as above.
    unsafe { (header.vtable.tell)(task, Moment::AfterPoll, latency) };
    polled
}

/// Cancels the task unless it is complete, and releases a reference.
///
/// # Safety
///
/// T1: the caller has a reference to the task, which it does not use again. The thread may drop
/// the task's future.
pub(super) unsafe fn shutdown(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference keeps the cell.
    let header = unsafe { task.as_ref() };
    if header.state.shutdown() {
        // SAFETY: T2: `shutdown` set `RUNNING` for us.
        unsafe { (header.vtable.cancel)(task) };
        // SAFETY: T2: the result is stored and the reference is still ours.
        unsafe { complete(task) };
    } else if header.state.ref_dec(1) {
        // SAFETY: that was the last reference.
        unsafe { (header.vtable.free)(task) };
    }
}

/// Publishes the result, wakes the joiner, and releases the caller's reference and the list's.
///
/// # Safety
///
/// T2: the caller set `RUNNING`, stored the result, and holds a reference that this releases.
unsafe fn complete(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    let header = unsafe { task.as_ref() };
    // SAFETY: T1: as above.
    let refs = match unsafe { (header.vtable.release)(task) } {
        true => 2,
        false => 1,
    };
    if dumps::is_any() {
        // After it has left its list: a dump that finds it there finds out that it ends.
        dumps::ended(header.id);
    }
    let mut action = header.state.complete(refs, false);
    if action == Complete::DropOutput {
        // SAFETY: T3: there is no `JoinHandle` and `RUNNING` is ours.
        unsafe { (header.vtable.drop_output)(task) };
        action = header.state.complete(refs, true);
    }
    let last = match action {
        Complete::Nothing => false,
        Complete::Free => true,
        Complete::WakeJoiner => {
            // SAFETY: T4: `COMPLETE` was set while `JOIN_WAKER` was: the slot is ours.
            unsafe { wake_joiner(header) };
            header.state.ref_dec(refs)
        }
        Complete::DropOutput => unreachable!("the output was dropped"),
    };
    if last {
        // SAFETY: that was the last reference.
        unsafe { (header.vtable.free)(task) };
    }
}

/// Wakes the joiner and consumes the waker.
///
/// # Safety
///
/// T4: the caller completed the task while `JOIN_WAKER` was set.
unsafe fn wake_joiner(header: &Header) {
    // SAFETY: T4: the slot holds a waker and is the completer's. It is read and not overwritten:
    // the `JoinHandle` may be comparing its bytes.
    let waker = header
        .join_slot
        .with(|slot| unsafe { (*slot).assume_init_read() });
    wake::wake(waker);
}

/// Requests the cancellation of the task.
///
/// # Safety
///
/// T1: the caller has a reference to the task, and keeps it.
pub(super) unsafe fn abort(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    let header = unsafe { task.as_ref() };
    if header.state.abort() {
        // SAFETY: a reference was made for the notification, and the caller keeps its own.
        unsafe { (header.vtable.schedule)(task) };
    }
}

/// Releases a reference.
///
/// # Safety
///
/// T1: the caller has a reference to the task, which it does not use again.
pub(super) unsafe fn drop_ref(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    let header = unsafe { task.as_ref() };
    let free = header.vtable.free;
    if header.state.ref_dec(1) {
        // SAFETY: that was the last reference.
        unsafe { free(task) };
    }
}

//! What every handle does with its reference, independent of the task's types.

use std::ptr::NonNull;

use super::header::Header;

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

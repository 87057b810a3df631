//! The waker of a task: one reference to its cell.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{Front, Header};
use super::state::Wake;
use crate::trace::{self, WakerOp};

/// One vtable for all tasks, so that wakers of the same task compare equal.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that has no reference of its own.
pub(super) struct BorrowedWaker<'a> {
    waker: ManuallyDrop<Waker>,
    _task: PhantomData<&'a NonNull<Header>>,
}

impl Deref for BorrowedWaker<'_> {
    type Target = Waker;

    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// Returns the waker for a poll: it costs nothing unless the future clones it.
///
/// # Safety
///
/// The header is that of a cell that lives as long as the borrow.
pub(super) unsafe fn borrowed(task: &NonNull<Header>) -> BorrowedWaker<'_> {
    // SAFETY: the vtable's functions take a pointer to the header of a live cell. The waker is
    // never dropped, so that it needs no reference.
    let waker = unsafe { Waker::from_raw(RawWaker::new(task.as_ptr().cast(), &VTABLE)) };
    BorrowedWaker {
        waker: ManuallyDrop::new(waker),
        _task: PhantomData,
    }
}

/// # Safety
///
/// `data` is the data of a waker with this vtable.
unsafe fn header(data: *const ()) -> NonNull<Header> {
    // SAFETY: it was made from a `NonNull`.
    unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }
}

/// # Safety
///
/// The header is that of a live cell.
unsafe fn free(task: NonNull<Header>) {
    // SAFETY: the caller released the last reference.
    unsafe { (task.as_ref().vtable.free)(task) };
}

/// Reports what a waker is used for.
///
/// # Safety
///
/// T1: the header is that of a live cell.
#[inline]
unsafe fn report(task: NonNull<Header>, op: WakerOp) {
    // SAFETY: every cell begins with a `Front`.
    trace::waker(unsafe { task.cast::<Front>().as_ref() }.span, op);
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the data of a waker of this vtable.
    let task = unsafe { header(data) };
    // SAFETY: T1: the waker that is cloned has a reference, or borrows one.
    unsafe { report(task, WakerOp::Clone) };
    // SAFETY: T1: as above.
    unsafe { task.as_ref() }.state.ref_inc();
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the data of a waker of this vtable.
    let task = unsafe { header(data) };
    // SAFETY: T1: the waker has a reference.
    unsafe { report(task, WakerOp::Wake) };
    // SAFETY: T1: as above.
    let front = unsafe { task.as_ref() };
    match front.state.wake_by_val() {
        Wake::Nothing => {}
        // SAFETY: that was the last reference.
        Wake::Free => unsafe { free(task) },
        Wake::Schedule => {
            // SAFETY: a reference was made for the notification, and we still have ours.
            unsafe { (front.vtable.schedule)(task) };
            // SAFETY: T1: our own reference.
            unsafe { release(task) };
        }
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the data of a waker of this vtable.
    let task = unsafe { header(data) };
    // SAFETY: T1: the waker has a reference, or borrows one.
    unsafe { report(task, WakerOp::WakeByRef) };
    // SAFETY: T1: as above.
    let front = unsafe { task.as_ref() };
    if front.state.wake_by_ref() {
        // SAFETY: a reference was made for the notification, and the waker keeps its own.
        unsafe { (front.vtable.schedule)(task) };
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the data of a waker of this vtable.
    let task = unsafe { header(data) };
    // SAFETY: T1: the waker has a reference.
    unsafe { report(task, WakerOp::Drop) };
    // SAFETY: T1: as above, and the waker is not used again.
    unsafe { release(task) };
}

/// # Safety
///
/// T1: the caller has a reference to the task, which it does not use again.
unsafe fn release(task: NonNull<Header>) {
    // SAFETY: T1: the caller's reference.
    if unsafe { task.as_ref() }.state.ref_dec(1) {
        // SAFETY: that was the last reference.
        unsafe { free(task) };
    }
}

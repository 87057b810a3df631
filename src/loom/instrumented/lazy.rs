//! A pthread object that is created at its first use, at a fixed address.

use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A type of pthreads.
///
/// # Safety
///
/// `NEW` is its static initializer, and `destroy` the function that destroys it.
pub(super) unsafe trait Object: Sized {
    const NEW: Self;

    /// # Safety
    ///
    /// `this` points to an object that no thread uses or will use.
    unsafe fn destroy(this: *mut Self);
}

// SAFETY: the initializer and function of pthread_mutex_init(3).
unsafe impl Object for libc::pthread_mutex_t {
    const NEW: Self = libc::PTHREAD_MUTEX_INITIALIZER;

    unsafe fn destroy(this: *mut Self) {
        // SAFETY: the caller's contract.
        unsafe { libc::pthread_mutex_destroy(this) };
    }
}

// SAFETY: the initializer and function of pthread_cond_init(3).
unsafe impl Object for libc::pthread_cond_t {
    const NEW: Self = libc::PTHREAD_COND_INITIALIZER;

    unsafe fn destroy(this: *mut Self) {
        // SAFETY: the caller's contract.
        unsafe { libc::pthread_cond_destroy(this) };
    }
}

// SAFETY: the initializer and function of pthread_rwlock_init(3).
unsafe impl Object for libc::pthread_rwlock_t {
    const NEW: Self = libc::PTHREAD_RWLOCK_INITIALIZER;

    unsafe fn destroy(this: *mut Self) {
        // SAFETY: the caller's contract.
        unsafe { libc::pthread_rwlock_destroy(this) };
    }
}

/// An object that may be moved until it is used.
pub(super) struct Lazy<O: Object> {
    /// Null until the first use, then a box that belongs to this.
    object: AtomicPtr<O>,
    owned: PhantomData<O>,
}

// SAFETY: pthread objects may be used by all threads, and this hands out nothing but the pointer to
// one.
unsafe impl<O: Object> Send for Lazy<O> {}
// SAFETY: as for `Send`.
unsafe impl<O: Object> Sync for Lazy<O> {}

impl<O: Object> Lazy<O> {
    pub(super) const fn new() -> Lazy<O> {
        Lazy {
            object: AtomicPtr::new(ptr::null_mut()),
            owned: PhantomData,
        }
    }

    /// Returns a pointer that is valid while `self` is borrowed.
    pub(super) fn get(&self) -> *mut O {
        let object = self.object.load(Ordering::Acquire);
        if !object.is_null() {
            return object;
        }
        let new = Box::into_raw(Box::new(O::NEW));
        let null = ptr::null_mut();
        match self
            .object
            .compare_exchange(null, new, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => new,
            Err(other) => {
                // SAFETY: `new` was made above, and no other thread has seen it.
                drop(unsafe { Box::from_raw(new) });
                other
            }
        }
    }
}

impl<O: Object> Drop for Lazy<O> {
    fn drop(&mut self) {
        let object = *self.object.get_mut();
        if !object.is_null() {
            // SAFETY: the box was put here by `get`, and `&mut self` proves that no thread uses it.
            unsafe {
                O::destroy(object);
                drop(Box::from_raw(object));
            }
        }
    }
}

impl<O: Object> Default for Lazy<O> {
    fn default() -> Self {
        Lazy::new()
    }
}

impl<O: Object> fmt::Debug for Lazy<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lazy")
    }
}

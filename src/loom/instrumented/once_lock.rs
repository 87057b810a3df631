//! A cell that is filled once.

use std::cell::UnsafeCell;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use super::mutex::Mutex;

#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    is_full: AtomicBool,
    filling: Mutex<()>,
    /// Written once, under the lock and before `is_full` is set; read once that is seen.
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value is written once, before any thread reads it.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe + RefUnwindSafe> RefUnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    pub(crate) const fn new() -> Self {
        OnceLock {
            is_full: AtomicBool::new(false),
            filling: Mutex::new(()),
            value: UnsafeCell::new(None),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if !self.is_full.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: nothing writes the value once the flag is set.
        unsafe { (*self.value.get()).as_ref() }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it is called once"));
        value.map_or(Ok(()), Err)
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_full.load(Ordering::Acquire) {
            let value = make();
            // SAFETY: the lock excludes other writers, and the flag excludes readers.
            unsafe { *self.value.get() = Some(value) };
            self.is_full.store(true, Ordering::Release);
        }
        drop(filling);
        self.get().expect("it has been filled")
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        OnceLock {
            is_full: AtomicBool::new(true),
            filling: Mutex::new(()),
            value: UnsafeCell::new(Some(value)),
        }
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        OnceLock::new()
    }
}

//! A place for a value that is written once: what `OnceCell` and `SetOnce` have in common.
//!
//! O1: the state goes `EMPTY`, `WRITING`, `SET` and never back while the place is shared. The
//! thread that made the first step is the only one to touch the value until the second; from then
//! on the value is only read.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use crate::loom::sync::atomic::{AtomicU8, Ordering, const_u8};

const EMPTY: u8 = 0;
const WRITING: u8 = 1;
const SET: u8 = 2;

/// The place. It does not drop its value: its owner calls [`take`](Self::take) for that.
pub(in crate::sync) struct OnceValue<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: O1: one thread moves the value in, which sends it, and all read it, which shares it. The
// cell of the standard library that has this protocol and this impl, `OnceLock`, cannot be made
// around a value in a constant.
unsafe impl<T: Send + Sync> Sync for OnceValue<T> {}

impl<T> OnceValue<T> {
    pub(in crate::sync) fn new(value: Option<T>) -> Self {
        let (state, value) = match value {
            None => (EMPTY, MaybeUninit::uninit()),
            Some(value) => (SET, MaybeUninit::new(value)),
        };
        Self {
            state: AtomicU8::new(state),
            value: UnsafeCell::new(value),
        }
    }

    /// [`new`](Self::new) in a constant, for no value.
    pub(in crate::sync) const fn const_new() -> Self {
        Self {
            state: const_u8(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// [`new`](Self::new) in a constant, for a value.
    pub(in crate::sync) const fn const_new_with(value: T) -> Self {
        Self {
            state: const_u8(SET),
            value: UnsafeCell::new(MaybeUninit::new(value)),
        }
    }

    #[inline]
    pub(in crate::sync) fn is_set(&self) -> bool {
        self.state.load(Ordering::Acquire) == SET
    }

    #[inline]
    pub(in crate::sync) fn get(&self) -> Option<&T> {
        // SAFETY: O1: the value was written, and is only read while the place is shared.
        self.is_set()
            .then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    pub(in crate::sync) fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: O1: the value was written, and the borrow is exclusive.
        self.is_set()
            .then(|| unsafe { self.value.get_mut().assume_init_mut() })
    }

    /// Writes the value; returns it if another caller did so or is about to.
    pub(in crate::sync) fn set(&self, value: T) -> Result<(), T> {
        let claimed =
            self.state
                .compare_exchange(EMPTY, WRITING, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_err() {
            return Err(value);
        }
        // SAFETY: O1: this call made the first step.
        unsafe { (*self.value.get()).write(value) };
        self.state.store(SET, Ordering::Release);
        Ok(())
    }

    /// Empties the place.
    pub(in crate::sync) fn take(&mut self) -> Option<T> {
        if !self.is_set() {
            return None;
        }
        self.state.store(EMPTY, Ordering::Relaxed);
        // SAFETY: O1: the value was written, the borrow is exclusive, and the state now shows that
        // it is gone.
        Some(unsafe { self.value.get_mut().assume_init_read() })
    }
}

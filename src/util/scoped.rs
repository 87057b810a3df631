//! A thread-local slot for a reference that lives on the stack further up.

use std::cell::Cell;
use std::ptr;

/// Holds a reference for the time of a call.
#[derive(Debug)]
pub(crate) struct Scoped<T> {
    value: Cell<*const T>,
}

impl<T> Scoped<T> {
    pub(crate) const fn new() -> Scoped<T> {
        Scoped {
            value: Cell::new(ptr::null()),
        }
    }

    /// Runs `f` with `value` in the slot and restores what was there, also when `f` panics.
    pub(crate) fn set<R>(&self, value: &T, f: impl FnOnce() -> R) -> R {
        struct Restore<'a, T>(&'a Cell<*const T>, *const T);
        impl<T> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let former = self.value.replace(value);
        let _restore = Restore(&self.value, former);
        f()
    }

    /// Runs `f` with what is in the slot.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&T>) -> R) -> R {
        let value = self.value.get();
        // SAFETY: the pointer is null or was put there by `set`, which is still further up on
        // this thread's stack and keeps its reference alive until it has restored the slot. The
        // slot is not `Sync`, and the closure cannot let the reference escape.
        f(unsafe { value.as_ref() })
    }
}

#[cfg(test)]
mod tests {
    use super::Scoped;

    #[test]
    fn nests_and_restores() {
        let slot = Scoped::new();
        assert!(slot.with(|value: Option<&u32>| value.is_none()));
        slot.set(&1, || {
            slot.set(&2, || {
                assert_eq!(slot.with(|value| value.copied()), Some(2))
            });
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                slot.set(&3, || panic!("expected in this test"));
            }));
            assert!(panicked.is_err());
            assert_eq!(slot.with(|value| value.copied()), Some(1));
        });
        assert!(slot.with(|value| value.is_none()));
    }
}

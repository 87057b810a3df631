//! A thread-local slot for a reference that lives on the stack further up.

use std::cell::Cell;
use std::ptr::NonNull;
use std::thread::LocalKey;

/// Holds a reference for the duration of a call.
#[derive(Debug)]
pub(crate) struct Scoped<T: ?Sized> {
    value: Cell<Option<NonNull<T>>>,
}

impl<T: ?Sized> Scoped<T> {
    pub(crate) const fn new() -> Scoped<T> {
        Scoped {
            value: Cell::new(None),
        }
    }

    /// Runs `f` with `value` in the slot and restores the former value, even if `f` panics.
    pub(crate) fn set<R>(&self, value: &T, f: impl FnOnce() -> R) -> R {
        self.set_some(Some(value), f)
    }

    /// Like [`set`](Self::set), for a reference or none.
    pub(crate) fn set_some<R>(&self, value: Option<&T>, f: impl FnOnce() -> R) -> R {
        struct Restore<'a, T: ?Sized>(&'a Cell<Option<NonNull<T>>>, Option<NonNull<T>>);
        impl<T: ?Sized> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let former = self.value.replace(value.map(NonNull::from));
        let _restore = Restore(&self.value, former);
        f()
    }

    /// Returns whether there is a reference in the slot.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.value.get().is_some()
    }

    /// Runs `f` with the reference in the slot, if any.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&T>) -> R) -> R {
        let value = self.value.get();
        // SAFETY: the pointer was put there by `set_some`, which is still further up on this thread's
        // stack and keeps its reference alive until it has restored the slot. The slot is not
        // `Sync`, and the closure cannot let the reference escape.
        f(value.map(|value| unsafe { value.as_ref() }))
    }
}

/// Runs `f` with the reference in this thread's slot; with `None` once the thread's locals are
/// destroyed.
#[inline]
pub(crate) fn with_local<T: ?Sized, R>(
    slot: &'static LocalKey<Scoped<T>>,
    f: impl FnOnce(Option<&T>) -> R,
) -> R {
    let mut f = Some(f);
    let result = slot.try_with(|slot| {
        let f = f.take().expect("called once");
        slot.with(f)
    });
    match result {
        Ok(result) => result,
        Err(_) => (f.take().expect("not called above"))(None),
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

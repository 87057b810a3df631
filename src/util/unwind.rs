//! Contains panics of user code that cannot be reported to a caller.
//!
//! Wakers and destructors are user code, and they run wherever the runtime happens to wake or drop
//! something: on a worker between two tasks, on a thread that serves the driver, inside another
//! task's `send`. A panic must reach none of these. The panic hook has already reported it when it
//! is caught here.
#![forbid(unsafe_code)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many payloads in a row may panic when they are dropped.
const ROUNDS: usize = 8;

/// Calls `f` and catches its panic.
#[inline]
pub(crate) fn contain(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        drop_payload(Some(payload));
    }
}

/// Drops the payload of a panic, if there was one. If that panics too, the new payload is dropped,
/// and so on; after some rounds it is leaked.
#[inline]
pub(crate) fn drop_payload(payload: Option<Box<dyn Any + Send>>) {
    if let Some(payload) = payload {
        drop_some(payload);
    }
}

#[cold]
fn drop_some(payload: Box<dyn Any + Send>) {
    let mut payload = payload;
    for _ in 0..ROUNDS {
        match try_drop(payload) {
            Ok(()) => return,
            Err(next) => payload = next,
        }
    }
    std::mem::forget(payload);
}

// Not inlined, since all rounds would be.
#[inline(never)]
fn try_drop(payload: Box<dyn Any + Send>) -> Result<(), Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| drop(payload)))
}

#[cfg(test)]
mod tests {
    use super::contain;

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("the payload panics, too");
            }
        }
        contain(|| std::panic::panic_any(Bomb));
    }

    #[test]
    fn a_panic_within_an_unwind_is_contained() {
        struct Contains;
        impl Drop for Contains {
            fn drop(&mut self) {
                contain(|| panic!("inner"));
            }
        }
        let caught = std::panic::catch_unwind(|| {
            let _contains = Contains;
            panic!("outer");
        });
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "outer");
    }
}

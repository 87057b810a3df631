//! One waker that many threads may wake while one thread replaces it.
//!
//! The cell holds at most one waker and a word of three bits. `REGISTERING` means that the one
//! consumer is accessing the slot, `WAKING` that some thread has asked for the waker, `FULL` that
//! the slot has one and no thread is accessing it:
//!
//! - `take` sets `WAKING`. If neither it nor `REGISTERING` was set before, it owns the slot,
//!   empties it and clears the word. Otherwise the thread that owns the slot sees the bit and
//!   delivers the wake-up instead.
//! - `register` makes the word `REGISTERING`, stores the waker and makes it `FULL`. If `WAKING`
//!   appeared in between, it takes the waker out again and wakes it itself.
//!
//! What a waking thread wrote before `wake` is visible to a consumer that checks its condition
//! after `register`, or else the consumer's waker is woken: both are read-modify-writes of the
//! same word, so one of them sees the other.

use std::fmt;
use std::task::Waker;

use crate::loom::cell::UnsafeCell;
use crate::loom::hint;
use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::util::wake;

const EMPTY: usize = 0;
const REGISTERING: usize = 0b001;
const WAKING: usize = 0b010;
const FULL: usize = 0b100;

/// A slot for the waker of one consumer.
pub(crate) struct AtomicWaker {
    state: AtomicUsize,
    slot: UnsafeCell<Option<Waker>>,
}

// SAFETY: the slot is touched only by the thread that set the first of `REGISTERING`
// and `WAKING` (module docs), and a `Waker` is `Send` and `Sync`.
unsafe impl Send for AtomicWaker {}
// SAFETY: as above.
unsafe impl Sync for AtomicWaker {}

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicUsize::new(EMPTY),
            slot: UnsafeCell::new(None),
        }
    }

    /// Makes `waker` the one that the next [`wake`](Self::wake) reaches.
    ///
    /// Only one thread at a time may register. When a wake-up is under way, `waker` is woken at
    /// once. The caller checks its condition after this call. If cloning the waker panics, the
    /// former waker stays.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut state = self.state.load(Relaxed);
        loop {
            if state & (REGISTERING | WAKING) != 0 {
                // The other thread is between two instructions: the task polls again at once.
                hint::spin_loop();
                waker.wake_by_ref();
                return;
            }
            match self
                .state
                .compare_exchange(state, REGISTERING, Acquire, Relaxed)
            {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        let mut held = Registering { cell: self };
        let former = held.store(waker);
        drop(held);
        wake::drop_waker(former);
    }

    /// Returns whether a waker is in place.
    ///
    /// For a thread that is known, by other means, to have acquired the last
    /// [`register`](Self::register), if there was one that matters: `false` spares it the `wake`.
    #[inline]
    pub(crate) fn is_registered(&self) -> bool {
        self.state.load(Relaxed) & FULL != 0
    }

    /// Wakes the registered waker, if any, and empties the slot.
    ///
    /// A panic of the waker reaches the caller: tokio's tests expect that of a channel's sender
    /// (`permit_send_panicking_rx_waker`).
    #[inline]
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// Empties the slot without waking.
    pub(crate) fn take(&self) -> Option<Waker> {
        if self.state.fetch_or(WAKING, AcqRel) & (REGISTERING | WAKING) != 0 {
            return None;
        }
        // SAFETY: this thread was the first to set a bit: it owns the slot.
        let waker = self.slot.with_mut(|slot| unsafe { (*slot).take() });
        // Not a store: the consumer also acquires from the threads that found `WAKING` set.
        self.state.fetch_and(EMPTY, Release);
        waker
    }
}

/// The consumer's ownership of the slot; dropping it delivers a wake-up that came in between.
struct Registering<'a> {
    cell: &'a AtomicWaker,
}

impl Registering<'_> {
    /// Stores a clone of `waker` and returns the former waker, unless both are the same.
    fn store(&mut self, waker: &Waker) -> Option<Waker> {
        self.cell.slot.with_mut(|slot| {
            // SAFETY: `REGISTERING` is set by this thread: it owns the slot.
            let slot = unsafe { &mut *slot };
            match slot {
                Some(former) if former.will_wake(waker) => None,
                _ => slot.replace(waker.clone()),
            }
        })
    }
}

impl Drop for Registering<'_> {
    fn drop(&mut self) {
        let cell = self.cell;
        // SAFETY: `REGISTERING` is set by this thread: it owns the slot.
        let full = cell.slot.with(|slot| unsafe { (*slot).is_some() });
        let left = if full { FULL } else { EMPTY };
        if cell
            .state
            .compare_exchange(REGISTERING, left, AcqRel, Acquire)
            .is_err()
        {
            // SAFETY: `REGISTERING` is still set, so this thread owns the slot; `WAKING` is set
            // too and its setter left the wake-up to us.
            let waker = cell.slot.with_mut(|slot| unsafe { (*slot).take() });
            cell.state.swap(EMPTY, AcqRel);
            wake::wake_some(waker);
        }
    }
}

impl fmt::Debug for AtomicWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtomicWaker")
    }
}

#[cfg(test)]
mod tests {
    use super::AtomicWaker;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{RawWaker, RawWakerVTable, Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn wakes_the_last_registered_once() {
        let cell = AtomicWaker::new();
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        cell.register(&Waker::from(first.clone()));
        cell.register(&Waker::from(second.clone()));
        assert_eq!(Arc::strong_count(&first), 1, "a replaced waker is dropped");
        cell.wake();
        cell.wake();
        assert_eq!(first.0.load(Ordering::Relaxed), 0);
        assert_eq!(second.0.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&second), 1, "a woken waker is dropped");
    }

    #[test]
    fn same_waker_is_not_cloned_again() {
        let cell = AtomicWaker::new();
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        cell.register(&waker);
        cell.register(&waker);
        assert_eq!(Arc::strong_count(&count), 3);
        assert!(cell.is_registered());
        assert!(cell.take().is_some());
        assert!(!cell.is_registered());
        assert!(cell.take().is_none());
    }

    #[test]
    fn panic_in_clone_keeps_the_former_waker() {
        fn clone(_: *const ()) -> RawWaker {
            panic!("clone")
        }
        fn nothing(_: *const ()) {}
        static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
        // SAFETY: the functions of the table use no data.
        let bad = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &VTABLE)) };

        let cell = AtomicWaker::new();
        let count = Arc::new(Count::default());
        cell.register(&Waker::from(count.clone()));
        assert!(catch_unwind(AssertUnwindSafe(|| cell.register(&bad))).is_err());
        cell.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::AtomicWaker;
    use crate::loom::sync::Arc;
    use crate::loom::sync::atomic::AtomicUsize;
    use crate::loom::sync::atomic::Ordering::Relaxed;
    use crate::loom::thread;
    use std::future::poll_fn;
    use std::task::Poll;

    #[test]
    fn loom_no_wake_up_is_lost() {
        loom::model(|| {
            let shared = Arc::new((AtomicWaker::new(), AtomicUsize::new(0)));
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let shared = shared.clone();
                    thread::spawn(move || {
                        shared.1.fetch_add(1, Relaxed);
                        shared.0.wake();
                    })
                })
                .collect();
            loom::future::block_on(poll_fn(|cx| {
                shared.0.register(cx.waker());
                if shared.1.load(Relaxed) == 2 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }
}

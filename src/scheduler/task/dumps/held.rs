//! [`HeldWakers`]: the wakers of the leaves that one traced poll has reached.
#![forbid(unsafe_code)]

use std::task::Waker;

use crate::loom::sync::Mutex;
use crate::util::wake;

/// Wakers that are woken when the poll is over, or earlier if a dump no longer waits for it.
///
/// A waker that [`hold`](Self::hold) has taken is woken by one [`release`](Self::release) and by no
/// other.
#[derive(Debug)]
pub(super) struct HeldWakers {
    /// `None` once they have been released. Written by the thread that polls, and by that of a dump.
    wakers: Mutex<Option<Vec<Waker>>>,
}

impl HeldWakers {
    pub(super) fn new() -> HeldWakers {
        HeldWakers {
            wakers: Mutex::new(Some(Vec::new())),
        }
    }

    /// Keeps a copy of `waker`. Returns `false` if they have been released, so that no one would
    /// wake it.
    pub(super) fn hold(&self, waker: &Waker) -> bool {
        // Cloning may run any code, so it is not done under the lock.
        let waker = waker.clone();
        let refused = match &mut *self.wakers.lock() {
            Some(wakers) => {
                wakers.push(waker);
                None
            }
            None => Some(waker),
        };
        let held = refused.is_none();
        wake::drop_waker(refused);
        held
    }

    /// Wakes all, and holds no more.
    pub(super) fn release(&self) {
        let wakers = self.wakers.lock().take();
        wakers.into_iter().flatten().for_each(wake::wake);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::sync::Arc as StdArc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::HeldWakers;
    use crate::loom::sync::Arc;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A leaf in a poll that a dump no longer waits for is woken once, or is polled as ever.
    #[test]
    fn loom_a_leaf_is_woken_or_polled() {
        loom::model(|| {
            let held = Arc::new(HeldWakers::new());
            let count = StdArc::new(Count(AtomicUsize::new(0)));
            let dump = {
                let held = held.clone();
                loom::thread::spawn(move || held.release())
            };
            let is_held = held.hold(&Waker::from(count.clone()));
            held.release();
            dump.join().unwrap();
            assert_eq!(count.0.load(Ordering::SeqCst), usize::from(is_held));
        });
    }
}

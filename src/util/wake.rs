//! Functions that wake and drop wakers, which may panic.
//!
//! A waker may come from any executor and run any code. The driver, the timers, the channels and
//! the locks wake and drop all wakers through these functions, so that a waker that panics affects
//! neither the thread that wakes it, nor the wakers after it, nor the task whose operation made
//! something ready. The panic hook reports the panic, which then ends here.
#![forbid(unsafe_code)]

use std::task::Waker;

use crate::util::unwind::contain;

/// Wakes and consumes `waker`. A panic of the waker ends here, after the panic hook has run.
#[inline]
pub(crate) fn wake(waker: Waker) {
    contain(|| waker.wake());
}

/// Wakes `waker` if there is one.
#[inline]
pub(crate) fn wake_some(waker: Option<Waker>) {
    if let Some(waker) = waker {
        wake(waker);
    }
}

/// Drops a waker without waking it. A panic of its destructor ends here, after the panic hook has
/// run.
#[inline]
pub(crate) fn drop_waker(waker: impl Into<Option<Waker>>) {
    if let Some(waker) = waker.into() {
        contain(|| drop(waker));
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Wakers that panic.

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    /// Counts how often it was woken and dropped, and panics each time.
    #[derive(Debug, Default)]
    pub(crate) struct Panics {
        pub(crate) woken: Arc<AtomicUsize>,
        pub(crate) dropped: Arc<AtomicUsize>,
    }

    impl Panics {
        /// Returns a waker that panics, with the counts of how often it was woken and dropped.
        pub(crate) fn waker() -> (Waker, Arc<AtomicUsize>, Arc<AtomicUsize>) {
            let panics = Panics::default();
            let (woken, dropped) = (panics.woken.clone(), panics.dropped.clone());
            (Waker::from(Arc::new(panics)), woken, dropped)
        }
    }

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::Relaxed);
            panic!("a waker that panics");
        }
    }

    impl Drop for Panics {
        fn drop(&mut self) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            if !std::thread::panicking() {
                panic!("a waker that panics when it is dropped");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Panics;
    use super::{drop_waker, wake};
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::Waker;

    #[test]
    fn a_waker_that_panics_is_used_up_and_contained() {
        let (waker, woken, dropped) = Panics::waker();
        wake(waker);
        assert_eq!((woken.load(Relaxed), dropped.load(Relaxed)), (1, 1));
    }

    #[test]
    fn a_destructor_that_panics_is_contained() {
        let (waker, woken, dropped) = Panics::waker();
        drop_waker(waker);
        drop_waker(None::<Waker>);
        assert_eq!((woken.load(Relaxed), dropped.load(Relaxed)), (0, 1));
    }
}

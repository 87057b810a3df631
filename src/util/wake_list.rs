//! A batch of wakers, collected under a lock and woken after it.
//!
//! A waker may run any code: it may drop the last handle of a task, take the very lock its list is
//! kept under, or panic. So the thread that notifies waiters moves their wakers here, releases the
//! lock, wakes the batch, and repeats if [`WakeList::is_full`] stopped it; [`wake_in_batches`] does
//! this. A panic ends at the waker that it came from (`wake.rs`), so all others are woken and the
//! caller does not see it.

use std::fmt;
use std::mem::MaybeUninit;
use std::task::Waker;

use crate::util::wake::{drop_waker, wake};

/// Wakers in a batch: enough to make the lock cheap, few enough for the stack.
const CAPACITY: usize = 32;

/// At most [`CAPACITY`] wakers, inline.
pub(crate) struct WakeList {
    slots: [MaybeUninit<Waker>; CAPACITY],
    /// The slots from `woken` up to `filled` hold a waker.
    woken: usize,
    filled: usize,
}

impl WakeList {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self {
            slots: [const { MaybeUninit::uninit() }; CAPACITY],
            woken: 0,
            filled: 0,
        }
    }

    /// Returns whether the next [`push`](Self::push) would have no room.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.filled == CAPACITY
    }

    /// Adds a waker.
    ///
    /// # Panics
    /// Panics if the batch is full.
    #[inline]
    pub(crate) fn push(&mut self, waker: Waker) {
        self.slots[self.filled].write(waker);
        self.filled += 1;
    }

    /// Wakes all, in the order in which they were added, and empties the batch.
    #[inline]
    pub(crate) fn wake_all(&mut self) {
        while let Some(waker) = self.next() {
            wake(waker);
        }
    }

    #[inline]
    fn next(&mut self) -> Option<Waker> {
        if self.woken == self.filled {
            (self.woken, self.filled) = (0, 0);
            return None;
        }
        // SAFETY: the slot is between `woken` and `filled`, so it was written, and it leaves that
        // range before the next access.
        let waker = unsafe { self.slots[self.woken].assume_init_read() };
        self.woken += 1;
        Some(waker)
    }
}

/// Wakes batch after batch. `collect` takes the lock, fills the batch, releases the lock, and
/// returns whether it has to be called again.
#[inline]
pub(crate) fn wake_in_batches(mut collect: impl FnMut(&mut WakeList) -> bool) {
    let mut wakers = WakeList::new();
    while collect(&mut wakers) {
        wakers.wake_all();
    }
    wakers.wake_all();
}

impl Drop for WakeList {
    #[inline]
    fn drop(&mut self) {
        while let Some(waker) = self.next() {
            drop_waker(waker);
        }
    }
}

impl fmt::Debug for WakeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeList")
            .field("len", &(self.filled - self.woken))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, WakeList, wake_in_batches};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Wake, Waker};

    struct Note {
        order: Arc<Mutex<Vec<usize>>>,
        number: usize,
        panics: bool,
    }

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.order.lock().unwrap().push(self.number);
            if self.panics {
                panic!("a waker that panics");
            }
        }
    }

    fn fill(panics: Option<usize>) -> (WakeList, Arc<Mutex<Vec<usize>>>) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut list = WakeList::new();
        for number in 0..CAPACITY {
            assert!(!list.is_full());
            list.push(Waker::from(Arc::new(Note {
                order: order.clone(),
                number,
                panics: panics == Some(number),
            })));
        }
        assert!(list.is_full());
        (list, order)
    }

    #[test]
    fn wakes_in_order_and_can_be_filled_again() {
        let (mut list, order) = fill(None);
        list.wake_all();
        assert_eq!(*order.lock().unwrap(), (0..CAPACITY).collect::<Vec<_>>());
        assert!(!list.is_full());
        list.push(Waker::noop().clone());
        list.wake_all();
        assert_eq!(order.lock().unwrap().len(), CAPACITY);
    }

    #[test]
    fn a_panic_keeps_nobody_asleep() {
        let (mut list, order) = fill(Some(3));
        list.wake_all();
        assert_eq!(*order.lock().unwrap(), (0..CAPACITY).collect::<Vec<_>>());
        drop(list);
        assert_eq!(Arc::strong_count(&order), 1);
    }

    #[test]
    fn a_panic_in_one_batch_keeps_no_later_one_asleep() {
        let (batches, orders): (Vec<_>, Vec<_>) =
            (0..3).map(|batch| fill((batch == 0).then_some(3))).unzip();
        let mut batches = batches.into_iter();
        wake_in_batches(|wakers| {
            *wakers = batches.next().unwrap();
            batches.len() > 0
        });
        for order in orders {
            assert_eq!(order.lock().unwrap().len(), CAPACITY);
        }
    }

    #[test]
    fn drops_what_was_not_woken() {
        static WOKEN: AtomicUsize = AtomicUsize::new(0);
        struct Counter;
        impl Wake for Counter {
            fn wake(self: Arc<Self>) {
                WOKEN.fetch_add(1, Ordering::Relaxed);
            }
        }
        let counter = Arc::new(Counter);
        let mut list = WakeList::new();
        list.push(Waker::from(counter.clone()));
        drop(list);
        assert_eq!(Arc::strong_count(&counter), 1);
        assert_eq!(WOKEN.load(Ordering::Relaxed), 0);
    }
}

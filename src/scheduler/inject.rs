//! The injection queue: tasks made runnable by threads that are not workers.
//!
//! It is a lock and a length. Workers that look for work read the length without the lock, so an
//! empty queue costs a load. It is written under the lock, before the task can be seen to be
//! missing: a worker that is about to sleep reads it after it has announced its sleep, and a pusher
//! writes it before it looks for sleepers (both sequentially consistent), so one of them sees the
//! other. A closed queue returns tasks to the pusher, so none are lost at shutdown.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::collections::vec_deque::Drain;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::loom::sync::Mutex;
use crate::util::shrink::shrink_if_empty;

/// A queue of runnable tasks that any thread may push to.
#[derive(Debug)]
pub(crate) struct Inject<T> {
    length: AtomicUsize,
    /// How many tasks have been pushed one by one. Written under the lock.
    pushes: AtomicU64,
    state: Mutex<InjectState<T>>,
}

#[derive(Debug)]
struct InjectState<T> {
    tasks: VecDeque<T>,
    closed: bool,
}

impl<T> Inject<T> {
    pub(crate) fn new() -> Inject<T> {
        Inject {
            length: AtomicUsize::new(0),
            pushes: AtomicU64::new(0),
            state: Mutex::new(InjectState {
                tasks: VecDeque::new(),
                closed: false,
            }),
        }
    }

    /// Returns the number of queued tasks.
    pub(crate) fn len(&self) -> usize {
        self.length.load(Ordering::SeqCst)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many tasks have been pushed, without those of [`push_all`](Inject::push_all).
    pub(crate) fn pushes(&self) -> u64 {
        self.pushes.load(Ordering::Relaxed)
    }

    /// Adds a task, or returns it if the queue is closed.
    pub(crate) fn push(&self, task: T) -> Result<(), T> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(task);
        }
        state.tasks.push_back(task);
        // The lock orders the writes.
        let pushes = self.pushes.load(Ordering::Relaxed);
        self.pushes.store(pushes + 1, Ordering::Relaxed);
        self.length.store(state.tasks.len(), Ordering::SeqCst);
        Ok(())
    }

    /// Adds tasks in order, or returns them if the queue is closed.
    pub(crate) fn push_all(&self, tasks: Vec<T>) -> Result<(), Vec<T>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(tasks);
        }
        state.tasks.extend(tasks);
        self.length.store(state.tasks.len(), Ordering::SeqCst);
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        self.pop_locked()
    }

    fn pop_locked(&self) -> Option<T> {
        let mut state = self.state.lock();
        let task = state.tasks.pop_front();
        shrink_if_empty(&mut state.tasks);
        self.length.store(state.tasks.len(), Ordering::SeqCst);
        task
    }

    /// Takes one task to run, and passes up to `most` more to `sink`, which must not panic.
    pub(crate) fn pop_batch(&self, most: usize, sink: impl FnOnce(Drain<'_, T>)) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let mut state = self.state.lock();
        let first = state.tasks.pop_front();
        let more = most.min(state.tasks.len());
        sink(state.tasks.drain(..more));
        shrink_if_empty(&mut state.tasks);
        self.length.store(state.tasks.len(), Ordering::SeqCst);
        first
    }

    /// Closes the queue and returns its tasks.
    pub(crate) fn close(&self) -> VecDeque<T> {
        let mut state = self.state.lock();
        state.closed = true;
        self.length.store(0, Ordering::SeqCst);
        std::mem::take(&mut state.tasks)
    }
}

#[cfg(test)]
mod tests {
    use super::Inject;

    #[test]
    fn keeps_order_and_hands_back_when_closed() {
        let queue = Inject::new();
        for i in 0..10 {
            queue.push(i).unwrap();
        }
        assert_eq!(queue.pop(), Some(0));
        let mut batch = Vec::new();
        assert_eq!(queue.pop_batch(3, |tasks| batch.extend(tasks)), Some(1));
        assert_eq!(batch, [2, 3, 4]);
        assert_eq!(queue.len(), 5);
        queue.push_all(vec![10, 11]).unwrap();
        assert_eq!(queue.len(), 7);
        assert_eq!(queue.close(), [5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(queue.push(12), Err(12));
        assert_eq!(queue.push_all(vec![13]), Err(vec![13]));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn counts_what_is_pushed_one_by_one() {
        let queue = Inject::new();
        queue.push(1).unwrap();
        queue.push(2).unwrap();
        queue.push_all(vec![3, 4]).unwrap();
        assert_eq!(queue.pushes(), 2);
        queue.close();
        queue.push(5).unwrap_err();
        assert_eq!(queue.pushes(), 2);
    }
}

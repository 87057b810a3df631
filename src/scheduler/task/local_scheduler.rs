//! [`LocalScheduler`]: the scheduler of a `LocalSet`, tasks of one thread that need not be `Send`.
//!
//! It is here, next to the lists, because it keeps their promise: a task is run and dropped on the
//! thread that spawned it. The owner's thread queues without a lock; other threads, which may wake
//! and abort the tasks, put them into a second queue. `task/local_set.rs` polls the set.

use std::collections::VecDeque;
use std::future::Future;
use std::task::Waker;

use super::{Birth, JoinHandle, LocalOwnedTasks, Notified, Schedule, Task, UnhandledPanic};
use crate::loom::cell::UnsafeCell;
use crate::loom::sync::{Arc, Mutex};
use crate::util::shrink::shrink_if_empty;
use crate::util::wake;

/// How many tasks are polled before the set lets others on its thread run.
const TASKS_PER_TICK: usize = 61;

type Ready = VecDeque<Notified<Arc<LocalScheduler>>>;

/// The tasks of one thread: those that exist, and those that are ready.
pub(crate) struct LocalScheduler {
    owned: LocalOwnedTasks<Arc<LocalScheduler>>,
    /// Only the owner's thread accesses this ([`LocalScheduler::with_home`]).
    home: UnsafeCell<Home>,
    away: Mutex<Away>,
}

/// The state of the owner's thread.
struct Home {
    ready: Ready,
    /// Whether [`LocalScheduler::polling`] is running, whose closure checks the queue before it
    /// ends.
    polling: bool,
    closed: bool,
    /// What the panic of a task does to the set.
    unhandled_panic: UnhandledPanic,
    /// Whether a task has panicked and the set is to be shut down for that.
    panicked: bool,
}

/// The state that all threads share.
struct Away {
    ready: Ready,
    /// The waker of the task that polls the set, if it has to be woken.
    waker: Option<Waker>,
    closed: bool,
}

// SAFETY: `home` is used on the owner's thread only, which `with_home` checks. Dropping the queue
// elsewhere drops notifications at most, and whose tasks were shut down on the owner's thread: a
// task that was not keeps the queue alive.
unsafe impl Send for LocalScheduler {}
// SAFETY: as above.
unsafe impl Sync for LocalScheduler {}

impl LocalScheduler {
    /// Creates a queue that belongs to the calling thread.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            owned: LocalOwnedTasks::new(),
            home: UnsafeCell::new(Home {
                ready: VecDeque::new(),
                polling: false,
                closed: false,
                unhandled_panic: UnhandledPanic::Ignore,
                panicked: false,
            }),
            away: Mutex::new(Away {
                ready: VecDeque::new(),
                waker: None,
                closed: false,
            }),
        })
    }

    /// `f` must not call anything that calls this function again.
    fn with_home<R>(&self, f: impl FnOnce(&mut Home) -> R) -> R {
        assert!(
            self.owned.is_owner(),
            "a local task runs on its own thread only"
        );
        // SAFETY: this is the only thread, and `f` (all of them are below) moves notifications in
        // and out and calls nothing else, so no other reference exists.
        self.home.with_mut(|home| f(unsafe { &mut *home }))
    }

    /// Sets what the panic of a task does from now on.
    pub(crate) fn set_unhandled_panic(&self, behavior: UnhandledPanic) {
        self.with_home(|home| home.unhandled_panic = behavior);
    }

    /// Spawns a task. It is cancelled at once if the queue is closed.
    ///
    /// # Panics
    ///
    /// Panics if called on a thread other than the owner's, as do all methods but
    /// [`register`](Self::register).
    pub(crate) fn spawn<F, O>(
        queue: &Arc<Self>,
        future: F,
        birth: Birth<O>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // SAFETY: notifications are run by `tick` only, with a task that `with_home` returned, and
        // the list is closed by `close` only, which also checks the thread.
        let (join, notified) = unsafe { queue.owned.bind(future, queue.clone(), birth) };
        if let Some(notified) = notified {
            queue.schedule(notified);
        }
        join
    }

    /// Wakes `waker` when a task becomes ready while no one is [polling](Self::polling).
    pub(crate) fn register(&self, waker: &Waker) {
        let registered = self
            .away
            .lock()
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(waker));
        if !registered {
            // Cloning and dropping may run any code, so neither is done under the lock.
            let waker = waker.clone();
            let former = self.away.lock().waker.replace(waker);
            wake::drop_waker(former);
        }
    }

    /// Calls `f`, which must call [`tick`](Self::tick) after the last task became ready, or make
    /// sure that it is called: until then this thread's wakes do not wake the set.
    pub(crate) fn polling<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Restore<'a>(&'a LocalScheduler, bool);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.with_home(|home| home.polling = self.1);
            }
        }
        let former = self.with_home(|home| std::mem::replace(&mut home.polling, true));
        let _restore = Restore(self, former);
        f()
    }

    /// Polls the tasks that are ready; returns whether there may be more.
    ///
    /// # Panics
    ///
    /// Panics if a task has panicked and the set is to be shut down for that. The other tasks are
    /// cancelled before.
    pub(crate) fn tick(&self) -> bool {
        self.fetch();
        for _ in 0..TASKS_PER_TICK {
            let (panicked, next) = self.with_home(|home| (home.panicked, home.ready.pop_front()));
            match next {
                _ if panicked => {
                    drop(next);
                    self.close();
                    panic!(
                        "a spawned task panicked and the LocalSet is configured to shutdown on \
                         unhandled panic"
                    );
                }
                Some(task) => {
                    if let Some(again) = task.run() {
                        self.schedule_at_home(again);
                    }
                }
                None if self.fetch() => {}
                None => {
                    self.with_home(|home| shrink_if_empty(&mut home.ready));
                    return false;
                }
            }
        }
        true
    }

    /// Moves the tasks that other threads made ready to this thread's queue; returns `false` if
    /// there were none.
    fn fetch(&self) -> bool {
        let mut away = self.away.lock();
        if away.ready.is_empty() {
            return false;
        }
        self.with_home(|home| home.ready.append(&mut away.ready));
        shrink_if_empty(&mut away.ready);
        true
    }

    /// Returns whether there are no tasks.
    pub(crate) fn is_empty(&self) -> bool {
        self.owned.is_empty()
    }

    /// Cancels all tasks and refuses new ones.
    pub(crate) fn close(&self) {
        self.owned.close_and_shutdown_all();
        let ready = self.with_home(|home| {
            home.closed = true;
            std::mem::take(&mut home.ready)
        });
        drop(ready);
        let (ready, waker) = {
            let mut away = self.away.lock();
            away.closed = true;
            (std::mem::take(&mut away.ready), away.waker.take())
        };
        drop(ready);
        wake::drop_waker(waker);
    }

    fn schedule_at_home(&self, task: Notified<Arc<Self>>) {
        let (refused, wake) = self.with_home(|home| {
            if home.closed {
                return (Some(task), false);
            }
            home.ready.push_back(task);
            (None, !home.polling)
        });
        drop(refused);
        if wake {
            let waker = self.away.lock().waker.take();
            wake::wake_some(waker);
        }
    }

    fn schedule_from_away(&self, task: Notified<Arc<Self>>) {
        let mut away = self.away.lock();
        let refused = match away.closed {
            true => Some(task),
            false => {
                away.ready.push_back(task);
                None
            }
        };
        let waker = away.waker.take();
        drop(away);
        // A task that was refused is dropped here, outside the lock.
        drop(refused);
        wake::wake_some(waker);
    }
}

impl Schedule for Arc<LocalScheduler> {
    fn schedule(&self, task: Notified<Self>) {
        if self.owned.is_owner() {
            self.schedule_at_home(task);
        } else {
            self.schedule_from_away(task);
        }
    }

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.owned.remove(task)
    }

    fn panicked(&self) {
        self.with_home(|home| home.panicked |= home.unhandled_panic.ends_the_runtime());
    }
}

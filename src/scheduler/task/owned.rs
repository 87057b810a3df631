//! [`OwnedTasks`]: every task of a scheduler, so that shutting down reaches them all.
//!
//! The list is split into shards with a lock each. A task's id selects its shard, and the ids that
//! one thread creates come in blocks, so that threads which spawn at the same time rarely contend
//! for a lock.

use std::future::Future;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use super::birth::Birth;
use super::handles::{Notified, Task};
use super::header::{Cell, Header};
use super::id::Id;
use super::join::JoinHandle;
use super::list::{self, List};
use super::{Schedule, harness};
use crate::loom::sync::Mutex;
use crate::loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::util::cache_padded::CachePadded;

/// The tasks of one scheduler.
pub(crate) struct OwnedTasks<S: 'static> {
    pub(super) shards: Shards,
    closed: AtomicBool,
    _scheduler: PhantomData<fn() -> S>,
}

/// Their number is a power of two. T5: a shard's address is the owner of its tasks.
pub(super) struct Shards(pub(super) Vec<CachePadded<Shard>>);

pub(super) struct Shard {
    pub(super) list: Mutex<List>,
    /// The length, for readers without the lock. Written under the lock.
    len: AtomicUsize,
    /// How many tasks have ever been put in. Written under the lock, and only a statistic, so it is
    /// `std`'s even under loom.
    spawned: AtomicU64,
}

impl Shard {
    fn address(&self) -> *const () {
        std::ptr::from_ref(self).cast()
    }
}

impl Shards {
    fn new(count: usize) -> Self {
        let shard = |_| {
            CachePadded::new(Shard {
                list: Mutex::new(List::new()),
                len: AtomicUsize::new(0),
                spawned: AtomicU64::new(0),
            })
        };
        Self((0..count).map(shard).collect())
    }

    fn of(&self, id: Id) -> &Shard {
        &self.0[id.block() & (self.0.len() - 1)]
    }

    fn len(&self) -> usize {
        let shards = self.0.iter();
        shards.map(|shard| shard.len.load(Ordering::Relaxed)).sum()
    }

    fn spawned(&self) -> u64 {
        let shards = self.0.iter();
        let spawned = |shard: &CachePadded<Shard>| shard.spawned.load(Ordering::Relaxed);
        shards.map(spawned).sum()
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        if self
            .0
            .iter_mut()
            .any(|shard| shard.list.get_mut().len() > 0)
        {
            // T5: the address of a shard stays that of a shard while a task compares itself to it.
            std::mem::forget(std::mem::take(&mut self.0));
        }
    }
}

impl<S> std::fmt::Debug for OwnedTasks<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnedTasks").finish_non_exhaustive()
    }
}

impl<S: Schedule> OwnedTasks<S> {
    /// Creates a list for a scheduler with `threads` threads: several shards for each, so that
    /// threads that spawn or complete tasks at the same time rarely need the same one.
    pub(crate) fn new(threads: usize) -> Self {
        let shards = if threads <= 1 {
            1
        } else {
            (threads * 4).next_power_of_two()
        };
        Self {
            shards: Shards::new(shards),
            closed: AtomicBool::new(false),
            _scheduler: PhantomData,
        }
    }

    /// Creates a task from `future`. The caller queues the notification.
    ///
    /// There is none if the list is closed: the task is then already cancelled.
    pub(crate) fn bind<F, O>(
        &self,
        future: F,
        scheduler: S,
        birth: Birth<O>,
    ) -> (JoinHandle<F::Output>, Option<Notified<S>>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        // SAFETY: the future and its output are `Send`.
        unsafe { self.bind_local(future, scheduler, birth) }
    }

    /// Like [`bind`](Self::bind), for a future that may not be `Send`.
    ///
    /// # Safety
    ///
    /// Unless the future and its output are `Send`: every notification of this task, including
    /// those that the scheduler receives later, is run on the calling thread, and so is
    /// [`close_and_shutdown_all`](Self::close_and_shutdown_all); or else never.
    pub(crate) unsafe fn bind_local<F, O>(
        &self,
        future: F,
        scheduler: S,
        mut birth: Birth<O>,
    ) -> (JoinHandle<F::Output>, Option<Notified<S>>)
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        if let Some(hooks) = scheduler.hooks() {
            birth.origin = hooks.spawned(birth.id, birth.origin);
        }
        // One reference each for the list, the notification, and the handle.
        let raw = Cell::allocate(future, scheduler, birth, harness::vtable::<F, S>(), 3);
        // SAFETY: T1: one reference is the handle's, and the others are `insert`'s. No one else
        // knows the task.
        unsafe { (JoinHandle::from_raw(raw), self.insert(raw)) }
    }

    /// Puts a new task into the list.
    ///
    /// # Safety
    ///
    /// T1: of the references to the task, two are passed on. No one else knows it.
    unsafe fn insert(&self, raw: NonNull<Header>) -> Option<Notified<S>> {
        // SAFETY: T1: the two references go to these two.
        let (notified, task) = unsafe { (Notified::from_raw(raw), Task::<S>::from_raw(raw)) };
        // SAFETY: T1: the references above.
        let id = unsafe { raw.as_ref() }.id;
        let shard = self.shards.of(id);
        let mut list = shard.list.lock();
        if self.closed.load(Ordering::Acquire) {
            drop(list);
            drop(notified);
            task.shutdown();
            return None;
        }
        std::mem::forget(task);
        // SAFETY: T5: no one else knows the task, and the reference of `task` is passed on.
        unsafe { list.push(raw, shard.address()) };
        shard.len.store(list.len(), Ordering::Relaxed);
        let spawned = shard.spawned.load(Ordering::Relaxed);
        shard.spawned.store(spawned + 1, Ordering::Relaxed);
        Some(notified)
    }

    /// Takes a task out of the list; returns `None` if it is not, or no longer, in the list.
    pub(crate) fn remove(&self, task: &Task<S>) -> Option<Task<S>> {
        let raw = task.as_raw();
        let shard = self.shard_of(raw)?;
        let mut list = shard.list.lock();
        // SAFETY: T5: the task was put into this list, as `shard_of` found, and `task` keeps it.
        let removed = unsafe { list.remove(raw) };
        shard.len.store(list.len(), Ordering::Relaxed);
        // SAFETY: T1: the list's reference comes back.
        removed.then(|| unsafe { Task::from_raw(raw) })
    }

    /// Returns the shard that the task was put into, if it is one of this list.
    fn shard_of(&self, task: NonNull<Header>) -> Option<&Shard> {
        // SAFETY: the caller has the task.
        let owner = unsafe { list::owner(task) };
        // SAFETY: as above.
        let id = unsafe { task.as_ref() }.id;
        let shard = self.shards.of(id);
        (shard.address() == owner).then_some(shard)
    }

    /// Closes the list to new tasks and shuts down all tasks in it.
    ///
    /// A task that another thread is polling is shut down by that thread, after the poll.
    pub(crate) fn close_and_shutdown_all(&self) {
        self.closed.store(true, Ordering::Release);
        for shard in &self.shards.0 {
            loop {
                let popped = {
                    let mut list = shard.list.lock();
                    let popped = list.pop();
                    shard.len.store(list.len(), Ordering::Relaxed);
                    popped
                };
                let Some(raw) = popped else { break };
                // SAFETY: T1: the list's reference. Shutting a task down may lock any shard.
                unsafe { Task::<S>::from_raw(raw) }.shutdown();
            }
        }
    }

    /// Returns the number of tasks.
    pub(crate) fn len(&self) -> usize {
        self.shards.len()
    }

    /// Returns how many tasks there have ever been.
    pub(crate) fn spawned(&self) -> u64 {
        self.shards.spawned()
    }
}

//! What a pool knows: its jobs, and the counts of its threads. It lies behind the pool's lock.
//!
//! # Invariant
//!
//! A job is queued only as long as some thread will look at the queue again: one that starts, runs
//! another job or has been called. A thread that runs a worker does not count, since workers last.
//! A thread becomes idle, or ends, only when it finds no job. The remaining way to break the
//! invariant is a start that fails, which is why [`take_stranded`](PoolState::take_stranded)
//! follows it.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::Arc;

use crate::loom::sync::Condvar;
use crate::loom::sync::atomic::{AtomicBool, Ordering};
use crate::loom::thread::{JoinHandle, current};
use crate::util::shrink::shrink_if_empty;

/// A closure for the pool.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// How the pool treats a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A shutdown waits for it.
    Ordinary,
    /// A scheduler's worker: a shutdown waits for it. It runs before other jobs, and does not count
    /// against the cap.
    Worker,
    /// A shutdown drops it if it has not begun, and does not wait for it if it has.
    Detached,
}

/// Handles of threads, each after the thread's number.
type Numbered = Vec<(usize, JoinHandle<()>)>;

pub(super) struct Job {
    /// A running number.
    id: u64,
    pub(super) work: Work,
    pub(super) kind: Kind,
}

/// An idle thread.
pub(super) struct Sleeper {
    /// The thread waits here.
    pub(super) wake: Condvar,
    /// Whether the thread has been taken off the list of idle threads to look at the queue. Set by
    /// the one that calls it, cleared by the thread, both under the pool's lock.
    called: AtomicBool,
}

impl Sleeper {
    pub(super) fn new() -> Sleeper {
        Sleeper {
            wake: Condvar::new(),
            called: AtomicBool::new(false),
        }
    }

    /// Returns whether the thread has been called. Under the pool's lock.
    pub(super) fn is_called(&self) -> bool {
        self.called.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
pub(super) struct PoolState {
    /// Workers that no thread has taken yet.
    workers: VecDeque<Job>,
    /// The other jobs that no thread has taken yet.
    queue: VecDeque<Job>,
    /// Threads that start, run jobs, or wait for one.
    threads: usize,
    /// How many of `threads` are not known to have started.
    launching: usize,
    /// How many of `threads` run a worker.
    running_workers: usize,
    /// How many of `threads` run a job that no shutdown waits for.
    detached: usize,
    /// Threads that run no more jobs and are not gone.
    leaving: usize,
    /// Threads that wait for a job; the last one has waited for the shortest time.
    idle: Vec<Arc<Sleeper>>,
    /// How many jobs have begun.
    pub(super) begun: u64,
    /// Whether a thread waits for the pool to stall.
    pub(super) has_reliever: bool,
    /// How many times in a row the pool stalled.
    pub(super) standstills: u32,
    /// Whether idle threads end.
    pub(super) retiring: bool,
    pub(super) closed: bool,
    /// Whether a shutdown has let go of the handles.
    let_go: bool,
    next_thread: usize,
    next_job: u64,
    /// Whether a shutdown waits until it has nothing left to wait for.
    pub(super) is_awaited: bool,
    /// The handles of threads that run, by their numbers, of which the last is the largest.
    handles: Numbered,
    /// Threads that ended without a handle in `handles`: before their starters had stored it, or
    /// after a shutdown had taken it.
    ended_early: Vec<usize>,
    /// Threads that are ending: the last one that left; after `close`, all of them, for the
    /// shutdown.
    left: Vec<JoinHandle<()>>,
}

impl PoolState {
    /// Returns whether idle threads end.
    pub(super) fn ends(&self) -> bool {
        self.closed || self.retiring
    }

    /// Returns whether a shutdown has nothing left to wait for.
    pub(super) fn is_quiet(&self) -> bool {
        self.threads + self.leaving <= self.detached && self.launching == 0
    }

    /// Returns whether a shutdown waits for what is now the case.
    pub(super) fn ends_a_wait(&self) -> bool {
        self.is_awaited && self.is_quiet()
    }

    /// Queues a job; returns its number.
    pub(super) fn add(&mut self, work: Work, kind: Kind) -> u64 {
        let id = self.next_job;
        self.next_job += 1;
        self.queue_of(kind).push_back(Job { id, work, kind });
        id
    }

    fn queue_of(&mut self, kind: Kind) -> &mut VecDeque<Job> {
        match kind {
            Kind::Worker => &mut self.workers,
            Kind::Ordinary | Kind::Detached => &mut self.queue,
        }
    }

    /// Returns how many workers are queued or run.
    pub(super) fn workers(&self) -> usize {
        self.workers.len() + self.running_workers
    }

    /// Returns how many jobs, without workers, are queued.
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Returns how many threads run closures or wait for one, without a scheduler's workers.
    pub(super) fn closure_threads(&self) -> usize {
        self.threads.saturating_sub(self.workers())
    }

    /// Returns how many threads wait for a job.
    pub(super) fn idle(&self) -> usize {
        self.idle.len()
    }

    /// Returns how many threads there are, without those that end.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Returns how many workers may run at a time: `max_workers`, until the end, which waits for all.
    fn bound(&self, max_workers: usize) -> usize {
        if self.closed { usize::MAX } else { max_workers }
    }

    /// Takes the job that the calling thread is to run next; `max_workers` is how many workers may
    /// run at a time.
    pub(super) fn next(&mut self, max_workers: usize) -> Option<Job> {
        let worker = if self.running_workers < self.bound(max_workers) {
            self.workers.pop_front()
        } else {
            None
        };
        let Some(job) = worker.or_else(|| self.queue.pop_front()) else {
            shrink_if_empty(&mut self.queue);
            return None;
        };
        self.begun += 1;
        self.running_workers += usize::from(job.kind == Kind::Worker);
        self.detached += usize::from(job.kind == Kind::Detached);
        Some(job)
    }

    /// Records that a job from [`next`](PoolState::next) has ended.
    pub(super) fn ended(&mut self, kind: Kind) {
        self.running_workers -= usize::from(kind == Kind::Worker);
        self.detached -= usize::from(kind == Kind::Detached);
    }

    /// Takes back a job that no thread has taken.
    pub(super) fn remove(&mut self, id: u64, kind: Kind) -> Option<Job> {
        take_if(self.queue_of(kind), |job| job.id == id).pop()
    }

    /// Takes the jobs that a shutdown drops.
    pub(super) fn take_detached(&mut self) -> Vec<Job> {
        take_if(&mut self.queue, |job| job.kind == Kind::Detached)
    }

    /// Returns whether all threads run jobs that a shutdown does not wait for, although other jobs
    /// are queued.
    pub(super) fn is_forsaken(&self) -> bool {
        !self.queue.is_empty() && self.threads <= self.detached
    }

    /// Returns whether a thread that has started will look at the queue again, whatever becomes of
    /// those that are starting, and however the queued workers are taken.
    pub(super) fn will_be_looked_at(&self) -> bool {
        self.threads > self.launching + self.workers()
    }

    /// Takes the jobs that no thread will run. Called after a start has failed.
    pub(super) fn take_stranded(&mut self, max_workers: usize) -> Vec<Job> {
        let bound = self.bound(max_workers);
        // The queued workers are taken first.
        if self.threads > self.workers().min(bound) {
            return Vec::new();
        }
        let mut jobs = self.take_queue();
        // Beyond the bound they wait for the end of a worker.
        if self.threads <= self.running_workers && self.running_workers < bound {
            let mut workers = std::mem::take(&mut self.workers);
            while let Some(job) = workers.pop_front() {
                jobs.push(job);
            }
        }
        jobs
    }

    /// Takes all jobs but workers.
    pub(super) fn take_queue(&mut self) -> Vec<Job> {
        take_if(&mut self.queue, |_| true)
    }

    /// Takes the thread that became idle last off the list; the caller notifies it. Others run
    /// their keep-alive down.
    pub(super) fn call(&mut self) -> Option<Arc<Sleeper>> {
        let sleeper = self.idle.pop()?;
        sleeper.called.store(true, Ordering::Relaxed);
        Some(sleeper)
    }

    /// Has all idle threads look at the queue.
    pub(super) fn call_all(&mut self) {
        while let Some(sleeper) = self.call() {
            sleeper.wake.notify_one();
        }
    }

    /// Makes the calling thread idle.
    pub(super) fn sleep(&mut self, sleeper: &Arc<Sleeper>) {
        sleeper.called.store(false, Ordering::Relaxed);
        self.idle.push(sleeper.clone());
    }

    /// Takes the calling thread off the list of idle threads.
    pub(super) fn wake_up(&mut self, sleeper: &Arc<Sleeper>) {
        // The one that has waited longest is the first.
        let place = self.idle.iter().position(|it| Arc::ptr_eq(it, sleeper));
        if let Some(place) = place {
            self.idle.remove(place);
        }
    }

    /// Counts a thread that is about to be started; returns its number.
    pub(super) fn starts(&mut self) -> usize {
        let id = self.next_thread;
        self.next_thread += 1;
        self.threads += 1;
        self.launching += 1;
        id
    }

    /// Records that a thread was started. It may have ended.
    pub(super) fn started(&mut self, id: usize, handle: JoinHandle<()>) {
        self.launching -= 1;
        if self.let_go {
            drop(handle);
        } else if let Some(place) = self.ended_early.iter().position(|it| *it == id) {
            self.ended_early.swap_remove(place);
            self.left.push(handle);
        } else {
            let place = self.handles.partition_point(|(other, _)| *other < id);
            self.handles.insert(place, (id, handle));
        }
    }

    /// Records that a thread could not be started.
    pub(super) fn failed(&mut self) {
        self.launching -= 1;
        self.threads -= 1;
    }

    /// Records that the calling thread runs no more jobs.
    pub(super) fn leaves(&mut self) {
        self.threads -= 1;
        self.leaving += 1;
    }

    /// Records that the calling thread is gone; returns those that it has to join.
    pub(super) fn left(&mut self, id: usize) -> Vec<JoinHandle<()>> {
        self.leaving -= 1;
        let previous = if self.ends() {
            Vec::new()
        } else {
            std::mem::take(&mut self.left)
        };
        match self.handles.binary_search_by_key(&id, |(other, _)| *other) {
            Ok(place) => self.left.push(self.handles.remove(place).1),
            Err(_) if self.let_go => {}
            Err(_) => self.ended_early.push(id),
        }
        if self.handles.is_empty() {
            // There may have been many.
            self.handles = Vec::new();
        }
        previous
    }

    /// Takes the handle of a thread that runs, for a shutdown that is to join it. Returns `None` if
    /// it does not wait for every thread, or none but the calling thread is left.
    ///
    /// Called when the pool is closed: no job begins any more that a shutdown does not wait for.
    pub(super) fn take_handle(&mut self) -> Option<JoinHandle<()>> {
        if self.detached > 0 {
            return None;
        }
        // The one that was started last has been woken last, and is the last to end.
        let (id, handle) = self.handles.pop()?;
        if handle.thread().id() == current().id() {
            self.handles.push((id, handle));
            return None;
        }
        Some(handle)
    }

    /// Lets go of all handles; returns those of threads that are ending, and the others.
    pub(super) fn let_go(&mut self) -> (Vec<JoinHandle<()>>, Numbered) {
        self.let_go = true;
        self.ended_early = Vec::new();
        let left = std::mem::take(&mut self.left);
        (left, std::mem::take(&mut self.handles))
    }

    /// Returns how many handles are kept or to come.
    #[cfg(test)]
    pub(super) fn handles(&self) -> usize {
        self.handles.len() + self.left.len() + self.ended_early.len() + self.launching
    }
}

/// Takes the jobs that `is_taken` selects out of `queue`, both in their order. All of them pass by,
/// which needs a small part of the code of `VecDeque`'s own methods for this.
fn take_if(queue: &mut VecDeque<Job>, is_taken: impl Fn(&Job) -> bool) -> Vec<Job> {
    let mut taken = Vec::new();
    for _ in 0..queue.len() {
        let Some(job) = queue.pop_front() else { break };
        if is_taken(&job) {
            taken.push(job);
        } else {
            queue.push_back(job);
        }
    }
    taken
}

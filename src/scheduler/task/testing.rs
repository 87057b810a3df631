//! The smallest scheduler, for this module's tests: a queue that a test runs by hand.

use std::collections::VecDeque;
use std::future::Future;

use super::{Birth, JoinHandle, Notified, OwnedTasks, Schedule, Task, TaskKind};
use crate::loom::sync::{Arc, Mutex};

/// A shared queue and its tasks.
pub(in crate::scheduler) type Scheduler = Arc<Queue>;

pub(in crate::scheduler) struct Queue {
    pub(in crate::scheduler) owned: OwnedTasks<Scheduler>,
    ready: Mutex<VecDeque<Notified<Scheduler>>>,
    yields: Mutex<usize>,
    closed: Mutex<bool>,
    /// For weak references to the queue's life, which loom's `Arc` does not have.
    pub(in crate::scheduler) alive: std::sync::Arc<()>,
}

impl Schedule for Scheduler {
    fn schedule(&self, task: Notified<Self>) {
        self.push(task);
    }

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.owned.remove(task)
    }
}

pub(in crate::scheduler) fn scheduler() -> Scheduler {
    Arc::new(Queue {
        owned: OwnedTasks::new(1),
        ready: Mutex::new(VecDeque::new()),
        yields: Mutex::new(0),
        closed: Mutex::new(false),
        alive: std::sync::Arc::default(),
    })
}

/// Returns what a test that does not look at it makes a task of.
pub(in crate::scheduler) fn birth() -> Birth<()> {
    Birth::here(TaskKind::Task)
}

/// Spawns and queues.
#[track_caller]
pub(in crate::scheduler) fn spawn<F>(scheduler: &Scheduler, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (join, notified) =
        scheduler
            .owned
            .bind(future, scheduler.clone(), Birth::<F>::here(TaskKind::Task));
    if let Some(notified) = notified {
        scheduler.schedule(notified);
    }
    join
}

impl Queue {
    fn push(&self, task: Notified<Scheduler>) {
        if *self.closed.lock() {
            drop(task);
        } else {
            self.ready.lock().push_back(task);
        }
    }

    /// Takes the first task of the queue.
    pub(in crate::scheduler) fn next(&self) -> Option<Notified<Scheduler>> {
        self.ready.lock().pop_front()
    }

    /// Polls the first task of the queue; returns `false` if there is none.
    pub(in crate::scheduler) fn run_one(&self) -> bool {
        let Some(task) = self.next() else {
            return false;
        };
        if let Some(again) = task.run() {
            *self.yields.lock() += 1;
            self.push(again);
        }
        true
    }

    /// Polls until the queue is empty, and returns how many polls that took.
    pub(in crate::scheduler) fn run_all(&self) -> usize {
        let mut polls = 0;
        while self.run_one() {
            polls += 1;
        }
        polls
    }

    /// Returns how many polls ended with the task woken.
    pub(in crate::scheduler) fn yields(&self) -> usize {
        *self.yields.lock()
    }

    /// Shuts everything down and empties the queue.
    pub(in crate::scheduler) fn shutdown(&self) {
        *self.closed.lock() = true;
        self.owned.close_and_shutdown_all();
        while let Some(task) = self.next() {
            drop(task);
        }
    }
}

//! [`Recorder`]: what a runtime records, for the threads that read it.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::clock::Reading;
use super::event::Event;
use super::here::Here;
use super::holders;
use super::journal::Journal;
use super::noted::{SeenKind, TaskState};
use super::operations::OperationsSeen;
use super::page::{Entry, Registry};
use super::ring::Copied;
use super::slot::WorkerState;
use super::system::ThreadOf;
use super::wait::Wait;

/// What one runtime records. Made only for a runtime that is to be observed.
#[derive(Debug)]
pub(crate) struct Recorder {
    journal: Arc<Journal>,
    pub(super) registry: Registry,
}

/// What a worker does.
#[derive(Clone, Debug)]
pub(crate) struct WorkerSeen {
    pub(crate) state: WorkerState,
    /// When the poll began, or, without a task, when the state changed.
    pub(crate) since_ns: u64,
    /// The task that is polled.
    pub(crate) task: Option<u64>,
    /// Where it was spawned.
    pub(crate) place: Option<&'static Location<'static>>,
    /// How many polls there have been, with this one.
    pub(crate) polls: u64,
    /// The thread that runs the worker.
    pub(crate) thread: Option<ThreadOf>,
}

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct TaskSeen {
    pub(crate) id: u64,
    pub(crate) kind: SeenKind,
    pub(crate) name: Option<Arc<str>>,
    /// Where it was spawned.
    pub(crate) place: Option<&'static Location<'static>>,
    pub(crate) state: TaskState,
    /// When the state changed.
    pub(crate) since_ns: u64,
    pub(crate) polls: u64,
    /// How long its polls have taken, without the one that runs.
    pub(crate) busy_ns: u64,
    /// How many times it was queued because it was woken.
    pub(crate) wakes: u32,
    /// How many of these wakes came while it was polled.
    pub(crate) self_wakes: u32,
    /// What it waits for. While it is polled: what it has found pending in this poll.
    pub(crate) waits: Option<WaitSeen>,
}

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitSeen {
    pub(crate) wait: Wait,
    /// See [`Wait`].
    pub(crate) object: u64,
    /// Whether it is not the only one.
    pub(crate) several: bool,
}

/// The last events of a worker, or of the threads that have none.
#[derive(Debug)]
pub(crate) struct WorkerEvents {
    pub(crate) worker: Option<usize>,
    /// The oldest first.
    pub(crate) events: Vec<EventSeen>,
    /// How many events there were before, or could not be written.
    pub(crate) lost: u64,
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventSeen {
    pub(crate) at_ns: u64,
    pub(crate) event: Event,
    /// The task in whose poll it happened, as far as the events reach back.
    pub(crate) by: Option<u64>,
}

/// A worker that is in one poll for long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stuck {
    pub(crate) worker: usize,
    /// The number of the poll, which no other poll of this worker has.
    pub(crate) poll: u64,
    pub(crate) task: u64,
    pub(crate) place: Option<&'static Location<'static>>,
    pub(crate) for_ns: u64,
}

impl Recorder {
    /// Creates a recorder for a runtime with so many workers, if it is to be `observed`.
    pub(crate) fn for_runtime(observed: bool, workers: usize) -> Option<Arc<Recorder>> {
        observed.then(|| {
            holders::begin();
            Arc::new(Recorder {
                journal: Arc::new(Journal::new(workers)),
                registry: Registry::new(if workers <= 1 { 1 } else { workers * 4 }),
            })
        })
    }

    /// Returns where the driver's operations are recorded.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Creates what a thread that is about to run a worker records by.
    pub(crate) fn here(&self, worker: usize) -> Here {
        Here::new(self.journal.clone(), worker)
    }

    /// Begins to note a task.
    pub(crate) fn enter(
        &self,
        id: u64,
        kind: SeenKind,
        place: &'static Location<'static>,
        name: Option<&str>,
    ) -> Entry {
        let since = self.journal.write(Event::Spawn(id));
        self.registry
            .enter(&self.journal, id, kind, place, name, since)
    }

    /// Reads the clock, for all that is read next.
    pub(crate) fn read(&self) -> Reading {
        self.journal.clock.read()
    }

    /// Returns what the workers do.
    #[inline(never)]
    pub(crate) fn workers(&self, reading: &Reading) -> Vec<WorkerSeen> {
        let workers = self.journal.workers.iter();
        let seen = workers.map(|worker| {
            let doing = worker.slot.read();
            WorkerSeen {
                state: doing.state,
                since_ns: reading.ns(doing.since),
                task: (doing.task != 0).then_some(doing.task),
                place: doing.place,
                polls: doing.polls,
                thread: worker.thread.lock().clone(),
            }
        });
        seen.collect()
    }

    /// Calls `f` with each task that has not ended. Locks are held only briefly, and none while `f`
    /// runs.
    #[inline(never)]
    pub(crate) fn tasks(&self, reading: &Reading, f: &mut dyn FnMut(TaskSeen)) {
        self.registry.for_each(|task, name| {
            let waits = task.wait().map(|(wait, several)| WaitSeen {
                wait,
                object: task.object,
                several,
            });
            f(TaskSeen {
                id: task.id,
                kind: task.kind(),
                name,
                place: task.place,
                state: task.state(),
                since_ns: reading.ns(task.since),
                polls: task.polls,
                busy_ns: reading.duration(task.busy),
                wakes: task.wakes,
                self_wakes: task.self_wakes,
                waits,
            });
        });
    }

    /// Returns the task that has locked the lock at this address last, if it is known.
    pub(crate) fn holder(&self, address: u64) -> Option<u64> {
        holders::holder(address)
    }

    /// Returns the last events of each worker, and then those of other threads.
    pub(crate) fn events(&self, reading: &Reading) -> Vec<WorkerEvents> {
        let workers = self.journal.workers.iter().enumerate();
        let mut all: Vec<_> = workers
            .map(|(index, worker)| seen_events(Some(index), worker.ring.copy(), reading))
            .collect();
        all.push(seen_events(None, self.journal.copy_outside(), reading));
        all
    }

    /// Returns the counters of the driver's operations.
    pub(crate) fn operations(&self) -> OperationsSeen {
        self.journal.operations.seen()
    }

    /// Returns the workers that have been in one poll for longer than `limit`.
    pub(crate) fn stuck(&self, limit: Duration) -> Vec<Stuck> {
        let reading = self.read();
        let workers = self.workers(&reading).into_iter().enumerate();
        let stuck = workers.filter_map(|(worker, seen)| {
            let for_ns = reading.now().saturating_sub(seen.since_ns);
            let is_stuck =
                seen.state == WorkerState::Running && u128::from(for_ns) > limit.as_nanos();
            Some(Stuck {
                worker,
                poll: seen.polls,
                task: seen.task.filter(|_| is_stuck)?,
                place: seen.place,
                for_ns,
            })
        });
        stuck.collect()
    }
}

/// Converts events, and finds out in whose polls they happened.
fn seen_events(worker: Option<usize>, copied: Copied, reading: &Reading) -> WorkerEvents {
    let mut polled = Vec::new();
    let events = copied.events.into_iter().filter_map(|(ticks, word)| {
        let event = Event::from_word(word)?;
        match event {
            // The begin may be too old, or the poll may have been handed over since.
            Event::End(task) | Event::Ready(task) if polled.last() == Some(&task) => {
                polled.pop();
            }
            Event::HandOver | Event::Park => polled.clear(),
            _ => {}
        }
        // Other threads than workers write to one ring, each in its own poll.
        let by = worker.and(polled.last().copied());
        if let Event::Poll(task) = event {
            polled.push(task);
        }
        Some(EventSeen {
            at_ns: reading.ns(ticks),
            event,
            by,
        })
    });
    WorkerEvents {
        worker,
        events: events.collect(),
        lost: copied.lost,
    }
}

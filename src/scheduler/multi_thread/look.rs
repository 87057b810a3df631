//! What the monitor does on each tick.
//!
//! It
//!
//! - takes the tasks out of the queue and the LIFO slot of each worker that has made no progress
//!   since the last tick ([`progress`](super::progress)), and injects them, so that a sleeping or
//!   busy worker finds them; and wakes the wakers that such a worker has deferred
//!   ([`Remote::deferred`](super::shared::Remote));
//! - has threads perform what workers have kept ([`kept`](super::kept)), and has a thread pick up the
//!   core that a worker has lent if the worker has made no progress since the last tick;
//! - makes a sleeping worker wait for the driver if no thread does and none has polled it since the
//!   last tick: the worker that waited there runs a task that does not end;
//! - wakes a worker if tasks are in the injection queue and none searches for work.
//!
//! If none of these applies, it wakes no worker.
#![forbid(unsafe_code)]

use super::monitor::{Monitor, Monitored};
use super::shared::MultiThreadShared;
use super::worker;
use crate::util::wake;

/// What the monitor saw on its last tick.
pub(super) struct Seen {
    /// The workers' [`Progress::mark`](super::progress::Progress::mark).
    marks: Vec<u32>,
    /// The driver's [`waits`](crate::driver::Driver::waits).
    waits: usize,
}

impl Monitored for MultiThreadShared {
    type Seen = Seen;

    fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    fn any_is_awake(&self) -> bool {
        self.idle.awake() > 0
    }

    fn seen(&self) -> Seen {
        let remotes = self.remotes.iter();
        Seen {
            marks: remotes.map(|remote| remote.progress.mark()).collect(),
            waits: self.services().driver.waits(),
        }
    }

    fn look(&self, seen: &mut Seen) -> bool {
        let mut progress = false;
        let mut left_behind = Vec::new();
        let mut deferred = Vec::new();
        for (remote, seen) in self.remotes.iter().zip(&mut seen.marks) {
            if let Some(job) = remote.kept.take() {
                self.services().driver.completions().perform(job);
            }
            let mark = remote.progress.mark();
            if std::mem::replace(seen, mark) == mark {
                remote.take_all(&mut left_behind);
                deferred.append(&mut remote.deferred.lock());
                if let Some(worker) = remote.kept.lent() {
                    worker::pass_on(&worker);
                }
            } else {
                progress = true;
            }
        }
        if !left_behind.is_empty() {
            self.inject_all(left_behind);
        }
        // On this thread a wake injects the task.
        deferred.into_iter().for_each(wake::wake);
        let waits = self.services().driver.waits();
        let unattended = waits % 2 == 0 && waits == seen.waits;
        seen.waits = waits;
        if unattended {
            if let Some(worker) = self.idle.a_sleeper() {
                // The worker finds no work, and no thread in the driver's wait.
                self.unpark(worker);
            }
        }
        if !self.inject.is_empty() {
            self.wake_one();
        }
        progress
    }
}

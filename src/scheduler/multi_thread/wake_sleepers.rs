//! Waking all workers that sleep, for a dump: it makes many tasks runnable at once, and shows which
//! workers still come back from their polls.
#![forbid(unsafe_code)]

use super::MultiThreadShared;
use super::idle::Idle;

impl MultiThreadShared {
    /// Wakes every worker that sleeps to look for work.
    pub(in crate::scheduler) fn wake_sleepers(&self) {
        while let Some(worker) = self.idle.take_sleeper() {
            self.unpark(worker);
        }
    }
}

impl Idle {
    /// Removes a worker from the sleepers, if there is one.
    fn take_sleeper(&self) -> Option<usize> {
        let mut sleepers = self.sleepers.lock();
        let worker = sleepers.first_from(0)?;
        self.wake(&mut sleepers, worker);
        Some(worker)
    }
}

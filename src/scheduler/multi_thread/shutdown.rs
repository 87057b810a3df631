//! The end of a worker, and of the last one.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::worker::{Context, Core};

impl Context {
    /// Drops every task, and puts the core down; the last worker to do so shuts the driver down.
    pub(super) fn put_down_for_good(&self, mut core: Core) {
        let shared = self.shared();
        shared.owned.close_and_shutdown_all();
        let metrics = &self.remote().metrics;
        core.busy.pause(metrics);
        core.store_counts(Some(metrics.busy()), metrics);
        core.end_poll(metrics);
        let cores = {
            let mut done = shared.done.lock();
            done.push(core);
            if done.len() < shared.workers() {
                return;
            }
            std::mem::take(&mut *done)
        };
        // It was signaled to end when the runtime was closed. It must not move tasks from here on.
        shared.monitor.join();
        // No worker runs any more. A task that was running when the list was closed has been
        // dropped by the worker that ran it; the queues hold references to dropped tasks.
        for core in cores {
            while let Some(task) = core.queue.pop() {
                drop(task);
            }
        }
        for remote in &shared.remotes {
            drop(remote.lifo.take());
        }
        drop(shared.inject.close());
        shared.services().shutdown(Duration::MAX);
    }
}

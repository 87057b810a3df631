//! The scheduler that runs tasks on several worker threads.
//!
//! # Protocol
//!
//! Each worker has a *core*: a run queue that others may steal from, and counters. The thread
//! that has a core runs it; `block_in_place` puts the core down for another thread to pick up.
//! Beside the core's queue a worker has a *LIFO slot* for the task that was made runnable last:
//! it runs next, while what it was sent is still in the cache, but only a few times in a row.
//!
//! A task made runnable on a worker goes to that worker; from any other thread it goes to the
//! injection queue. Then, unless some worker is searching for work already, a sleeping worker is
//! woken to search ([`idle`]). A searcher that finds work while it was the last one searching
//! wakes the next, so workers come up one after the other as long as there is work for them.
//! The last searcher that goes to sleep looks at every queue once more after it has said so,
//! which closes the race with a pusher that saw it searching.
//!
//! A worker takes up one task itself as soon as its present poll ends, so whether that task is worth
//! another worker depends on how long its polls take ([`pace`]). Behind quick ones another would
//! come too late; a task that comes to the queue is worth one behind usual ones; behind slow ones so
//! is the task in the LIFO slot, which searchers then take as well.
//!
//! Of the sleeping workers one has the driver's turn and waits there, one is on watch, and the
//! rest wait on their parker ([`parker`]). The one on watch is woken by a timer that is armed
//! only while some worker is active (`driver/watch.rs`). It then looks after what a stuck
//! worker may have left behind ([`progress`] tells which one is stuck): its queue, its LIFO slot, its
//! ring, and the driver's turn. An active worker that happens to see the alarm first, because it
//! looks at the driver just then, does so in its place.
//!
//! Shutdown: the first worker to see the flag closes the task list, which drops every future.
//! Each worker puts its core down for good, and the last of them drops what is still queued and
//! ends the driver.

mod idle;
mod lifo;
#[cfg(not(loom))]
mod monitor;
#[cfg(not(loom))]
mod pace;
mod parker;
#[cfg(not(loom))]
mod place;
#[cfg(not(loom))]
mod progress;
#[cfg(not(loom))]
mod shared;
#[cfg(not(loom))]
mod shutdown;
#[cfg(not(loom))]
mod sleep;
mod ticking;
#[cfg(not(loom))]
mod worker;

#[cfg(not(loom))]
use std::sync::Arc;

#[cfg(not(loom))]
use crate::blocking::pool::Refused;
#[cfg(not(loom))]
use crate::scheduler::common::Common;

#[cfg(not(loom))]
pub(crate) use place::block_in_place;
#[cfg(not(loom))]
pub(crate) use shared::Shared;
#[cfg(not(loom))]
pub(crate) use worker::Context;

/// Makes a scheduler of `workers` workers and starts their threads.
#[cfg(not(loom))]
pub(crate) fn start(common: Common, workers: usize) -> Result<Arc<Shared>, crate::Error> {
    let (shared, cores) = Shared::new(common, workers);
    let shared = Arc::new(shared);
    for core in cores {
        if let Err(error) = worker::launch(shared.clone(), Box::new(core)) {
            shared.close();
            let (reason, source) = match error {
                Refused::NoThread(error) => ("the system refused", Some(error)),
                Refused::Closed => ("the runtime is being shut down", None),
            };
            return Err(crate::Error::resource(
                "start a worker thread",
                reason,
                source,
            ));
        }
    }
    Ok(shared)
}

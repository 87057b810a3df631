//! The scheduler that runs tasks on several worker threads.
//!
//! # Queues
//!
//! Each worker has a *core*: a run queue that others may steal from ([`queue`]), and counters. The
//! thread that owns a core runs it; `block_in_place` puts the core down for another thread to pick
//! up. Beside the core's queue a worker has a *LIFO slot* for the task that was made runnable last:
//! it runs next, while its data is still in the cache, but only a few times in a row.
//!
//! A task made runnable on a worker goes to that worker; from any other thread it goes to the
//! injection queue, and so does the older half of a run queue that is full. Then, unless a worker is
//! already searching for work, a sleeping worker is woken to search ([`idle`]). A searcher that finds
//! more than it can run at once wakes the next, so workers wake one after the other as long as there
//! is work for them.
//!
//! A worker takes one task itself as soon as its current poll ends, so whether that task is worth
//! waking another worker depends on how long its polls take on average ([`pace`]). Below 1 us
//! another worker would come too late for a single task. From 1 us on, a single task in the queue
//! wakes one. Above 100 us so does the task in the LIFO slot, which searchers then take as well.
//! Two or more waiting tasks always wake a worker.
//!
//! # Sleep
//!
//! ```text
//!                    queues empty, and fewer
//!                    than half search already
//!    +---------+ ----------------------------> +-----------+ <---------------------------+
//!    | running |                               | searching |                             |
//!    +---------+ <---------------------------- +-----------+                             |
//!      |     ^         found a task                  |                         woken for work
//!      |     |                                       | found none                        |
//!      |     |                                       v                                   |
//!      |     |   its wait left it a task     +-----------------------------------+       |
//!      |     +------------------------------ | asleep, in one of two places:     | ------+
//!      |                                     | the driver's wait, or its parker  |
//!      +-----------------------------------> +-----------------------------------+
//!              queues empty, and half search already
//! ```
//!
//! The states are counted in one word ([`idle`]); the transitions are in [`worker`], those into and
//! out of sleep in [`sleep`]; the place where one worker sleeps is a [`parker`]. At most one worker
//! waits for the driver. A thread that wakes a worker takes that one last: it costs a system call,
//! and another worker has to take its place.
//!
//! The scheduler makes two promises:
//!
//! - **No task waits while a worker sleeps and none searches.** A thread that has pushed a task
//!   then reads the word, and a worker that falls asleep or stops searching writes the word and
//!   then looks at the queues. One of the two sees the other ([`idle`]). A worker enters its place
//!   by a compare-and-exchange that fails if it was woken before ([`parker`]), so no wake-up is
//!   lost in between.
//! - **The driver is never left alone for long.** A thread that leaves the driver's wait is awake,
//!   or tries to enter it again before it sleeps; so while all workers sleep, one waits for the
//!   driver. A worker that is awake polls the driver every `event_interval` polls; if its polls do
//!   not end, the monitor has another worker do so.
//!
//! # The monitor
//!
//! Tasks run user code, which may not return for a while, or ever. The worker that waited for the
//! driver may be the one that is stuck (tokio's issue 4730), and tasks wait in its queue and in its
//! LIFO slot, which busy workers do not check. So in a runtime of two or more workers that is older
//! than 10 ms, while some worker is awake, a thread checks all of them every 10 ms ([`monitor`]).
//! No task waits behind a stuck one for longer than two ticks while a worker is free, and the
//! driver is unattended for two ticks at most. In an idle runtime the monitor sleeps as well
//! ([`ticking`]).
//!
//! Two other designs were tried or considered:
//!
//! - *A timerfd, armed by workers that are awake while others sleep, which wakes one of these.* It
//!   must be armed again after each alarm, in every place where a worker falls asleep, wakes up or
//!   sees the alarm. There were seven such places, and three of them were wrong. A sleeping worker
//!   would need a third way to wait: for the driver's descriptors, without the turn. While every
//!   worker is awake, nothing happens. And a single computing worker makes another one run every 10
//!   ms.
//! - *Idle workers that check in rotation, each with a timeout on its sleep.* There may be no idle
//!   worker: one may be stuck and the others never idle. Each hand-over is a race like the one
//!   between falling asleep and being woken.
//!
//! A separate thread costs its stack, a wake-up when a burst of work begins, and a hundred more per
//! second while it lasts.
//!
//! # What a worker does for the driver
//!
//! A worker performs some operations on files itself, between two polls ([`kept`]). While it
//! does, its core can be picked up as after `block_in_place`, so no task depends on the operation's
//! end.
//!
//! # Shutdown
//!
//! The first worker to see the flag closes the task list, which drops every future. Each worker
//! puts its core down for good, and the last of them joins the monitor, drops what is still queued
//! and shuts the driver down.

mod block_in_place;
mod idle;
mod kept;
mod lend;
mod lifo;
mod look;
mod monitor;
mod pace;
mod parker;
mod progress;
mod queue;
mod shared;
mod shutdown;
mod sleep;
mod ticking;
#[cfg(feature = "taskdump")]
mod wake_sleepers;
mod worker;

use std::sync::Arc;

use crate::blocking::pool::SpawnError;
use crate::scheduler::services::Services;

pub(crate) use block_in_place::block_in_place;
pub(crate) use shared::MultiThreadShared;

/// Creates a scheduler with `workers` workers and starts their threads.
pub(crate) fn start(
    services: Services,
    workers: usize,
) -> Result<Arc<MultiThreadShared>, crate::Error> {
    let (shared, cores) = MultiThreadShared::new(services, workers);
    let shared = Arc::new(shared);
    for core in cores {
        if let Err(error) = worker::launch(shared.clone(), Box::new(core)) {
            shared.close(|| {});
            // Workers have started before. Their threads would wait for jobs as long as the keep-alive
            // lasts.
            shared.services().pool.shutdown(None);
            let (reason, source) = match error {
                SpawnError::NoThread(error) => ("the system refused", Some(error)),
                SpawnError::Closed => ("the runtime is being shut down", None),
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

//! The thread that detects workers which are stuck in user code.
//!
//! **In a runtime of two or more workers that is older than 10 ms, while some worker is awake, the
//! monitor checks all of them every 10 ms.** This file implements that rule, together with
//! [`ticking`](super::ticking). Each worker calls [`Monitor::notice`] before it runs the first task
//! after a sleep; the monitor parks when it finds that no worker is awake and none has made
//! progress since its last tick. So it costs a fence and a load per sleep of a worker, and an idle
//! runtime has no thread that ticks, or none at all.
//!
//! A runtime that ends within one tick does not need the thread, and starting it would be a third
//! of the cost of such a runtime with two workers. So there is none for the first 10 ms. In that
//! time a worker sleeps at most until they are over, and reads the clock at every step of its
//! progress: [`Monitor::first_tick`].
//!
//! What the monitor does on each tick is in [`look`](super::look). It runs no task. A runtime of
//! one worker has no monitor: there is no other worker to help.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ticking::Ticking;
use crate::loom::sync::Mutex;
use crate::loom::thread::{Builder, JoinHandle};
use crate::util::thread;

/// The time between two ticks.
const TICK: Duration = Duration::from_millis(10);

/// The workers, as the monitor sees them.
pub(super) trait Monitored: Send + Sync + 'static {
    /// What a tick has to know about the previous one.
    type Seen;

    fn monitor(&self) -> &Monitor;

    /// Returns whether any worker is awake.
    fn any_is_awake(&self) -> bool;

    /// Returns what a tick would see now.
    fn seen(&self) -> Self::Seen;

    /// Checks all workers; returns whether any has made progress since the last check.
    fn look(&self, seen: &mut Self::Seen) -> bool;
}

/// The monitor of one runtime.
#[derive(Debug)]
pub(super) struct Monitor {
    ticking: Ticking,
    /// When the runtime was created.
    made: Instant,
    /// Stored by the worker that starts the thread; taken by the last worker, which joins it.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Monitor {
    /// Creates the monitor of a new runtime with this many workers. Its thread starts when it is
    /// needed.
    pub(super) fn new(workers: usize) -> Monitor {
        Monitor {
            ticking: Ticking::new(workers > 1),
            made: Instant::now(),
            thread: Mutex::new(None),
        }
    }

    /// Makes the monitor tick. Called by a worker that is about to run its first task after a
    /// sleep.
    #[inline]
    pub(super) fn notice(&self, workers: &Arc<impl Monitored>) {
        if self.ticking.resume() {
            self.start(workers);
        }
    }

    /// Returns whether the monitor ticks, or is about to, as long as the calling worker is awake.
    #[inline]
    pub(super) fn ticks(&self) -> bool {
        self.ticking.is_ticking()
    }

    /// Returns how much of the first tick is left, which is the longest that a worker may sleep.
    /// The first worker to find that nothing is left starts the thread if any worker is awake.
    #[inline]
    pub(super) fn first_tick(&self, workers: &Arc<impl Monitored>) -> Option<Duration> {
        if !self.ticking.is_first_tick() {
            return None;
        }
        let left = TICK.saturating_sub(self.made.elapsed());
        if !left.is_zero() {
            return Some(left);
        }
        if self.ticking.end_first_tick(|| workers.any_is_awake()) {
            self.start(workers);
        }
        None
    }

    #[cold]
    fn start(&self, workers: &Arc<impl Monitored>) {
        let workers = workers.clone();
        let mut thread = self.thread.lock();
        let builder = Builder::new().name("zokio-monitor".to_owned());
        let started = thread::start(builder, Box::new(move || run(&*workers)));
        match started {
            Ok(handle) => *thread = Some(handle),
            Err(error) => {
                // The runtime works without the thread, as long as no task blocks its worker.
                log::warn!("zokio: no thread to look after stuck workers: {error}");
                self.ticking.start_failed();
            }
        }
    }

    /// Makes the thread end.
    pub(super) fn end(&self) {
        self.ticking.end();
    }

    /// Waits until the thread has ended. Called after [`end`](Monitor::end), when no worker runs
    /// any more.
    pub(super) fn join(&self) {
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            log::error!("zokio: the thread that looks after stuck workers panicked");
        }
    }
}

/// The body of the monitor's thread.
fn run(workers: &impl Monitored) {
    let ticking = &workers.monitor().ticking;
    let mut seen = workers.seen();
    while ticking.wait(TICK) {
        let progress = workers.look(&mut seen);
        if !progress && !workers.any_is_awake() {
            ticking.park(|| workers.any_is_awake());
            // Everything that happens from now on counts as progress at the first tick.
            seen = workers.seen();
        }
    }
}

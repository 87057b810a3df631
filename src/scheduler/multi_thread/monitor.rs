//! The thread that looks after workers which are stuck in user code.
//!
//! **In a runtime of two or more workers that is older than 10 ms, while some worker is awake, the
//! monitor looks at all of them every 10 ms.** The rule is kept in this file and in
//! [`ticking`](super::ticking). Each worker calls [`Monitor::notice`] before it runs the first task
//! after a sleep; the monitor parks when it finds that no worker is awake and none has made
//! progress since its last look. So it costs a fence and a load per sleep of a worker, and an idle
//! runtime has no thread that ticks, or none at all.
//!
//! A runtime that is over within one tick has no use for the thread, and starting it would be a
//! third of what such a runtime of two workers costs. So for the first 10 ms there is none. In that
//! time a worker sleeps until they are over at the latest, and each looks at the clock at every
//! step of its progress: [`Monitor::first_tick`].
//!
//! At each tick the monitor
//!
//! - takes the tasks out of the queue and the LIFO slot of each worker that has made no progress
//!   since the last tick ([`progress`](super::progress)), and injects them, where a sleeping worker
//!   or a busy one will find them; and calls the wakers that such a worker has put off
//!   ([`put_off`](super::put_off));
//! - makes a sleeping worker wait for the driver if no thread does and none has polled it since the
//!   last tick: the worker that waited there runs a task that does not end;
//! - wakes a worker if tasks are in the injection queue and none searches for work.
//!
//! Without any of these it wakes none. It runs no task. A runtime of
//! one worker has no monitor: there is no other worker to help.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::shared::Shared;
use super::ticking::Ticking;
use crate::loom::sync::Mutex;
use crate::util::wake;

/// The time between two ticks.
const TICK: Duration = Duration::from_millis(10);

/// The monitor of one runtime.
#[derive(Debug)]
pub(super) struct Monitor {
    ticking: Ticking,
    /// When the runtime was made.
    made: Instant,
    /// Put here by the worker that starts the thread; taken by the last worker, which joins it.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Monitor {
    /// Makes the monitor of a new runtime with this many workers. Its thread starts when it is
    /// needed.
    pub(super) fn new(workers: usize) -> Monitor {
        Monitor {
            ticking: Ticking::new(workers > 1),
            made: Instant::now(),
            thread: Mutex::new(None),
        }
    }

    /// Makes the monitor tick. For a worker that is about to run its first task after a sleep.
    #[inline]
    pub(super) fn notice(&self, shared: &Arc<Shared>) {
        if self.ticking.resume() {
            self.start(shared);
        }
    }

    /// Returns how much of the first tick is left, for which at most a worker may sleep. The first
    /// worker to find that nothing is left starts the thread if some worker is awake.
    #[inline]
    pub(super) fn first_tick(&self, shared: &Arc<Shared>) -> Option<Duration> {
        if !self.ticking.is_first_tick() {
            return None;
        }
        let left = TICK.saturating_sub(self.made.elapsed());
        if !left.is_zero() {
            return Some(left);
        }
        if self.ticking.end_first_tick(|| shared.idle.awake() > 0) {
            self.start(shared);
        }
        None
    }

    #[cold]
    fn start(&self, shared: &Arc<Shared>) {
        let shared = shared.clone();
        let mut thread = self.thread.lock();
        let started = thread::Builder::new()
            .name("zokio-monitor".to_owned())
            .spawn(move || run(&shared));
        match started {
            Ok(handle) => *thread = Some(handle),
            Err(error) => {
                // The runtime works without it, as long as no task blocks its worker.
                log::warn!("zokio: no thread to look after stuck workers: {error}");
                self.ticking.start_failed();
            }
        }
    }

    /// Makes the thread end.
    pub(super) fn end(&self) {
        self.ticking.end();
    }

    /// Waits until the thread is gone. After [`end`](Monitor::end), when no worker runs any more.
    pub(super) fn join(&self) {
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            log::error!("zokio: the thread that looks after stuck workers panicked");
        }
    }
}

/// The life of the monitor's thread.
fn run(shared: &Shared) {
    let ticking = &shared.monitor.ticking;
    let mut seen = Seen::now(shared);
    while ticking.wait(TICK) {
        let progress = tick(shared, &mut seen);
        if !progress && shared.idle.awake() == 0 {
            ticking.park(|| shared.idle.awake() > 0);
            // Whatever happens from now on is news at the first tick.
            seen = Seen::now(shared);
        }
    }
}

/// What the monitor saw at its last look.
struct Seen {
    /// The workers' [`Progress::mark`](super::progress::Progress::mark).
    marks: Box<[u32]>,
    /// The driver's [`waits`](crate::driver::Driver::waits).
    waits: usize,
}

impl Seen {
    fn now(shared: &Shared) -> Seen {
        let remotes = shared.remotes.iter();
        Seen {
            marks: remotes.map(|remote| remote.progress.mark()).collect(),
            waits: shared.common().driver.waits(),
        }
    }
}

/// Looks at everything once; returns whether some worker has made progress since the last look.
fn tick(shared: &Shared, seen: &mut Seen) -> bool {
    let mut progress = false;
    let mut left_behind = Vec::new();
    let mut put_off = Vec::new();
    for (remote, seen) in shared.remotes.iter().zip(&mut seen.marks) {
        let mark = remote.progress.mark();
        if std::mem::replace(seen, mark) == mark {
            remote.take_all(&mut left_behind);
            put_off.append(&mut remote.put_off.lock());
        } else {
            progress = true;
        }
    }
    if !left_behind.is_empty() {
        shared.inject_all(left_behind);
    }
    // On this thread that injects the tasks.
    put_off.into_iter().for_each(wake::wake);
    let waits = shared.common().driver.waits();
    let unattended = waits % 2 == 0 && waits == seen.waits;
    seen.waits = waits;
    if unattended {
        if let Some(worker) = shared.idle.a_sleeper() {
            // It finds no work, and the place in the driver's wait free.
            shared.unpark(worker);
        }
    }
    if !shared.inject.is_empty() {
        shared.wake_one();
    }
    progress
}

//! A thread of the pool, from its start to its end.
//!
//! No lock is held while code of others runs here: jobs, callbacks, and the function that names
//! threads. Their panics end here, since a thread that they ended would still be counted, and a
//! shutdown would wait for it.
#![forbid(unsafe_code)]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::pool::{Callback, PoolShared};
use super::state::{Job, PoolState, Sleeper};
use crate::loom::sync::{Condvar, Mutex, MutexGuard};
use crate::loom::thread::{Builder, JoinHandle, current};
use crate::util::thread;
use crate::util::unwind::{contain, drop_payload};
use crate::util::wait_while::wait_while;

/// Starts a thread that runs jobs.
pub(super) fn start<'a>(
    shared: &'a Arc<PoolShared>,
    state: MutexGuard<'a, PoolState>,
) -> (MutexGuard<'a, PoolState>, io::Result<()>) {
    start_for(shared, state, run_jobs)
}

/// Starts a reliever beyond the cap if relief is configured and there is none.
pub(super) fn start_reliever<'a>(
    shared: &'a Arc<PoolShared>,
    mut state: MutexGuard<'a, PoolState>,
) -> MutexGuard<'a, PoolState> {
    if shared.config.relief.is_some() && !state.has_reliever {
        state.has_reliever = true;
        let started;
        (state, started) = start_for(shared, state, relieve);
        // Without a reliever, the job waits for a thread that is busy now; the next job tries
        // again.
        state.has_reliever &= started.is_ok();
    }
    state
}

fn start_for<'a>(
    shared: &'a Arc<PoolShared>,
    mut state: MutexGuard<'a, PoolState>,
    run: fn(&Arc<PoolShared>),
) -> (MutexGuard<'a, PoolState>, io::Result<()>) {
    let id = state.starts();
    drop(state);
    let launched = launch(shared, id, run);
    let mut state = shared.state.lock();
    let started = match launched {
        Ok(handle) => {
            state.started(id, handle);
            Ok(())
        }
        Err(error) => {
            state.failed();
            Err(error)
        }
    };
    if state.ends_a_wait() {
        shared.gone.notify_all();
    }
    (state, started)
}

fn launch(
    shared: &Arc<PoolShared>,
    id: usize,
    run: fn(&Arc<PoolShared>),
) -> io::Result<JoinHandle<()>> {
    let config = &shared.config;
    let spawn = || {
        let mut builder = Builder::new().name((config.thread_name)());
        if let Some(size) = config.stack_size {
            builder = builder.stack_size(size);
        }
        let shared = shared.clone();
        let run = move || {
            call(shared.config.after_start.as_ref());
            run(&shared);
            call(shared.config.before_stop.as_ref());
            leave(&shared, id);
        };
        thread::start(builder, Box::new(run))
    };
    // The standard library panics if the name holds a zero byte.
    catch_unwind(AssertUnwindSafe(spawn)).unwrap_or_else(|payload| {
        drop_payload(Some(payload));
        Err(io::Error::other("there is no name for it"))
    })
}

/// The body of a pooled thread: runs jobs until the keep-alive runs out or the pool is closed.
fn run_jobs(shared: &Arc<PoolShared>) {
    run_jobs_locked(shared, shared.state.lock());
}

/// The body of a thread beyond the cap: waits until the pool stalls, and helps.
fn relieve(shared: &Arc<PoolShared>) {
    let mut state = shared.state.lock();
    let patience = shared.config.relief.unwrap_or_default();
    loop {
        let begun = state.begun;
        let timed_out;
        (state, timed_out) = shared.stalled.wait_timeout(state, patience);
        let stands_still = timed_out && state.begun == begun;
        if stands_still || state.queued() == 0 || state.closed {
            break;
        }
    }
    state.has_reliever = false;
    // The jobs that the next threads take may wait as well, so twice as many threads help each
    // time.
    let help = 1_usize << state.standstills.min(8);
    state.standstills += 1;
    let queued = state.queued();
    for _ in 1..help.min(queued) {
        let started;
        (state, started) = start(shared, state);
        if started.is_err() {
            break;
        }
    }
    if queued > help {
        state = start_reliever(shared, state);
    } else {
        state.standstills = 0;
    }
    run_jobs_locked(shared, state);
}

fn run_jobs_locked<'a>(shared: &'a PoolShared, mut state: MutexGuard<'a, PoolState>) {
    // Most threads that run a worker end without ever being idle.
    let mut sleeper = None;
    loop {
        while let Some(job) = state.next(shared.config.max_workers) {
            let kind = job.kind;
            drop(state);
            run(job);
            state = shared.state.lock();
            state.ended(kind);
        }
        let mut was_called = false;
        if !state.ends() {
            let sleeper = sleeper.get_or_insert_with(|| Arc::new(Sleeper::new()));
            (state, was_called) = sleep(shared, state, sleeper);
        }
        if !was_called {
            // From here on this thread counts for nothing: a job that is pushed now finds another.
            state.leaves();
            return;
        }
    }
}

/// Waits until the thread is called or its keep-alive runs out; returns whether it was called.
fn sleep<'a>(
    shared: &'a PoolShared,
    mut state: MutexGuard<'a, PoolState>,
    sleeper: &Arc<Sleeper>,
) -> (MutexGuard<'a, PoolState>, bool) {
    state.sleep(sleeper);
    let until = Instant::now().checked_add(shared.config.keep_alive);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timed_out;
        (state, timed_out) = match left {
            Some(left) => sleeper.wake.wait_timeout(state, left),
            None => (sleeper.wake.wait(state), false),
        };
        if sleeper.is_called() {
            return (state, true);
        }
        if timed_out {
            state.wake_up(sleeper);
            return (state, false);
        }
    }
}

/// Calls a callback. Its panic has been reported by the hook.
fn call(callback: Option<&Callback>) {
    if let Some(callback) = callback {
        contain(|| callback());
    }
}

/// Runs one job. Its panic has been reported by the hook, and does not end the thread, since other
/// jobs need it; tasks catch their own panics.
fn run(job: Job) {
    contain(job.work);
}

/// Takes the calling thread out of the count, as its last act in the pool.
fn leave(shared: &PoolShared, id: usize) {
    let mut state = shared.state.lock();
    let previous = state.left(id);
    let ends_a_wait = state.ends_a_wait();
    drop(state);
    if ends_a_wait {
        shared.gone.notify_all();
    }
    previous.into_iter().for_each(join);
}

/// Waits until threads that are ending have ended, and their thread-local values are dropped, but
/// not longer than until `deadline`.
pub(super) fn join_all(mut threads: Vec<JoinHandle<()>>, deadline: Option<Instant>) {
    // A thread-local value of one of them may own the runtime.
    let this = current().id();
    threads.retain(|thread| thread.thread().id() != this);
    let Some(deadline) = deadline else {
        return threads.into_iter().for_each(join);
    };
    if threads.is_empty() || deadline <= Instant::now() {
        return;
    }
    // A join has no timeout, so another thread waits for them.
    let joined = Arc::new((Mutex::new(false), Condvar::new()));
    let of_joiner = joined.clone();
    let builder = Builder::new().name("zokio-join".to_owned());
    let run = move || {
        threads.into_iter().for_each(join);
        *of_joiner.0.lock() = true;
        of_joiner.1.notify_all();
    };
    let Ok(joiner) = thread::start(builder, Box::new(run)) else {
        return;
    };
    let (all, in_time) = wait_while(&joined.1, joined.0.lock(), Some(deadline), |all| !*all);
    drop(all);
    if in_time {
        join(joiner);
    }
}

/// Waits for a thread that is ending. No panic leaves one.
pub(super) fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        log::error!("a thread of the blocking pool panicked");
    }
}

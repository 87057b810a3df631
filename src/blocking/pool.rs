//! A pool of threads that grows on demand and shrinks when idle.
//!
//! # Protocol
//!
//! All state is behind one lock. A pushed job notifies an idle thread; without one it starts a
//! thread if the pool is below its cap, and otherwise waits for a busy thread. `notified` counts
//! idle threads that have been notified: an idle thread leaves its wait only by consuming one such
//! notification, by shutdown, or by its keep-alive running out while none is outstanding. So a job
//! is never left to a thread that has already decided to end.
//!
//! A thread is counted under the lock and started without it: starting one takes as long as a short
//! job, and all threads would wait for it. If the start fails, the starter takes its own job back,
//! and all jobs if no thread is left or starting.
//!
//! A thread that ends before the pool is closed joins those that ended before it, so only one or
//! two handles stay in `left`. When the pool retires or is closed, all handles are collected there,
//! and `shutdown` joins each.
//!
//! At shutdown, jobs that have not begun are dropped, which is how their owners are told. A job for
//! which a thread is starting counts as begun, unless it is [`Kind::Detached`]; and so do those
//! marked mandatory (a file write that was reported as accepted must happen). Detached jobs that
//! have begun are not waited for.
//!
//! A scheduler's worker is a job too. It goes to the front of the queue and raises the cap by one
//! while it is queued or runs, so that neither closures hold up workers nor workers closures.
//!
//! A job may wait without a bound (an open of a FIFO). A pool with *relief* is not stopped by that:
//! a job that finds all threads taken starts one more, the reliever, which waits too. When no job
//! has begun for [`PoolConfig::relief`] although some are queued, the reliever becomes a thread
//! like the others. If that does not help, two threads are added the next time, then four, and so
//! on up to 256 at a time.
#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::loom::sync::{Condvar, Mutex, MutexGuard};
use crate::util::shrink::shrink_if_empty;

/// A closure for the pool.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// A callback around a thread's life.
pub(crate) type Callback = Arc<dyn Fn() + Send + Sync>;

/// The configuration of a pool.
#[derive(Clone)]
pub(crate) struct PoolConfig {
    /// Threads for jobs; each worker job that is queued or runs allows one more.
    pub(crate) max_threads: usize,
    /// How long an idle thread waits before it leaves.
    pub(crate) keep_alive: Duration,
    /// The name of the next thread.
    pub(crate) thread_name: Arc<dyn Fn() -> String + Send + Sync>,
    /// The stack of a thread in bytes; `None` for the standard library's default.
    pub(crate) stack_size: Option<usize>,
    /// Called first on every thread.
    pub(crate) after_start: Option<Callback>,
    /// Called last on every thread.
    pub(crate) before_stop: Option<Callback>,
    /// How long no job may begin before a thread beyond `max_threads` helps; `None` for no relief.
    pub(crate) relief: Option<Duration>,
}

/// Why a job was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The pool has been shut down.
    Closed,
    /// There is no thread to run the job, and starting one failed.
    NoThread(io::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Closed => f.write_str("the blocking pool has been shut down"),
            Refused::NoThread(error) => write!(f, "OS can't spawn worker thread: {error}"),
        }
    }
}

impl std::error::Error for Refused {}

/// A handle to the pool; clones share it.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<PoolShared>,
}

struct PoolShared {
    state: Mutex<PoolState>,
    /// Idle threads wait here.
    work: Condvar,
    /// `shutdown` waits here for the threads to end.
    gone: Condvar,
    /// The reliever waits here.
    stalled: Condvar,
    config: PoolConfig,
}

#[derive(Default)]
struct PoolState {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    /// Threads that are starting and have not looked at the queue yet.
    starting: usize,
    /// Threads that are counted, but not yet known to have started.
    launching: usize,
    /// Worker jobs that are queued or running.
    workers: usize,
    notified: usize,
    /// Threads that run a job that no shutdown waits for.
    detached: usize,
    /// How many jobs have begun.
    begun: u64,
    /// Whether a thread waits for the pool to stall.
    has_reliever: bool,
    /// How many times in a row the pool stalled.
    standstills: u32,
    /// Whether idle threads end.
    retiring: bool,
    closed: bool,
    next_thread: usize,
    next_job: u64,
    handles: HashMap<usize, JoinHandle<()>>,
    /// Threads that ended before their starters had stored their handles in `handles`.
    ended_early: Vec<usize>,
    /// Threads that are ending: the last one that left; after `close`, all of them, for the
    /// shutdown.
    left: Vec<JoinHandle<()>>,
}

impl PoolState {
    /// Returns whether idle threads end.
    fn ends(&self) -> bool {
        self.closed || self.retiring
    }
}

struct Job {
    /// A running number.
    id: u64,
    work: Work,
    kind: Kind,
}

/// How a shutdown treats a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Dropped if it has not begun, waited for if it has.
    Ordinary,
    /// Run and waited for.
    Mandatory,
    /// A scheduler's worker: run and waited for. It runs before other jobs, and does not count
    /// against the cap.
    Worker,
    /// Dropped if it has not begun, even if a thread is starting for it; not waited for if it has.
    Detached,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// Creates a pool without threads.
    pub(crate) fn new(config: PoolConfig) -> Pool {
        Pool {
            shared: Arc::new(PoolShared {
                state: Mutex::new(PoolState::default()),
                work: Condvar::new(),
                gone: Condvar::new(),
                stalled: Condvar::new(),
                config,
            }),
        }
    }

    /// Runs `work` on a pool thread; drops it unrun if the pool is shut down before it begins.
    pub(crate) fn spawn(&self, work: Work) -> Result<(), Refused> {
        self.push(work, Kind::Ordinary)
    }

    /// Like [`spawn`](Pool::spawn), but once taken it runs even if the pool is shut down.
    pub(crate) fn spawn_mandatory(&self, work: Work) -> Result<(), Refused> {
        self.push(work, Kind::Mandatory)
    }

    /// Runs a scheduler's worker, ahead of other jobs and not counted against the cap.
    pub(crate) fn spawn_worker(&self, work: Work) -> Result<(), Refused> {
        self.push(work, Kind::Worker)
    }

    /// Runs `work` on a pool thread.
    pub(crate) fn push(&self, work: Work, kind: Kind) -> Result<(), Refused> {
        let mut state = self.shared.state.lock();
        if state.closed {
            drop(state);
            drop(work);
            return Err(Refused::Closed);
        }
        let id = state.next_job;
        state.next_job += 1;
        let job = Job { id, work, kind };
        if kind == Kind::Worker {
            state.workers += 1;
            state.queue.push_front(job);
        } else {
            state.queue.push_back(job);
        }
        if state.idle > 0 {
            state.idle -= 1;
            state.notified += 1;
            drop(state);
            self.shared.work.notify_one();
        } else if state.threads < self.shared.config.max_threads.saturating_add(state.workers) {
            let (state, started) = start(&self.shared, state, run_jobs);
            if let Err(error) = started {
                return take_back(state, id, error);
            }
        } else {
            drop(start_reliever(&self.shared, state));
        }
        Ok(())
    }

    /// Refuses new jobs, drops those that have not begun, and waits for the threads, except for
    /// those that run a [`Kind::Detached`] job.
    ///
    /// Returns whether the threads have ended. With `Some(timeout)` it waits no longer than that;
    /// threads that are still busy then end on their own.
    pub(crate) fn shutdown(&self, timeout: Option<Duration>) -> bool {
        self.close();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.shared.state.lock();
        while state.threads > state.detached || state.launching > 0 {
            match (timeout, deadline) {
                (Some(_), Some(deadline)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    state = self.shared.gone.wait_timeout(state, left).0;
                }
                _ => state = self.shared.gone.wait(state),
            }
        }
        let left = std::mem::take(&mut state.left);
        // The handles of threads that are not waited for, if any.
        let rest = std::mem::take(&mut state.handles);
        drop(state);
        drop(rest);
        for thread in left {
            join(thread);
        }
        true
    }

    /// Has idle threads end from now on. Jobs are still accepted. For a thread that calls
    /// [`shutdown`](Pool::shutdown) when something else has ended.
    pub(crate) fn retire(&self) {
        let mut state = self.shared.state.lock();
        state.retiring = true;
        let waiting = state.idle > 0;
        drop(state);
        if waiting {
            self.shared.work.notify_all();
        }
    }

    /// Refuses new jobs, drops those that have not begun, and has the threads end when they have
    /// nothing left to run. For a thread that then calls [`shutdown`](Pool::shutdown).
    pub(crate) fn close(&self) {
        let mut state = self.shared.state.lock();
        if state.closed {
            return;
        }
        state.closed = true;
        let mut begun = state.starting + state.notified;
        let (keep, dropped): (Vec<Job>, Vec<Job>) = state.queue.drain(..).partition(|job| {
            let has_thread = begun > 0;
            begun = begun.saturating_sub(1);
            match job.kind {
                Kind::Mandatory | Kind::Worker => true,
                Kind::Ordinary => has_thread,
                Kind::Detached => false,
            }
        });
        state.queue.extend(keep);
        let (waiting, has_reliever) = (state.idle > 0, state.has_reliever);
        drop(state);
        if waiting {
            self.shared.work.notify_all();
        }
        if has_reliever {
            self.shared.stalled.notify_all();
        }
        drop(dropped);
    }

    /// Returns the number of threads that run closures or wait for one, without a scheduler's
    /// workers.
    #[cfg(test)]
    pub(crate) fn threads(&self) -> usize {
        let state = self.shared.state.lock();
        state.threads.saturating_sub(state.workers)
    }
}

/// Starts a reliever beyond the cap if relief is configured and there is none.
fn start_reliever<'a>(
    shared: &'a Arc<PoolShared>,
    mut state: MutexGuard<'a, PoolState>,
) -> MutexGuard<'a, PoolState> {
    if shared.config.relief.is_some() && !state.has_reliever {
        state.has_reliever = true;
        let started;
        (state, started) = start(shared, state, relieve);
        // Without a reliever, the job waits for a thread that is busy now; the next job tries
        // again.
        state.has_reliever &= started.is_ok();
    }
    state
}

/// Starts one more thread.
fn start<'a>(
    shared: &'a Arc<PoolShared>,
    mut state: MutexGuard<'a, PoolState>,
    run: fn(&Arc<PoolShared>),
) -> (MutexGuard<'a, PoolState>, io::Result<()>) {
    let id = state.next_thread;
    state.next_thread += 1;
    state.threads += 1;
    state.starting += 1;
    state.launching += 1;
    drop(state);
    let launched = launch(shared, id, run);
    let mut state = shared.state.lock();
    state.launching -= 1;
    let started = match launched {
        Ok(handle) => {
            if let Some(place) = state.ended_early.iter().position(|it| *it == id) {
                state.ended_early.swap_remove(place);
                state.left.push(handle);
            } else {
                state.handles.insert(id, handle);
            }
            Ok(())
        }
        Err(error) => {
            state.threads -= 1;
            state.starting -= 1;
            Err(error)
        }
    };
    if state.closed {
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
    let mut builder = std::thread::Builder::new().name((config.thread_name)());
    if let Some(size) = config.stack_size {
        builder = builder.stack_size(size);
    }
    let shared = shared.clone();
    builder.spawn(move || {
        call(shared.config.after_start.as_ref());
        run(&shared);
        call(shared.config.before_stop.as_ref());
        leave(&shared, id);
    })
}

/// Handles job `id` when no thread could be started for it.
fn take_back(
    mut state: MutexGuard<'_, PoolState>,
    id: u64,
    error: io::Error,
) -> Result<(), Refused> {
    let is_temporary = error.kind() == io::ErrorKind::WouldBlock;
    if is_temporary && state.threads - state.launching > state.workers {
        // A thread that is busy now will come back for it.
        return Ok(());
    }
    let place = state.queue.iter().position(|job| job.id == id);
    let job = place.and_then(|place| state.queue.remove(place));
    state.workers -= usize::from(matches!(&job, Some(job) if job.kind == Kind::Worker));
    let stranded = stranded(&mut state);
    drop(state);
    drop(stranded);
    match job {
        Some(_) => Err(Refused::NoThread(error)),
        // Another thread took it, or the pool was closed.
        None => Ok(()),
    }
}

/// Takes the jobs that no thread will run.
fn stranded(state: &mut PoolState) -> VecDeque<Job> {
    if state.threads > 0 {
        return VecDeque::new();
    }
    let jobs = std::mem::take(&mut state.queue);
    state.workers -= jobs.iter().filter(|job| job.kind == Kind::Worker).count();
    jobs
}

/// The body of a pooled thread: runs jobs until the keep-alive runs out or the pool is closed.
fn run_jobs(shared: &Arc<PoolShared>) {
    let mut state = shared.state.lock();
    state.starting -= 1;
    run_jobs_locked(shared, state);
}

/// The body of a thread beyond the cap: waits until the pool stalls, and helps.
fn relieve(shared: &Arc<PoolShared>) {
    let mut state = shared.state.lock();
    state.starting -= 1;
    let patience = shared.config.relief.unwrap_or_default();
    loop {
        let begun = state.begun;
        let timed_out;
        (state, timed_out) = shared.stalled.wait_timeout(state, patience);
        let stands_still = timed_out && state.begun == begun;
        if stands_still || state.queue.is_empty() || state.closed {
            break;
        }
    }
    state.has_reliever = false;
    // The jobs that the next threads take may wait as well, so twice as many threads help each
    // time.
    let help = 1_usize << state.standstills.min(8);
    state.standstills += 1;
    let queued = state.queue.len();
    for _ in 1..help.min(queued) {
        let started;
        (state, started) = start(shared, state, run_jobs);
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
    'busy: loop {
        while let Some(job) = state.queue.pop_front() {
            let kind = job.kind;
            state.begun += 1;
            state.detached += usize::from(kind == Kind::Detached);
            drop(state);
            run(job);
            state = shared.state.lock();
            state.detached -= usize::from(kind == Kind::Detached);
            state.workers -= usize::from(kind == Kind::Worker);
        }
        shrink_if_empty(&mut state.queue);
        if state.ends() {
            return;
        }
        state.idle += 1;
        let until = Instant::now().checked_add(shared.config.keep_alive);
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timed_out;
            (state, timed_out) = match left {
                Some(left) => shared.work.wait_timeout(state, left),
                None => (shared.work.wait(state), false),
            };
            if state.notified > 0 {
                state.notified -= 1;
                continue 'busy;
            }
            if state.ends() {
                state.idle -= 1;
                continue 'busy;
            }
            if timed_out {
                state.idle -= 1;
                return;
            }
        }
    }
}

/// Calls a callback. A panic has been reported by the hook and must not keep the thread from being
/// uncounted, which `shutdown` waits for.
fn call(callback: Option<&Callback>) {
    let called = callback
        .map(|callback| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| callback())));
    if matches!(called, Some(Err(_))) {
        log::error!("a callback on a thread of the runtime panicked");
    }
}

/// Runs one job. A panic has been reported by the panic hook and must not end the thread, since
/// other jobs need it; tasks catch their own panics.
fn run(job: Job) {
    let work = job.work;
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
        log::error!("a job on the blocking pool panicked");
    }
}

/// Takes the calling thread out of the count, as its last act in the pool.
///
/// Between the end of [`run_jobs`] and this, a job may be pushed: it finds this thread neither idle
/// nor gone, and at the cap no thread would run it. So the queue is checked once more.
fn leave(shared: &Arc<PoolShared>, id: usize) {
    let mut state = shared.state.lock();
    state.threads -= 1;
    let previous = if state.ends() {
        Vec::new()
    } else {
        std::mem::take(&mut state.left)
    };
    match state.handles.remove(&id) {
        Some(own) => state.left.push(own),
        None if state.launching > 0 => state.ended_early.push(id),
        // The shutdown did not wait for this thread and has let go of its handle.
        None => {}
    }
    let mut dropped = VecDeque::new();
    if !state.queue.is_empty() && state.idle == 0 {
        let started;
        (state, started) = start(shared, state, run_jobs);
        if let Err(error) = started {
            log::error!("the blocking pool could not start a thread for a queued job: {error}");
            dropped = stranded(&mut state);
        }
    }
    let was_awaited = state.closed && state.threads <= state.detached;
    drop(state);
    if was_awaited {
        shared.gone.notify_all();
    }
    drop(dropped);
    previous.into_iter().for_each(join);
}

/// Waits for a thread that is ending. Its panic, if any, was reported by the hook.
fn join(handle: JoinHandle<()>) {
    if handle.thread().id() != std::thread::current().id() && handle.join().is_err() {
        log::error!("a thread of the blocking pool panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Pool, PoolConfig, Refused};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn pool(max_threads: usize, keep_alive: Duration) -> Pool {
        Pool::new(PoolConfig {
            max_threads,
            keep_alive,
            thread_name: Arc::new(|| "pool-test".to_owned()),
            stack_size: None,
            after_start: None,
            before_stop: None,
            relief: None,
        })
    }

    #[test]
    fn runs_more_jobs_than_threads() {
        let pool = pool(2, Duration::from_secs(10));
        let (tx, rx) = mpsc::channel();
        for i in 0..100 {
            let tx = tx.clone();
            pool.spawn(Box::new(move || tx.send(i).unwrap())).unwrap();
        }
        let mut seen: Vec<i32> = rx.iter().take(100).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        assert!(pool.threads() <= 2);
        assert!(pool.shutdown(None));
    }

    #[test]
    fn a_worker_runs_although_every_thread_is_busy() {
        let pool = pool(1, Duration::from_secs(10));
        let (release, blocked) = mpsc::channel::<()>();
        pool.spawn(Box::new(move || blocked.recv().unwrap()))
            .unwrap();
        let (tx, rx) = mpsc::channel();
        pool.spawn_worker(Box::new(move || tx.send(()).unwrap()))
            .unwrap();
        rx.recv().unwrap();
        release.send(()).unwrap();
        assert!(pool.shutdown(None));
    }

    #[test]
    fn keep_alive_runs_out_and_jobs_still_run() {
        let pool = pool(4, Duration::from_millis(1));
        let count = Arc::new(AtomicUsize::new(0));
        for _ in 0..500 {
            let count = count.clone();
            pool.spawn(Box::new(move || {
                count.fetch_add(1, Ordering::SeqCst);
            }))
            .unwrap();
            std::thread::yield_now();
        }
        let (tx, rx) = mpsc::channel();
        pool.spawn_mandatory(Box::new(move || tx.send(()).unwrap()))
            .unwrap();
        rx.recv().unwrap();
        assert!(pool.shutdown(None));
        assert!(count.load(Ordering::SeqCst) <= 500);
    }

    #[test]
    fn shutdown_drops_what_has_not_begun_but_runs_the_mandatory() {
        let pool = pool(1, Duration::from_secs(10));
        let (started_tx, started) = mpsc::channel();
        let (release, blocked) = mpsc::channel::<()>();
        pool.spawn(Box::new(move || {
            started_tx.send(()).unwrap();
            blocked.recv().unwrap();
        }))
        .unwrap();
        started.recv().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let (one, two) = (ran.clone(), ran.clone());
        pool.spawn(Box::new(move || {
            one.fetch_add(1, Ordering::SeqCst);
        }))
        .unwrap();
        pool.spawn_mandatory(Box::new(move || {
            two.fetch_add(10, Ordering::SeqCst);
        }))
        .unwrap();
        assert!(!pool.shutdown(Some(Duration::ZERO)));
        release.send(()).unwrap();
        assert!(pool.shutdown(None));
        assert_eq!(ran.load(Ordering::SeqCst), 10);
        assert!(matches!(pool.spawn(Box::new(|| {})), Err(Refused::Closed)));
    }

    /// The only thread waits; the reliever runs the next job, and the one after it although that
    /// waits as well.
    #[test]
    fn a_job_that_waits_holds_up_no_other() {
        let pool = Pool::new(PoolConfig {
            relief: Some(Duration::from_millis(1)),
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let (release, blocked) = mpsc::channel::<()>();
        let blocked = Arc::new(std::sync::Mutex::new(blocked));
        let (tx, rx) = mpsc::channel();
        for _ in 0..3 {
            let (blocked, tx) = (blocked.clone(), tx.clone());
            let waits = move || {
                tx.send(()).unwrap();
                let _ = blocked.lock().unwrap().recv();
            };
            pool.push(Box::new(waits), Kind::Detached).unwrap();
        }
        let ends = move || tx.send(()).unwrap();
        pool.spawn(Box::new(ends)).unwrap();
        assert_eq!(rx.iter().take(4).count(), 4);
        assert!(pool.shutdown(None), "it does not wait for detached jobs");
        drop(release);
    }

    /// Calls `f` on four threads at a time. They are joined one by one: ThreadSanitizer does not see
    /// the end of a scope.
    fn on_four_threads(f: impl Fn() + Sync) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(&f)).collect();
            threads.into_iter().for_each(|it| it.join().unwrap());
        });
    }

    /// Jobs that find the only thread on its way are dropped with the job that it was for.
    #[test]
    fn no_job_is_left_where_no_thread_can_be_started() {
        let pool = Pool::new(PoolConfig {
            stack_size: Some(1 << 60),
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let kept = Arc::new(());
        on_four_threads(|| {
            for _ in 0..100 {
                let kept = kept.clone();
                let work = Box::new(move || unreachable!("{kept:?} ran"));
                if let Err(refused) = pool.spawn(work) {
                    assert!(matches!(refused, Refused::NoThread(_)), "{refused}");
                }
            }
        });
        assert_eq!(Arc::strong_count(&kept), 1);
        assert!(pool.shutdown(None));
    }

    /// A thread may end before its handle is known.
    #[test]
    fn threads_that_end_at_once_are_joined() {
        for _ in 0..50 {
            let pool = pool(100, Duration::ZERO);
            on_four_threads(|| {
                for _ in 0..20 {
                    pool.spawn(Box::new(|| {})).unwrap();
                }
            });
            assert!(pool.shutdown(None));
            let state = pool.shared.state.lock();
            assert_eq!((state.threads, state.launching), (0, 0));
            assert!(state.left.is_empty() && state.handles.is_empty());
            assert!(state.ended_early.is_empty());
        }
    }

    #[test]
    fn a_retired_pool_has_no_idle_threads_and_takes_jobs() {
        let pool = pool(4, Duration::from_secs(10));
        let (tx, rx) = mpsc::channel();
        for _ in 0..10 {
            let tx = tx.clone();
            pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
            rx.recv().unwrap();
        }
        pool.retire();
        while pool.threads() > 0 {
            std::thread::yield_now();
        }
        pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
        rx.recv().unwrap();
        assert!(pool.shutdown(None));
        assert!(pool.shared.state.lock().left.is_empty());
    }

    #[test]
    fn a_panicking_job_leaves_the_pool_whole() {
        let pool = pool(1, Duration::from_secs(10));
        pool.spawn(Box::new(|| panic!("expected in this test")))
            .unwrap();
        let (tx, rx) = mpsc::channel();
        pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
        rx.recv().unwrap();
        assert!(pool.shutdown(None));
    }
}

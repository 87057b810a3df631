//! A pool of threads that grows on demand and shrinks when idle.
//!
//! # Protocol
//!
//! All state is behind one lock ([`PoolState`]). A pushed job calls the thread that became idle
//! last; without one it starts a thread if the pool is below its cap, and otherwise waits for a
//! thread that is busy now. An idle thread leaves the list of idle threads only by being called, or
//! by its keep-alive running out, in which case it stops counting at the same moment. So a job is
//! never left to a thread that has already decided to end.
//!
//! A thread is counted under the lock and started without it: starting one takes as long as a short
//! job, and all threads would wait for it. If the start fails, the starter takes its own job back,
//! unless the failure is temporary and a thread that has started will look at the queue again. If
//! no thread is left that would, the other jobs are dropped.
//!
//! A thread that ends before the pool is closed joins those that ended before it, so only one or
//! two handles stay. When the pool retires or is closed, all handles are kept, and `shutdown` joins
//! each: without a limit at once, since a join sleeps until the thread ends anyway, and otherwise
//! when all have left. If it stops waiting, it lets go of them, so that nothing is kept of a thread
//! that ends later, even if the pool is.
//!
//! A shutdown lets all jobs run that have been accepted, as tokio's does: a thread that is busy when
//! the runtime ends takes what is queued. Exceptions are [`Kind::Detached`] jobs, which are dropped
//! if they have not begun and are not waited for if they have.
//!
//! A scheduler's worker is a job too. It goes ahead of other jobs and raises the cap by one while it
//! is queued or runs, so that neither closures hold up workers nor workers closures. That ends at
//! [`PoolConfig::max_workers`]: a worker more waits until one ends, that is, until a call of
//! `block_in_place` returns.
//!
//! A job may wait without a bound (an open of a FIFO). A pool with *relief* is not stopped by that:
//! a job that finds all threads taken starts one more, the reliever, which waits too. When no job
//! has begun for [`PoolConfig::relief`] although some are queued, the reliever becomes a thread
//! like the others. If that does not help, two threads are added the next time, then four, and so
//! on up to 256 at a time.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::PoolState;
pub(crate) use super::state::{Kind, Work};
use super::threads;
use crate::loom::sync::{Condvar, Mutex, MutexGuard};
use crate::util::wait_while::wait_while;

/// A callback around a thread's life.
pub(crate) type Callback = Arc<dyn Fn() + Send + Sync>;

/// The configuration of a pool.
#[derive(Clone)]
pub(crate) struct PoolConfig {
    /// Threads for jobs; each worker that is queued or runs allows one more.
    pub(crate) max_threads: usize,
    /// How many workers run at a time.
    pub(crate) max_workers: usize,
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
pub(crate) enum SpawnError {
    /// The pool has been shut down.
    Closed,
    /// There is no thread to run the job, and starting one failed.
    NoThread(io::Error),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpawnError::Closed => f.write_str("the blocking pool has been shut down"),
            SpawnError::NoThread(error) => write!(f, "OS can't spawn worker thread: {error}"),
        }
    }
}

impl std::error::Error for SpawnError {}

impl From<SpawnError> for io::Error {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Closed => io::Error::other(error),
            SpawnError::NoThread(error) => error,
        }
    }
}

/// A handle to the pool; clones share it.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(super) shared: Arc<PoolShared>,
}

pub(super) struct PoolShared {
    pub(super) state: Mutex<PoolState>,
    /// `shutdown` waits here for the threads to end.
    pub(super) gone: Condvar,
    /// The reliever waits here.
    pub(super) stalled: Condvar,
    pub(super) config: PoolConfig,
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
                gone: Condvar::new(),
                stalled: Condvar::new(),
                config,
            }),
        }
    }

    /// Runs `work` on a pool thread.
    pub(crate) fn spawn(&self, work: Work) -> Result<(), SpawnError> {
        self.push(work, Kind::Ordinary)
    }

    /// Runs a scheduler's worker, ahead of other jobs and not counted against the cap.
    pub(crate) fn spawn_worker(&self, work: Work) -> Result<(), SpawnError> {
        self.push(work, Kind::Worker)
    }

    /// Returns how many workers may run at a time.
    pub(crate) fn max_workers(&self) -> usize {
        self.shared.config.max_workers
    }

    /// Runs `work` on a pool thread. Once taken, it runs even if the pool is shut down before it
    /// begins, unless it is [`Kind::Detached`].
    pub(crate) fn push(&self, work: Work, kind: Kind) -> Result<(), SpawnError> {
        let config = &self.shared.config;
        let mut state = self.shared.state.lock();
        if state.closed {
            drop(state);
            drop(work);
            return Err(SpawnError::Closed);
        }
        let id = state.add(work, kind);
        if kind == Kind::Worker && state.workers() > config.max_workers {
            // The thread of the worker that ends next takes it.
            return Ok(());
        }
        let for_workers = state.workers().min(config.max_workers);
        if let Some(sleeper) = state.call() {
            drop(state);
            sleeper.wake.notify_one();
        } else if state.threads() < config.max_threads.saturating_add(for_workers) {
            let (state, started) = threads::start(&self.shared, state);
            if let Err(error) = started {
                return self.take_back(state, id, kind, error);
            }
        } else {
            drop(threads::start_reliever(&self.shared, state));
        }
        Ok(())
    }

    /// Handles a job when no thread could be started for it.
    fn take_back(
        &self,
        mut state: MutexGuard<'_, PoolState>,
        id: u64,
        kind: Kind,
        error: io::Error,
    ) -> Result<(), SpawnError> {
        let is_temporary = error.kind() == io::ErrorKind::WouldBlock;
        if is_temporary && state.will_be_looked_at() {
            return Ok(());
        }
        let job = state.remove(id, kind);
        let stranded = state.take_stranded(self.shared.config.max_workers);
        drop(state);
        drop(stranded);
        match job {
            Some(_) => Err(SpawnError::NoThread(error)),
            // Another thread took it.
            None => Ok(()),
        }
    }

    /// Refuses new jobs, drops [`Kind::Detached`] jobs that have not begun, and waits for the
    /// threads, except for those that run such a job.
    ///
    /// Returns whether the threads have ended. With `Some(timeout)` it waits no longer than that;
    /// threads that are still busy then end on their own.
    pub(crate) fn shutdown(&self, timeout: Option<Duration>) -> bool {
        self.close();
        // A timeout beyond what the clock can show is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if deadline.is_none() {
            self.join_threads();
        }
        let mut state = self.shared.state.lock();
        state.is_awaited = true;
        let (mut state, ended) = wait_while(&self.shared.gone, state, deadline, |state| {
            !state.is_quiet()
        });
        let (left, others) = state.let_go();
        drop(state);
        drop(others);
        if ended {
            threads::join_all(left, deadline);
        }
        ended
    }

    /// Joins threads as long as a shutdown has to wait for each. To wait first until all have left
    /// would be one more sleep.
    fn join_threads(&self) {
        // The lock is not held during a join.
        let next = || self.shared.state.lock().take_handle();
        std::iter::from_fn(next).for_each(threads::join);
    }

    /// Has idle threads end from now on. Jobs are still accepted. For a thread that calls
    /// [`shutdown`](Pool::shutdown) when something else has ended.
    pub(crate) fn retire(&self) {
        let mut state = self.shared.state.lock();
        state.retiring = true;
        state.call_all();
    }

    /// Refuses new jobs, drops [`Kind::Detached`] jobs that have not begun, and has the threads end
    /// when they have nothing left to run. For a thread that then calls
    /// [`shutdown`](Pool::shutdown).
    pub(crate) fn close(&self) {
        let mut state = self.shared.state.lock();
        if state.closed {
            return;
        }
        // A worker that waits for another may be what that one waits for: from here on all may run.
        let beyond = state
            .workers()
            .saturating_sub(self.shared.config.max_workers);
        state.closed = true;
        let dropped = state.take_detached();
        state.call_all();
        for _ in 0..beyond {
            state = threads::start(&self.shared, state).0;
        }
        if state.has_reliever {
            self.shared.stalled.notify_all();
        }
        let mut stranded = Vec::new();
        if state.is_forsaken() {
            let started;
            (state, started) = threads::start(&self.shared, state);
            if started.is_err() && state.is_forsaken() {
                stranded = state.take_queue();
            }
        }
        drop(state);
        drop((dropped, stranded));
    }

    /// Returns the number of threads that run closures or wait for one, without a scheduler's
    /// workers.
    pub(crate) fn threads(&self) -> usize {
        self.shared.state.lock().closure_threads()
    }

    /// Returns how many threads wait for a job.
    pub(crate) fn idle_threads(&self) -> usize {
        self.shared.state.lock().idle()
    }

    /// Returns how many closures no thread has taken yet.
    pub(crate) fn queued(&self) -> usize {
        self.shared.state.lock().queued()
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Pool, PoolConfig, SpawnError};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn pool(max_threads: usize, keep_alive: Duration) -> Pool {
        Pool::new(PoolConfig {
            max_threads,
            max_workers: 8,
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
        pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
        rx.recv().unwrap();
        assert!(pool.shutdown(None));
        assert_eq!(count.load(Ordering::SeqCst), 500);
    }

    /// Jobs that were queued behind a thread that was busy at the shutdown were once dropped.
    #[test]
    fn shutdown_runs_what_was_accepted() {
        let pool = pool(1, Duration::from_secs(10));
        let (started_tx, started) = mpsc::channel();
        let (release, blocked) = mpsc::channel::<()>();
        pool.spawn(Box::new(move || {
            started_tx.send(()).unwrap();
            blocked.recv().unwrap();
        }))
        .unwrap();
        started.recv().unwrap();
        let (tx, rx) = mpsc::channel();
        let detached = tx.clone();
        for job in 0..3 {
            let tx = tx.clone();
            pool.spawn(Box::new(move || tx.send(job).unwrap())).unwrap();
        }
        pool.push(Box::new(move || detached.send(3).unwrap()), Kind::Detached)
            .unwrap();
        drop(tx);
        assert!(!pool.shutdown(Some(Duration::ZERO)));
        assert!(matches!(
            pool.spawn(Box::new(|| {})),
            Err(SpawnError::Closed)
        ));
        release.send(()).unwrap();
        assert!(pool.shutdown(None));
        assert_eq!(rx.iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    /// A shutdown once left the queue to a thread that it did not wait for.
    #[test]
    fn shutdown_runs_what_is_queued_behind_a_job_that_waits() {
        let pool = pool(1, Duration::from_secs(10));
        let (started_tx, started) = mpsc::channel();
        let (release, blocked) = mpsc::channel::<()>();
        let waits = move || {
            started_tx.send(()).unwrap();
            let _ = blocked.recv();
        };
        pool.push(Box::new(waits), Kind::Detached).unwrap();
        started.recv().unwrap();
        let (tx, rx) = mpsc::channel();
        pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
        assert!(pool.shutdown(None));
        rx.try_recv().expect("it ran before the end");
        drop(release);
    }

    /// A thread that ended after a shutdown had given up on it once kept its stack until the pool was
    /// gone, and a handle to the runtime may stay for as long as the process.
    #[test]
    fn a_shutdown_that_gives_up_keeps_no_handles() {
        let pool = pool(4, Duration::from_secs(10));
        let (release, blocked) = mpsc::channel::<()>();
        let blocked = Arc::new(std::sync::Mutex::new(blocked));
        for _ in 0..4 {
            let blocked = blocked.clone();
            let waits = move || assert!(blocked.lock().unwrap().recv().is_err());
            pool.spawn(Box::new(waits)).unwrap();
        }
        assert!(!pool.shutdown(Some(Duration::ZERO)));
        drop(release);
        let ended = || pool.shared.state.lock().is_quiet();
        while !ended() {
            std::thread::yield_now();
        }
        assert_eq!(pool.shared.state.lock().handles(), 0);
    }

    /// Every call of `block_in_place` once started a thread, without a limit.
    #[test]
    fn workers_beyond_the_bound_wait_and_closures_do_not() {
        let pool = Pool::new(PoolConfig {
            max_workers: 2,
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let (started, has_started) = mpsc::channel();
        let ends: Vec<_> = (0..3)
            .map(|worker| {
                let (end, ended) = mpsc::channel::<()>();
                let started = started.clone();
                let work = move || {
                    started.send(worker).unwrap();
                    ended.recv().unwrap();
                };
                pool.spawn_worker(Box::new(work)).unwrap();
                end
            })
            .collect();
        let mut running: Vec<usize> = has_started.iter().take(2).collect();
        running.sort_unstable();
        assert_eq!(running, [0, 1]);
        let (tx, rx) = mpsc::channel();
        pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
        rx.recv().unwrap();
        assert!(has_started.try_recv().is_err());
        assert!(pool.shared.state.lock().threads() <= 3);
        ends[1].send(()).unwrap();
        assert_eq!(has_started.recv(), Ok(2));
        ends[0].send(()).unwrap();
        ends[2].send(()).unwrap();
        assert!(pool.shutdown(None));
    }

    /// The worker that runs waits for the end of the one that does not.
    #[test]
    fn workers_beyond_the_bound_run_at_the_end() {
        let pool = Pool::new(PoolConfig {
            max_workers: 1,
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let (end, ended) = mpsc::channel::<()>();
        pool.spawn_worker(Box::new(move || ended.recv().unwrap()))
            .unwrap();
        pool.spawn_worker(Box::new(move || end.send(()).unwrap()))
            .unwrap();
        assert!(pool.shutdown(None));
    }

    /// Jobs were once handed to the thread that had been idle for the longest time, so that a few
    /// of them kept all threads of a peak.
    #[test]
    fn a_pool_shrinks_although_jobs_still_come() {
        let pool = pool(16, Duration::from_millis(200));
        let barrier = Arc::new(std::sync::Barrier::new(17));
        for _ in 0..16 {
            let barrier = barrier.clone();
            let waits = move || {
                barrier.wait();
            };
            pool.spawn(Box::new(waits)).unwrap();
        }
        barrier.wait();
        let begin = std::time::Instant::now();
        while pool.threads() > 1 {
            assert!(begin.elapsed() < Duration::from_secs(10));
            let (tx, rx) = mpsc::channel();
            pool.spawn(Box::new(move || tx.send(()).unwrap())).unwrap();
            rx.recv().unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(pool.shutdown(None));
    }

    /// Where only workers are left, jobs that waited for a thread that could not be started once
    /// stayed in the queue, for workers do not come back for it.
    #[test]
    fn no_job_is_left_to_workers() {
        let (begun_tx, begun) = mpsc::channel();
        let (go_tx, go) = mpsc::channel::<()>();
        let gates = std::sync::Mutex::new((begun_tx, go));
        let is_refused = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let refused = is_refused.clone();
        let pool = Pool::new(PoolConfig {
            thread_name: Arc::new(move || {
                if refused.load(Ordering::SeqCst) {
                    let gates = gates.lock().unwrap();
                    gates.0.send(()).unwrap();
                    gates.1.recv().unwrap();
                    return "a thread that the standard library refuses\0".to_owned();
                }
                "pool-test".to_owned()
            }),
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let (end, ended) = mpsc::channel::<()>();
        pool.spawn_worker(Box::new(move || ended.recv().unwrap()))
            .unwrap();
        is_refused.store(true, Ordering::SeqCst);
        let kept = Arc::new(());
        std::thread::scope(|scope| {
            let one = kept.clone();
            let first = scope.spawn(|| pool.spawn(Box::new(move || unreachable!("{one:?} ran"))));
            begun.recv().unwrap();
            // It finds the only thread for closures on its way.
            let other = kept.clone();
            let work = Box::new(move || unreachable!("{other:?} ran"));
            pool.spawn(work).unwrap();
            go_tx.send(()).unwrap();
            let refused = first.join().unwrap();
            assert!(matches!(refused, Err(SpawnError::NoThread(_))));
        });
        assert_eq!(Arc::strong_count(&kept), 1);
        end.send(()).unwrap();
        assert!(pool.shutdown(None));
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
            stack_size: Some(3 << (usize::BITS - 2)),
            ..pool(1, Duration::from_secs(10)).shared.config.clone()
        });
        let kept = Arc::new(());
        on_four_threads(|| {
            for _ in 0..100 {
                let kept = kept.clone();
                let work = Box::new(move || unreachable!("{kept:?} ran"));
                if let Err(refused) = pool.spawn(work) {
                    assert!(matches!(refused, SpawnError::NoThread(_)), "{refused}");
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
            assert!(state.is_quiet());
            assert_eq!(state.handles(), 0);
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
        assert_eq!(pool.shared.state.lock().handles(), 0);
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

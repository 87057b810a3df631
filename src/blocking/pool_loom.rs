//! A pool under every interleaving of those that push, its threads and a shutdown.
//!
//! loom has no clock: a keep-alive of zero runs out at once, at any moment that the lock is free, and
//! any other never does. A thread whose name is [`REFUSED`] cannot be started.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::pool::{Kind, Pool, PoolConfig, SpawnError, Work};
use crate::loom::sync::{Condvar, Mutex};
use crate::loom::thread::{self, REFUSED};

const AT_ONCE: Duration = Duration::ZERO;
const NEVER: Duration = Duration::MAX;

/// Makes a pool of one thread of which the starts in `refused`, counted from 0, fail.
fn pool(keep_alive: Duration, refused: &'static [usize]) -> Pool {
    let starts = AtomicUsize::new(0);
    Pool::new(PoolConfig {
        max_threads: 1,
        max_workers: 1,
        keep_alive,
        thread_name: Arc::new(move || {
            let start = starts.fetch_add(1, Ordering::Relaxed);
            let name = if refused.contains(&start) {
                REFUSED
            } else {
                "pool"
            };
            name.to_owned()
        }),
        stack_size: None,
        after_start: None,
        before_stop: None,
        relief: None,
    })
}

/// What became of jobs. The counts are not part of the model.
#[derive(Default)]
struct Count {
    ran: AtomicUsize,
    dropped: AtomicUsize,
}

impl Count {
    /// Returns a job that counts its run, and its end in either case.
    fn job(self: &Arc<Count>) -> Work {
        struct Counted(Arc<Count>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        let counted = Counted(self.clone());
        Box::new(move || {
            counted.0.ran.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn ran(&self) -> usize {
        self.ran.load(Ordering::Relaxed)
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Holds threads up until it is opened.
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn new() -> Gate {
        Gate {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    fn open(&self) {
        *self.is_open.lock() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let mut is_open = self.is_open.lock();
        while !*is_open {
            is_open = self.opened.wait(is_open);
        }
    }
}

/// Shuts the pool down, and looks whether something is left.
fn end(pool: &Pool) {
    assert!(pool.shutdown(None));
    let state = pool.shared.state.lock();
    assert_eq!(
        (state.threads(), state.queued(), state.handles()),
        (0, 0, 0)
    );
}

#[test]
fn loom_a_job_meets_the_end_of_the_last_idle_thread() {
    loom::model(|| {
        let (pool, count) = (pool(AT_ONCE, &[]), Arc::new(Count::default()));
        for _ in 0..2 {
            pool.spawn(count.job()).unwrap();
        }
        end(&pool);
        assert_eq!((count.ran(), count.dropped()), (2, 2));
    });
}

/// A thread may end before its starter knows its handle.
#[test]
fn loom_a_thread_that_ends_at_once_is_joined() {
    loom::model(|| {
        let (pool, count) = (pool(AT_ONCE, &[]), Arc::new(Count::default()));
        pool.spawn(count.job()).unwrap();
        pool.close();
        while !pool.shared.state.lock().is_quiet() {
            thread::yield_now();
        }
        // Nothing else, which nothing would join.
        let (left, others) = pool.shared.state.lock().let_go();
        assert_eq!((left.len(), others.len()), (1, 0));
        left.into_iter().for_each(|it| it.join().unwrap());
    });
}

#[test]
fn loom_an_idle_thread_is_called_or_told_of_the_end() {
    loom::model(|| {
        let (pool, count) = (pool(NEVER, &[]), Arc::new(Count::default()));
        let pusher = {
            let (pool, job) = (pool.clone(), count.job());
            thread::spawn(move || pool.spawn(job).unwrap())
        };
        pool.spawn(count.job()).unwrap();
        pusher.join().unwrap();
        end(&pool);
        assert_eq!((count.ran(), count.dropped()), (2, 2));
    });
}

#[test]
fn loom_a_start_fails_while_another_thread_ends() {
    loom::model(|| {
        let (pool, count) = (pool(AT_ONCE, &[1]), Arc::new(Count::default()));
        pool.spawn(count.job()).unwrap();
        let pushed = pool.spawn(count.job());
        assert!(matches!(pushed, Ok(()) | Err(SpawnError::NoThread(_))));
        end(&pool);
        // A job that was accepted runs.
        let accepted = 1 + usize::from(pushed.is_ok());
        assert_eq!((count.ran(), count.dropped()), (accepted, 2));
    });
}

/// The job that finds the only thread on its way is dropped with the one that it was for, or starts
/// a thread itself. It is not left to the worker, which lasts.
#[test]
fn loom_a_start_fails_beside_a_worker() {
    loom::model(|| {
        let (pool, count) = (pool(AT_ONCE, &[1]), Arc::new(Count::default()));
        let gate = Arc::new(Gate::new());
        let shut = gate.clone();
        pool.spawn_worker(Box::new(move || shut.pass())).unwrap();
        let pusher = {
            let (pool, job) = (pool.clone(), count.job());
            thread::spawn(move || drop(pool.spawn(job)))
        };
        let _ = pool.spawn(count.job());
        pusher.join().unwrap();
        // No job waits for the worker.
        let waiting = || pool.shared.state.lock().queued() > 0;
        while waiting() && pool.threads() > 0 {
            thread::yield_now();
        }
        assert!(!waiting());
        gate.open();
        end(&pool);
        assert_eq!(count.dropped(), 2);
    });
}

#[test]
fn loom_a_shutdown_meets_a_start() {
    for refused in [&[][..], &[0]] {
        loom::model(move || {
            let (pool, count) = (pool(NEVER, refused), Arc::new(Count::default()));
            let pusher = {
                let (pool, job) = (pool.clone(), count.job());
                thread::spawn(move || pool.spawn(job).is_ok())
            };
            end(&pool);
            let accepted = pusher.join().unwrap();
            assert!(!accepted || refused.is_empty());
            assert_eq!((count.ran(), count.dropped()), (usize::from(accepted), 1));
            let state = pool.shared.state.lock();
            assert_eq!((state.threads(), state.handles()), (0, 0));
        });
    }
}

/// One shutdown joins the thread, the other waits until it has left, and is woken.
#[test]
fn loom_two_shutdowns_wait_for_one_thread() {
    loom::model(|| {
        let (pool, count) = (pool(NEVER, &[]), Arc::new(Count::default()));
        pool.spawn(count.job()).unwrap();
        let other = {
            let pool = pool.clone();
            thread::spawn(move || assert!(pool.shutdown(None)))
        };
        assert!(pool.shutdown(None));
        assert_eq!((count.ran(), count.dropped()), (1, 1));
        other.join().unwrap();
        let state = pool.shared.state.lock();
        assert_eq!((state.threads(), state.handles()), (0, 0));
    });
}

/// A shutdown does not wait for the job, and lets go of the handle of its thread.
#[test]
fn loom_a_shutdown_meets_a_job_that_it_drops() {
    loom::model(|| {
        let (pool, count) = (pool(NEVER, &[]), Arc::new(Count::default()));
        pool.push(count.job(), Kind::Detached).unwrap();
        let job = count.job();
        pool.spawn(job).unwrap();
        assert!(pool.shutdown(None));
        assert!(count.ran() >= 1);
        // The thread of the detached job may still run.
        while pool.threads() > 0 {
            thread::yield_now();
        }
        assert_eq!(pool.shared.state.lock().handles(), 0);
    });
}

#[test]
fn loom_a_reliever_takes_what_is_queued_behind_a_job_that_waits() {
    loom::model(|| {
        let pool = Pool::new(PoolConfig {
            relief: Some(AT_ONCE),
            ..pool(NEVER, &[]).shared.config.clone()
        });
        let gate = Arc::new(Gate::new());
        let shut = gate.clone();
        pool.spawn(Box::new(move || shut.pass())).unwrap();
        let opens = gate.clone();
        pool.spawn(Box::new(move || opens.open())).unwrap();
        gate.pass();
        end(&pool);
    });
}

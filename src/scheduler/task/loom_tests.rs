//! Every interleaving of run, wake, abort, shutdown, join and drop.
//!
//! Each cell holds a reference to its scheduler, an `Arc` of loom's, so a leaked cell fails the
//! model; outputs, futures and wakers are counted by `Tally`.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering as StdOrdering};
use std::task::{Context, Poll, Wake, Waker};

use loom::future::block_on;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::testing::{Scheduler, birth, scheduler, spawn};
use super::{JoinError, JoinHandle, LocalScheduler, blocking_task};
use crate::util::budget::{self, Budget};

/// Counts live objects, without being part of the model.
#[derive(Clone, Default)]
struct Tally(Arc<StdAtomicUsize>);

struct Counted(Tally);

impl Tally {
    fn item(&self) -> Counted {
        self.0.fetch_add(1, StdOrdering::SeqCst);
        Counted(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.load(StdOrdering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let former = self.0.0.fetch_sub(1, StdOrdering::SeqCst);
        assert_ne!(former, 0, "dropped twice");
    }
}

impl Wake for Counted {
    fn wake(self: Arc<Self>) {}
}

fn model(f: impl Fn() + Send + Sync + 'static) {
    loom::model(move || {
        // Threads of a model share the thread-locals of the one that runs it, so a switch in the
        // middle of a poll leaves its values behind.
        budget::replace(Budget::UNCONSTRAINED);
        f();
    });
}

fn run_in_thread(scheduler: &Scheduler) -> thread::JoinHandle<()> {
    let scheduler = scheduler.clone();
    thread::spawn(move || {
        scheduler.run_all();
    })
}

fn poll_once<T>(join: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(join).poll(&mut Context::from_waker(waker))
}

/// Spawns a task that has been polled once and is ready when `flag` is set; also returns its waker.
fn flagged(
    scheduler: &Scheduler,
    flag: &Arc<AtomicBool>,
    tally: &Tally,
) -> (JoinHandle<Counted>, Waker) {
    let (flag, tally) = (flag.clone(), tally.clone());
    let slot = Arc::new(std::sync::Mutex::new(None));
    let to = slot.clone();
    let join = spawn(
        scheduler,
        poll_fn(move |cx| {
            to.lock().unwrap().get_or_insert_with(|| cx.waker().clone());
            if flag.load(Ordering::Relaxed) {
                Poll::Ready(tally.item())
            } else {
                Poll::Pending
            }
        }),
    );
    assert_eq!(scheduler.run_all(), 1);
    let waker = slot.lock().unwrap().clone().unwrap();
    // The future keeps a waker of its own task, which is dropped with the future.
    (join, waker)
}

/// What was written before a wake is visible to the poll after it, even if others woke before.
#[test]
fn loom_no_wake_is_lost() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let flag = Arc::new(AtomicBool::new(false));
        let (join, waker) = flagged(&scheduler, &flag, &tally);
        waker.wake_by_ref();
        let runner = run_in_thread(&scheduler);
        let other = {
            let flag = flag.clone();
            thread::spawn(move || {
                flag.store(true, Ordering::Relaxed);
                waker.wake_by_ref();
            })
        };
        runner.join().unwrap();
        other.join().unwrap();
        scheduler.run_all();
        assert!(join.is_finished());
        drop(join);
        assert_eq!(tally.alive(), 0);
        scheduler.shutdown();
    });
}

/// Two wakers, by value and by reference, and a runner.
#[test]
fn loom_wakes_race() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let flag = Arc::new(AtomicBool::new(false));
        let (join, waker) = flagged(&scheduler, &flag, &tally);
        flag.store(true, Ordering::SeqCst);
        let second = waker.clone();
        let by_val = thread::spawn(move || waker.wake());
        let by_ref = {
            let scheduler = scheduler.clone();
            thread::spawn(move || {
                second.wake_by_ref();
                scheduler.run_one();
            })
        };
        by_val.join().unwrap();
        by_ref.join().unwrap();
        scheduler.run_all();
        assert_eq!(tally.alive(), 1);
        let output = block_on(join).unwrap();
        drop(output);
        assert_eq!(tally.alive(), 0);
    });
}

/// A joiner is woken however its registration races with the completion.
#[test]
fn loom_join_is_woken() {
    model(|| {
        let scheduler = scheduler();
        let join = spawn(&scheduler, async { 7 });
        let runner = run_in_thread(&scheduler);
        assert_eq!(block_on(join).unwrap(), 7);
        runner.join().unwrap();
        assert_eq!(scheduler.owned.len(), 0);
    });
}

/// A joiner that changes its waker, then is dropped, while the task completes.
#[test]
fn loom_join_changes_wakers_and_goes() {
    model(|| {
        let scheduler = scheduler();
        let (outputs, wakers) = (Tally::default(), Tally::default());
        let output = outputs.clone();
        let mut join = spawn(&scheduler, async move { output.item() });
        let runner = run_in_thread(&scheduler);
        let (first, second) = (
            Waker::from(Arc::new(wakers.item())),
            Waker::from(Arc::new(wakers.item())),
        );
        let mut result = poll_once(&mut join, &first);
        for waker in [&first, &second] {
            if result.is_pending() {
                result = poll_once(&mut join, waker);
            }
        }
        drop((first, second));
        drop(join);
        runner.join().unwrap();
        assert_eq!(wakers.alive(), 0, "a waker stayed behind");
        assert_eq!(outputs.alive(), usize::from(result.is_ready()));
        drop(result);
        assert_eq!(outputs.alive(), 0);
    });
}

/// The output is dropped once, by the later of the completer and the handle.
#[test]
fn loom_detach_races_with_completion() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let output = tally.clone();
        let join = spawn(&scheduler, async move { output.item() });
        let abort = join.abort_handle();
        let runner = run_in_thread(&scheduler);
        let detach = thread::spawn(move || drop(join));
        drop(abort);
        runner.join().unwrap();
        detach.join().unwrap();
        assert_eq!(tally.alive(), 0);
    });
}

/// An abort, a run and a join: cancelled or complete, never lost.
#[test]
fn loom_abort_races_with_run() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let item = tally.item();
        let mut polls = 0;
        let join = spawn(
            &scheduler,
            poll_fn(move |cx| {
                let _ = &item;
                polls += 1;
                if polls == 2 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            }),
        );
        let abort = join.abort_handle();
        let runner = run_in_thread(&scheduler);
        let aborter = thread::spawn(move || abort.abort());
        runner.join().unwrap();
        aborter.join().unwrap();
        scheduler.run_all();
        assert_eq!(tally.alive(), 0, "the future was kept");
        if let Err(error) = block_on(join) {
            assert!(error.is_cancelled());
        }
    });
}

/// Two aborts and a wake of an idle task queue it once, and it is cancelled.
#[test]
fn loom_abort_races_with_wake() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let flag = Arc::new(AtomicBool::new(false));
        let (join, waker) = flagged(&scheduler, &flag, &tally);
        let abort = join.abort_handle();
        let aborter = thread::spawn(move || abort.abort());
        let other = thread::spawn(move || waker.wake());
        join.abort();
        aborter.join().unwrap();
        other.join().unwrap();
        assert_eq!(scheduler.run_all(), 1);
        assert!(matches!(block_on(join), Err(error) if error.is_cancelled()));
    });
}

/// Shutdown against a run: the owner of the future drops it, and the joiner is notified.
#[test]
fn loom_shutdown_races_with_run() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let item = tally.item();
        let join = spawn(&scheduler, async move {
            let _item = item;
            pending::<()>().await;
        });
        let runner = run_in_thread(&scheduler);
        scheduler.shutdown();
        assert!(matches!(block_on(join), Err(error) if error.is_cancelled()));
        runner.join().unwrap();
        scheduler.shutdown();
        assert_eq!(tally.alive(), 0);
        assert_eq!(scheduler.owned.len(), 0);
    });
}

/// Shutdown against wakes and aborts of an idle task.
#[test]
fn loom_shutdown_races_with_wake() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let flag = Arc::new(AtomicBool::new(false));
        let (join, waker) = flagged(&scheduler, &flag, &tally);
        let abort = join.abort_handle();
        let waking = thread::spawn(move || waker.wake());
        let aborting = thread::spawn(move || abort.abort());
        scheduler.shutdown();
        assert!(join.is_finished());
        waking.join().unwrap();
        aborting.join().unwrap();
        scheduler.shutdown();
        assert!(matches!(block_on(join), Err(error) if error.is_cancelled()));
    });
}

/// A spawn while the list closes: the task is either shut down by the list or never added.
#[test]
fn loom_spawn_races_with_close() {
    model(|| {
        let scheduler = scheduler();
        let spawner = {
            let scheduler = scheduler.clone();
            thread::spawn(move || spawn(&scheduler, pending::<()>()))
        };
        scheduler.shutdown();
        let join = spawner.join().unwrap();
        while let Some(task) = scheduler.next() {
            drop(task);
        }
        assert!(join.is_finished());
        assert_eq!(scheduler.owned.len(), 0);
    });
}

/// Two tasks complete and leave the list while a third is shut down.
#[test]
fn loom_list_is_left_concurrently() {
    model(|| {
        let scheduler = scheduler();
        let joins: Vec<_> = (0..3)
            .map(|n| spawn(&scheduler, async move { n }))
            .collect();
        let first = scheduler.next().unwrap();
        let second = scheduler.next().unwrap();
        let one = thread::spawn(move || assert!(first.run().is_none()));
        let two = thread::spawn(move || assert!(second.run().is_none()));
        scheduler.shutdown();
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(scheduler.owned.len(), 0);
        assert!(joins.iter().all(JoinHandle::is_finished));
    });
}

/// Several threads drop the last references; the cell is freed once.
#[test]
fn loom_references_go_concurrently() {
    model(|| {
        let scheduler = scheduler();
        let tally = Tally::default();
        let flag = Arc::new(AtomicBool::new(true));
        let (join, waker) = flagged(&scheduler, &flag, &tally);
        let cloned = waker.clone();
        let one = thread::spawn(move || drop(waker));
        let two = thread::spawn(move || cloned.wake());
        drop(join);
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(tally.alive(), 0);
    });
}

/// A blocking task is aborted while the pool takes it.
#[test]
fn loom_blocking_task_is_aborted() {
    model(|| {
        let tally = Tally::default();
        let output = tally.clone();
        let (task, join) = blocking_task(move || output.item(), birth());
        let abort = join.abort_handle();
        let pool = thread::spawn(move || task.run());
        let aborter = thread::spawn(move || abort.abort());
        match block_on(join) {
            Ok(output) => drop(output),
            Err(error) => assert!(error.is_cancelled()),
        }
        pool.join().unwrap();
        aborter.join().unwrap();
        assert_eq!(tally.alive(), 0);
    });
}

/// A local task is woken, aborted and joined from another thread while its thread polls the set.
#[test]
fn loom_local_scheduler_misses_no_wake() {
    model(|| {
        let queue = LocalScheduler::new();
        let slot = Arc::new(std::sync::Mutex::new(None));
        let flag = Arc::new(AtomicBool::new(false));
        let (to, ready) = (slot.clone(), flag.clone());
        let woken = LocalScheduler::spawn(
            &queue,
            poll_fn(move |cx| {
                to.lock().unwrap().get_or_insert_with(|| cx.waker().clone());
                if ready.load(Ordering::Relaxed) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }),
            birth(),
        );
        let aborted = LocalScheduler::spawn(&queue, pending::<()>(), birth());
        assert!(!queue.polling(|| queue.tick()));
        let waker = slot.lock().unwrap().clone().unwrap();
        let abort = aborted.abort_handle();
        let afar = thread::spawn(move || {
            flag.store(true, Ordering::Relaxed);
            waker.wake();
            abort.abort();
        });
        block_on(poll_fn(|cx| {
            queue.register(cx.waker());
            assert!(!queue.polling(|| queue.tick()));
            if queue.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        afar.join().unwrap();
        assert!(block_on(woken).is_ok());
        assert!(matches!(block_on(aborted), Err(error) if error.is_cancelled()));
        queue.close();
    });
}

/// A local queue is closed while its task is woken from another thread.
#[test]
fn loom_local_scheduler_closes() {
    model(|| {
        let queue = LocalScheduler::new();
        let slot = Arc::new(std::sync::Mutex::new(None));
        let to = slot.clone();
        let join = LocalScheduler::spawn(
            &queue,
            poll_fn(move |cx| {
                *to.lock().unwrap() = Some(cx.waker().clone());
                Poll::<()>::Pending
            }),
            birth(),
        );
        queue.polling(|| queue.tick());
        let waker = slot.lock().unwrap().take().unwrap();
        let afar = thread::spawn(move || waker.wake());
        queue.close();
        assert!(join.is_finished());
        afar.join().unwrap();
    });
}

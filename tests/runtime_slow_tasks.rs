//! How long a file operation takes beside tasks that keep every worker at work for milliseconds at
//! a time.

#[path = "support/beside.rs"]
mod beside;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use zokio::fs;
use zokio::runtime::Builder;
use zokio::sync::mpsc;

use self::beside::one_of_several;

/// How many slow polls a worker makes at most while one of most operations is under way.
const LIMIT: usize = 8;

/// Lets the other tasks run, without the poll of the driver that `yield_now` brings.
async fn wake_and_wait() {
    let mut woken = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut woken, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// How many slow polls are made during each of twenty renames, in order of size. Beside each worker
/// four tasks have polls of 5 ms.
fn polls_per_rename(workers: usize) -> Vec<usize> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    std::fs::write(&a, b"x").unwrap();
    let (stop, polls) = (Arc::new(AtomicBool::new(false)), Arc::default());
    for _ in 0..4 * workers {
        let (stop, polls) = (stop.clone(), Arc::<AtomicUsize>::clone(&polls));
        runtime.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                polls.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
                wake_and_wait().await;
            }
        });
    }
    let renaming = runtime.spawn(async move {
        let mut counts = Vec::new();
        for _ in 0..10 {
            for (from, to) in [(&a, &b), (&b, &a)] {
                let before = polls.load(Ordering::Relaxed);
                fs::rename(from, to).await.unwrap();
                counts.push(polls.load(Ordering::Relaxed) - before);
            }
        }
        counts
    });
    let mut counts = runtime.block_on(renaming).unwrap();
    stop.store(true, Ordering::Relaxed);
    counts.sort_unstable();
    counts
}

/// The ring was once looked at after a number of tasks, however long they took: a rename beside
/// tasks of 5 ms took 76 ms. Polls are counted, which a busy machine makes longer and not more.
#[test]
fn an_operation_does_not_wait_for_many_slow_tasks() {
    for workers in [1, 2] {
        let measure = || polls_per_rename(workers);
        one_of_several(measure, |counts| counts[10] <= LIMIT * workers);
    }
}

/// In how many of forty rounds a task runs while the one that woke it continues.
fn rounds_beside_each_other() -> usize {
    const WORK: Duration = Duration::from_millis(4);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let rounds = runtime.spawn(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let (answers, mut answered) = mpsc::channel(1);
        let works = Arc::new(AtomicBool::new(false));
        let other_works = works.clone();
        zokio::spawn(async move {
            while let Some(()) = receiver.recv().await {
                let beside = other_works.load(Ordering::SeqCst);
                answers.send(beside).await.unwrap();
            }
        });
        let mut rounds = 0;
        for _ in 0..40 {
            works.store(true, Ordering::SeqCst);
            sender.send(()).await.unwrap();
            thread::sleep(WORK);
            works.store(false, Ordering::SeqCst);
            rounds += usize::from(answered.recv().await.unwrap());
        }
        rounds
    });
    runtime.block_on(rounds).unwrap()
}

/// A task that was just woken runs next on the worker of the task that woke it. If that one
/// continues for milliseconds each time, the other worker, which sleeps, had better run it. On a
/// busy machine it wakes up too late for some of the rounds.
#[test]
fn a_task_does_not_wait_for_the_slow_one_that_woke_it() {
    one_of_several(rounds_beside_each_other, |rounds| *rounds >= 20);
}

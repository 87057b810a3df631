//! How long a file operation takes beside tasks that keep every worker at work for milliseconds at
//! a time.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use zokio::fs;
use zokio::runtime::Builder;
use zokio::sync::mpsc;

/// What most operations keep to, also on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_millis(50);

/// Gives the other tasks a turn, without the look at the driver that `yield_now` brings.
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

/// The ring was once looked at after a number of tasks, however long they took: a rename beside
/// tasks of 5 ms took 76 ms.
#[test]
fn an_operation_does_not_wait_for_many_slow_tasks() {
    for workers in [1, 2] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&a, b"x").unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..4 * workers {
            let stop = stop.clone();
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                    wake_and_wait().await;
                }
            });
        }
        let renaming = runtime.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..10 {
                for (from, to) in [(&a, &b), (&b, &a)] {
                    let begin = Instant::now();
                    fs::rename(from, to).await.unwrap();
                    times.push(begin.elapsed());
                }
            }
            times
        });
        let mut times = runtime.block_on(renaming).unwrap();
        stop.store(true, Ordering::Relaxed);
        times.sort_unstable();
        assert!(times[10] < LIMIT, "{workers} workers: {times:?}");
    }
}

/// A task that was just woken runs next on the worker of the task that woke it. If that one goes on
/// for milliseconds each time, the other worker, which sleeps, had better run it.
#[test]
fn a_task_does_not_wait_for_the_slow_one_that_woke_it() {
    const WORK: Duration = Duration::from_millis(4);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let waits = runtime.block_on(runtime.spawn(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let (answers, mut answered) = mpsc::channel(1);
        zokio::spawn(async move {
            while let Some(sent) = receiver.recv().await {
                let waited = Instant::elapsed(&sent);
                answers.send(waited).await.unwrap();
            }
        });
        let mut waits = Vec::new();
        for _ in 0..41 {
            sender.send(Instant::now()).await.unwrap();
            thread::sleep(WORK);
            waits.push(answered.recv().await.unwrap());
        }
        waits
    }));
    let mut waits = waits.unwrap();
    waits.sort_unstable();
    assert!(waits[waits.len() / 2] < WORK / 2, "{waits:?}");
}

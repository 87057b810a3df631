//! What a runtime counts: polls, wakes, spawned tasks, yields, and where tasks are queued.

#[path = "support/wait.rs"]
mod wait;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use zokio::runtime::{Builder, LocalOptions, Runtime, RuntimeMetrics};
use zokio::task::coop::consume_budget;
use zokio::task::{LocalSet, block_in_place, spawn_local, yield_now};
use zokio::time::sleep;

use self::wait::wait_until;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

fn both() -> [Runtime; 2] {
    [current_thread(), multi_thread(1)]
}

/// Adds up a counter of all workers.
fn sum(metrics: &RuntimeMetrics, count: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    (0..metrics.num_workers())
        .map(|worker| count(metrics, worker))
        .sum()
}

/// Wakes its task `times` times while it is polled.
async fn wake_oneself(times: usize) {
    let mut left = times;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn every_poll_and_every_wake_is_counted() {
    for rt in both() {
        let metrics = rt.metrics();
        rt.block_on(async {
            zokio::spawn(async {
                for _ in 0..5 {
                    yield_now().await;
                }
                wake_oneself(4).await;
            })
            .await
            .unwrap();
        });
        drop(rt);
        assert_eq!(metrics.worker_poll_count(0), 10);
        let spawned_there = metrics.remote_schedule_count();
        assert_eq!(metrics.worker_local_schedule_count(0) + spawned_there, 10);
        assert_eq!(metrics.spawned_tasks_count(), 1);
    }
}

/// As on tokio, whose counts these are.
#[test]
fn tasks_that_follow_each_other_out_of_the_lifo_slot_are_one_poll() {
    fn chain(length: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            if length > 0 {
                zokio::spawn(chain(length - 1)).await.unwrap();
            }
        })
    }
    for (length, polls) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (10, 6)] {
        let rt = multi_thread(1);
        let metrics = rt.metrics();
        rt.block_on(rt.spawn(chain(length))).unwrap();
        drop(rt);
        assert_eq!(metrics.worker_poll_count(0), polls, "{length}");
        assert_eq!(metrics.worker_local_schedule_count(0), 2 * length as u64);
        assert_eq!(metrics.spawned_tasks_count(), 1 + length as u64);
        assert_eq!(metrics.remote_schedule_count(), 1);
    }
}

#[test]
fn a_wake_from_another_thread_is_remote() {
    for rt in both() {
        let metrics = rt.metrics();
        let (send, receive) = zokio::sync::oneshot::channel();
        let task = rt.spawn(receive);
        let before = metrics.remote_schedule_count();
        assert_eq!(before, 1);
        // It has been polled, and waits.
        rt.block_on(async {
            while metrics.worker_poll_count(0) == 0 {
                sleep(Duration::from_millis(1)).await
            }
        });
        thread::spawn(move || send.send(()).unwrap())
            .join()
            .unwrap();
        rt.block_on(task).unwrap().unwrap();
        assert_eq!(metrics.remote_schedule_count(), 2);
    }
}

#[test]
fn spawned_tasks_are_counted_wherever_they_are_spawned() {
    for rt in both() {
        let metrics = rt.metrics();
        rt.block_on(async {
            zokio::spawn(async { zokio::spawn(async {}).await.unwrap() })
                .await
                .unwrap();
            zokio::task::spawn_blocking(|| zokio::spawn(async {}))
                .await
                .unwrap()
                .await
                .unwrap();
        });
        assert_eq!(metrics.spawned_tasks_count(), 3);
        LocalSet::new().block_on(&rt, async { spawn_local(async {}).await.unwrap() });
        assert_eq!(
            metrics.spawned_tasks_count(),
            3,
            "a `LocalSet` counts for itself"
        );
    }
    let rt = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    rt.block_on(async { zokio::task::spawn_local(async {}).await.unwrap() });
    assert_eq!(rt.metrics().spawned_tasks_count(), 1);
}

#[test]
fn a_poll_that_spends_its_budget_yields_once() {
    for rt in both() {
        let metrics = rt.metrics();
        let spend = |units: usize| {
            rt.block_on(rt.spawn(async move {
                for _ in 0..units {
                    consume_budget().await;
                }
            }))
            .unwrap();
            metrics.budget_forced_yield_count()
        };
        assert_eq!(spend(128), 0, "exactly what a poll may spend");
        assert_eq!(spend(129), 1);
        assert_eq!(spend(128 * 3), 3);
        rt.block_on(rt.spawn(async {
            let spend = || async {
                for _ in 0..100 {
                    consume_budget().await
                }
            };
            zokio::join!(spend(), spend(), spend())
        }))
        .unwrap();
        assert_eq!(
            metrics.budget_forced_yield_count(),
            5,
            "300 units, in three polls"
        );
    }
}

#[test]
fn a_worker_that_is_woken_in_vain_is_counted() {
    for rt in both() {
        let metrics = rt.metrics();
        rt.block_on(async { sleep(Duration::from_millis(1)).await });
        drop(rt);
        let noops = metrics.worker_noop_count(0);
        assert!(noops > 0 && noops <= metrics.worker_park_count(0));
    }
}

#[test]
fn the_depth_of_a_queue_leaves_out_the_task_that_runs_next() {
    for rt in both() {
        let is_multi_thread =
            rt.handle().runtime_flavor() == zokio::runtime::RuntimeFlavor::MultiThread;
        let metrics = rt.metrics();
        let task = rt.spawn(async move {
            for _ in 0..100 {
                zokio::spawn(async {});
            }
            metrics.worker_local_queue_depth(0)
        });
        assert_eq!(
            rt.block_on(task).unwrap(),
            100 - usize::from(is_multi_thread)
        );
        let metrics = rt.metrics();
        wait_until("the tasks have run", || {
            rt.block_on(yield_now());
            metrics.num_alive_tasks() == 0
        });
        assert_eq!(metrics.worker_local_queue_depth(0), 0);
    }
}

#[test]
fn a_full_queue_overflows_by_half() {
    let rt = multi_thread(1);
    let metrics = rt.metrics();
    let task = rt.spawn(async move {
        let mut counts = Vec::new();
        for spawned in 1..=600 {
            zokio::spawn(async {});
            if [257, 258, 386, 387, 600].contains(&spawned) {
                let depth = metrics.worker_local_queue_depth(0);
                counts.push((spawned, metrics.worker_overflow_count(0), depth));
            }
        }
        counts
    });
    let expected = [
        (257, 0, 256),
        (258, 1, 129),
        (385 + 1, 2, 129),
        (387, 2, 130),
        (600, 3, 215),
    ];
    assert_eq!(rt.block_on(task).unwrap(), expected);
}

/// One worker is kept busy; the other one takes what it has spawned.
#[test]
fn what_a_worker_steals_is_counted() {
    // If a stuck worker's tasks are not stolen within a tick, the monitor injects them.
    for _ in 0..50 {
        let rt = multi_thread(2);
        let metrics = rt.metrics();
        let (done, is_done) = mpsc::channel();
        rt.block_on(rt.spawn(async move {
            zokio::spawn(async move { done.send(()).unwrap() });
            // Takes the LIFO slot, and leaves the other one to the queue.
            zokio::spawn(async {});
            is_done.recv().unwrap();
        }))
        .unwrap();
        drop(rt);
        let stolen = sum(&metrics, RuntimeMetrics::worker_steal_count);
        let operations = sum(&metrics, RuntimeMetrics::worker_steal_operations);
        assert!(operations <= stolen);
        if stolen > 0 {
            assert!(operations > 0);
            return;
        }
    }
    panic!("nothing was stolen in fifty runs");
}

#[test]
fn the_mean_of_polls_is_that_of_their_time() {
    let rt = multi_thread(1);
    let metrics = rt.metrics();
    assert_eq!(metrics.worker_mean_poll_time(0), Duration::ZERO);
    for _ in 0..3 {
        rt.block_on(rt.spawn(async { thread::sleep(Duration::from_millis(3)) }))
            .unwrap();
    }
    drop(rt);
    assert!(metrics.worker_mean_poll_time(0) >= Duration::from_millis(3));
    assert!(metrics.worker_mean_poll_time(0) <= metrics.worker_total_busy_duration(0));
}

#[test]
fn a_current_thread_runtime_is_on_the_thread_that_drives_it() {
    let rt = current_thread();
    let metrics = rt.metrics();
    let here = Some(thread::current().id());
    assert_eq!(metrics.worker_thread_id(0), here);
    let there = thread::scope(|scope| {
        let driving = scope.spawn(|| {
            rt.block_on(async {});
            thread::current().id()
        });
        driving.join().unwrap()
    });
    assert_eq!(metrics.worker_thread_id(0), Some(there));
    rt.block_on(async {});
    assert_eq!(metrics.worker_thread_id(0), here);
}

#[test]
fn a_worker_is_on_another_thread_while_its_task_blocks() {
    let rt = multi_thread(1);
    let metrics = rt.metrics();
    rt.block_on(rt.spawn(async move {
        let here = Some(thread::current().id());
        assert_eq!(metrics.worker_thread_id(0), here);
        block_in_place(|| {
            wait_until("the worker moves", || metrics.worker_thread_id(0) != here);
        });
    }))
    .unwrap();
}

#[test]
fn a_worker_that_there_is_not_panics() {
    for rt in both() {
        let metrics = rt.metrics();
        let panics = |read: &dyn Fn(usize) -> u64| {
            let read = |worker| catch_unwind(AssertUnwindSafe(|| read(worker)));
            read(0).is_ok() && read(1).is_err()
        };
        assert!(panics(&|worker| metrics.worker_poll_count(worker)));
        assert!(panics(
            &|worker| metrics.worker_local_queue_depth(worker) as u64
        ));
        assert!(panics(&|worker| u64::from(
            metrics.worker_thread_id(worker).is_some()
        )));
        assert!(panics(
            &|worker| metrics.poll_time_histogram_bucket_count(worker, 99)
        ));
    }
}

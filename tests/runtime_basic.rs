//! Both schedulers from the outside: spawning, waking, blocking, shutting down.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use zokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime, worker_index};
use zokio::task::block_in_place;

fn runtimes() -> Vec<Runtime> {
    let multi = |workers| {
        Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap()
    };
    let current = Builder::new_current_thread().enable_all().build().unwrap();
    vec![current, multi(1), multi(2), multi(4)]
}

#[test]
fn tasks_run_and_are_joined() {
    for rt in runtimes() {
        let sum = rt.block_on(async {
            let tasks: Vec<_> = (0..1000u64)
                .map(|i| rt.spawn(async move { rt_yield(i % 7).await + i }))
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 999 * 1000 / 2 + (0..1000).map(|i| i % 7).sum::<u64>());
    }
}

async fn rt_yield(times: u64) -> u64 {
    for _ in 0..times {
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
    times
}

/// What a future holds when it is ready, or when it panics, may need the runtime to be dropped.
#[test]
fn the_future_of_block_on_is_dropped_within_the_runtime() {
    struct Held<'a>(&'a AtomicUsize, Poll<()>);
    impl Future for Held<'_> {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
            assert!(self.1.is_ready(), "expected in this test");
            Poll::Ready(())
        }
    }
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            if Handle::try_current().is_ok() {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    for rt in runtimes() {
        let within = AtomicUsize::new(0);
        rt.block_on(Held(&within, Poll::Ready(())));
        rt.handle().block_on(Held(&within, Poll::Ready(())));
        let panics = || rt.block_on(Held(&within, Poll::Pending));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(within.load(Ordering::SeqCst), 3);
    }
}

#[test]
fn a_foreign_thread_wakes_a_sleeping_runtime() {
    for rt in runtimes() {
        for _ in 0..50 {
            let (tx, rx) = futures::channel::oneshot::channel();
            let task = rt.spawn(rx);
            let thread = std::thread::spawn(move || tx.send(5).unwrap());
            assert_eq!(rt.block_on(task).unwrap(), Ok(5));
            thread.join().unwrap();
        }
    }
}

#[test]
fn blocking_closures_run_in_the_runtime() {
    for rt in runtimes() {
        let id = rt.handle().id();
        let answer = rt.block_on(rt.spawn_blocking(move || {
            assert_eq!(worker_index(), None);
            Handle::current().id() == id
        }));
        assert!(answer.unwrap());
    }
}

/// A task that comes back from `block_in_place` no longer has a core if another thread runs its
/// worker, but what watches polls tells them apart by the index.
#[test]
fn a_poll_belongs_to_its_worker_after_block_in_place() {
    let after_polls = Arc::new(Mutex::new(Vec::new()));
    let seen = after_polls.clone();
    let rt = Builder::new_multi_thread()
        .worker_threads(1)
        .on_after_task_poll(move |_| seen.lock().unwrap().push(worker_index()))
        .build()
        .unwrap();
    let task = async {
        let (tx, rx) = std::sync::mpsc::channel();
        let other = zokio::spawn(async move { tx.send(()).unwrap() });
        block_in_place(|| {
            assert_eq!(worker_index(), None);
            // The only worker runs on another thread once this is here.
            rx.recv().unwrap();
            block_in_place(|| assert_eq!(worker_index(), None));
            assert_eq!(worker_index(), None);
        });
        assert_eq!(worker_index(), Some(0));
        block_in_place(|| assert_eq!(worker_index(), None));
        assert_eq!(worker_index(), Some(0));
        let panic = catch_unwind(|| block_in_place(|| panic!("out of it")));
        assert!(panic.is_err());
        assert_eq!(worker_index(), Some(0));
        other.await.unwrap();
        assert_eq!(worker_index(), Some(0));
    };
    rt.block_on(rt.spawn(task)).unwrap();
    drop(rt);
    let after_polls = after_polls.lock().unwrap();
    assert!(!after_polls.is_empty());
    assert!(
        after_polls.iter().all(|index| *index == Some(0)),
        "{after_polls:?}"
    );
}

/// dial9 turns this panic into an error, and knows it by tokio's words.
#[test]
fn a_local_runtime_of_several_threads_is_refused_in_words_that_programs_know() {
    let mut builder = Builder::new_multi_thread();
    let build = || builder.build_local(LocalOptions::default());
    let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    let message = panic.downcast_ref::<&str>().unwrap();
    assert!(
        message.contains("multi_thread is not supported for LocalRuntime"),
        "{message}"
    );
}

#[test]
fn dropping_a_runtime_drops_its_tasks() {
    for rt in runtimes() {
        let alive = Arc::new(());
        for _ in 0..100 {
            let alive = alive.clone();
            rt.spawn(async move {
                std::future::pending::<()>().await;
                drop(alive);
            });
        }
        rt.block_on(rt_yield(3));
        drop(rt);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn a_spawn_after_the_end_is_cancelled() {
    for rt in runtimes() {
        let handle = rt.handle().clone();
        drop(rt);
        let task = handle.spawn(async {});
        let error = futures::executor::block_on(task).unwrap_err();
        assert!(error.is_cancelled());
        let task = handle.spawn_blocking(|| ());
        let error = futures::executor::block_on(task).unwrap_err();
        assert!(error.is_cancelled());
    }
}

#[test]
fn two_threads_inside_block_on_of_one_current_thread_runtime() {
    let rt = Arc::new(Builder::new_current_thread().enable_all().build().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (rt, count) = (rt.clone(), count.clone());
            std::thread::spawn(move || {
                rt.block_on(async {
                    for _ in 0..100 {
                        let count = count.clone();
                        rt.spawn(async move { count.fetch_add(1, Ordering::Relaxed) })
                            .await
                            .unwrap();
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 800);
}

#[test]
#[should_panic(expected = "Cannot start a runtime from within a runtime")]
fn block_on_inside_block_on_panics() {
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async { rt.block_on(async {}) });
}

#[test]
#[should_panic(expected = "Cannot drop a runtime in a context where blocking is not allowed")]
fn dropping_a_runtime_in_async_code_panics() {
    let rt = Builder::new_current_thread().build().unwrap();
    let inner = Builder::new_current_thread().build().unwrap();
    rt.block_on(async move { drop(inner) });
}

#[test]
fn a_background_shutdown_is_allowed_in_async_code() {
    let rt = Builder::new_current_thread().build().unwrap();
    for inner in runtimes() {
        inner.spawn_blocking(|| std::thread::sleep(Duration::from_secs(3)));
        let start = Instant::now();
        rt.block_on(async move { inner.shutdown_background() });
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn local_runtime_runs_what_is_not_send() {
    let rt = LocalRuntime::new().unwrap();
    let shared = std::rc::Rc::new(std::cell::Cell::new(0));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let shared = shared.clone();
            rt.spawn_local(async move { shared.set(shared.get() + 1) })
        })
        .collect();
    rt.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(shared.get(), 10);
}

#[test]
fn a_panic_stays_in_its_task() {
    for rt in runtimes() {
        let task = rt.spawn(async { panic!("expected in this test") });
        assert!(rt.block_on(task).unwrap_err().is_panic());
        assert_eq!(rt.block_on(rt.spawn(async { 1 })).unwrap(), 1);
    }
}

#[test]
fn a_worker_that_cannot_start_keeps_the_systems_reason() {
    let error = Builder::new_multi_thread()
        .thread_stack_size(usize::MAX / 4)
        .build()
        .unwrap_err();
    let error: zokio::Error = error.downcast().unwrap();
    assert!(error.is_resource());
    let source = std::error::Error::source(&error).unwrap();
    let source: &std::io::Error = source.downcast_ref().unwrap();
    assert!(source.raw_os_error().is_some());
    assert_eq!(error.kind(), source.kind());
}

/// A worker whose thread started only after the end had never parked.
#[test]
fn every_worker_parks_at_least_once() {
    for _ in 0..200 {
        let runtime = Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        let metrics = runtime.metrics();
        drop(runtime);
        for worker in 0..4 {
            assert!(metrics.worker_park_count(worker) >= 1);
        }
    }
}

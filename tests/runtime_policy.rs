//! What a task's panic does to its runtime or set, by `unhandled_panic`.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use zokio::runtime::{Builder, LocalOptions, Runtime, UnhandledPanic};
use zokio::task::{self, LocalSet, spawn_local};

const OF_RUNTIMES: &str =
    "a spawned task panicked and the runtime is configured to shut down on unhandled panic";
const OF_SETS: &str =
    "a spawned task panicked and the LocalSet is configured to shutdown on unhandled panic";

fn ends_with_a_task() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .unhandled_panic(UnhandledPanic::ShutdownRuntime)
        .build()
        .unwrap()
}

/// Returns what `f` panics with.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it does not panic"),
        Err(payload) => payload,
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// Sets a flag when it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

#[test]
fn block_on_panics_when_a_task_does() {
    let rt = ends_with_a_task();
    let text = panic_of(|| {
        rt.block_on(async {
            // That the handle is awaited makes no difference.
            zokio::spawn(async { panic!("boom") }).await
        })
    });
    assert_eq!(text, OF_RUNTIMES);
}

#[test]
fn no_task_runs_after_the_one_that_panicked() {
    let rt = ends_with_a_task();
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Flag(dropped.clone());
    let other = Arc::new(AtomicBool::new(false));
    let ran = other.clone();
    let text = panic_of(|| {
        rt.block_on(async {
            zokio::spawn(async move {
                let _flag = flag;
                pending::<()>().await;
            });
            zokio::spawn(async { panic!("boom") });
            zokio::spawn(async move { ran.store(true, Ordering::SeqCst) });
            pending::<()>().await;
        })
    });
    assert_eq!(text, OF_RUNTIMES);
    assert!(!other.load(Ordering::SeqCst));
    // A task that was waiting was dropped before `block_on` returned.
    assert!(dropped.load(Ordering::SeqCst));
    assert_eq!(rt.metrics().num_alive_tasks(), 0);
}

#[test]
fn what_is_spawned_after_the_panic_is_cancelled() {
    let rt = ends_with_a_task();
    rt.spawn(async { panic!("boom") });
    panic_of(|| rt.block_on(pending::<()>()));
    let task = rt.spawn(async {});
    assert!(task.is_finished());
    // A future that is ready at once needs no task.
    assert!(rt.block_on(async { task.await.unwrap_err().is_cancelled() }));
    // Other than the tasks, the runtime is still there.
    let sum = rt.spawn_blocking(|| 1 + 1);
    while !sum.is_finished() {
        thread::yield_now();
    }
    assert_eq!(rt.block_on(sum).unwrap(), 2);
    assert_eq!(panic_of(|| rt.block_on(task::yield_now())), OF_RUNTIMES);
}

#[test]
fn block_on_panics_on_every_thread() {
    let rt = Arc::new(ends_with_a_task());
    let (began, begins) = mpsc::channel();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (rt, began) = (rt.clone(), began.clone());
            thread::spawn(move || {
                rt.block_on(async {
                    began.send(()).unwrap();
                    pending::<()>().await;
                });
            })
        })
        .collect();
    (0..3).for_each(|_| begins.recv().unwrap());
    rt.spawn(async { panic!("boom") });
    for thread in threads {
        assert!(thread.join().is_err());
    }
}

#[test]
fn a_panic_of_other_code_has_no_such_effect() {
    let rt = ends_with_a_task();
    assert_eq!(panic_of(|| rt.block_on(async { panic!("main") })), "main");
    rt.block_on(async {
        let closure = task::spawn_blocking(|| panic!("closure"));
        assert!(closure.await.unwrap_err().is_panic());
        // A task that is cancelled is not polled any more.
        let cancelled = zokio::spawn(async {
            let _guard = PanicsInDrop;
            pending::<()>().await;
        });
        task::yield_now().await;
        cancelled.abort();
        assert!(cancelled.await.unwrap_err().is_panic());
        // No one reads this output, and its drop is not the task's.
        drop(zokio::spawn(async { PanicsInDrop }));
        task::yield_now().await;
        // The tasks of a set are that set's.
        let local = LocalSet::new();
        let task = local.run_until(async { spawn_local(async { panic!("local") }).await });
        assert!(task.await.unwrap_err().is_panic());
    });
    assert_eq!(rt.block_on(rt.spawn(async { 1 + 1 })).unwrap(), 2);
}

#[test]
fn the_drop_of_a_future_that_is_done_is_part_of_the_task() {
    struct Done(#[allow(dead_code)] PanicsInDrop);
    impl Future for Done {
        type Output = ();
        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> Poll<Self::Output> {
            Poll::Ready(())
        }
    }
    let rt = ends_with_a_task();
    rt.spawn(Done(PanicsInDrop));
    assert_eq!(panic_of(|| rt.block_on(pending::<()>())), OF_RUNTIMES);
}

#[test]
fn a_local_runtime_ends_with_its_tasks() {
    let rt = Builder::new_current_thread()
        .unhandled_panic(UnhandledPanic::ShutdownRuntime)
        .build_local(LocalOptions::default())
        .unwrap();
    let text = panic_of(|| rt.block_on(async { spawn_local(async { panic!("boom") }).await }));
    assert_eq!(text, OF_RUNTIMES);
    assert_eq!(rt.block_on(async { 1 + 1 }), 2);
}

#[test]
fn a_runtime_that_ignores_panics_continues() {
    for behavior in [None, Some(UnhandledPanic::Ignore)] {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            if let Some(behavior) = behavior.clone() {
                builder.unhandled_panic(behavior);
            }
            let rt = builder.build().unwrap();
            let task = rt.spawn(async { panic!("boom") });
            assert!(rt.block_on(task).unwrap_err().is_panic());
            assert_eq!(rt.block_on(rt.spawn(async { 1 + 1 })).unwrap(), 2);
        }
    }
}

#[test]
fn a_multi_thread_runtime_cannot_be_told_to_end() {
    let mut builder = Builder::new_multi_thread();
    let text = panic_of(|| {
        builder.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    });
    assert!(
        text.starts_with("UnhandledPanic::ShutdownRuntime is only supported in current thread"),
        "{text}"
    );
}

/// Calls `f` with a set that ends with its tasks, and a runtime of each kind.
fn on_each_runtime(f: impl Fn(&Runtime, LocalSet)) {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let mut local = LocalSet::new();
        local.unhandled_panic(UnhandledPanic::ShutdownRuntime);
        f(&builder.build().unwrap(), local);
    }
}

#[test]
fn a_set_ends_with_its_tasks() {
    on_each_runtime(|rt, local| {
        let dropped = Arc::new(AtomicBool::new(false));
        let flag = Flag(dropped.clone());
        let text = panic_of(|| {
            local.block_on(rt, async {
                spawn_local(async move {
                    let _flag = flag;
                    pending::<()>().await;
                });
                spawn_local(async { panic!("boom") }).await
            })
        });
        assert_eq!(text, OF_SETS);
        assert!(dropped.load(Ordering::SeqCst));
        // What is ready at once needs no task of the set.
        assert_eq!(rt.block_on(local.run_until(async { 1 + 1 })), 2);
        assert!(local.spawn_local(async {}).is_finished());
        assert_eq!(panic_of(|| local.block_on(rt, task::yield_now())), OF_SETS);
        assert_eq!(panic_of(|| rt.block_on(local)), OF_SETS);
        // The runtime has nothing to do with it.
        assert_eq!(rt.block_on(rt.spawn(async { 1 + 1 })).unwrap(), 2);
    });
}

#[test]
fn a_set_that_is_awaited_ends_with_its_tasks() {
    on_each_runtime(|rt, mut local| {
        local.spawn_local(async { panic!("boom") });
        let other = local.spawn_local(pending::<()>());
        assert_eq!(panic_of(|| rt.block_on(&mut local)), OF_SETS);
        assert!(other.is_finished());
    });
}

#[test]
fn a_task_of_a_set_that_is_cancelled_does_not_end_it() {
    on_each_runtime(|rt, local| {
        let cancelled = local.block_on(rt, async {
            let task = spawn_local(async {
                let _guard = PanicsInDrop;
                pending::<()>().await;
            });
            task::yield_now().await;
            task.abort();
            task.await
        });
        assert!(cancelled.unwrap_err().is_panic());
        assert_eq!(rt.block_on(local.run_until(spawn_local_one(&local))), 1);
    });
}

async fn spawn_local_one(local: &LocalSet) -> u32 {
    local.spawn_local(async { 1 }).await.unwrap()
}

#[zokio::test(flavor = "current_thread", unhandled_panic = "shutdown_runtime")]
#[should_panic(expected = "the runtime is configured to shut down on unhandled panic")]
async fn an_attribute_asks_for_the_end() {
    let _ = zokio::spawn(async { panic!("boom") }).await;
}

#[zokio::test(flavor = "local", unhandled_panic = "shutdown_runtime")]
#[should_panic(expected = "the runtime is configured to shut down on unhandled panic")]
async fn an_attribute_asks_for_the_end_of_a_local_runtime() {
    let _ = spawn_local(async { panic!("boom") }).await;
}

#[zokio::test(unhandled_panic = "ignore")]
async fn an_attribute_asks_to_continue() {
    let task = zokio::spawn(async { panic!("boom") });
    assert!(task.await.unwrap_err().is_panic());
}

//! Tasks with a name: by `task::Builder`, and in a `JoinSet` by `build_task`.

use std::rc::Rc;

use zokio::runtime::{Builder as RuntimeBuilder, Handle, LocalRuntime, Runtime};
use zokio::task::join_set::{self, JoinSet};
use zokio::task::{AbortHandle, Builder, JoinHandle, LocalSet};

fn runtimes() -> [Runtime; 2] {
    [
        RuntimeBuilder::new_current_thread().build().unwrap(),
        RuntimeBuilder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ]
}

/// Returns the message of the panic of `f`.
fn panics(f: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => (*other.downcast::<&str>().unwrap()).to_string(),
    }
}

#[test]
fn tasks_run_with_and_without_a_name() {
    for rt in runtimes() {
        rt.block_on(async {
            let builder = Builder::new();
            assert_eq!(
                builder.name("a").spawn(async { 1 }).unwrap().await.unwrap(),
                1
            );
            assert_eq!(builder.spawn(async { 2 }).unwrap().await.unwrap(), 2);
            let handle = Handle::current();
            let on = Builder::new().name("b").spawn_on(async { 3 }, &handle);
            assert_eq!(on.unwrap().await.unwrap(), 3);
        });
    }
}

#[test]
fn a_name_may_be_borrowed_and_empty() {
    for rt in runtimes() {
        for name in [String::new(), "é".repeat(1000)] {
            let task = Builder::new()
                .name(&name)
                .spawn_on(async { 1 }, rt.handle());
            drop(name);
            assert_eq!(rt.block_on(task.unwrap()).unwrap(), 1);
        }
    }
}

#[test]
fn closures_run_with_and_without_a_name() {
    for rt in runtimes() {
        rt.block_on(async {
            let task = Builder::new().name("a").spawn_blocking(|| 1).unwrap();
            assert_eq!(task.await.unwrap(), 1);
            let task = Builder::new().spawn_blocking_on(|| 2, &Handle::current());
            assert_eq!(task.unwrap().await.unwrap(), 2);
        });
    }
}

#[test]
fn a_closure_for_a_runtime_that_is_gone_is_an_error() {
    for rt in runtimes() {
        let handle = rt.handle().clone();
        drop(rt);
        let held = Rc::new(());
        let task = Builder::new().spawn_blocking_on(|| (), &handle);
        assert!(task.unwrap_err().to_string().contains("shut down"));
        let mut set = JoinSet::new();
        assert!(set.build_task().spawn_blocking_on(|| (), &handle).is_err());
        assert!(set.is_empty());
        // A task is cancelled instead, as with `Handle::spawn`.
        let task = Builder::new()
            .name("late")
            .spawn_on(async {}, &handle)
            .unwrap();
        assert!(task.is_finished());
        drop(held);
    }
}

#[test]
fn tasks_that_are_not_send_run_in_a_set_and_on_a_local_runtime() {
    let text = Rc::new("task executed");
    for rt in runtimes() {
        let (here, there) = (text.clone(), text.clone());
        rt.block_on(LocalSet::new().run_until(async move {
            let task = Builder::new().name("a").spawn_local(async move { here });
            assert_eq!(*task.unwrap().await.unwrap(), "task executed");
        }));
        let local = LocalSet::new();
        let task = Builder::new()
            .name("b")
            .spawn_local_on(async move { there }, &local);
        rt.block_on(local);
        assert_eq!(*rt.block_on(task.unwrap()).unwrap(), "task executed");
    }
    let rt = LocalRuntime::new().unwrap();
    rt.block_on(async {
        let task = Builder::new().name("c").spawn_local(async move { text });
        assert_eq!(*task.unwrap().await.unwrap(), "task executed");
    });
}

#[test]
fn a_local_task_elsewhere_panics_as_spawn_local_does() {
    for rt in runtimes() {
        let message = rt.block_on(async { panics(|| drop(Builder::new().spawn_local(async {}))) });
        assert!(message.starts_with(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`"
        ));
    }
    let outside = panics(|| drop(Builder::new().name("a").spawn(async {})));
    assert!(outside.contains("there is no reactor running"), "{outside}");
    let outside = panics(|| drop(Builder::new().name("a").spawn_blocking(|| {})));
    assert!(outside.contains("there is no reactor running"), "{outside}");
}

#[test]
fn a_set_takes_tasks_of_every_kind() {
    for rt in runtimes() {
        let local = LocalSet::new();
        let handle = rt.handle().clone();
        let outputs = rt.block_on(local.run_until(async {
            let mut set = JoinSet::new();
            set.build_task().name("1").spawn(async { 1 }).unwrap();
            set.build_task().spawn_on(async { 2 }, &handle).unwrap();
            set.build_task().name("3").spawn_local(async { 3 }).unwrap();
            set.build_task()
                .spawn_local_on(async { 4 }, &local)
                .unwrap();
            set.build_task().name("5").spawn_blocking(|| 5).unwrap();
            let last = set.build_task().spawn_blocking_on(|| 6, &handle).unwrap();
            assert_eq!(set.len(), 6);
            let mut outputs = Vec::new();
            let mut ids = Vec::new();
            while let Some(joined) = set.join_next_with_id().await {
                let (id, output) = joined.unwrap();
                ids.push(id);
                outputs.push(output);
            }
            assert!(ids.contains(&last.id()));
            outputs.sort_unstable();
            outputs
        }));
        assert_eq!(outputs, [1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_task_of_a_set_is_aborted_by_its_handle_and_with_the_set() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let pending = std::future::pending::<()>;
            let abort = set.build_task().name("a").spawn(pending()).unwrap();
            abort.abort();
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            let abort = set.build_task().name("b").spawn(pending()).unwrap();
            drop(set);
            while !abort.is_finished() {
                zokio::task::yield_now().await;
            }
        });
    }
}

#[test]
fn large_futures_and_closures_run() {
    for rt in runtimes() {
        let large = [1_u8; 40 << 10];
        let sum = |large: [u8; 40 << 10]| large.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        rt.block_on(async {
            let future = async move {
                zokio::task::yield_now().await;
                sum(large)
            };
            let task = Builder::new().name("large").spawn(future).unwrap();
            assert_eq!(task.await.unwrap(), 40 << 10);
            let task = Builder::new()
                .name("large")
                .spawn_blocking(move || sum(large));
            assert_eq!(task.unwrap().await.unwrap(), 40 << 10);
        });
    }
}

#[test]
fn the_types_are_those_of_tokio() {
    type Ready = std::future::Ready<u8>;
    let _: fn(&Builder<'static>, &'static str) -> Builder<'static> = Builder::name;
    let _: fn(Builder<'static>, Ready) -> std::io::Result<JoinHandle<u8>> = Builder::spawn;
    let _: fn(join_set::Builder<'static, u8>, Ready) -> std::io::Result<AbortHandle> =
        join_set::Builder::spawn;
    assert_eq!(
        format!("{:?}", Builder::default()),
        "Builder { name: None }"
    );
    let mut set = JoinSet::<()>::new();
    let debug = format!("{:?}", set.build_task().name("a"));
    assert!(debug.contains("Some(\"a\")"), "{debug}");
}

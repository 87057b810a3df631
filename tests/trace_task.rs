//! What the feature `tracing` reports of tasks and their wakers.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use zokio::runtime::{Builder, Runtime};
use zokio::task;

use self::trace::Recorder;

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_task_is_entered_at_each_poll_and_when_it_is_dropped() {
    let recorder = Recorder::default();
    let runtime = runtime();
    runtime.block_on(async {
        let guard = tracing::subscriber::set_default(recorder.clone());
        let line = line!() + 1;
        let joined = zokio::spawn(async {
            struct Dropped;
            impl Drop for Dropped {
                fn drop(&mut self) {
                    tracing::trace!(target: "runtime", last = true);
                }
            }
            let _dropped = Dropped;
            tracing::trace!(target: "runtime", first = true);
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Ready(())
            })
            .await;
            std::future::pending::<()>().await;
        });
        task::yield_now().await;
        let span = recorder.span("task");
        assert_eq!(span.get("kind"), Some("task"));
        assert_eq!(span.get("task.name"), Some(""));
        assert_eq!(span.get("task.id"), Some(joined.id().to_string().as_str()));
        assert_eq!(span.get("loc.file"), Some(file!()));
        assert_eq!(span.get("loc.line"), Some(line.to_string().as_str()));
        assert_eq!(span.get("original_size.bytes"), None);
        assert!(span.get("size.bytes").is_some());
        joined.abort();
        assert!(joined.await.unwrap_err().is_cancelled());
        drop(guard);
    });
    assert_eq!(
        recorder.lines(),
        [
            "new task",
            "task/ first=true",
            "task/ op=waker.wake_by_ref task.id=1",
            "task/ last=true",
            "end task",
        ]
    );
}

#[test]
fn a_wake_by_value_is_the_end_of_a_waker() {
    let recorder = Recorder::default();
    runtime().block_on(async {
        let guard = tracing::subscriber::set_default(recorder.clone());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let wakers = kept.clone();
        let joined = zokio::spawn(poll_fn(move |cx| {
            let mut wakers = wakers.lock().unwrap();
            if wakers.is_empty() {
                wakers.extend([cx.waker().clone(), cx.waker().clone()]);
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        task::yield_now().await;
        drop(kept.lock().unwrap().pop());
        let last = kept.lock().unwrap()[0].clone();
        last.wake();
        joined.await.unwrap();
        kept.lock().unwrap().clear();
        drop(guard);
    });
    assert_eq!(
        recorder.lines(),
        [
            "new task",
            "task/ op=waker.clone task.id=1",
            "task/ op=waker.clone task.id=1",
            " op=waker.drop task.id=1",
            " op=waker.clone task.id=1",
            " op=waker.wake task.id=1",
            "end task",
            // The waker that is left outlives the task's span.
            " op=waker.drop task.id=1",
        ]
    );
}

#[test]
fn names_kinds_and_sizes_are_told() {
    let recorder = Recorder::default();
    runtime().block_on(async {
        let guard = tracing::subscriber::set_default(recorder.clone());
        let large = [0_u8; 20_000];
        let named = task::Builder::new().name("large").spawn(async move {
            task::yield_now().await;
            large.len()
        });
        assert_eq!(named.unwrap().await.unwrap(), 20_000);
        let blocking = task::spawn_blocking(|| 1).await.unwrap();
        assert_eq!(blocking, 1);
        drop(guard);
    });
    let span = recorder.span("large");
    assert_eq!(span.get("size.bytes"), Some("8"));
    let original = span.get("original_size.bytes").unwrap();
    assert!(original.parse::<usize>().unwrap() >= 20_000);
    let span = recorder.span("blocking");
    assert_eq!(span.get("kind"), Some("blocking"));
    assert!(
        span.get("fn")
            .unwrap()
            .contains("names_kinds_and_sizes_are_told")
    );
    assert!(recorder.lines().contains(&"end blocking".to_owned()));
}

#[test]
fn the_future_of_block_on_is_a_task_of_its_own_kind() {
    let recorder = Recorder::default();
    let runtime = runtime();
    recorder.run(|| runtime.block_on(async { tracing::trace!(target: "runtime", inside = true) }));
    assert_eq!(
        recorder.lines(),
        ["new block_on", "block_on/ inside=true", "end block_on"]
    );
    assert_eq!(recorder.span("block_on").get("loc.file"), Some(file!()));
}

#[test]
fn a_task_that_was_spawned_without_a_subscriber_has_no_span() {
    let recorder = Recorder::default();
    runtime().block_on(async {
        let joined = zokio::spawn(task::yield_now());
        let guard = tracing::subscriber::set_default(recorder.clone());
        joined.await.unwrap();
        drop(guard);
    });
    assert_eq!(recorder.lines(), [""; 0]);
}

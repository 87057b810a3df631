//! Values that follow a task.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use futures::FutureExt;
use zokio::runtime::{Builder, Runtime};
use zokio::task;

zokio::task_local! {
    /// Attributes, visibility and several keys in one go.
    pub static NUMBER: u32;
    static TEXT: String
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ]
}

/// Sends the value that it sees when it is dropped.
struct SendNumber(mpsc::Sender<Option<u32>>);

impl Drop for SendNumber {
    fn drop(&mut self) {
        let _ = self.0.send(NUMBER.try_get().ok());
    }
}

#[test]
fn each_task_has_its_own_value() {
    for rt in runtimes() {
        rt.block_on(async {
            let handles: Vec<_> = (0..100)
                .map(|n| {
                    task::spawn(NUMBER.scope(n, async move {
                        for _ in 0..3 {
                            assert_eq!(NUMBER.get(), n);
                            task::yield_now().await;
                        }
                        NUMBER.with(|number| *number)
                    }))
                })
                .collect();
            for (n, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.await.unwrap(), n as u32);
            }
            assert!(NUMBER.try_get().is_err());
        });
    }
}

#[test]
fn scopes_nest_and_end() {
    NUMBER.sync_scope(1, || {
        TEXT.sync_scope("one".into(), || {
            NUMBER.sync_scope(2, || assert_eq!(NUMBER.get(), 2));
            assert_eq!((NUMBER.get(), TEXT.get()), (1, "one".to_string()));
        });
        assert!(TEXT.try_with(|_| ()).is_err());
        let caught = catch_unwind(|| NUMBER.sync_scope(3, || panic!("within")));
        assert!(caught.is_err());
        assert_eq!(NUMBER.get(), 1);
    });
    assert_eq!(
        NUMBER.try_get().unwrap_err().to_string(),
        "task-local value not set"
    );
}

#[test]
fn the_value_is_there_while_the_future_is_dropped() {
    for rt in runtimes() {
        rt.block_on(async {
            let (sender, receiver) = mpsc::channel();
            let completed = SendNumber(sender.clone());
            let aborted = SendNumber(sender.clone());
            task::spawn(NUMBER.scope(1, async move { drop(completed) }))
                .await
                .unwrap();
            assert_eq!(receiver.recv().unwrap(), Some(1));
            let handle = task::spawn(NUMBER.scope(2, async move {
                let _aborted = aborted;
                pending::<()>().await;
            }));
            handle.abort();
            assert!(handle.await.unwrap_err().is_cancelled());
            assert_eq!(receiver.recv().unwrap(), Some(2));
        });
        // Not polled at all.
        let (sender, receiver) = mpsc::channel();
        let unpolled = SendNumber(sender);
        drop(NUMBER.scope(3, async move { drop(unpolled) }));
        assert_eq!(receiver.recv().unwrap(), Some(3));
    }
}

#[test]
fn a_value_can_be_taken_out() {
    let mut scoped = Box::pin(TEXT.scope(
        "taken".into(),
        poll_fn(|_| match TEXT.try_with(String::len) {
            Ok(_) => Poll::Pending,
            Err(_) => Poll::Ready(()),
        }),
    ));
    assert!(scoped.as_mut().now_or_never().is_none());
    assert_eq!(
        format!("{scoped:?}"),
        "TaskLocalFuture { value: \"taken\" }"
    );
    assert_eq!(scoped.as_mut().take_value().as_deref(), Some("taken"));
    assert_eq!(scoped.as_mut().take_value(), None);
    assert_eq!(
        format!("{scoped:?}"),
        "TaskLocalFuture { value: <missing> }"
    );
    assert!(scoped.as_mut().now_or_never().is_some());
}

#[test]
fn misuse_panics_and_hurts_no_value() {
    fn text(f: impl FnOnce()) -> String {
        let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
        match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => (*payload.downcast::<&str>().unwrap()).to_string(),
        }
    }
    assert!(text(|| NUMBER.with(|_| ())).contains("without setting it first"));
    assert!(text(|| drop(TEXT.get())).contains("without setting it first"));
    NUMBER.sync_scope(1, || {
        let nested = || NUMBER.with(|_| NUMBER.sync_scope(2, || ()));
        assert!(text(nested).contains("while the task-local storage is borrowed"));
        assert_eq!(NUMBER.get(), 1);
        let polled = || {
            NUMBER.with(|_| {
                let _ = NUMBER.scope(2, pending::<()>()).now_or_never();
            });
        };
        assert!(text(polled).contains("while the task-local storage is borrowed"));
        assert_eq!(NUMBER.get(), 1);
    });
    let mut done = pin!(NUMBER.scope(1, async {}));
    let mut poll = || {
        let _ = done.as_mut().now_or_never();
    };
    poll();
    assert!(text(poll).contains("`TaskLocalFuture` polled after completion"));
}

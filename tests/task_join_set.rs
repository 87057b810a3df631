//! `JoinSet` on both schedulers.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::FutureExt;
use zokio::runtime::{Builder, Runtime};
use zokio::sync::oneshot;
use zokio::task::{self, JoinSet};
use zokio::time;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn runtimes() -> [Runtime; 2] {
    let multi = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    [current_thread(), multi]
}

/// A hand-written waker that counts its wake-ups: the test counts its references, too, which
/// futures-test keeps to itself.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn tasks_come_in_the_order_of_completion() {
    let rt = current_thread();
    rt.block_on(async {
        let mut set = JoinSet::new();
        let mut senders = Vec::new();
        for n in 0..5 {
            let (sender, receiver) = oneshot::channel::<()>();
            senders.push(Some(sender));
            set.spawn(async move {
                receiver.await.unwrap();
                n
            });
        }
        for n in [3, 1, 4, 0, 2] {
            senders[n].take().unwrap().send(()).unwrap();
            // Lets the task complete before the next is woken.
            task::yield_now().await;
        }
        let mut order = Vec::new();
        while let Some(result) = set.join_next().await {
            order.push(result.unwrap());
        }
        assert_eq!(order, [3, 1, 4, 0, 2]);
        assert!(set.is_empty());
        assert!(set.try_join_next().is_none());
    });
}

#[test]
fn ten_thousand_tasks_are_joined_once_each() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let mut seen = vec![false; 10_000];
            for n in 0..seen.len() {
                set.spawn(async move {
                    if n % 3 == 0 {
                        task::yield_now().await;
                    }
                    n
                });
                if n % 100 == 0
                    && let Some(result) = set.join_next().await
                {
                    assert!(!std::mem::replace(&mut seen[result.unwrap()], true));
                }
            }
            while let Some(result) = set.join_next().await {
                assert!(!std::mem::replace(&mut seen[result.unwrap()], true));
            }
            assert!(seen.iter().all(|seen| *seen));
        });
    }
}

#[test]
fn ids_tell_which_task_ended() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let good = set.spawn(async { 1 }).id();
            let bad = set.spawn(pending());
            bad.abort();
            for _ in 0..2 {
                match set.join_next_with_id().await.unwrap() {
                    Ok((id, output)) => assert_eq!((id, output), (good, 1)),
                    Err(error) => {
                        assert!(error.is_cancelled());
                        assert_eq!(error.id(), bad.id());
                    }
                }
            }
            assert!(set.join_next_with_id().await.is_none());
            assert!(set.try_join_next_with_id().is_none());
        });
    }
}

#[test]
fn dropping_the_set_aborts_and_detaching_does_not() {
    for rt in runtimes() {
        rt.block_on(async {
            let (sender, receiver) = oneshot::channel::<()>();
            let mut set = JoinSet::new();
            set.spawn(async move {
                pending::<()>().await;
                drop(sender);
            });
            drop(set);
            assert!(receiver.await.is_err());

            let (sender, receiver) = oneshot::channel();
            let mut set = JoinSet::new();
            set.spawn(async move {
                task::yield_now().await;
                sender.send(7).unwrap();
            });
            set.detach_all();
            assert!(set.is_empty());
            drop(set);
            assert_eq!(receiver.await.unwrap(), 7);
        });
    }
}

#[test]
fn a_detached_task_does_not_end_a_new_one() {
    let rt = current_thread();
    rt.block_on(async {
        let mut set = JoinSet::new();
        // It is over, and its key is in the set's queue, when it is detached.
        set.spawn(async { "old" });
        task::yield_now().await;
        set.detach_all();
        let (sender, receiver) = oneshot::channel();
        set.spawn(async move { receiver.await.unwrap() });
        assert!(set.join_next().now_or_never().is_none());
        assert!(set.try_join_next().is_none());
        sender.send("new").unwrap();
        assert_eq!(set.join_next().await.unwrap().unwrap(), "new");
        assert!(set.join_next().await.is_none());
    });
}

#[test]
fn abort_all_and_shutdown_await_the_end() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            for n in 0..10 {
                set.spawn(async move {
                    if n % 2 == 0 {
                        pending::<()>().await;
                    }
                });
            }
            set.abort_all();
            assert_eq!(set.len(), 10);
            let mut ended = 0;
            while let Some(result) = set.join_next().await {
                assert!(result.is_ok_and(|()| true) || set.len() < 10);
                ended += 1;
            }
            assert_eq!(ended, 10);

            let (sender, mut receiver) = oneshot::channel::<()>();
            set.spawn(async move {
                let _sender = sender;
                pending::<()>().await;
            });
            set.shutdown().await;
            assert!(set.is_empty());
            assert!(receiver.try_recv().is_err());
            // The set can be used again.
            set.spawn(async {});
            assert!(set.join_next().await.unwrap().is_ok());
        });
    }
}

#[test]
fn join_all_gives_the_outputs_or_panics() {
    for rt in runtimes() {
        rt.block_on(async {
            let set: JoinSet<_> = (0..50).map(|n| async move { n }).collect();
            let mut outputs = set.join_all().await;
            outputs.sort_unstable();
            assert_eq!(outputs, (0..50).collect::<Vec<_>>());

            let (sender, mut receiver) = oneshot::channel::<()>();
            let mut set = JoinSet::new();
            set.spawn(async move {
                let _sender = sender;
                pending::<()>().await;
            });
            set.spawn(async { panic!("one of them") });
            let error = task::spawn(set.join_all()).await.unwrap_err();
            let payload = error.into_panic();
            assert_eq!(*payload.downcast::<&str>().unwrap(), "one of them");
            let gone = time::timeout(
                Duration::from_secs(10),
                poll_fn(|cx| pin!(&mut receiver).poll(cx)),
            );
            assert!(gone.await.expect("the other task was aborted").is_err());

            let mut set: JoinSet<()> = JoinSet::new();
            set.spawn(pending());
            set.abort_all();
            assert!(task::spawn(set.join_all()).await.unwrap_err().is_panic());
        });
    }
}

#[test]
fn a_poll_spends_the_budget() {
    let rt = current_thread();
    rt.block_on(async {
        let ended = Arc::new(AtomicUsize::new(0));
        let tasks = || {
            let ended = ended.clone();
            (0..1_000).map(move |_| {
                let ended = ended.clone();
                async move {
                    ended.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let mut set: JoinSet<()> = tasks().collect();
        // They all end, and this task starts with a full budget.
        while ended.load(Ordering::SeqCst) < 1_000 {
            task::yield_now().await;
        }
        let (mut joined, mut refused) = (0, 0);
        while !set.is_empty() {
            match set.join_next().now_or_never() {
                Some(next) => {
                    next.unwrap().unwrap();
                    joined += 1;
                }
                None => {
                    refused += 1;
                    assert!(joined > 0, "the first poll has a budget");
                    task::yield_now().await;
                }
            }
        }
        assert_eq!(joined, 1_000);
        assert_eq!(refused, 1_000 / 128);
        // Not being awaited, `try_join_next` spends nothing.
        set.extend(tasks());
        while ended.load(Ordering::SeqCst) < 2_000 {
            task::yield_now().await;
        }
        assert_eq!(std::iter::from_fn(|| set.try_join_next()).count(), 1_000);
    });
}

#[test]
fn the_last_waker_is_woken_and_none_is_kept() {
    let rt = current_thread();
    let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut set = JoinSet::new();
    set.spawn_on(async { 1 }, rt.handle());
    for count in [&first, &first, &second] {
        let waker = Waker::from(count.clone());
        let polled = set.poll_join_next(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    assert_eq!(Arc::strong_count(&first), 1);
    rt.block_on(task::yield_now());
    assert_eq!(first.0.load(Ordering::SeqCst), 0);
    assert_eq!(second.0.load(Ordering::SeqCst), 1);
    assert_eq!(Arc::strong_count(&second), 1);
    assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
}

#[test]
fn tasks_of_a_runtime_that_ended_are_cancelled() {
    let mut set = JoinSet::new();
    let rt = current_thread();
    set.spawn_on(async { 1 }, rt.handle());
    set.spawn_blocking_on(|| 2, rt.handle());
    let early = set.len();
    drop(rt);
    let mut cancelled = 0;
    current_thread().block_on(async {
        while let Some(result) = set.join_next().await {
            cancelled += usize::from(result.is_err_and(|error| error.is_cancelled()));
        }
    });
    assert_eq!(early, 2);
    // The closure had a thread of its own and may have run before.
    assert!((1..=2).contains(&cancelled));
}

#[test]
fn an_empty_set_is_ready() {
    let mut set = JoinSet::<()>::default();
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(
        set.poll_join_next(&mut context),
        Poll::Ready(None)
    ));
    assert!(matches!(
        set.poll_join_next_with_id(&mut context),
        Poll::Ready(None)
    ));
    assert_eq!(format!("{set:?}"), "JoinSet { len: 0 }");
}

//! Spawning, joining, aborting and detaching tasks, on both schedulers.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::{FutureExt, executor};
use zokio::runtime::{Builder, Runtime};
use zokio::sync::oneshot;
use zokio::task::{self, Id, JoinHandle};

/// Both schedulers.
fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

/// Counts what is alive.
#[derive(Clone, Default)]
struct Tally(Arc<AtomicUsize>);

struct Counted(Tally);

impl Tally {
    fn item(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert_ne!(self.0.0.fetch_sub(1, Ordering::SeqCst), 0, "dropped twice");
    }
}

/// Sends the task id that is current when it is dropped.
struct SendId(mpsc::Sender<Option<Id>>);

impl Drop for SendId {
    fn drop(&mut self) {
        let _ = self.0.send(task::try_id());
    }
}

#[test]
fn a_handle_gives_the_output() {
    for rt in runtimes() {
        let sum = rt.block_on(async {
            let handles: Vec<_> = (0..100).map(|n| task::spawn(async move { n })).collect();
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 4950);
    }
}

#[test]
fn a_detached_task_runs_on_and_its_output_is_dropped() {
    for rt in runtimes() {
        let tally = Tally::default();
        let item = tally.item();
        let (sender, receiver) = oneshot::channel();
        rt.block_on(async move {
            drop(task::spawn(async move {
                task::yield_now().await;
                sender.send(()).unwrap();
                item
            }));
            receiver.await.unwrap();
        });
        drop(rt);
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn a_joined_output_belongs_to_the_joiner() {
    for rt in runtimes() {
        let tally = Tally::default();
        let item = tally.item();
        let handle = rt.spawn(async move { item });
        let output = rt.block_on(handle).unwrap();
        drop(rt);
        assert_eq!(tally.alive(), 1);
        drop(output);
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn a_handle_may_be_awaited_anywhere() {
    for rt in runtimes() {
        let (sender, receiver) = oneshot::channel::<u32>();
        let handle = rt.spawn(async move { receiver.await.unwrap() + 1 });
        let elsewhere = thread::spawn(move || executor::block_on(handle));
        rt.block_on(async {
            sender.send(1).unwrap();
            // On a current-thread runtime the task runs only in here.
            task::spawn(async {}).await.unwrap();
        });
        assert_eq!(elsewhere.join().unwrap().unwrap(), 2);
    }
}

#[test]
fn a_dropped_join_future_loses_nothing() {
    for rt in runtimes() {
        rt.block_on(async {
            let (sender, receiver) = oneshot::channel::<()>();
            let mut handle = task::spawn(async move {
                receiver.await.unwrap();
                5
            });
            let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut handle).poll(cx).is_pending()));
            assert!(first.await);
            assert!(!handle.is_finished());
            sender.send(()).unwrap();
            assert_eq!((&mut handle).await.unwrap(), 5);
            assert!(handle.is_finished());
        });
    }
}

#[test]
fn abort_drops_the_future_where_it_stands() {
    for rt in runtimes() {
        rt.block_on(async {
            let tally = Tally::default();
            let item = tally.item();
            let (sender, receiver) = oneshot::channel();
            let handle = task::spawn(async move {
                let _item = item;
                sender.send(()).unwrap();
                pending::<()>().await;
            });
            receiver.await.unwrap();
            assert_eq!(tally.alive(), 1);
            let abort = handle.abort_handle();
            assert_eq!(abort.id(), handle.id());
            thread::spawn(move || abort.abort()).join().unwrap();
            let id = handle.id();
            let error = handle.await.unwrap_err();
            assert!(error.is_cancelled() && !error.is_panic());
            assert_eq!(error.id(), id);
            assert_eq!(error.to_string(), format!("task {id} was cancelled"));
            assert_eq!(tally.alive(), 0);
        });
    }
}

#[test]
fn abort_after_completion_changes_nothing() {
    for rt in runtimes() {
        rt.block_on(async {
            let handle = task::spawn(async { 1 });
            while !handle.is_finished() {
                task::yield_now().await;
            }
            handle.abort();
            assert_eq!(handle.await.unwrap(), 1);
        });
    }
}

#[test]
fn abort_of_a_detached_task_works_through_its_handle() {
    for rt in runtimes() {
        rt.block_on(async {
            let tally = Tally::default();
            let item = tally.item();
            let handle = task::spawn(async move {
                let _item = item;
                pending::<()>().await;
            });
            let abort = handle.abort_handle();
            drop(handle);
            abort.clone().abort();
            while !abort.is_finished() {
                task::yield_now().await;
            }
            assert_eq!(tally.alive(), 0);
        });
    }
}

#[test]
fn a_queued_blocking_closure_can_be_aborted_and_a_running_one_not() {
    let rt = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    rt.block_on(async {
        let (started, has_started) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let running = task::spawn_blocking(move || {
            started.send(()).unwrap();
            released.recv().unwrap();
            task::id()
        });
        has_started.await.unwrap();
        let queued = task::spawn_blocking(|| -> () { unreachable!("it was aborted") });
        running.abort();
        queued.abort();
        let id = running.id();
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), id);
        assert!(queued.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn the_end_of_a_runtime_cancels_its_tasks() {
    for rt in runtimes() {
        let tally = Tally::default();
        let (polled, unpolled) = (tally.item(), tally.item());
        let (sender, receiver) = oneshot::channel();
        let running = rt.spawn(async move {
            let _polled = polled;
            sender.send(()).unwrap();
            pending::<()>().await;
        });
        rt.block_on(receiver).unwrap();
        let queued = rt.spawn(async move {
            let _unpolled = unpolled;
            pending::<()>().await;
        });
        let handle = rt.handle().clone();
        drop(rt);
        assert_eq!(tally.alive(), 0);
        for handle in [running, queued] {
            assert!(executor::block_on(handle).unwrap_err().is_cancelled());
        }
        let late = tally.item();
        let refused = handle.spawn(async move {
            let _late = late;
        });
        assert!(executor::block_on(refused).unwrap_err().is_cancelled());
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn wakers_and_handles_outlive_the_runtime() {
    for rt in runtimes() {
        let slot = Arc::new(Mutex::new(None::<Waker>));
        let to = slot.clone();
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        let handle = rt.spawn(poll_fn(move |cx| {
            *to.lock().unwrap() = Some(cx.waker().clone());
            if let Some(sender) = sender.take() {
                sender.send(()).unwrap();
            }
            Poll::<()>::Pending
        }));
        rt.block_on(receiver).unwrap();
        let abort = handle.abort_handle();
        drop(rt);
        let waker = slot.lock().unwrap().take().unwrap();
        waker.wake_by_ref();
        thread::spawn(move || waker.wake()).join().unwrap();
        abort.abort();
        assert!(abort.is_finished());
    }
}

#[test]
fn ids_are_visible_wherever_a_task_runs_code() {
    for rt in runtimes() {
        let (notes, noted) = mpsc::channel();
        let next = || noted.recv_timeout(Duration::from_secs(10)).unwrap();
        rt.block_on(async {
            assert_eq!(task::try_id(), None);

            let in_future = SendId(notes.clone());
            let handle = task::spawn(async move {
                let _in_future = in_future;
                task::yield_now().await;
                task::id()
            });
            let id = handle.id();
            assert_eq!(handle.await.unwrap(), id);
            assert_eq!(next(), Some(id));

            let in_output = SendId(notes.clone());
            let handle = task::spawn(async move { in_output });
            let id = handle.id();
            while !handle.is_finished() {
                task::yield_now().await;
            }
            drop(handle);
            assert_eq!(next(), Some(id));

            let in_abort = SendId(notes.clone());
            let handle = task::spawn(async move {
                let _in_abort = in_abort;
                pending::<()>().await;
            });
            let id = handle.id();
            handle.abort();
            assert!(handle.await.unwrap_err().is_cancelled());
            assert_eq!(next(), Some(id));

            let handle = task::spawn_blocking(task::id);
            let id = handle.id();
            assert_eq!(handle.await.unwrap(), id);
            assert_eq!(task::try_id(), None);
        });
    }
}

#[test]
fn a_task_may_spawn_while_the_runtime_drops_it() {
    struct SpawnOnDrop(Tally);
    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            let item = self.0.item();
            let handle = task::spawn(async move {
                let _item = item;
            });
            assert!(handle.is_finished(), "the runtime has ended");
        }
    }
    for rt in runtimes() {
        let tally = Tally::default();
        let spawner = SpawnOnDrop(tally.clone());
        let (sender, receiver) = oneshot::channel();
        let handle = rt.spawn(async move {
            let _spawner = spawner;
            sender.send(()).unwrap();
            pending::<()>().await;
        });
        rt.block_on(receiver).unwrap();
        drop(rt);
        assert!(executor::block_on(handle).unwrap_err().is_cancelled());
        assert_eq!(tally.alive(), 0);
    }
}

#[test]
fn yielding_lets_the_others_run_first() {
    let rt = Builder::new_current_thread().build().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    rt.block_on(async {
        let handles: Vec<JoinHandle<()>> = (0..3)
            .map(|task| {
                let order = order.clone();
                task::spawn(async move {
                    for round in 0..3 {
                        order.lock().unwrap().push((round, task));
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
    });
    let rounds: Vec<_> = order
        .lock()
        .unwrap()
        .iter()
        .map(|(round, _)| *round)
        .collect();
    assert_eq!(rounds, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
}

#[test]
fn joining_needs_no_runtime_and_no_poll_in_between() {
    for rt in runtimes() {
        let mut handle = rt.spawn(async { 9 });
        rt.block_on(async {
            while !handle.is_finished() {
                task::yield_now().await;
            }
        });
        let output = (&mut handle).now_or_never();
        let output = output.expect("a finished task is ready at the first poll");
        assert_eq!(output.unwrap(), 9);
    }
}

#[test]
fn many_tasks_join_each_other() {
    for rt in runtimes() {
        let total = rt.block_on(async {
            let mut chain: JoinHandle<u64> = task::spawn(async { 0 });
            for n in 1..=10_000 {
                chain = task::spawn(async move { chain.await.unwrap() + n });
            }
            chain.await.unwrap()
        });
        assert_eq!(total, 10_000 * 10_001 / 2);
    }
}

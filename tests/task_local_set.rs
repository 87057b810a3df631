//! Tasks that stay on one thread: `LocalSet`, `spawn_local`, and a `LocalRuntime`.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures::executor;
use futures::future::{FutureExt, join, join_all};
use zokio::runtime::{Builder, LocalOptions, Runtime};
use zokio::sync::oneshot;
use zokio::task::{self, LocalSet, spawn_local};
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

/// Panics when it is dropped on another thread.
struct AtHome {
    home: ThreadId,
    dropped: Rc<Cell<bool>>,
}

impl AtHome {
    fn new() -> (Self, Rc<Cell<bool>>) {
        let dropped = Rc::new(Cell::new(false));
        let home = thread::current().id();
        let guard = AtHome {
            home,
            dropped: dropped.clone(),
        };
        (guard, dropped)
    }
}

impl Drop for AtHome {
    fn drop(&mut self) {
        assert_eq!(self.home, thread::current().id(), "dropped away from home");
        self.dropped.set(true);
    }
}

#[test]
fn tasks_need_not_be_send() {
    for rt in runtimes() {
        let local = LocalSet::new();
        let home = thread::current().id();
        let sum = local.block_on(&rt, async move {
            let shared = Rc::new(Cell::new(0));
            let handles: Vec<_> = (0..500)
                .map(|n| {
                    let shared = shared.clone();
                    spawn_local(async move {
                        task::yield_now().await;
                        assert_eq!(thread::current().id(), home);
                        shared.set(shared.get() + n);
                    })
                })
                .collect();
            for handle in handles {
                handle.await.unwrap();
            }
            shared.get()
        });
        assert_eq!(sum, 499 * 500 / 2);
    }
}

#[test]
fn awaiting_the_set_awaits_its_tasks_and_theirs() {
    for rt in runtimes() {
        let ended = Rc::new(Cell::new(0));
        let local = LocalSet::new();
        let (outer, inner) = (ended.clone(), ended.clone());
        local.spawn_local(async move {
            spawn_local(async move {
                time::sleep(Duration::from_millis(5)).await;
                inner.set(inner.get() + 1);
            });
            task::yield_now().await;
            outer.set(outer.get() + 1);
        });
        rt.block_on(local);
        assert_eq!(ended.get(), 2);
    }
}

#[test]
fn spawn_goes_to_the_runtime_and_spawn_blocking_to_the_pool() {
    let [_, rt] = runtimes();
    LocalSet::new().block_on(&rt, async {
        let home = thread::current().id();
        let handle = spawn_local(async move {
            let spawned = task::spawn(async { thread::current().id() });
            assert_ne!(spawned.await.unwrap(), home);
            let blocking = task::spawn_blocking(|| thread::current().id());
            assert_ne!(blocking.await.unwrap(), home);
            thread::current().id()
        });
        assert_eq!(handle.await.unwrap(), home);
    });
}

#[test]
fn wakes_and_aborts_from_other_threads_end_at_home() {
    for rt in runtimes() {
        let local = LocalSet::new();
        let (guard, dropped) = AtHome::new();
        let (sender, receiver) = oneshot::channel::<()>();
        let woken = local.spawn_local(async move {
            let (own, _) = AtHome::new();
            receiver.await.unwrap();
            drop(own);
        });
        let aborted = local.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            sender.send(()).unwrap();
            aborted.abort();
            executor::block_on(aborted)
        });
        rt.block_on(local);
        woken.now_or_never().unwrap().unwrap();
        assert!(other.join().unwrap().unwrap_err().is_cancelled());
        assert!(dropped.get());
    }
}

#[test]
fn a_wake_from_another_thread_ends_the_wait_at_once() {
    for rt in runtimes() {
        let (ask, asked) = mpsc::channel::<oneshot::Sender<()>>();
        let other = thread::spawn(move || asked.into_iter().for_each(|tx| tx.send(()).unwrap()));
        LocalSet::new().block_on(&rt, async move {
            let handle = spawn_local(async move {
                for _ in 0..1_000 {
                    let (sender, receiver) = oneshot::channel();
                    ask.send(sender).unwrap();
                    receiver.await.unwrap();
                }
            });
            time::timeout(Duration::from_secs(60), handle)
                .await
                .expect("a wake was lost")
                .unwrap();
        });
        other.join().unwrap();
    }
}

#[test]
fn dropping_the_set_cancels_its_tasks_within_it() {
    struct SpawnOnDrop(Rc<RefCell<Vec<bool>>>);
    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            let handle = spawn_local(async {});
            self.0.borrow_mut().push(handle.is_finished());
        }
    }
    for rt in runtimes() {
        let local = LocalSet::new();
        let notes = Rc::new(RefCell::new(Vec::new()));
        let (polled, unpolled) = (SpawnOnDrop(notes.clone()), SpawnOnDrop(notes.clone()));
        let running = local.spawn_local(async move {
            let _polled = polled;
            pending::<()>().await;
        });
        local.block_on(&rt, task::yield_now());
        let queued = local.spawn_local(async move {
            let _unpolled = unpolled;
        });
        drop(local);
        assert_eq!(*notes.borrow(), [true, true]);
        for handle in [running, queued] {
            assert!(handle.now_or_never().unwrap().unwrap_err().is_cancelled());
        }
    }
}

#[test]
fn tasks_that_wake_each_other_in_drop_do_not_deadlock() {
    let rt = current_thread();
    let local = LocalSet::new();
    let (first, woken_first) = oneshot::channel::<()>();
    let (second, woken_second) = oneshot::channel::<()>();
    local.spawn_local(async move {
        let _ = woken_first.await;
        unreachable!("the set was dropped");
    });
    local.spawn_local(async move {
        let _ = woken_second.await;
        drop(first);
        unreachable!("the set was dropped");
    });
    local.spawn_local(async move {
        pending::<()>().await;
        drop(second);
    });
    local.block_on(&rt, task::yield_now());
    // The third task's end wakes the second, whose end wakes the first.
    drop(local);
}

#[test]
fn wakers_outlive_the_set() {
    let slot = Arc::new(Mutex::new(None::<Waker>));
    let rt = current_thread();
    let local = LocalSet::new();
    let to = slot.clone();
    let handle = local.spawn_local(poll_fn(move |cx| {
        *to.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    local.block_on(&rt, task::yield_now());
    let abort = handle.abort_handle();
    drop(local);
    let waker = slot.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    thread::spawn(move || {
        waker.wake();
        abort.abort();
        assert!(abort.is_finished());
    })
    .join()
    .unwrap();
}

#[test]
fn sets_nest() {
    let rt = current_thread();
    LocalSet::new().block_on(&rt, async {
        let outer = spawn_local(async {
            let outer = task::id();
            LocalSet::new()
                .run_until(async {
                    let inner = spawn_local(async { task::id() }).await.unwrap();
                    assert_ne!(inner, outer);
                })
                .await;
            assert_eq!(task::id(), outer);
            // The outer set is the current one again.
            spawn_local(async { 8 }).await.unwrap()
        });
        assert_eq!(outer.await.unwrap(), 8);
    });
}

#[test]
fn two_futures_may_run_in_one_set() {
    let rt = current_thread();
    let local = LocalSet::new();
    let (sender, receiver) = oneshot::channel();
    let one = local.run_until(async move {
        spawn_local(async move { receiver.await.unwrap() })
            .await
            .unwrap()
    });
    let two = local.run_until(async move {
        task::yield_now().await;
        spawn_local(async move { sender.send(3).unwrap() })
            .await
            .unwrap();
    });
    assert_eq!(rt.block_on(join(one, two)).0, 3);
}

#[test]
fn a_spawn_from_outside_wakes_the_set() {
    let rt = current_thread();
    rt.block_on(async {
        let local = LocalSet::new();
        let forever = local.run_until(pending::<()>()).fuse();
        let output = async { local.spawn_local(async { 6 }).await.unwrap() }.fuse();
        let (mut forever, mut output) = (pin!(forever), pin!(output));
        let output = futures::select! {
            () = forever => unreachable!("it never ends"),
            output = output => output,
        };
        assert_eq!(output, 6);
    });
}

#[test]
fn an_entered_set_is_current_until_the_guard_goes() {
    let rt = current_thread();
    let (one, two) = (LocalSet::new(), LocalSet::new());
    let outer = one.enter();
    let inner = two.enter();
    let in_two = spawn_local(async { 2 });
    drop(inner);
    let in_one = spawn_local(async { 1 });
    drop(outer);
    assert_eq!(one.block_on(&rt, in_one).unwrap(), 1);
    assert!(!in_two.is_finished());
    assert_eq!(two.block_on(&rt, in_two).unwrap(), 2);
}

#[test]
fn a_timer_wakes_a_task_of_an_entered_set() {
    let rt = current_thread();
    let local = LocalSet::new();
    let _guard = local.enter();
    rt.block_on(local.run_until(async {
        spawn_local(time::sleep(Duration::from_millis(1)))
            .await
            .unwrap();
    }));
}

#[test]
fn a_busy_set_lets_the_runtime_run() {
    let rt = current_thread();
    let stop = Arc::new(AtomicBool::new(false));
    let stopper = stop.clone();
    LocalSet::new().block_on(&rt, async move {
        let busy: Vec<_> = (0..200)
            .map(|_| {
                let stop = stop.clone();
                spawn_local(poll_fn(move |cx| {
                    if stop.load(Ordering::SeqCst) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }))
            })
            .collect();
        task::spawn(async move {
            time::sleep(Duration::from_millis(1)).await;
            stopper.store(true, Ordering::SeqCst);
        });
        join_all(busy).await;
    });
}

#[test]
fn a_busy_task_lets_the_set_be_woken_from_afar() {
    let rt = current_thread();
    LocalSet::new().block_on(&rt, async {
        let (sender, mut receiver) = oneshot::channel();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(2));
            sender.send(()).unwrap();
        });
        let waiting = spawn_local(poll_fn(move |cx| Pin::new(&mut receiver).poll(cx)));
        let busy = spawn_local(pending_busily());
        waiting.await.unwrap().unwrap();
        busy.abort();
        assert!(busy.await.unwrap_err().is_cancelled());
        other.join().unwrap();
    });
}

async fn pending_busily() {
    poll_fn(|cx: &mut Context<'_>| {
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[test]
fn a_set_in_a_thread_local_ends_with_its_thread() {
    thread_local! {
        static LOCAL: (Runtime, LocalSet) = (current_thread(), LocalSet::new());
    }
    thread::spawn(|| {
        LOCAL.with(|(rt, local)| {
            local.spawn_local(pending::<()>());
            let handle = local.spawn_local(async { 1 });
            assert_eq!(local.block_on(rt, handle).unwrap(), 1);
        });
    })
    .join()
    .unwrap();
}

#[test]
fn block_in_place_is_refused() {
    struct BlockOnDrop(PhantomData<Rc<()>>);
    impl Drop for BlockOnDrop {
        fn drop(&mut self) {
            task::block_in_place(|| {});
        }
    }
    const REFUSED: &str = "can call blocking only when running on the multi-threaded runtime";
    fn refused(error: task::JoinError) {
        let payload = error.into_panic();
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap();
        assert!(text.contains(REFUSED), "{text}");
    }
    for rt in runtimes() {
        let local = LocalSet::new();
        let dropped = local.spawn_local(async {
            let _block = BlockOnDrop(PhantomData);
            pending::<()>().await;
        });
        let error = local.block_on(&rt, async {
            spawn_local(async { task::block_in_place(|| {}) })
                .await
                .unwrap_err()
        });
        refused(error);
        rt.block_on(async { drop(local) });
        refused(dropped.now_or_never().unwrap().unwrap_err());
    }
}

#[test]
#[should_panic = "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`"]
fn spawn_local_needs_a_set() {
    current_thread().block_on(async { drop(spawn_local(async {})) });
}

#[test]
fn a_local_runtime_needs_no_set() {
    let rt = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    let (guard, dropped) = AtHome::new();
    rt.block_on(async {
        let shared = Rc::new(Cell::new(1));
        let inner = shared.clone();
        spawn_local(async move { inner.set(2) }).await.unwrap();
        assert_eq!(shared.get(), 2);
        // A set that is current comes first.
        let local = LocalSet::new();
        let in_set = {
            let _guard = local.enter();
            spawn_local(async {})
        };
        task::yield_now().await;
        assert!(!in_set.is_finished());
        local.await;
        assert!(in_set.is_finished());
    });
    let aborted = rt.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    rt.block_on(task::yield_now());
    let abort = aborted.abort_handle();
    thread::spawn(move || abort.abort()).join().unwrap();
    assert!(!dropped.get());
    assert!(rt.block_on(aborted).unwrap_err().is_cancelled());
    assert!(dropped.get());
}

//! What a runtime tells the hooks of its builder about its tasks, and when.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use zokio::runtime::{Builder, LocalOptions, Runtime, TaskMeta};
use zokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zokio::task::{self, Id, LocalSet, yield_now};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hook {
    Spawn,
    Before,
    After,
    End,
}

use Hook::{After, Before, End, Spawn};

const HOOKS: [Hook; 4] = [Spawn, Before, After, End];

#[derive(Clone, Debug)]
struct Call {
    hook: Hook,
    id: Id,
    name: Option<String>,
    place: &'static Location<'static>,
    latency: Option<Duration>,
    current: Option<Id>,
}

/// What the hooks of a runtime were called with.
///
/// They send it through a channel of zokio's, whose locks ThreadSanitizer sees.
struct Calls {
    sender: UnboundedSender<Call>,
    receiver: RefCell<UnboundedReceiver<Call>>,
    received: RefCell<Vec<Call>>,
}

impl Default for Calls {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            sender,
            receiver: RefCell::new(receiver),
            received: RefCell::default(),
        }
    }
}

impl Calls {
    fn watch(&self, hook: Hook) -> impl Fn(&TaskMeta<'_>) + Send + Sync + 'static {
        let calls = self.sender.clone();
        move |meta| {
            let call = Call {
                hook,
                id: meta.id(),
                name: meta.name().map(str::to_owned),
                place: meta.spawned_at(),
                latency: meta.schedule_latency(),
                current: task::try_id(),
            };
            // The test may have ended before its runtime.
            let _ = calls.send(call);
        }
    }

    /// Returns all calls so far.
    fn all(&self) -> Vec<Call> {
        let mut receiver = self.receiver.borrow_mut();
        let mut received = self.received.borrow_mut();
        received.extend(std::iter::from_fn(|| receiver.try_recv().ok()));
        received.clone()
    }

    fn of(&self, id: Id) -> Vec<Call> {
        let calls = self.all().into_iter();
        calls.filter(|call| call.id == id).collect()
    }

    fn hooks(&self, id: Id) -> Vec<Hook> {
        self.of(id).iter().map(|call| call.hook).collect()
    }
}

fn set(
    builder: &mut Builder,
    hook: Hook,
    f: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
) -> &mut Builder {
    match hook {
        Spawn => builder.on_task_spawn(f),
        Before => builder.on_before_task_poll(f),
        After => builder.on_after_task_poll(f),
        End => builder.on_task_terminate(f),
    }
}

fn builders() -> [Builder; 2] {
    let mut threads = Builder::new_multi_thread();
    threads.worker_threads(2);
    [Builder::new_current_thread(), threads]
}

fn watched() -> [(Runtime, Calls); 2] {
    builders().map(|mut builder| {
        let calls = Calls::default();
        for hook in HOOKS {
            set(&mut builder, hook, calls.watch(hook));
        }
        (builder.build().unwrap(), calls)
    })
}

#[test]
fn each_hook_is_called_once_for_a_spawn_a_poll_and_an_end() {
    for (rt, calls) in watched() {
        let task = rt.spawn(async { yield_now().await });
        let id = task.id();
        rt.block_on(task).unwrap();
        assert_eq!(calls.hooks(id), [Spawn, Before, After, Before, After, End]);
        // A task inside of the runtime.
        let id = rt.block_on(async {
            let task = zokio::spawn(async {});
            let id = task.id();
            task.await.unwrap();
            id
        });
        assert_eq!(calls.hooks(id), [Spawn, Before, After, End]);
    }
}

#[test]
fn the_spawn_hook_has_been_called_when_spawn_returns() {
    for (rt, calls) in watched() {
        let ids: Vec<_> = (0..8).map(|_| rt.spawn(pending::<()>()).id()).collect();
        assert!(ids.iter().all(|id| calls.hooks(*id)[0] == Spawn));
        drop(rt);
        for id in ids {
            let hooks = calls.hooks(id);
            assert_eq!((hooks[0], *hooks.last().unwrap()), (Spawn, End));
        }
    }
}

#[test]
fn a_task_that_panics_ends_as_any_other() {
    for (rt, calls) in watched() {
        let task = rt.spawn(async { panic!("expected in this test") });
        let id = task.id();
        assert!(rt.block_on(task).unwrap_err().is_panic());
        assert_eq!(calls.hooks(id), [Spawn, Before, After, End]);
    }
}

#[test]
fn a_task_that_is_dropped_instead_of_polled_has_no_poll_hooks() {
    let [(rt, calls), _] = watched();
    let task = rt.spawn(async { unreachable!("aborted") });
    let id = task.id();
    task.abort();
    assert!(rt.block_on(task).unwrap_err().is_cancelled());
    assert_eq!(calls.hooks(id), [Spawn, End]);
}

#[test]
fn a_task_that_is_aborted_while_it_is_polled_ends_after_the_poll() {
    for (rt, calls) in watched() {
        let task = rt.block_on(async {
            let (to_task, handle) = zokio::sync::oneshot::channel::<task::AbortHandle>();
            let task = zokio::spawn(async move {
                handle.await.unwrap().abort();
                pending::<()>().await;
            });
            to_task.send(task.abort_handle()).unwrap();
            let id = task.id();
            assert!(task.await.unwrap_err().is_cancelled());
            id
        });
        let hooks = calls.hooks(task);
        assert_eq!(hooks[hooks.len() - 3..], [Before, After, End]);
    }
}

#[test]
fn a_task_for_a_runtime_that_is_gone_begins_and_ends() {
    for (rt, calls) in watched() {
        let handle = rt.handle().clone();
        drop(rt);
        let task = handle.spawn(async { unreachable!("never polled") });
        assert_eq!(calls.hooks(task.id()), [Spawn, End]);
    }
}

#[test]
fn hooks_are_told_the_name_and_the_place_and_are_not_in_the_task() {
    for (rt, calls) in watched() {
        let builder = task::Builder::new().name("ada");
        let (line, task) = (line!(), builder.spawn_on(yield_now(), rt.handle()).unwrap());
        let id = task.id();
        rt.block_on(task).unwrap();
        let calls = calls.of(id);
        assert_eq!(calls.len(), 6);
        for call in calls {
            assert_eq!(call.name.as_deref(), Some("ada"));
            assert_eq!((call.place.file(), call.place.line()), (file!(), line));
            assert_eq!(call.current, None, "{call:?}");
            assert_eq!(call.latency, None);
        }
    }
}

#[test]
fn closures_and_tasks_of_a_local_set_are_not_told() {
    for (rt, calls) in watched() {
        rt.block_on(rt.spawn_blocking(|| {})).unwrap();
        let local = LocalSet::new();
        local.spawn_local(async { yield_now().await });
        rt.block_on(local);
        assert!(calls.all().is_empty());
    }
}

#[test]
fn a_local_runtime_tells_of_both_kinds_of_tasks() {
    let calls = Calls::default();
    let mut builder = Builder::new_current_thread();
    for hook in HOOKS {
        set(&mut builder, hook, calls.watch(hook));
    }
    let rt = builder.build_local(LocalOptions::default()).unwrap();
    let (local, sent) = (rt.spawn_local(async {}), rt.handle().spawn(async {}));
    let ids = [local.id(), sent.id()];
    rt.block_on(async {
        local.await.unwrap();
        sent.await.unwrap();
    });
    for id in ids {
        assert_eq!(calls.hooks(id), [Spawn, Before, After, End]);
    }
}

#[test]
fn the_last_of_two_functions_is_called() {
    for mut builder in builders() {
        let (first, second) = (Calls::default(), Calls::default());
        for hook in HOOKS {
            set(&mut builder, hook, first.watch(hook));
            set(&mut builder, hook, second.watch(hook));
        }
        let rt = builder.build().unwrap();
        let task = rt.spawn(async {});
        let id = task.id();
        rt.block_on(task).unwrap();
        assert!(first.all().is_empty());
        assert_eq!(second.hooks(id), [Spawn, Before, After, End]);
    }
}

#[test]
fn a_hook_that_panics_harms_nothing_but_itself() {
    for panicking in HOOKS {
        for mut builder in builders() {
            let calls = Calls::default();
            let panics = Arc::new(AtomicUsize::new(0));
            for hook in HOOKS {
                if hook == panicking {
                    let panics = panics.clone();
                    set(&mut builder, hook, move |_| {
                        panics.fetch_add(1, Ordering::SeqCst);
                        panic!("expected in this test");
                    });
                } else {
                    set(&mut builder, hook, calls.watch(hook));
                }
            }
            let rt = builder.build().unwrap();
            for _ in 0..3 {
                let task = rt.spawn(async {
                    yield_now().await;
                    "output"
                });
                let id = task.id();
                assert_eq!(rt.block_on(task).unwrap(), "output");
                let mut expected = vec![Spawn, Before, After, Before, After, End];
                expected.retain(|hook| *hook != panicking);
                assert_eq!(calls.hooks(id), expected);
            }
            drop(rt);
            let each = usize::from(matches!(panicking, Before | After)) + 1;
            assert_eq!(panics.load(Ordering::SeqCst), 3 * each);
        }
    }
}

/// A hook may use the task's own handles: it holds no lock.
#[test]
fn a_hook_may_spawn_wake_and_abort() {
    for mut builder in builders() {
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let to_abort = Arc::new(Mutex::new(None::<task::AbortHandle>));
        let spawned = Arc::new(AtomicBool::new(false));
        let (wake, abort, once) = (waker.clone(), to_abort.clone(), spawned.clone());
        let rt = builder
            .on_before_task_poll(move |_| {
                if let Some(waker) = wake.lock().unwrap().take() {
                    waker.wake();
                }
            })
            .on_task_terminate(move |_| {
                if let Some(abort) = abort.lock().unwrap().take() {
                    abort.abort();
                }
                if !once.swap(true, Ordering::SeqCst) {
                    zokio::spawn(async {});
                }
            })
            .build()
            .unwrap();
        let keep = waker.clone();
        let mut polls = 0;
        let waits = rt.spawn(poll_fn(move |cx| {
            polls += 1;
            match polls {
                1 => {
                    *keep.lock().unwrap() = Some(cx.waker().clone());
                    Poll::Pending
                }
                _ => Poll::Ready(polls),
            }
        }));
        let aborted = rt.spawn(pending::<()>());
        *to_abort.lock().unwrap() = Some(aborted.abort_handle());
        rt.block_on(async {
            // Each poll of a task wakes the one that waits, and each end aborts the other.
            while !waits.is_finished() || !aborted.is_finished() {
                zokio::spawn(async {}).await.unwrap();
            }
            assert_eq!(waits.await.unwrap(), 2);
            assert!(aborted.await.unwrap_err().is_cancelled());
        });
        assert!(spawned.load(Ordering::SeqCst));
    }
}

/// Sleeps until a task that is queued before has waited for `time`.
fn wait_for_elapsed(time: Duration) {
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()) {
        std::thread::sleep(left);
    }
}

#[test]
fn the_latency_of_a_poll_is_told_to_both_of_its_hooks() {
    const WAIT: Duration = Duration::from_millis(30);
    let calls = Calls::default();
    let mut builder = Builder::new_current_thread();
    for hook in HOOKS {
        set(&mut builder, hook, calls.watch(hook));
    }
    let rt = builder.track_task_schedule_latency().build().unwrap();
    // Nothing runs the task before `block_on`.
    let task = rt.spawn(async {});
    let id = task.id();
    wait_for_elapsed(WAIT);
    rt.block_on(task).unwrap();
    let latencies: Vec<_> = calls.of(id).iter().map(|call| call.latency).collect();
    assert_eq!([latencies[0], latencies[3]], [None, None]);
    assert!(latencies[1].unwrap() >= WAIT, "{latencies:?}");
    assert_eq!(latencies[1], latencies[2]);
}

#[test]
fn the_latency_counts_from_the_last_wake_or_yield() {
    const WAIT: Duration = Duration::from_millis(30);
    for (mut builder, is_yield) in builders().into_iter().zip([true, false]).chain(
        // Both kinds of being queued again, on both schedulers.
        builders().into_iter().zip([false, true]),
    ) {
        let calls = Calls::default();
        set(&mut builder, Before, calls.watch(Before));
        let rt = builder
            .worker_threads(1)
            .track_task_schedule_latency()
            .build()
            .unwrap();
        let mut polls = 0;
        let task = rt.spawn(poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            if is_yield {
                waker.wake_by_ref();
            }
            // It runs before this task does again, which has to wait for its poll.
            drop(zokio::spawn(async move {
                waker.wake();
                wait_for_elapsed(WAIT);
            }));
            // Long before this task is queued again: not part of the latency.
            wait_for_elapsed(3 * WAIT);
            Poll::Pending
        }));
        let id = task.id();
        rt.block_on(task).unwrap();
        let latencies: Vec<_> = calls.of(id).iter().map(|call| call.latency).collect();
        assert_eq!(latencies.len(), 2, "{latencies:?}");
        assert!(latencies[1].unwrap() >= WAIT, "{is_yield}: {latencies:?}");
    }
}

#[test]
fn a_task_knows_no_latency_unless_that_is_asked_for() {
    for (rt, calls) in watched() {
        let task = rt.spawn(async { yield_now().await });
        let id = task.id();
        rt.block_on(task).unwrap();
        assert!(calls.of(id).iter().all(|call| call.latency.is_none()));
    }
}

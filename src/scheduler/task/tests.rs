//! The cell on one thread and on many, without a runtime.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use super::testing::{Scheduler, birth, scheduler, spawn};
use super::unowned::unowned;
use super::{
    Birth, Id, JoinHandle, LocalOwnedTasks, Notified, OwnedTasks, Schedule, Task, TaskKind,
    blocking_task, current_id,
};

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<T>(join: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, super::JoinError>> {
    Pin::new(join).poll(&mut Context::from_waker(waker))
}

fn wake_a_clone(waker: &Waker) {
    let clone = waker.clone();
    clone.wake();
}

fn join_now<T>(mut join: JoinHandle<T>) -> Result<T, super::JoinError> {
    match poll(&mut join, Waker::noop()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the task is not complete"),
    }
}

/// Records the current task's id when it is dropped.
struct NoteId(Arc<Mutex<Vec<Option<Id>>>>);

impl Drop for NoteId {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(current_id());
    }
}

struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Checks on drop that nothing holds the scheduler: no task was leaked.
struct Leak(Weak<()>);

/// Returns a scheduler; the guard, which comes first, is dropped last.
fn watched() -> (Leak, Scheduler) {
    let scheduler = scheduler();
    (Leak(Arc::downgrade(&scheduler.alive)), scheduler)
}

impl Drop for Leak {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert_eq!(self.0.strong_count(), 0, "a cell was leaked");
        }
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn header_fills_a_cache_line() {
    assert_eq!(size_of::<super::Header>(), 64);
}

#[test]
fn joins_before_and_after_completion() {
    let (_leak, scheduler) = watched();
    let mut early = spawn(&scheduler, async { 1 });
    let late = spawn(&scheduler, async { 2 });
    assert_eq!(scheduler.owned.len(), 2);

    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    assert!(poll(&mut early, &waker).is_pending());
    assert!(poll(&mut early, &waker).is_pending());
    assert_eq!(scheduler.run_all(), 2);
    assert_eq!(count.get(), 1);
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1, "the join waker was kept");

    assert!(early.is_finished() && late.is_finished());
    assert_eq!(scheduler.owned.len(), 0);
    assert_eq!(join_now(early).unwrap(), 1);
    assert_eq!(join_now(late).unwrap(), 2);
}

#[test]
fn the_last_join_waker_is_woken() {
    let scheduler = scheduler();
    let mut join = spawn(&scheduler, async {});
    let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
    assert!(poll(&mut join, &Waker::from(first.clone())).is_pending());
    assert!(poll(&mut join, &Waker::from(second.clone())).is_pending());
    assert_eq!(Arc::strong_count(&first), 1, "the old waker was kept");
    scheduler.run_all();
    assert_eq!((first.get(), second.get()), (0, 1));
}

#[test]
fn dropping_the_handle_drops_its_waker() {
    let (_leak, scheduler) = watched();
    let count = Arc::new(Count::default());
    let mut join = spawn(&scheduler, async {});
    assert!(poll(&mut join, &Waker::from(count.clone())).is_pending());
    drop(join);
    assert_eq!(Arc::strong_count(&count), 1);
    scheduler.run_all();
    assert_eq!(count.get(), 0);
}

#[test]
#[should_panic = "JoinHandle polled after completion"]
fn joining_twice_panics() {
    let scheduler = scheduler();
    let mut join = spawn(&scheduler, async {});
    scheduler.run_all();
    assert!(poll(&mut join, Waker::noop()).is_ready());
    let _ = poll(&mut join, Waker::noop());
}

#[test]
fn a_task_that_wakes_itself_goes_to_the_back() {
    let (_leak, scheduler) = watched();
    let order = Arc::new(Mutex::new(Vec::new()));
    let yields = |name: &'static str, wakes: usize| {
        let order = order.clone();
        let mut left = wakes;
        poll_fn(move |cx| {
            order.lock().unwrap().push(name);
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            wake_a_clone(cx.waker());
            Poll::Pending
        })
    };
    let first = spawn(&scheduler, yields("first", 2));
    let second = spawn(&scheduler, yields("second", 0));
    assert_eq!(scheduler.run_all(), 4);
    assert_eq!(
        *order.lock().unwrap(),
        ["first", "second", "first", "first"]
    );
    assert_eq!(scheduler.yields(), 2);
    assert!(first.is_finished() && second.is_finished());
}

#[test]
fn wakes_coalesce_and_outlive_the_task() {
    let (_leak, scheduler) = watched();
    let kept = Arc::new(Mutex::new(None::<Waker>));
    let to = kept.clone();
    let mut polls = 0;
    let join = spawn(
        &scheduler,
        poll_fn(move |cx| {
            polls += 1;
            *to.lock().unwrap() = Some(cx.waker().clone());
            if polls == 3 {
                Poll::Ready(polls)
            } else {
                Poll::Pending
            }
        }),
    );
    assert_eq!(scheduler.run_all(), 1);
    let waker = kept.lock().unwrap().take().unwrap();
    assert!(waker.will_wake(&waker.clone()));
    waker.wake_by_ref();
    waker.wake_by_ref();
    wake_a_clone(&waker);
    assert_eq!(scheduler.run_all(), 1);
    waker.wake();
    assert_eq!(scheduler.run_all(), 1);
    assert_eq!(join_now(join).unwrap(), 3);
    let waker = kept.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    assert_eq!(scheduler.run_all(), 0);
    scheduler.shutdown();
    drop(scheduler);
    wake_a_clone(&waker);
    drop(waker);
}

#[test]
fn abort_cancels_idle_queued_and_running_tasks() {
    let (_leak, scheduler) = watched();
    let idle = spawn(&scheduler, pending::<()>());
    scheduler.run_all();
    idle.abort();
    idle.abort();
    assert!(!idle.is_finished());
    assert_eq!(scheduler.run_all(), 1);
    assert!(join_now(idle).unwrap_err().is_cancelled());

    let queued = spawn(&scheduler, async {
        unreachable!("it was aborted before its first poll")
    });
    let abort = queued.abort_handle();
    drop(queued);
    abort.abort();
    assert_eq!(scheduler.run_all(), 1);
    assert!(abort.is_finished());

    let own = Arc::new(Mutex::new(None::<super::AbortHandle>));
    let of_task = own.clone();
    let running = spawn(
        &scheduler,
        poll_fn(move |_| {
            of_task.lock().unwrap().take().unwrap().abort();
            Poll::<()>::Pending
        }),
    );
    *own.lock().unwrap() = Some(running.abort_handle());
    assert_eq!(scheduler.run_all(), 1);
    assert!(join_now(running).unwrap_err().is_cancelled());
    assert_eq!(scheduler.owned.len(), 0);
}

#[test]
fn a_task_that_completes_while_it_is_aborted_has_its_output() {
    let scheduler = scheduler();
    let own = Arc::new(Mutex::new(None::<super::AbortHandle>));
    let of_task = own.clone();
    let join = spawn(&scheduler, async move {
        of_task.lock().unwrap().take().unwrap().abort();
        5
    });
    *own.lock().unwrap() = Some(join.abort_handle());
    scheduler.run_all();
    assert_eq!(join_now(join).unwrap(), 5);
}

#[test]
fn panics_are_kept_for_the_joiner() {
    let (_leak, scheduler) = watched();
    let in_poll = spawn(&scheduler, async { panic!("in poll") });
    // Both the poll and the drop of the future panic: the first one counts.
    let in_both = spawn(&scheduler, async {
        let _bomb = PanicOnDrop;
        pending::<()>().await;
    });
    let bomb = PanicOnDrop;
    let after_ready = spawn(
        &scheduler,
        poll_fn(move |_| {
            let _ = &bomb;
            Poll::Ready(PanicOnDrop)
        }),
    );
    assert_eq!(scheduler.run_all(), 3);
    in_both.abort();
    scheduler.run_all();

    let error = join_now(in_poll).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("panicked with message \"in poll\""),
        "{text}"
    );
    assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "in poll");
    for error in [
        join_now(in_both).unwrap_err(),
        match join_now(after_ready) {
            Err(error) => error,
            Ok(output) => {
                std::mem::forget(output);
                panic!("the panic of the future's drop was lost");
            }
        },
    ] {
        assert!(error.is_panic());
        assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "dropped");
    }
}

#[test]
fn a_detached_output_may_panic_in_drop() {
    let (_leak, scheduler) = watched();
    drop(spawn(&scheduler, async { PanicOnDrop }));
    scheduler.run_all();
    let join = spawn(&scheduler, async { PanicOnDrop });
    scheduler.run_all();
    drop(join);
}

#[test]
fn the_id_is_visible_in_poll_and_in_every_drop() {
    let scheduler = scheduler();
    let notes = Arc::new(Mutex::new(Vec::new()));
    let note = || NoteId(notes.clone());
    let mut ids = Vec::new();

    // In the future's poll and drop, and in the output's drop by the completer.
    let (in_future, in_output) = (note(), note());
    let task = spawn(&scheduler, async move {
        let _in_future = in_future;
        assert!(current_id().is_some());
        in_output
    });
    ids.extend([Some(task.id()); 2]);
    drop(task);
    scheduler.run_all();

    // In the output's drop by the handle.
    let in_output = note();
    let task = spawn(&scheduler, async move { in_output });
    ids.push(Some(task.id()));
    scheduler.run_all();
    drop(task);

    // In the future's drop by an abort, and by a shutdown.
    for shut_down in [false, true] {
        let in_future = note();
        let task = spawn(&scheduler, async move {
            let _in_future = in_future;
            pending::<()>().await;
        });
        ids.push(Some(task.id()));
        scheduler.run_all();
        if shut_down {
            scheduler.shutdown();
        } else {
            task.abort();
            scheduler.run_all();
        }
    }
    assert_eq!(*notes.lock().unwrap(), ids);
    assert_eq!(current_id(), None);
}

#[test]
fn shutdown_cancels_everything_and_lets_nothing_in() {
    let (_leak, scheduler) = watched();
    let queued = spawn(&scheduler, ready(1));
    let done = spawn(&scheduler, ready(2));
    let waker = Arc::new(Mutex::new(None));
    let to = waker.clone();
    let idle = spawn(
        &scheduler,
        poll_fn(move |cx| {
            *to.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }),
    );
    let first = scheduler.next().unwrap();
    scheduler.run_all();
    scheduler.schedule(first);
    scheduler.shutdown();
    assert!(join_now(queued).unwrap_err().is_cancelled());
    assert_eq!(join_now(done).unwrap(), 2);
    assert!(join_now(idle).unwrap_err().is_cancelled());
    waker.lock().unwrap().take().unwrap().wake();

    let held = Arc::new(());
    let inside = held.clone();
    let late = spawn(&scheduler, async move { drop(inside) });
    assert_eq!(Arc::strong_count(&held), 1, "the future was kept");
    assert!(join_now(late).unwrap_err().is_cancelled());
    assert_eq!(scheduler.run_all(), 0);
}

#[test]
fn a_task_may_spawn_while_it_is_shut_down() {
    struct SpawnOnDrop(Scheduler);
    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            let join = spawn(&self.0, ready(()));
            assert!(join_now(join).unwrap_err().is_cancelled());
        }
    }
    let (_leak, scheduler) = watched();
    let spawner = SpawnOnDrop(scheduler.clone());
    drop(spawn(&scheduler, async move {
        let _spawner = spawner;
        pending::<()>().await;
    }));
    scheduler.run_all();
    scheduler.shutdown();
}

#[test]
fn a_list_removes_only_its_own_tasks() {
    let (one, other) = (scheduler(), scheduler());
    let _join = spawn(&one, pending::<()>());
    let task = one.next().unwrap();
    // SAFETY: the reference is passed to `Task`, and the notification is made again below.
    let task = unsafe { Task::<Scheduler>::from_raw(task.into_raw()) };
    assert!(other.owned.remove(&task).is_none());
    let removed = one.owned.remove(&task).unwrap();
    assert!(one.owned.remove(&task).is_none());
    assert_eq!(one.owned.len(), 0);
    removed.shutdown();
    drop(task);
}

#[test]
fn a_blocking_task_runs_once_or_is_cancelled() {
    let (task, join) = blocking_task(|| current_id().unwrap(), birth());
    let id = join.id();
    task.run();
    assert_eq!(join_now(join).unwrap(), id);

    let (task, join) = blocking_task(|| unreachable!("cancelled"), birth());
    drop(task);
    assert!(join_now::<()>(join).unwrap_err().is_cancelled());

    let (task, join) = blocking_task(|| unreachable!("aborted"), birth());
    join.abort();
    assert!(!join.is_finished());
    task.run();
    assert!(join_now::<()>(join).unwrap_err().is_cancelled());

    let (task, join) = blocking_task(|| panic!("oh"), birth());
    task.run();
    assert!(join_now::<()>(join).unwrap_err().is_panic());
}

#[test]
fn a_task_knows_its_kind_its_name_and_its_sizes() {
    type Large = [u8; 1 << 20];
    let text = |birth: Birth<Large>| {
        let (task, join) = unowned(ready(()), scheduler(), birth);
        let text = format!("{task:?}");
        drop((task, join));
        text
    };
    let named = Birth::named(TaskKind::Blocking, Some("ada"));
    let fields = named.fields();
    assert_eq!(
        (fields.size, fields.original_size),
        (size_of::<usize>(), Some(1_048_576))
    );
    let named = text(named);
    for part in ["Blocking", "Some(\"ada\")", "task/tests.rs"] {
        assert!(named.contains(part), "{part}: {named}");
    }
    let unnamed = text(Birth::here(TaskKind::Local));
    assert!(unnamed.contains("Local, name: None"), "{unnamed}");
}

#[test]
fn an_unowned_task_that_nobody_can_wake_is_freed() {
    let held = Arc::new(());
    let inside = held.clone();
    let scheduler = scheduler();
    let (task, join) = unowned(
        async move {
            let _inside = inside;
            pending::<()>().await;
        },
        scheduler.clone(),
        birth(),
    );
    drop(join);
    assert!(task.run().is_none());
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(Scheduler::strong_count(&scheduler), 1);
}

/// Queues nothing: its tasks are only listed.
#[derive(Clone)]
struct Listed(Arc<OwnedTasks<Listed>>);

impl Schedule for Listed {
    fn schedule(&self, _task: Notified<Self>) {}

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.0.remove(task)
    }
}

#[test]
fn threads_spawn_into_shards_and_all_are_shut_down() {
    const TASKS: usize = 1_000;
    let listed = Listed(Arc::new(OwnedTasks::new(4)));
    let spawn_all = |listed: Listed| {
        (0..TASKS).map(move |n| {
            let (join, task) = listed.0.bind(pending::<()>(), listed.clone(), birth());
            if n % 2 == 0 {
                join.abort();
                assert!(task.expect("the list is open").run().is_none());
            }
            join
        })
    };
    let joins: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| spawn_all(listed.clone()).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(listed.0.len(), 4 * TASKS / 2);
    listed.0.close_and_shutdown_all();
    assert_eq!(listed.0.len(), 0);
    for join in joins {
        assert!(join_now(join).unwrap_err().is_cancelled());
    }
    assert_eq!(Arc::strong_count(&listed.0), 1);
}

/// A scheduler of one thread, with tasks that are not `Send`.
struct Local {
    owned: LocalOwnedTasks<Arc<Local>>,
    ready: Mutex<Vec<Notified<Arc<Local>>>>,
}

impl Schedule for Arc<Local> {
    fn schedule(&self, task: Notified<Self>) {
        self.ready.lock().unwrap().push(task);
    }

    fn release(&self, task: &Task<Self>) -> Option<Task<Self>> {
        self.owned.remove(task)
    }
}

#[test]
fn local_tasks_are_aborted_from_afar_and_dropped_at_home() {
    let local = Arc::new(Local {
        owned: LocalOwnedTasks::new(),
        ready: Mutex::new(Vec::new()),
    });
    let polls = Rc::new(Cell::new(0));
    let run = |local: &Arc<Local>| {
        while let Some(task) = { local.ready.lock().unwrap().pop() } {
            assert!(task.run().is_none());
        }
    };
    let spawn = |future: Pin<Box<dyn Future<Output = ()>>>| {
        // SAFETY: `run` is called on this thread only.
        let (join, task) = unsafe { local.owned.bind(future, local.clone(), birth()) };
        local.ready.lock().unwrap().extend(task);
        join
    };
    let counted = polls.clone();
    let aborted = spawn(Box::pin(async move {
        counted.set(counted.get() + 1);
        pending::<()>().await;
    }));
    run(&local);
    let abort = aborted.abort_handle();
    thread::spawn(move || abort.abort()).join().unwrap();
    assert_eq!(
        Rc::strong_count(&polls),
        2,
        "dropped before its scheduler ran"
    );
    run(&local);
    assert!(join_now(aborted).unwrap_err().is_cancelled());
    assert_eq!((polls.get(), Rc::strong_count(&polls)), (1, 1));

    let kept = polls.clone();
    let shut_down = spawn(Box::pin(async move {
        let _kept = kept;
        pending::<()>().await;
    }));
    run(&local);
    let elsewhere = local.clone();
    assert!(
        thread::spawn(move || elsewhere.owned.close_and_shutdown_all())
            .join()
            .is_err(),
        "the list was used on another thread"
    );
    local.owned.close_and_shutdown_all();
    assert!(local.owned.is_empty());
    assert!(join_now(shut_down).unwrap_err().is_cancelled());
    assert_eq!(Rc::strong_count(&polls), 1);
    assert!(
        join_now(spawn(Box::pin(async {})))
            .unwrap_err()
            .is_cancelled()
    );
    assert_eq!(Arc::strong_count(&local), 1);
}

#[test]
fn a_joiner_whose_waker_panics_hurts_nobody() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("woken");
        }
    }
    let (_leak, scheduler) = watched();
    let mut join = spawn(&scheduler, async { 3 });
    assert!(poll(&mut join, &Waker::from(Arc::new(Bomb))).is_pending());
    catch_unwind(AssertUnwindSafe(|| scheduler.run_all())).expect("the panic got out");
    assert_eq!(join_now(join).unwrap(), 3);
}

#[test]
fn many_threads_run_wake_abort_and_join() {
    const TASKS: usize = 2_000;
    let (_leak, scheduler) = watched();
    let wakers: Arc<crate::loom::sync::Mutex<Vec<Waker>>> = Arc::default();
    let joins: Vec<_> = (0..TASKS)
        .map(|n| {
            let wakers = wakers.clone();
            let mut polls = 0;
            spawn(
                &scheduler,
                poll_fn(move |cx| {
                    polls += 1;
                    if polls > 3 {
                        return Poll::Ready(n);
                    }
                    wakers.lock().push(cx.waker().clone());
                    Poll::Pending
                }),
            )
        })
        .collect();
    let aborts: Vec<_> = joins
        .iter()
        .step_by(7)
        .map(JoinHandle::abort_handle)
        .collect();
    let completed = AtomicUsize::new(0);
    thread::scope(|scope| {
        let run = || {
            while completed.load(Ordering::SeqCst) < TASKS {
                if !scheduler.run_one() {
                    thread::yield_now();
                }
            }
        };
        let runners = [scope.spawn(run), scope.spawn(run)];
        let waking = scope.spawn(|| {
            while completed.load(Ordering::SeqCst) < TASKS {
                let woken = { wakers.lock().pop() };
                match woken {
                    Some(waker) => waker.wake(),
                    None => thread::yield_now(),
                }
            }
        });
        let aborting = scope.spawn(|| aborts.iter().for_each(super::AbortHandle::abort));
        for (n, join) in joins.into_iter().enumerate() {
            let mut join = pin!(join);
            let waker = Waker::from(Arc::new(Unpark(thread::current())));
            let result = loop {
                match join.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(result) => break result,
                    Poll::Pending => thread::park(),
                }
            };
            match result {
                Ok(output) => assert_eq!(output, n),
                Err(error) => assert!(error.is_cancelled() && n % 7 == 0, "{error}"),
            }
            completed.fetch_add(1, Ordering::SeqCst);
        }
        // ThreadSanitizer sees that a thread is joined, but not that its scope ends.
        for thread in runners.into_iter().chain([waking, aborting]) {
            thread.join().unwrap();
        }
    });
    assert_eq!(scheduler.owned.len(), 0);
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn errors_say_what_happened() {
    let scheduler = scheduler();
    let cancelled = spawn(&scheduler, pending::<()>());
    let any = spawn(&scheduler, async { std::panic::panic_any(RefCell::new(1)) });
    let formatted = spawn(&scheduler, async { panic!("n = {}", 3) });
    cancelled.abort();
    scheduler.run_all();

    let error = join_now(cancelled).unwrap_err();
    let id = error.id();
    assert_eq!(error.to_string(), format!("task {id} was cancelled"));
    assert_eq!(
        format!("{error:?}"),
        format!("JoinError::Cancelled(Id({id}))")
    );
    assert_eq!(
        std::io::Error::from(error).to_string(),
        "task was cancelled"
    );

    let error = join_now::<()>(any).unwrap_err();
    let id = error.id();
    assert_eq!(error.to_string(), format!("task {id} panicked"));
    assert_eq!(
        format!("{error:?}"),
        format!("JoinError::Panic(Id({id}), ...)")
    );

    let error = join_now::<()>(formatted).unwrap_err();
    let id = error.id();
    assert_eq!(
        error.to_string(),
        format!("task {id} panicked with message \"n = 3\"")
    );
    assert_eq!(
        format!("{error:?}"),
        format!("JoinError::Panic(Id({id}), \"n = 3\", ...)")
    );
    let io = std::io::Error::from(error);
    assert_eq!(
        (io.kind(), io.to_string()),
        (std::io::ErrorKind::Other, "task panicked".into())
    );
}

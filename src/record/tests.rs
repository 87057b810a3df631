//! What is recorded of whole runtimes.

use std::collections::HashSet;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex as StdMutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::{
    Event, EventSeen, Recorder, SeenKind, TaskSeen, TaskState, Wait, WaitSeen, WorkerState,
};
use crate::runtime::{Builder, Handle, LocalRuntime, Runtime};
use crate::sync::{
    Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast, mpsc, oneshot, watch,
};
use crate::task::{self, Id, LocalSet, spawn_blocking, yield_now};
use crate::time::{sleep, timeout};
use crate::{fs, io, net, process, signal};

pub(super) const LONG: Duration = Duration::from_secs(3600);

fn builders() -> [Builder; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
}

fn observed(mut builder: Builder) -> (Runtime, Arc<Recorder>) {
    builder.worker_threads(2).enable_all().recorded = true;
    let rt = builder.build().unwrap();
    let recorder = recorder_of(rt.handle());
    (rt, recorder)
}

fn recorder_of(handle: &Handle) -> Arc<Recorder> {
    handle.recorder().cloned().unwrap()
}

fn tasks(recorder: &Recorder) -> Vec<TaskSeen> {
    let mut tasks = Vec::new();
    recorder.tasks(&recorder.read(), &mut |task| tasks.push(task));
    tasks
}

fn seen(recorder: &Recorder, id: Id) -> Option<TaskSeen> {
    let mut tasks = tasks(recorder).into_iter();
    tasks.find(|task| task.id == id.as_u64())
}

/// Looks until `look` finds something, on a thread that runs no tasks.
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "never seen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Calls `f` on another thread while `rt` runs tasks.
fn while_running<T: Send + 'static>(rt: &Runtime, f: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(f);
    rt.block_on(async {
        while !thread.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
    });
    thread.join().unwrap()
}

/// Returns what a task of each kind of runtime that runs `future` waits for.
pub(super) fn waits_of<F>(make: impl Fn() -> F) -> Vec<WaitSeen>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let waits = builders().map(|builder| {
        let (rt, recorder) = observed(builder);
        let future = {
            let _entered = rt.enter();
            make()
        };
        let task = rt.spawn(future);
        let id = task.id();
        let wait = while_running(&rt, move || {
            until(|| {
                let task = seen(&recorder, id).expect("it has not ended");
                (task.state == TaskState::Idle).then(|| task.waits.expect("it waits"))
            })
        });
        assert!(!task.is_finished());
        wait
    });
    waits.into()
}

fn words(waits: &[WaitSeen]) -> HashSet<(&'static str, Option<&'static str>)> {
    let waits = waits.iter();
    waits.map(|it| (it.wait.what(), it.wait.op())).collect()
}

macro_rules! a_task_waits_for {
    ($($name:ident: $what:literal, $op:expr, $future:expr;)*) => {$(
        #[test]
        fn $name() {
            let waits = waits_of(|| $future);
            assert_eq!(words(&waits), HashSet::from([($what, $op)]));
        }
    )*};
}

a_task_waits_for! {
    a_sleep_is_a_timer: "timer", None, sleep(LONG);
    a_timeout_is_what_it_is_around: "oneshot", Some("recv"), async {
        let (_sender, receiver) = oneshot::channel::<()>();
        timeout(LONG, receiver).await
    };
    a_mutex_is_told: "mutex", Some("lock"), async {
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        drop(mutex.lock().await);
    };
    a_read_of_a_lock_is_told: "rwlock", Some("read"), async {
        let lock = RwLock::new(());
        let _guard = lock.write().await;
        drop(lock.read().await);
    };
    a_write_of_a_lock_is_told: "rwlock", Some("write"), async {
        let lock = RwLock::new(());
        let _guard = lock.read().await;
        drop(lock.write().await);
    };
    a_semaphore_is_told: "semaphore", Some("acquire"), async {
        Semaphore::new(0).acquire().await.map(drop)
    };
    a_receiver_is_told: "mpsc", Some("recv"), async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        receiver.recv().await
    };
    an_unbounded_receiver_is_told: "mpsc", Some("recv"), async {
        let (_sender, mut receiver) = mpsc::unbounded_channel::<()>();
        receiver.recv().await
    };
    a_sender_is_told: "mpsc", Some("send"), async {
        let (sender, _receiver) = mpsc::channel(1);
        sender.send(()).await.unwrap();
        sender.send(()).await.unwrap();
    };
    a_broadcast_is_told: "broadcast", Some("recv"), async {
        let (_sender, mut receiver) = broadcast::channel::<()>(1);
        receiver.recv().await
    };
    the_end_of_a_broadcast_is_told: "broadcast", Some("closed"), async {
        let (sender, _receiver) = broadcast::channel::<()>(1);
        sender.closed().await;
    };
    a_oneshot_is_told: "oneshot", Some("recv"), async {
        let (_sender, receiver) = oneshot::channel::<()>();
        receiver.await
    };
    the_end_of_a_oneshot_is_told: "oneshot", Some("closed"), async {
        let (mut sender, _receiver) = oneshot::channel::<()>();
        sender.closed().await;
    };
    a_watch_is_told: "watch", Some("changed"), async {
        let (_sender, mut receiver) = watch::channel(());
        receiver.changed().await
    };
    the_end_of_a_watch_is_told: "watch", Some("closed"), async {
        let (sender, _receiver) = watch::channel(());
        sender.closed().await;
    };
    a_notify_is_told: "notify", None, async { Notify::new().notified().await };
    a_barrier_is_told: "barrier", None, async { Barrier::new(2).wait().await };
    a_once_cell_is_told: "once_cell", None, async {
        let cell = Arc::new(OnceCell::<()>::new());
        let first = cell.clone();
        let mut first = Box::pin(async move { first.get_or_init(pending).await; });
        poll_once(first.as_mut());
        // That poll has noted nothing, since `pending` does not.
        cell.get_or_init(pending).await;
    };
    a_set_once_is_told: "once_cell", None, async { *SetOnce::<u8>::new().wait().await };
    a_join_is_told: "join", None, async { task::spawn(pending::<()>()).await };
    a_join_set_is_told: "join", None, async {
        let mut set = task::JoinSet::new();
        set.spawn(pending::<()>());
        set.join_next().await.map(drop)
    };
    an_accept_is_told: "fd", Some("read"), async {
        let listener = net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.accept().await
    };
    a_read_of_a_socket_is_told: "fd", Some("read"), async {
        let (one, _other) = net::UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        io::AsyncReadExt::read(&mut { one }, &mut buffer).await
    };
    a_full_socket_is_told: "fd", Some("write"), async {
        let (one, _other) = net::UnixStream::pair().unwrap();
        loop {
            one.writable().await.unwrap();
            let _ = one.try_write(&[0; 4096]);
        }
    };
    a_read_of_a_duplex_is_told: "duplex", Some("read"), async {
        let (mut one, _other) = io::duplex(8);
        io::AsyncReadExt::read(&mut one, &mut [0; 8]).await
    };
    a_full_simplex_is_told: "duplex", Some("write"), async {
        let (_reader, mut writer) = io::simplex(8);
        io::AsyncWriteExt::write_all(&mut writer, &[0; 9]).await
    };
    a_child_is_told: "child", None, async {
        let mut child = process::Command::new("sleep").arg("3600").kill_on_drop(true).spawn();
        child.as_mut().unwrap().wait().await
    };
    a_signal_is_told: "signal", None, async {
        let kind = signal::unix::SignalKind::hangup();
        signal::unix::signal(kind).unwrap().recv().await
    };
}

fn poll_once<F: Future>(future: Pin<&mut F>) {
    assert!(
        future
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
}

#[test]
fn a_file_operation_is_told_and_counted() {
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        // The open waits for a writer.
        let open = rt.spawn({
            let path = path.clone();
            async move { fs::File::open(path).await.map(drop) }
        });
        let id = open.id();
        let watched = recorder.clone();
        while_running(&rt, move || {
            until(|| {
                let waits = seen(&watched, id)?.waits?;
                let operations = watched.operations();
                let open = super::OPERATIONS
                    .iter()
                    .position(|it| *it == "open")
                    .unwrap();
                (waits.wait == Wait::File && waits.object == open as u64)
                    .then(|| assert_eq!(operations.in_flight[open], 1))
            });
        });
        let writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        rt.block_on(open).unwrap().unwrap();
        drop(writer);
        let operations = until(|| {
            let operations = recorder.operations();
            (operations.in_flight == [0; super::OPERATIONS.len()]).then_some(operations)
        });
        assert!(operations.submitted >= 1 && operations.submitted == operations.completed);
        assert_eq!(
            operations.latencies.iter().sum::<u64>(),
            operations.completed
        );
        assert!(operations.handed_to_threads >= 1 && operations.latency_sum_ns > 0);
        let events = recorder.events(&recorder.read());
        let all = events.iter().flat_map(|it| &it.events);
        let submits = all
            .clone()
            .filter(|it| matches!(it.event, Event::Submit(0)));
        let completes = all.filter(|it| matches!(it.event, Event::Complete { operation: 0, .. }));
        assert_eq!((submits.count(), completes.count()), (1, 1));
    }
}

#[test]
fn a_waiter_of_a_mutex_finds_who_holds_it() {
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let mutex = Arc::new(Mutex::new(()));
        let holder = rt.spawn({
            let mutex = mutex.clone();
            async move {
                let _guard = mutex.lock().await;
                pending::<()>().await;
            }
        });
        let locked = mutex.clone();
        while_running(&rt, move || {
            until(|| locked.try_lock().is_err().then_some(()))
        });
        let waiter = rt.spawn(async move { drop(mutex.lock().await) });
        let (holder, waiter) = (holder.id(), waiter.id());
        while_running(&rt, move || {
            let waits = until(|| seen(&recorder, waiter)?.waits);
            assert_eq!(waits.wait, Wait::MutexLock);
            assert_eq!(recorder.holder(waits.object), Some(holder.as_u64()));
        });
    }
}

#[test]
fn a_lock_that_was_passed_on_is_not_held_by_who_had_it_before() {
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let (mutex, rw) = (Arc::new(Mutex::new(())), Arc::new(RwLock::new(())));
        let (asked, is_asked) = oneshot::channel();
        let former = rt.spawn({
            let (mutex, rw) = (mutex.clone(), rw.clone());
            async move {
                let guard = mutex.lock().await;
                let read = rw.read().await;
                is_asked.await.unwrap();
                drop((guard, read));
                pending::<()>().await;
            }
        });
        let locked = rw.clone();
        while_running(&rt, move || {
            until(|| locked.try_write().is_err().then_some(()))
        });
        rt.spawn({
            let (mutex, rw) = (mutex.clone(), rw.clone());
            async move {
                let _read = rw.read().await;
                // It is given the lock, and not polled again.
                let mut next = std::pin::pin!(mutex.lock());
                let poll = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
                assert!(poll.is_pending());
                asked.send(()).unwrap();
                pending::<()>().await;
            }
        });
        // The former one has unlocked them, and waits for what is not known.
        let (former, seen_by) = (former.id(), recorder.clone());
        while_running(&rt, move || {
            until(|| {
                let former = seen(&seen_by, former)?;
                (former.state == TaskState::Idle && former.waits.is_none()).then_some(())
            });
        });
        let waiters = [
            rt.spawn({
                let mutex = mutex.clone();
                async move { drop(mutex.lock().await) }
            }),
            rt.spawn(async move { drop(rw.write().await) }),
        ];
        let [of_mutex, of_rw] = waiters.map(|task| task.id());
        while_running(&rt, move || {
            for waiter in [of_mutex, of_rw] {
                let waits = until(|| seen(&recorder, waiter)?.waits);
                let holder = recorder.holder(waits.object);
                assert_ne!(holder, Some(former.as_u64()), "{waits:?}");
            }
        });
    }
}

#[test]
fn a_deadline_is_told_by_the_clock_of_the_system() {
    let waits = waits_of(|| sleep(LONG));
    let now = super::instant_ns(Instant::now());
    for wait in waits {
        let left = wait.object.saturating_sub(now);
        assert!(
            (3_000_000_000_000..=3_600_000_000_000).contains(&left),
            "{left}"
        );
    }
}

#[test]
fn the_wait_is_the_last_of_several() {
    let waits = waits_of(|| async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let mut sleep = Box::pin(sleep(LONG));
        poll_fn(|cx| {
            let first = sleep.as_mut().poll(cx);
            let second = receiver.poll_recv(cx).map(drop);
            if first.is_ready() { first } else { second }
        })
        .await;
    });
    for wait in waits {
        assert_eq!((wait.wait, wait.several), (Wait::MpscRecv, true));
    }
}

#[test]
fn a_lock_counts_more_than_what_is_waited_for_beside() {
    let waits = waits_of(|| async {
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let mut again = Box::pin(mutex.lock());
        poll_fn(|cx| {
            let locked = again.as_mut().poll(cx).map(drop);
            let received = receiver.poll_recv(cx).map(drop);
            if locked.is_ready() { locked } else { received }
        })
        .await;
    });
    for wait in waits {
        assert_eq!((wait.wait, wait.several), (Wait::MutexLock, true));
    }
}

#[test]
fn a_timer_that_was_reset_has_its_new_deadline() {
    let waits = waits_of(|| async {
        let mut sleep = Box::pin(sleep(LONG / 2));
        poll_once(sleep.as_mut());
        sleep.as_mut().reset(crate::time::Instant::now() + LONG * 2);
        sleep.await;
    });
    let now = super::instant_ns(Instant::now());
    for wait in waits {
        assert_eq!((wait.wait, wait.several), (Wait::Timer, true));
        let left = Duration::from_nanos(wait.object.saturating_sub(now));
        assert!(left > LONG && left <= LONG * 2, "{left:?}");
    }
}

#[test]
fn what_blocked_in_place_does_so_no_more() {
    let (rt, recorder) = observed(Builder::new_multi_thread());
    let task = rt.spawn(async {
        task::block_in_place(|| ());
        pending::<()>().await;
    });
    let seen = until(|| seen(&recorder, task.id()).filter(|it| it.state == TaskState::Idle));
    assert_eq!(seen.waits, None);
}

/// Waits until it is opened, on a thread.
#[derive(Default)]
struct Gate(StdMutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        let closed = self
            .1
            .wait_while(self.0.lock().unwrap(), |is_open| !*is_open);
        drop(closed.unwrap());
    }
}

#[test]
fn a_worker_in_a_long_poll_is_stuck_with_its_task() {
    let (rt, recorder) = observed(Builder::new_multi_thread());
    let gate = Arc::new(Gate::default());
    let blocked = gate.clone();
    let line = line!() + 1;
    let task = rt.spawn(async move { blocked.pass() });
    let limit = Duration::from_millis(2);
    let stuck = until(|| recorder.stuck(limit).pop());
    assert_eq!(stuck.task, task.id().as_u64());
    assert_eq!(stuck.place.unwrap().line(), line);
    assert!(stuck.for_ns > 2_000_000);
    let again = until(|| recorder.stuck(limit).pop());
    assert_eq!((again.poll, again.worker), (stuck.poll, stuck.worker));
    let seen = seen(&recorder, task.id()).unwrap();
    assert_eq!(seen.state, TaskState::Running);
    let workers = recorder.workers(&recorder.read());
    let worker = &workers[stuck.worker];
    assert_eq!(
        (worker.state, worker.task),
        (WorkerState::Running, Some(stuck.task))
    );
    let thread = worker.thread.clone().unwrap();
    assert!(std::path::Path::new(&format!("/proc/self/task/{}", thread.tid)).exists());
    assert!(!thread.stack.is_empty());
    gate.open();
    rt.block_on(task).unwrap();
    until(|| recorder.stuck(limit).is_empty().then_some(()));
}

#[test]
fn a_task_that_blocks_in_place_puts_the_worker_down() {
    let (rt, recorder) = observed(Builder::new_multi_thread());
    let gate = Arc::new(Gate::default());
    let blocked = gate.clone();
    let task = rt.spawn(async move {
        task::block_in_place(|| blocked.pass());
        yield_now().await;
    });
    let seen = until(|| seen(&recorder, task.id()).filter(|it| it.waits.is_some()));
    assert_eq!(seen.state, TaskState::Running);
    assert_eq!(seen.waits.unwrap().wait, Wait::BlockInPlace);
    // Another thread has taken the worker, and runs tasks.
    let other = rt.spawn(async { 7 });
    assert_eq!(rt.block_on(other).unwrap(), 7);
    until(|| recorder.stuck(Duration::ZERO).is_empty().then_some(()));
    gate.open();
    rt.block_on(task).unwrap();
    let events = recorder.events(&recorder.read());
    let all = events.iter().flat_map(|it| &it.events);
    assert_eq!(all.filter(|it| it.event == Event::HandOver).count(), 1);
}

#[test]
fn a_task_that_is_polled_on_after_blocking_ends_its_poll_on_its_worker() {
    let mut builder = Builder::new_multi_thread();
    // No other thread can take the worker.
    builder.max_blocking_threads(1);
    let (rt, recorder) = observed(builder);
    for _ in 0..100 {
        rt.block_on(rt.spawn(async { task::block_in_place(|| ()) }))
            .unwrap();
    }
    until(|| {
        let mut workers = recorder.workers(&recorder.read()).into_iter();
        workers.all(|it| it.task.is_none()).then_some(())
    });
}

#[test]
fn events_tell_who_woke_and_spawned_whom_in_their_order() {
    let (rt, recorder) = observed(Builder::new_current_thread());
    let (sleeper, waker) = rt.block_on(async {
        let notify = Arc::new(Notify::new());
        let notified = notify.clone();
        let sleeper = task::spawn(async move { notified.notified().await });
        yield_now().await;
        let waker = task::spawn(async move { notify.notify_one() });
        let ids = (sleeper.id().as_u64(), waker.id().as_u64());
        sleeper.await.unwrap();
        waker.await.unwrap();
        ids
    });
    let events = recorder.events(&recorder.read());
    let events = &events[0].events;
    assert!(events.is_sorted_by_key(|event| event.at_ns));
    let of = |event: &&EventSeen| match event.event {
        Event::Poll(id) | Event::End(id) | Event::Ready(id) | Event::Wake(id) => {
            id == sleeper || id == waker
        }
        Event::Spawn(id) => id == sleeper || id == waker,
        _ => false,
    };
    let events: Vec<_> = events.iter().filter(of).map(|it| it.event).collect();
    assert_eq!(
        events,
        [
            Event::Spawn(sleeper),
            Event::Poll(sleeper),
            Event::End(sleeper),
            Event::Spawn(waker),
            Event::Poll(waker),
            Event::Wake(sleeper),
            Event::Ready(waker),
            Event::Poll(sleeper),
            Event::Ready(sleeper),
        ]
    );
    let all = &recorder.events(&recorder.read())[0].events;
    let by = |event| all.iter().find(|it| it.event == event).unwrap().by;
    assert_eq!(by(Event::Wake(sleeper)), Some(waker));
    let main = all.iter().find_map(|it| match it.event {
        Event::Poll(id) => Some(id),
        _ => None,
    });
    assert_eq!(
        (by(Event::Spawn(sleeper)), by(Event::Spawn(waker))),
        (main, main)
    );
    assert!(all.iter().any(|it| it.event == Event::Park) || all.len() < 50);
}

#[test]
fn a_wake_of_another_thread_is_among_the_events_of_such_threads() {
    let (rt, recorder) = observed(Builder::new_multi_thread());
    let (sender, receiver) = oneshot::channel();
    let task = rt.spawn(async move { receiver.await.unwrap() });
    until(|| seen(&recorder, task.id())?.waits);
    sender.send(()).unwrap();
    let id = task.id().as_u64();
    rt.block_on(task).unwrap();
    let events = recorder.events(&recorder.read());
    let outside = events.last().unwrap();
    assert_eq!(outside.worker, None);
    let find = |event| outside.events.iter().find(|it| it.event == event);
    assert_eq!(find(Event::Wake(id)).unwrap().by, None);
    assert!(find(Event::Spawn(id)).is_some());
}

#[test]
fn a_task_is_counted_and_ends() {
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let future = async {
            for _ in 0..3 {
                yield_now().await;
            }
            std::thread::sleep(Duration::from_millis(2));
            pending::<()>().await;
        };
        let task = task::Builder::new().name("ada");
        let line = line!() + 1;
        let task = task.spawn_on(future, rt.handle()).unwrap();
        let id = task.id();
        let watched = recorder.clone();
        let seen_task = while_running(&rt, move || {
            until(|| seen(&watched, id).filter(|it| it.polls == 4 && it.state == TaskState::Idle))
        });
        assert_eq!(seen_task.name.as_deref(), Some("ada"));
        assert_eq!(seen_task.kind, SeenKind::Task);
        assert_eq!(seen_task.place.unwrap().line(), line);
        assert_eq!((seen_task.wakes, seen_task.waits), (3, None));
        assert!(seen_task.busy_ns >= 2_000_000, "{}", seen_task.busy_ns);
        task.abort();
        assert!(rt.block_on(task).unwrap_err().is_cancelled());
        assert!(seen(&recorder, id).is_none());
        let events = recorder.events(&recorder.read());
        let mut all = events.iter().flat_map(|it| &it.events);
        assert!(all.any(|it| it.event == Event::Cancel(id.as_u64())));
    }
}

#[test]
fn lines_are_used_again_and_names_are_forgotten() {
    let (rt, recorder) = observed(Builder::new_current_thread());
    rt.block_on(async {
        for round in 0..500 {
            let named = task::Builder::new().name("short").spawn(async {}).unwrap();
            let unnamed = task::spawn(async {});
            assert_eq!(
                seen(&recorder, named.id()).unwrap().name.as_deref(),
                Some("short")
            );
            assert_eq!(seen(&recorder, unnamed.id()).unwrap().name, None, "{round}");
            named.await.unwrap();
            unnamed.await.unwrap();
        }
    });
    assert_eq!(recorder.registry.pages(), 1);
}

#[test]
fn bursts_beside_many_tasks_that_stay_use_the_same_lines() {
    let (rt, recorder) = observed(Builder::new_current_thread());
    let stay: Vec<_> = (0..1000).map(|_| rt.spawn(pending::<()>())).collect();
    let burst = || {
        let tasks: Vec<_> = (0..1000).map(|_| rt.spawn(yield_now())).collect();
        rt.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        recorder.registry.pages()
    };
    let first = burst();
    for _ in 0..30 {
        let pages = burst();
        assert!(pages < 2 * first, "{first} pages, then {pages}");
    }
    assert!(stay.iter().all(|task| !task.is_finished()));
}

#[test]
fn a_thousand_tasks_are_all_seen() {
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let tasks_of: Vec<_> = (0..1000).map(|_| rt.spawn(pending::<()>())).collect();
        let ids: HashSet<_> = tasks_of.iter().map(|it| it.id().as_u64()).collect();
        let seen: HashSet<_> = tasks(&recorder).iter().map(|it| it.id).collect();
        assert_eq!(seen, ids);
        drop(rt);
        assert!(tasks(&recorder).is_empty());
    }
}

#[test]
fn each_kind_of_task_is_told() {
    let kinds = |recorder: &Recorder| -> HashSet<_> {
        let kinds = tasks(recorder).into_iter();
        kinds.map(|it| it.kind as u8).collect()
    };
    for builder in builders() {
        let (rt, recorder) = observed(builder);
        let gate = Arc::new(Gate::default());
        let blocked = gate.clone();
        let set = LocalSet::new();
        let seen = set.block_on(&rt, async {
            task::spawn(pending::<()>());
            task::spawn_local(pending::<()>());
            let blocking = spawn_blocking(move || blocked.pass());
            yield_now().await;
            let seen = kinds(&recorder);
            gate.open();
            blocking.await.unwrap();
            seen
        });
        let expected = [
            SeenKind::Task,
            SeenKind::Local,
            SeenKind::Blocking,
            SeenKind::BlockOn,
        ];
        assert_eq!(seen, expected.map(|it| it as u8).into());
        drop(set);
        assert_eq!(kinds(&recorder), [SeenKind::Task as u8].into());
    }
}

#[test]
fn a_local_runtime_is_recorded() {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().recorded = true;
    let rt: LocalRuntime = builder.build_local(Default::default()).unwrap();
    let recorder = rt.block_on(async { recorder_of(&Handle::current()) });
    let task = rt.spawn_local(async { sleep(LONG).await });
    rt.block_on(yield_now());
    let seen = seen(&recorder, task.id()).unwrap();
    assert_eq!((seen.kind, seen.state), (SeenKind::Local, TaskState::Idle));
    assert_eq!(seen.waits.unwrap().wait, Wait::Timer);
}

#[test]
fn a_worker_parks_and_wakes() {
    let (rt, recorder) = observed(Builder::new_multi_thread());
    let parked = |worker: &super::WorkerSeen| worker.state == WorkerState::Parked;
    until(|| {
        recorder
            .workers(&recorder.read())
            .iter()
            .all(parked)
            .then_some(())
    });
    rt.block_on(rt.spawn(async {})).unwrap();
    let polls: u64 = recorder
        .workers(&recorder.read())
        .iter()
        .map(|it| it.polls)
        .sum();
    assert_eq!(polls, 1);
    until(|| {
        recorder
            .workers(&recorder.read())
            .iter()
            .all(parked)
            .then_some(())
    });
    drop(rt);
    let workers = recorder.workers(&recorder.read());
    assert!(workers.iter().all(|it| parked(it) && it.thread.is_none()));
}

#[test]
fn a_runtime_that_is_not_observed_records_nothing() {
    let (_observed, recorder) = observed(Builder::new_current_thread());
    for mut builder in builders() {
        let rt = builder.build().unwrap();
        assert!(rt.handle().recorder().is_none());
        rt.block_on(rt.spawn(yield_now())).unwrap();
        rt.block_on(spawn_blocking_now()).unwrap();
    }
    let reading = recorder.read();
    assert!(tasks(&recorder).is_empty());
    assert!(
        recorder
            .events(&reading)
            .iter()
            .all(|it| it.events.is_empty())
    );
}

async fn spawn_blocking_now() -> Result<(), task::JoinError> {
    spawn_blocking(|| ()).await
}

#[test]
fn a_panic_ends_the_poll_and_the_task() {
    let (rt, recorder) = observed(Builder::new_current_thread());
    let task = rt.spawn(async { panic!("expected in this test") });
    let id = task.id();
    assert!(rt.block_on(task).unwrap_err().is_panic());
    assert!(seen(&recorder, id).is_none());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        rt.block_on(async { panic!("expected in this test") })
    }));
    assert!(panicked.is_err());
    let workers = recorder.workers(&recorder.read());
    assert!(workers[0].task.is_none() && tasks(&recorder).is_empty());
    assert!(rt.block_on(poll_fn(|_| Poll::Ready(true))));
}

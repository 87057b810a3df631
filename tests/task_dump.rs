//! Dumps of tasks: what they name, that they end whatever the tasks do, and that a task which was
//! traced loses nothing.
#![allow(
    clippy::incompatible_msrv,
    reason = "tests are built by a newer compiler"
)]

use std::collections::HashSet;
use std::future::{Future, pending, poll_fn};
use std::io::{Read as _, Write as _};
use std::panic::Location;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::{TcpListener, TcpStream};
use zokio::runtime::dump::Trace;
use zokio::runtime::{Builder, Dump, Handle, LocalRuntime, Runtime};
use zokio::sync::{Barrier, Mutex, Notify, Semaphore, broadcast, oneshot, watch};
use zokio::task::{self, Id, JoinSet, LocalSet, spawn_local, yield_now};
use zokio::time::{sleep, timeout};

/// Longer than a busy machine makes any test here wait.
const LONG: Duration = Duration::from_secs(60);

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn workers(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs the scenario in the `block_on` of each kind of runtime.
fn everywhere<F: Future>(scenario: impl Fn() -> F) {
    for rt in [current_thread(), workers(1), workers(3)] {
        rt.block_on(async { timeout(LONG, scenario()).await.expect("it ends") });
    }
}

async fn dump() -> Dump {
    Handle::current().dump().await
}

fn traced(dump: &Dump) -> HashSet<Id> {
    dump.tasks().iter().map(|task| task.id()).collect()
}

async fn sleeper() {
    sleep(LONG).await;
}

fn untraced(dump: &Dump) -> HashSet<Id> {
    dump.untraced().map(|task| task.id()).collect()
}

/// Dumps until each task has been polled at least once, and returns the trace of `id`.
async fn trace_of(id: Id) -> Trace {
    let dump = dump().await;
    let task = dump.tasks().iter().find(|task| task.id() == id);
    task.expect("it has a trace").trace().clone()
}

fn leaves(trace: &Trace) -> usize {
    trace.resolve_backtraces().len()
}

#[inline(never)]
async fn outer<F: Future>(future: F) -> F::Output {
    inner(future).await
}

#[inline(never)]
async fn inner<F: Future>(future: F) -> F::Output {
    future.await
}

#[test]
fn a_trace_is_the_calls_from_the_task_to_the_leaf() {
    everywhere(|| async {
        let (_tx, rx) = oneshot::channel::<()>();
        let task = zokio::spawn(outer(rx));
        let trace = trace_of(task.id()).await;
        let lines: Vec<String> = trace.to_string().lines().map(String::from).collect();
        let place = |name: &str| {
            let names = |line: &String| line.contains(name);
            lines
                .iter()
                .position(names)
                .unwrap_or_else(|| panic!("{name}: {trace}"))
        };
        assert_eq!(place("task_dump::outer"), 0, "{trace}");
        assert_eq!(place("task_dump::inner"), 1, "{trace}");
        // Newer compilers write it into the names of the others as well, of which it is an argument.
        let leaf = |line: &String| line.contains("zokio::sync::oneshot::receiver::Receiver");
        assert!(lines[2..].iter().any(leaf), "{trace}");
        assert!(!trace.to_string().contains("zokio::scheduler"), "{trace}");
        assert!(
            !trace.to_string().contains("zokio::util::budget"),
            "{trace}"
        );
    });
}

#[test]
fn the_frames_have_addresses_names_and_places() {
    everywhere(|| async {
        let (_tx, rx) = oneshot::channel::<()>();
        let task = zokio::spawn(outer(rx));
        let backtraces = trace_of(task.id()).await.resolve_backtraces();
        let frames: Vec<_> = backtraces[0].frames().collect();
        assert!(
            frames
                .iter()
                .all(|frame| !frame.ip().is_null() && !frame.symbol_address().is_null())
        );
        let symbol = frames
            .iter()
            .flat_map(|frame| frame.symbols())
            .find(|symbol| {
                symbol
                    .name_demangled()
                    .is_some_and(|name| name.contains("outer"))
            })
            .expect("the call is there");
        assert!(symbol.name_raw().is_some() && symbol.addr().is_some());
        assert!(
            symbol
                .filename()
                .expect("debug information")
                .ends_with(file!())
        );
        assert!(symbol.lineno().is_some() && symbol.colno().is_some());
    });
}

#[test]
fn a_task_has_its_name_and_place() {
    everywhere(|| async {
        let builder = task::Builder::new().name("ada");
        let place = Location::caller().line() + 1;
        let task = builder.spawn(pending::<()>()).unwrap();
        let dump = dump().await;
        let found = dump.tasks().iter().next().expect("it waits");
        assert_eq!(found.id(), task.id());
        assert_eq!(found.name(), Some("ada"));
        assert_eq!(
            (found.spawned_at().file(), found.spawned_at().line()),
            (file!(), place)
        );
        assert_eq!(
            found.trace().to_string(),
            "",
            "nothing of this crate is waited for"
        );
        assert_eq!(untraced(&dump), HashSet::new());
    });
}

/// Everything that waits, each in a task of its own that waits forever.
#[test]
fn each_kind_of_leaf_is_found() {
    everywhere(|| async {
        let mut tasks = JoinSet::new();
        let mut expected = Vec::new();
        let mut wait =
            |name: &'static str, abort: task::AbortHandle| expected.push((name, abort.id()));

        let lock = Arc::new(Mutex::new(()));
        let guard = lock.clone().lock_owned().await;
        wait("mutex", tasks.spawn(async move { drop(lock.lock().await) }));
        let none = Arc::new(Semaphore::new(0));
        wait(
            "semaphore",
            tasks.spawn(async move { drop(none.acquire().await) }),
        );
        wait(
            "notify",
            tasks.spawn(async { Notify::new().notified().await }),
        );
        wait(
            "barrier",
            tasks.spawn(async {
                Barrier::new(2).wait().await;
            }),
        );
        let (_queue, mut from_queue) = zokio::sync::mpsc::channel::<()>(1);
        wait(
            "mpsc",
            tasks.spawn(async move {
                from_queue.recv().await;
            }),
        );
        let (_all, mut from_all) = broadcast::channel::<()>(1);
        wait(
            "broadcast",
            tasks.spawn(async move { drop(from_all.recv().await) }),
        );
        let (_value, mut of_value) = watch::channel(());
        wait(
            "watch",
            tasks.spawn(async move { drop(of_value.changed().await) }),
        );
        wait("sleep", tasks.spawn(sleep(LONG)));
        wait(
            "timeout",
            tasks.spawn(async { drop(timeout(LONG, pending::<()>()).await) }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut peer = TcpStream::connect(address).await.unwrap();
        let _other = listener.accept().await.unwrap();
        wait(
            "accept",
            tasks.spawn(async move { drop(listener.accept().await) }),
        );
        let readable = TcpStream::from_std(std_clone(&peer)).unwrap();
        wait(
            "readable",
            tasks.spawn(async move { drop(readable.readable().await) }),
        );
        wait(
            "read",
            tasks.spawn(async move { drop(peer.read_u8().await) }),
        );
        let (mut simplex, _end) = zokio::io::duplex(1);
        wait(
            "duplex",
            tasks.spawn(async move { drop(simplex.read_u8().await) }),
        );
        let child = zokio::spawn(pending::<()>());
        wait("join", tasks.spawn(async move { drop(child.await) }));
        wait(
            "child",
            tasks.spawn(async {
                let mut child = zokio::process::Command::new("sleep");
                drop(
                    child
                        .arg("60")
                        .kill_on_drop(true)
                        .spawn()
                        .unwrap()
                        .wait()
                        .await,
                );
            }),
        );
        wait(
            "blocking",
            tasks.spawn(async {
                let (_tx, rx) = oneshot::channel::<()>();
                task::unconstrained(task::coop::cooperative(rx))
                    .await
                    .unwrap_err();
                unreachable!("the sender is there");
            }),
        );
        // The first dump may meet a task in its first poll, whose leaf is an earlier one.
        drop(dump().await);
        let dump = dump().await;
        for (name, id) in expected {
            let task = dump.tasks().iter().find(|task| task.id() == id);
            let trace = task.unwrap_or_else(|| panic!("{name}: {dump:?}")).trace();
            assert_ne!(leaves(trace), 0, "{name}");
        }
        drop(guard);
    });
}

fn std_clone(stream: &TcpStream) -> std::net::TcpStream {
    use std::os::fd::AsFd;
    std::net::TcpStream::from(stream.as_fd().try_clone_to_owned().unwrap())
}

/// A read of a pipe that was opened by name is an operation of the driver.
#[test]
fn a_file_operation_in_flight_is_found_and_ends() {
    everywhere(|| async {
        let (ours, mut theirs) = std::io::pipe().unwrap();
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(ours));
        let mut file = zokio::fs::File::from_std(file);
        let (read, is_read) = oneshot::channel();
        let task = zokio::spawn(async move {
            let byte = file.read_u8().await.unwrap();
            read.send(byte).unwrap();
        });
        for _ in 0..3 {
            let trace = trace_of(task.id()).await;
            assert_eq!(leaves(&trace), 1, "{trace}");
        }
        theirs.write_all(&[7]).unwrap();
        assert_eq!(is_read.await, Ok(7));
        task.await.unwrap();
    });
}

#[test]
fn each_branch_of_a_task_has_a_backtrace() {
    everywhere(|| async {
        let in_join = zokio::spawn(async {
            zokio::join!(sleep(LONG), sleep(LONG), outer(sleep(LONG)));
        });
        let in_select = zokio::spawn(async {
            let notify = Notify::new();
            zokio::select! {
                () = sleep(LONG) => {}
                () = notify.notified() => {}
            }
        });
        let in_many = zokio::spawn(async {
            let mut all: Vec<_> = (0..1_000).map(|_| Box::pin(sleep(LONG))).collect();
            poll_fn(|cx| {
                let polled = all.iter_mut().map(|sleep| sleep.as_mut().poll(cx));
                polled.fold(Poll::Pending, |_, polled| polled)
            })
            .await
        });
        let dump = dump().await;
        let leaves = |id: Id| {
            let task = dump.tasks().iter().find(|task| task.id() == id);
            leaves(task.expect("it waits").trace())
        };
        assert_eq!(leaves(in_join.id()), 3);
        assert_eq!(leaves(in_select.id()), 2);
        assert_eq!(leaves(in_many.id()), 256, "no more are listed");
    });
}

/// Blocks a worker until the sender is dropped.
fn stuck(rt: &Runtime) -> (task::JoinHandle<()>, mpsc::Sender<()>) {
    let (running, is_running) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let task = rt.spawn(async move {
        running.send(()).unwrap();
        ends.recv().unwrap_err();
    });
    is_running.recv().unwrap();
    (task, end)
}

#[test]
fn a_task_that_is_stuck_in_a_poll_has_no_trace_and_keeps_none_from_it() {
    let rt = workers(2);
    let waiting: HashSet<Id> = (0..50).map(|_| rt.spawn(sleeper()).id()).collect();
    let (task, end) = stuck(&rt);
    for _ in 0..2 {
        let dump = rt.block_on(rt.handle().dump());
        assert_eq!(untraced(&dump), HashSet::from([task.id()]));
        assert_eq!(traced(&dump), waiting);
    }
    drop(end);
    rt.block_on(task).unwrap();
    let dump = rt.block_on(rt.handle().dump());
    assert_eq!(traced(&dump), waiting);
}

#[test]
fn a_dump_ends_though_every_worker_is_stuck() {
    for (rt, stuck_workers) in [(workers(1), 1), (workers(2), 2)] {
        let waiting = rt.spawn(sleeper());
        let tasks: Vec<_> = (0..stuck_workers).map(|_| stuck(&rt)).collect();
        // From a thread without a runtime, from the runtime, and from another one.
        let dump = futures::executor::block_on(rt.handle().dump());
        let all: HashSet<Id> = tasks
            .iter()
            .map(|(task, _)| task.id())
            .chain([waiting.id()])
            .collect();
        assert_eq!(untraced(&dump), all);
        assert_eq!(untraced(&rt.block_on(rt.handle().dump())), all);
        assert_eq!(
            untraced(&current_thread().block_on(rt.handle().dump())),
            all
        );
        drop(tasks);
    }
}

#[test]
fn a_runtime_that_no_thread_drives_answers_nothing_and_loses_nothing() {
    let rt = current_thread();
    let task = rt.spawn(async {
        yield_now().await;
        5
    });
    let dump = futures::executor::block_on(rt.handle().dump());
    assert_eq!(untraced(&dump), HashSet::from([task.id()]));
    assert_eq!(rt.block_on(task).unwrap(), 5);
}

#[test]
fn a_local_runtime_is_dumped_from_another_thread() {
    let (handle, to_dump) = mpsc::channel();
    let (end, ends) = oneshot::channel::<()>();
    let driver = std::thread::spawn(move || {
        let rt = LocalRuntime::new().unwrap();
        let here = std::rc::Rc::new(std::thread::current().id());
        rt.block_on(async {
            let task = spawn_local(async move {
                poll_fn(|_| {
                    assert_eq!(*here, std::thread::current().id());
                    Poll::<()>::Pending
                })
                .await
            });
            handle.send((Handle::current(), task.id())).unwrap();
            ends.await.unwrap();
        });
    });
    let (handle, id) = to_dump.recv().unwrap();
    let dump = futures::executor::block_on(handle.dump());
    assert_eq!(traced(&dump), HashSet::from([id]));
    end.send(()).unwrap();
    driver.join().unwrap();
}

#[test]
fn the_task_that_dumps_is_in_its_dump() {
    everywhere(|| async {
        zokio::spawn(async {
            let dump = dump().await;
            let trace = dump
                .tasks()
                .iter()
                .next()
                .expect("this task")
                .trace()
                .to_string();
            assert_eq!(traced(&dump), HashSet::from([task::id()]));
            assert!(trace.contains("::dump"), "{trace}");
        })
        .await
        .unwrap();
    });
}

#[test]
fn dumps_at_the_same_time_all_find_all_tasks() {
    everywhere(|| async {
        let waiting: HashSet<Id> = (0..10).map(|_| zokio::spawn(sleep(LONG)).id()).collect();
        let dumps = futures::future::join_all((0..8).map(|_| dump())).await;
        assert!(dumps.iter().all(|dump| traced(dump) == waiting));
        let handle = Handle::current();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let handle = handle.clone();
                task::spawn_blocking(move || futures::executor::block_on(handle.dump()))
            })
            .collect();
        for thread in threads {
            assert_eq!(traced(&thread.await.unwrap()), waiting);
        }
    });
}

#[test]
fn a_task_that_completes_in_its_traced_poll_is_in_no_dump() {
    everywhere(|| async {
        let task = zokio::spawn(poll_fn(|_| match Handle::is_tracing() {
            true => Poll::Ready(5),
            false => Poll::Pending,
        }));
        let dump = dump().await;
        assert_eq!(dump.tasks().iter().count() + dump.untraced().count(), 0);
        assert_eq!(task.await.unwrap(), 5);
        assert!(!Handle::is_tracing());
    });
}

#[test]
fn a_panic_in_a_traced_poll_ends_its_task_only() {
    everywhere(|| async {
        let waiting = zokio::spawn(sleep(LONG));
        let task = zokio::spawn(poll_fn(|_| {
            assert!(!Handle::is_tracing(), "expected in this test");
            Poll::<()>::Pending
        }));
        let dump = dump().await;
        assert_eq!(traced(&dump), HashSet::from([waiting.id()]));
        assert_eq!(untraced(&dump), HashSet::new());
        assert!(task.await.unwrap_err().is_panic());
    });
}

#[test]
fn a_task_that_is_aborted_is_not_waited_for() {
    everywhere(|| async {
        let tasks: Vec<_> = (0..10).map(|_| zokio::spawn(sleep(LONG))).collect();
        let abort = async {
            tasks.iter().for_each(|task| task.abort());
        };
        let (dump, ()) = zokio::join!(dump(), abort);
        assert_eq!(untraced(&dump), HashSet::new());
        for task in tasks {
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
}

#[test]
fn a_dump_that_is_dropped_leaves_the_tasks_alone() {
    everywhere(|| async {
        let notify = Arc::new(Notify::new());
        let waits = notify.clone();
        let task = zokio::spawn(async move { waits.notified().await });
        for round in 0..20 {
            let mut dump = pin!(dump());
            let mut cx = Context::from_waker(Waker::noop());
            // On another worker the task may already have answered.
            let _ = dump.as_mut().poll(&mut cx);
            if round % 2 == 0 {
                yield_now().await;
            }
        }
        notify.notify_one();
        task.await.unwrap();
    });
}

#[test]
fn tasks_of_a_local_set_run_while_its_task_is_traced() {
    let rt = current_thread();
    let local = LocalSet::new();
    local.block_on(&rt, async {
        let inside = spawn_local(async {
            for _ in 0..100 {
                assert!(!Handle::is_tracing());
                yield_now().await;
            }
            5
        });
        for _ in 0..5 {
            assert_eq!(dump().await.tasks().iter().count(), 0);
        }
        assert_eq!(inside.await.unwrap(), 5);
    });
    // A set in a task of a local runtime.
    let rt = LocalRuntime::new().unwrap();
    rt.block_on(async {
        let task = spawn_local(async {
            let set = LocalSet::new();
            let (tx, rx) = oneshot::channel();
            set.spawn_local(async move {
                for _ in 0..100 {
                    yield_now().await;
                }
                tx.send(5).unwrap();
            });
            let value = set.run_until(rx).await.unwrap();
            set.await;
            value
        });
        while !task.is_finished() {
            dump().await;
            yield_now().await;
        }
        assert_eq!(task.await.unwrap(), 5);
    });
}

/// A future that blocks its thread until a leaf is woken: no worker would wake it.
#[test]
fn a_poll_that_blocks_on_a_leaf_is_given_up() {
    let rt = workers(2);
    let (tx, mut rx) = oneshot::channel();
    let waker = Arc::new(std::sync::Mutex::new(None::<Waker>));
    let (kept, mut is_first) = (waker.clone(), true);
    let task = rt.spawn(poll_fn(move |cx| {
        if std::mem::take(&mut is_first) {
            *kept.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        assert!(Handle::is_tracing());
        Poll::Ready(futures::executor::block_on(&mut rx))
    }));
    while waker.lock().unwrap().is_none() {
        std::thread::yield_now();
    }
    tx.send(5).unwrap();
    let dump = rt.block_on(rt.handle().dump());
    assert_eq!(untraced(&dump), HashSet::from([task.id()]));
    assert_eq!(rt.block_on(task).unwrap(), Ok(5));
}

#[test]
fn a_runtime_shuts_down_during_a_dump() {
    for rt in [workers(1), workers(3)] {
        for _ in 0..100 {
            rt.spawn(sleeper());
        }
        let handle = rt.handle().clone();
        let (began, has_begun) = mpsc::channel();
        let dumps = std::thread::spawn(move || {
            began.send(()).unwrap();
            // A runtime that is gone has no tasks.
            let alive = |dump: &Dump| dump.tasks().iter().count() + dump.untraced().count();
            while alive(&futures::executor::block_on(handle.dump())) > 0 {}
        });
        has_begun.recv().unwrap();
        drop(rt);
        dumps.join().unwrap();
    }
}

#[test]
fn a_dump_in_block_in_place_ends() {
    let rt = workers(2);
    rt.block_on(rt.spawn(async {
        let waiting = zokio::spawn(sleep(LONG)).id();
        let dump = task::block_in_place(|| Handle::current().block_on(dump()));
        assert_eq!(traced(&dump), HashSet::from([waiting]));
        assert_eq!(untraced(&dump), HashSet::from([task::id()]));
    }))
    .unwrap();
}

/// Dumps without pause while tasks hand each other values in every way; none of these is lost.
#[test]
fn dumps_in_a_loop_lose_no_wake() {
    everywhere(|| async {
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let handle = Handle::current();
        let dumps = std::thread::spawn(move || {
            let mut dumps = 0;
            while !stop.load(Ordering::Acquire) {
                drop(futures::executor::block_on(handle.dump()));
                dumps += 1;
            }
            dumps
        });
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            tasks.spawn(channels(300));
            tasks.spawn(timers(30));
            tasks.spawn(sockets(100));
            tasks.spawn(files(30));
            tasks.spawn(sets(50));
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        over.store(true, Ordering::Release);
        let dumps = task::spawn_blocking(|| dumps.join())
            .await
            .unwrap()
            .unwrap();
        assert_ne!(dumps, 0);
    });
}

async fn channels(rounds: usize) {
    let (there, mut comes) = zokio::sync::mpsc::channel::<(usize, oneshot::Sender<usize>)>(1);
    let lock = Arc::new(Mutex::new(0));
    let (count, locked) = (Notify::new(), lock.clone());
    let echo = zokio::spawn(async move {
        while let Some((value, back)) = comes.recv().await {
            *locked.lock().await += 1;
            back.send(value).unwrap();
        }
    });
    for value in 0..rounds {
        let (back, comes_back) = oneshot::channel();
        count.notify_one();
        there.send((value, back)).await.unwrap();
        assert_eq!(comes_back.await, Ok(value));
        count.notified().await;
        *lock.lock().await += 1;
    }
    drop(there);
    echo.await.unwrap();
    assert_eq!(*lock.lock().await, 2 * rounds);
}

async fn timers(rounds: usize) {
    for _ in 0..rounds {
        sleep(Duration::from_micros(200)).await;
        timeout(Duration::from_millis(1), pending::<()>())
            .await
            .unwrap_err();
    }
}

async fn sockets(rounds: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let echo = zokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut read, mut write) = stream.split();
        zokio::io::copy(&mut read, &mut write).await.unwrap()
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    for round in 0..rounds {
        stream.readable_after(round).await;
    }
    drop(stream);
    assert_eq!(echo.await.unwrap(), 8 * rounds as u64);
}

trait Echo {
    async fn readable_after(&mut self, round: usize);
}

impl Echo for TcpStream {
    async fn readable_after(&mut self, round: usize) {
        self.write_u64(round as u64).await.unwrap();
        self.readable().await.unwrap();
        assert_eq!(self.read_u64().await.unwrap(), round as u64);
    }
}

async fn files(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for round in 0..rounds {
        let text = round.to_string();
        zokio::fs::write(&path, &text).await.unwrap();
        assert_eq!(zokio::fs::read_to_string(&path).await.unwrap(), text);
        // A pipe, whose read is in flight until the thread writes.
        let (ours, mut theirs) = std::io::pipe().unwrap();
        let mut pipe = zokio::fs::File::from_std(std::os::fd::OwnedFd::from(ours).into());
        let writes = task::spawn_blocking(move || theirs.write_all(&[round as u8]).unwrap());
        assert_eq!(pipe.read_u8().await.unwrap(), round as u8);
        writes.await.unwrap();
    }
    let mut text = String::new();
    std::fs::File::open(&path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, (rounds - 1).to_string());
}

async fn sets(rounds: usize) {
    for round in 0..rounds {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..5).map(|_| oneshot::channel()).unzip();
        let sends = zokio::spawn(async move {
            for sender in senders {
                yield_now().await;
                sender.send(round).unwrap();
            }
        });
        let mut all: FuturesUnordered<_> = receivers.into_iter().collect();
        let mut sum = 0;
        while let Some(value) = all.next().await {
            sum += value.unwrap();
        }
        assert_eq!(sum, 5 * round);
        let (one, two) = zokio::join!(sleep(Duration::ZERO), yield_now());
        zokio::select! {
            value = async { (one, two) } => assert_eq!(value, ((), ())),
            () = pending() => unreachable!("nothing wakes it"),
        }
        sends.await.unwrap();
    }
}

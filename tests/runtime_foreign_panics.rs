//! Wakers of other executors that panic, when they are woken or when they are dropped: other
//! tasks are woken all the same, and the runtime works as before.

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use zokio::fs::File;
use zokio::io::AsyncReadExt;
use zokio::net::UdpSocket;
use zokio::runtime::Runtime;
use zokio::sync::{Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use zokio::task::{JoinHandle, yield_now};
use zokio::time::{Instant, sleep, sleep_until};

use self::apart::{SCHEDULERS, apart, builder, runtime};
use self::support::piped_in;

/// A hand-written waker that panics, and tells that it did.
struct Panics {
    when_woken: bool,
    fired: Arc<AtomicBool>,
}

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        if self.when_woken {
            self.fired.store(true, Ordering::Release);
            panic!("a waker panics");
        }
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        // A second panic at the same time ends every process.
        if !self.when_woken && !thread::panicking() {
            self.fired.store(true, Ordering::Release);
            panic!("a waker panics when it is dropped");
        }
    }
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What tasks wait for, and how it comes.
struct Event {
    wait: Box<dyn FnMut() -> Waiting>,
    trigger: Box<dyn FnOnce()>,
}

impl Event {
    fn new<F: Future<Output = ()> + Send + 'static>(
        mut wait: impl FnMut() -> F + 'static,
        trigger: impl FnOnce() + 'static,
    ) -> Event {
        Event {
            wait: Box::new(move || Box::pin(wait())),
            trigger: Box::new(trigger),
        }
    }
}

const EVENTS: [&str; 10] = [
    "sync_all",
    "pipe",
    "socket",
    "sleep",
    "Notify",
    "Semaphore",
    "broadcast",
    "watch",
    "oneshot",
    "mpsc",
];

/// An event of the driver or of the clock, else one of `sync`.
fn event(kind: &str, runtime: &Runtime) -> Event {
    match kind {
        "sync_all" => Event::new(synchronize, || {}),
        "pipe" => {
            let writers = Arc::new(Mutex::new(Vec::new()));
            let all = writers.clone();
            let wait = move || {
                let (pipe, writer) = piped_in();
                writers.lock().unwrap().push(writer);
                async move { assert_eq!(File::from_std(pipe).read_u8().await.unwrap(), b'x') }
            };
            Event::new(wait, move || {
                for writer in all.lock().unwrap().iter_mut() {
                    writer.write_all(b"x").unwrap();
                }
            })
        }
        "socket" => {
            let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
            let address = socket.local_addr().unwrap();
            let socket = Arc::new(socket);
            let wait = move || {
                let socket = socket.clone();
                async move { socket.readable().await.unwrap() }
            };
            Event::new(wait, move || {
                let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                sender.send_to(b"x", address).unwrap();
            })
        }
        "sleep" => {
            let end = Instant::now() + Duration::from_secs(1);
            Event::new(move || sleep_until(end), || {})
        }
        kind => event_of_sync(kind),
    }
}

fn synchronize() -> impl Future<Output = ()> + Send {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"bytes").unwrap();
    async move { File::from_std(file).sync_all().await.unwrap() }
}

fn event_of_sync(kind: &str) -> Event {
    match kind {
        "Notify" => {
            let notify = Arc::new(Notify::new());
            let all = notify.clone();
            let wait = move || {
                let notify = notify.clone();
                async move { notify.notified().await }
            };
            Event::new(wait, move || all.notify_waiters())
        }
        "Semaphore" => {
            let semaphore = Arc::new(Semaphore::new(0));
            let all = semaphore.clone();
            let wait = move || {
                let semaphore = semaphore.clone();
                async move { semaphore.acquire().await.unwrap().forget() }
            };
            Event::new(wait, move || all.add_permits(5))
        }
        "broadcast" => {
            let (sender, _) = broadcast::channel(1);
            let all = sender.clone();
            let wait = move || {
                let mut receiver = sender.subscribe();
                async move { receiver.recv().await.unwrap() }
            };
            Event::new(wait, move || assert!(all.send(()).is_ok()))
        }
        "watch" => {
            let (sender, receiver) = watch::channel(());
            let wait = move || {
                let mut receiver = receiver.clone();
                async move { receiver.changed().await.unwrap() }
            };
            Event::new(wait, move || sender.send(()).unwrap())
        }
        "oneshot" => {
            let senders = Arc::new(Mutex::new(Vec::new()));
            let all = senders.clone();
            let wait = move || {
                let (sender, receiver) = oneshot::channel();
                senders.lock().unwrap().push(sender);
                async move { receiver.await.unwrap() }
            };
            Event::new(wait, move || {
                for sender in all.lock().unwrap().drain(..) {
                    let _ = catch_unwind(AssertUnwindSafe(|| sender.send(())));
                }
            })
        }
        "mpsc" => {
            let (sender, mut receiver) = mpsc::channel(1);
            sender.try_send(()).unwrap();
            let wait = move || {
                let sender = sender.clone();
                async move { assert!(sender.send(()).await.is_err()) }
            };
            Event::new(wait, move || receiver.close())
        }
        kind => panic!("no kind of event: {kind}"),
    }
}

/// Spawns tasks that wait, and returns when they do.
fn spawn_waiting(runtime: &Runtime, waits: Vec<Waiting>) -> Vec<JoinHandle<()>> {
    let (begun, count) = (Arc::new(AtomicUsize::new(0)), waits.len());
    let tasks = waits.into_iter().map(|mut wait| {
        let begun = begun.clone();
        runtime.spawn(async move {
            let mut first = true;
            poll_fn(|cx| {
                let polled = wait.as_mut().poll(cx);
                if std::mem::take(&mut first) {
                    begun.fetch_add(1, Ordering::Release);
                }
                polled
            })
            .await;
        })
    });
    let tasks = tasks.collect();
    runtime.block_on(async {
        while begun.load(Ordering::Acquire) < count {
            yield_now().await;
        }
    });
    tasks
}

/// Polls a future of `wait` with a waker that panics, of which only the future has a clone
/// afterwards. One that is ready at once, as that of a file may be, is passed over.
fn wait_with_panics(
    mut wait: impl FnMut() -> Waiting,
    when_woken: bool,
) -> (Waiting, Arc<AtomicBool>) {
    loop {
        let mut future = wait();
        let fired = Arc::new(AtomicBool::new(false));
        let waker = Waker::from(Arc::new(Panics {
            when_woken,
            fired: fired.clone(),
        }));
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        // The wait may be over by now, and this the last reference.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
        if poll.is_pending() {
            return (future, fired);
        }
    }
}

/// The runtime does all that it should.
fn works(runtime: &Runtime) {
    runtime.block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                zokio::spawn(async {
                    yield_now().await;
                    sleep(Duration::from_millis(1)).await;
                    synchronize().await;
                    let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                    let to = near.local_addr().unwrap();
                    let (sent, received) = futures::join!(far.send_to(b"x", to), async {
                        near.recv(&mut [0; 8]).await
                    });
                    assert_eq!((sent.unwrap(), received.unwrap()), (1, 1));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Tasks wait before and after another executor, whose waker panics.
fn panics_among_tasks(workers: usize, kind: &str, when_woken: bool) {
    let runtime = runtime(workers);
    let Event { mut wait, trigger } = event(kind, &runtime);
    let mut waits = |count: usize| {
        let _entered = runtime.enter();
        (0..count).map(|_| wait()).collect::<Vec<_>>()
    };
    let mut tasks = spawn_waiting(&runtime, waits(2));
    let (foreign, fired) = {
        let _entered = runtime.enter();
        wait_with_panics(|| waits(1).remove(0), when_woken)
    };
    tasks.extend(spawn_waiting(&runtime, waits(2)));
    // It may be the caller's panic, but nothing else.
    let _ = catch_unwind(AssertUnwindSafe(trigger));
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
        while when_woken && !fired.load(Ordering::Acquire) {
            sleep(Duration::from_millis(1)).await;
        }
    });
    works(&runtime);
    // Where the waker was kept, this drops it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(foreign)));
    assert!(fired.load(Ordering::Acquire));
    works(&runtime);
}

fn on_all(test: &str, when_woken: bool) {
    let names: Vec<String> = EVENTS
        .iter()
        .flat_map(|kind| SCHEDULERS.map(|workers| format!("{workers}, {kind}")))
        .collect();
    apart(
        test,
        &names,
        |_| {},
        |name| {
            let (workers, kind) = name.split_once(", ").unwrap();
            panics_among_tasks(workers.parse().unwrap(), kind, when_woken);
        },
    );
}

/// A panic of another executor's waker once ended the process, or was the runtime's.
#[test]
fn a_waker_that_panics_when_woken_disturbs_no_task() {
    on_all("a_waker_that_panics_when_woken_disturbs_no_task", true);
}

/// As above, for a waker that is dropped after it was woken.
#[test]
fn a_waker_that_panics_when_dropped_disturbs_no_task() {
    on_all("a_waker_that_panics_when_dropped_disturbs_no_task", false);
}

/// An operation whose waker had panicked once was counted as running, and a clock that waits for
/// it did not advance any more.
#[test]
fn a_paused_clock_advances_after_a_waker_that_panicked() {
    let test = "a_paused_clock_advances_after_a_waker_that_panicked";
    let kinds = [
        "sync_all woken",
        "sync_all dropped",
        "sleep woken",
        "sleep dropped",
    ];
    apart(
        test,
        &kinds,
        |_| {},
        |name| {
            let (kind, when) = name.split_once(' ').unwrap();
            let runtime = builder(0).start_paused(true).build().unwrap();
            let entered = runtime.enter();
            let wait = || -> Waiting {
                match kind {
                    "sleep" => Box::pin(sleep(Duration::from_secs(60))),
                    _ => Box::pin(synchronize()),
                }
            };
            let (foreign, fired) = wait_with_panics(wait, when == "woken");
            drop(entered);
            for _ in 0..3 {
                runtime.block_on(async { sleep(Duration::from_secs(3600)).await });
            }
            works(&runtime);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(foreign)));
            assert!(fired.load(Ordering::Acquire));
            works(&runtime);
        },
    );
}

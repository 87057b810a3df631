//! Wakers of other executors: they panic when they are woken or dropped, or end the runtime.

#[path = "support/fs.rs"]
mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::time::Duration;

use support::within_the_limit;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::UnixStream;
use zokio::runtime::{Builder, Runtime};
use zokio::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use zokio::time::sleep;

/// A hand-written waker that panics when it is woken, and when it is dropped without that.
#[derive(Default)]
struct Panics {
    woken: Arc<AtomicUsize>,
}

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::SeqCst);
        panic!("a foreign waker that panics");
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a foreign waker whose destructor panics");
        }
    }
}

type Dynamic = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Polls `future` once, with a waker that panics, and says how often that was woken.
fn poll_with_a_bad_waker(future: &mut Dynamic) -> Arc<AtomicUsize> {
    let panics = Panics::default();
    let woken = panics.woken.clone();
    // Leaked, so that the only waker that is dropped is the clone that the future has left.
    let waker = std::mem::ManuallyDrop::new(Waker::from(Arc::new(panics)));
    let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    // The references of the leaked one: those that are left are the clones.
    // SAFETY: the waker is not used again.
    unsafe { Arc::decrement_strong_count(waker.data().cast::<Panics>()) };
    woken
}

fn runtimes() -> impl Iterator<Item = Runtime> {
    [0, 1, 2].into_iter().map(|workers| {
        let mut builder = match workers {
            0 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        if workers > 0 {
            builder.worker_threads(workers);
        }
        builder.enable_all().build().unwrap()
    })
}

/// Waits for `woken` while the runtime runs, and has it run a task, a timer and a socket then.
fn still_works(runtime: &Runtime, woken: &AtomicUsize) {
    runtime.block_on(async {
        while woken.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        zokio::task::spawn(async {
            sleep(Duration::from_millis(1)).await;
            let (mut a, mut b) = UnixStream::pair().unwrap();
            let (sent, received) = zokio::join!(a.write_u8(7), b.read_u8());
            sent.unwrap();
            assert_eq!(received.unwrap(), 7);
        })
        .await
        .unwrap();
    });
}

#[test]
fn a_timer_whose_waker_panics_hurts_no_other() {
    within_the_limit(|| {
        for runtime in runtimes() {
            let mut future: Dynamic = {
                let _entered = runtime.enter();
                Box::pin(sleep(Duration::from_millis(5)))
            };
            let woken = poll_with_a_bad_waker(&mut future);
            still_works(&runtime, &woken);
        }
    });
}

#[test]
fn a_socket_whose_waker_panics_hurts_no_other() {
    within_the_limit(|| {
        for runtime in runtimes() {
            let (one, other) = {
                let _entered = runtime.enter();
                UnixStream::pair().unwrap()
            };
            // In the list of the futures and in the place of the polls.
            let mut other = Arc::new(other);
            let shared = other.clone();
            let mut listed: Dynamic = Box::pin(async move { shared.readable().await.unwrap() });
            let listed_woken = poll_with_a_bad_waker(&mut listed);
            one.try_write(b"x").unwrap();
            still_works(&runtime, &listed_woken);
            drop(listed);

            let other_only = Arc::get_mut(&mut other).unwrap();
            runtime.block_on(async {
                assert_eq!(other_only.read_u8().await.unwrap(), b'x');
            });
            let Ok(mut other) = Arc::try_unwrap(other) else {
                panic!("no one else has it");
            };
            let mut polled: Dynamic = Box::pin(async move {
                other.read_u8().await.unwrap();
            });
            let polled_woken = poll_with_a_bad_waker(&mut polled);
            one.try_write(b"y").unwrap();
            still_works(&runtime, &polled_woken);
        }
    });
}

#[test]
fn a_task_whose_joiner_panics_hurts_no_other() {
    within_the_limit(|| {
        for runtime in runtimes() {
            let task = runtime.spawn(async { sleep(Duration::from_millis(5)).await });
            let mut future: Dynamic = Box::pin(async move { task.await.unwrap() });
            let woken = poll_with_a_bad_waker(&mut future);
            still_works(&runtime, &woken);
        }
    });
}

/// What leaves a waker in the place of another one, or leaves, drops the former, whose destructor
/// panics. That is not the panic of the one who polls.
#[test]
fn a_waker_whose_destructor_panics_hurts_no_poll() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let (_one, other) = UnixStream::pair().unwrap();
    let notify = Arc::new(Notify::new());
    let semaphore = Arc::new(Semaphore::new(0));
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let (_mpsc, mut mpsc) = mpsc::channel::<()>(1);
    let (_oneshot, oneshot) = oneshot::channel::<()>();
    let (_watch, mut watch) = watch::channel(());
    let (_broadcast, mut broadcast) = broadcast::channel::<()>(1);
    let task = runtime.spawn(std::future::pending::<()>());
    let futures: Vec<(&str, Dynamic)> = vec![
        ("sleep", Box::pin(sleep(Duration::from_secs(3600)))),
        (
            "readable",
            Box::pin(async move { other.readable().await.unwrap() }),
        ),
        ("notified", Box::pin(async move { notify.notified().await })),
        (
            "acquire",
            Box::pin(async move { drop(semaphore.acquire().await) }),
        ),
        ("lock", Box::pin(async move { drop(mutex.lock().await) })),
        ("mpsc", Box::pin(async move { mpsc.recv().await.unwrap() })),
        ("oneshot", Box::pin(async move { drop(oneshot.await) })),
        (
            "watch",
            Box::pin(async move { drop(watch.changed().await) }),
        ),
        (
            "broadcast",
            Box::pin(async move { drop(broadcast.recv().await) }),
        ),
        ("join", Box::pin(async move { drop(task.await) })),
    ];
    for (name, mut future) in futures {
        println!("{name}");
        poll_with_a_bad_waker(&mut future);
        let poll = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        poll_with_a_bad_waker(&mut future);
        drop(future);
    }
    drop(guard);
}

/// The one who sends, releases or notifies is not the one whose waker panics. (The sender of an mpsc
/// channel learns of it all the same, as on tokio, whose tests ask for that.)
#[test]
fn who_notifies_does_not_panic() {
    fn wakes(name: &str, future: impl Future<Output = ()> + Send + 'static, event: impl FnOnce()) {
        println!("{name}");
        let mut future: Dynamic = Box::pin(future);
        let woken = poll_with_a_bad_waker(&mut future);
        event();
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        let poll = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(()));
    }
    let notify = Arc::new(Notify::new());
    let waits = notify.clone();
    wakes("notify_one", async move { waits.notified().await }, || {
        notify.notify_one();
    });
    let waits = notify.clone();
    wakes(
        "notify_waiters",
        async move { waits.notified().await },
        || {
            notify.notify_waiters();
        },
    );
    let semaphore = Arc::new(Semaphore::new(0));
    let waits = semaphore.clone();
    wakes(
        "semaphore",
        async move { drop(waits.acquire().await.unwrap()) },
        || semaphore.add_permits(1),
    );
    let (tx, mut rx) = mpsc::unbounded_channel::<()>();
    wakes("mpsc", async move { rx.recv().await.unwrap() }, || {
        let sending = catch_unwind(AssertUnwindSafe(|| tx.send(())));
        assert!(sending.is_err());
    });
    let (tx, rx) = oneshot::channel::<()>();
    wakes("oneshot", async move { rx.await.unwrap() }, || {
        tx.send(()).unwrap();
    });
    let (mut tx, rx) = oneshot::channel::<()>();
    wakes("oneshot closed", async move { tx.closed().await }, || {
        drop(rx)
    });
    let (tx, mut rx) = watch::channel(());
    wakes("watch", async move { rx.changed().await.unwrap() }, || {
        tx.send(()).unwrap();
    });
    let (tx, mut rx) = broadcast::channel::<()>(1);
    wakes("broadcast", async move { rx.recv().await.unwrap() }, || {
        tx.send(()).unwrap();
    });
    let (one, mut other) = zokio::io::duplex(1);
    wakes(
        "duplex",
        async move {
            assert_eq!(other.read(&mut [0]).await.unwrap(), 0);
        },
        || drop(one),
    );
}

/// Ends a runtime when a waker of it is cloned.
static ENDS: RawWakerVTable = RawWakerVTable::new(clone_and_end, |_| {}, |_| {}, |_| {});

fn clone_and_end(ends: *const ()) -> RawWaker {
    // SAFETY: `ending` makes wakers of a reference to this that is valid for as long as they exist.
    let runtime = unsafe { &*ends.cast::<StdMutex<Option<Runtime>>>() };
    drop(runtime.lock().unwrap().take());
    RawWaker::new(ends, &ENDS)
}

fn ending(runtime: &'static StdMutex<Option<Runtime>>) -> Waker {
    let runtime = std::ptr::from_ref(runtime).cast();
    // SAFETY: the functions may be called by any thread, with a reference that is always valid.
    unsafe { Waker::from_raw(RawWaker::new(runtime, &ENDS)) }
}

/// The poll that found the runtime alive told of the shutdown's firing as if the time had passed.
#[test]
fn a_timer_whose_runtime_ends_while_it_is_polled_is_not_due() {
    static RUNTIME: StdMutex<Option<Runtime>> = StdMutex::new(None);
    let waker = ending(&RUNTIME);
    for polled_before in [false, true] {
        for runtime in runtimes() {
            let entered = runtime.enter();
            let mut nap = Box::pin(sleep(Duration::from_secs(1_000_000)));
            drop(entered);
            if polled_before {
                let poll = nap.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(poll.is_pending());
            }
            *RUNTIME.lock().unwrap() = Some(runtime);
            let poll = || nap.as_mut().poll(&mut Context::from_waker(&waker));
            let panic = catch_unwind(AssertUnwindSafe(poll)).unwrap_err();
            let panic = panic.downcast_ref::<String>().unwrap();
            assert!(panic.contains("it is being shutdown"), "{panic}");
        }
    }
}

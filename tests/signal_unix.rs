//! Signals. Each test has a signal of its own, because handlers belong to the process.

#[path = "support/sanitizer.rs"]
mod sanitizer;

use std::io;
use std::panic::catch_unwind;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::{Context, Poll};
use std::thread;

use futures::FutureExt;
use futures_test::task::new_count_waker;
use zokio::runtime::{Builder, Runtime};
use zokio::signal::unix::{Signal, SignalKind, signal};
use zokio::time::{Duration, timeout};

const LIMIT: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends a signal to this process, from another one.
fn send(kind: SignalKind) {
    let mut receiver = std::process::id().to_string();
    if sanitizer::holds_signals_back() {
        // By the number of a thread the kernel finds its process, and sends the signal to that
        // thread if it can: this one, which waits below in a call that is intercepted.
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        receiver = thread.file_name().unwrap().to_str().unwrap().to_owned();
    }
    // It reads to the end of what it is given, which `wait` brings about: while a process starts,
    // the thread that starts it takes no signals.
    let kill = format!("read go; kill -{} {receiver}", kind.as_raw_value());
    let mut shell = Command::new("sh")
        .args(["-c", &kill])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(shell.wait().unwrap().success());
}

async fn receive(signal: &mut Signal) {
    let received = timeout(LIMIT, signal.recv()).await;
    assert_eq!(received.expect("it comes in time"), Some(()));
}

/// How often a signal comes in the next moments.
async fn count(signal: &mut Signal) -> usize {
    let mut count = 0;
    while timeout(Duration::from_millis(50), signal.recv())
        .await
        .is_ok()
    {
        count += 1;
    }
    count
}

#[zokio::test]
async fn ctrl_c_is_an_interrupt() {
    let mut ctrl_c = pin!(zokio::signal::ctrl_c());
    assert!(ctrl_c.as_mut().now_or_never().is_none());
    send(SignalKind::interrupt());
    timeout(LIMIT, ctrl_c).await.unwrap().unwrap();
}

#[zokio::test]
async fn every_stream_hears_of_it() {
    let kind = SignalKind::user_defined1();
    let mut gone = signal(kind).unwrap();
    let mut one = signal(kind).unwrap();
    let mut two = signal(kind).unwrap();
    send(kind);
    receive(&mut gone).await;
    drop(gone);
    receive(&mut one).await;
    receive(&mut two).await;
    let mut late = signal(kind).unwrap();
    assert_eq!(
        count(&mut late).await,
        0,
        "it came before the stream was made"
    );
    send(kind);
    receive(&mut two).await;
    receive(&mut late).await;
    assert_eq!((count(&mut one).await, count(&mut two).await), (1, 0));
}

#[zokio::test]
async fn several_before_a_look_are_one() {
    let kind = SignalKind::user_defined2();
    let mut stream = signal(kind).unwrap();
    let mut other = signal(kind).unwrap();
    for _ in 0..3 {
        send(kind);
        // It has come when another stream has heard of it.
        receive(&mut other).await;
    }
    assert_eq!(count(&mut stream).await, 1);
}

#[test]
fn runtimes_come_and_go() {
    let kind = SignalKind::hangup();
    let (first, second) = (runtime(), runtime());
    let mut in_first = first.block_on(async { signal(kind).unwrap() });
    let mut in_second = second.block_on(async { signal(kind).unwrap() });
    send(kind);
    first.block_on(receive(&mut in_first));
    second.block_on(receive(&mut in_second));
    drop(first);
    send(kind);
    second.block_on(receive(&mut in_second));
    // The second runtime serves the stream of the first, too.
    second.block_on(receive(&mut in_first));
    drop(second);
    let third = runtime();
    let mut in_third = third.block_on(async { signal(kind).unwrap() });
    send(kind);
    third.block_on(receive(&mut in_third));
}

#[test]
fn many_runtimes_at_once() {
    let kind = SignalKind::from_raw(libc_rtmin() + 1);
    for _ in 0..5 {
        let (ready, all_ready) = std::sync::mpsc::channel();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ready = ready.clone();
                thread::spawn(move || {
                    runtime().block_on(async {
                        let mut stream = signal(kind).unwrap();
                        ready.send(()).unwrap();
                        receive(&mut stream).await;
                    });
                })
            })
            .collect();
        threads.iter().for_each(|_| all_ready.recv().unwrap());
        send(kind);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

#[zokio::test]
async fn only_the_last_waker_is_woken() {
    let kind = SignalKind::from_raw(libc_rtmin() + 2);
    let mut stream = signal(kind).unwrap();
    let [(one, first), (other, last)] = [(); 2].map(|()| new_count_waker());
    for waker in [one, other] {
        let polled = stream.poll_recv(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
    }
    let mut other = signal(kind).unwrap();
    send(kind);
    receive(&mut other).await;
    assert_eq!((first.get(), last.get()), (0, 1));
    receive(&mut stream).await;
}

#[zokio::test]
async fn what_cannot_be_handled_is_refused() {
    // SIGKILL, SIGSEGV, and two that do not exist.
    for number in [9, 11, -1, 1_000] {
        let error = signal(SignalKind::from_raw(number)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other, "{number}: {error}");
    }
    // What only the kernel knows.
    let error = signal(SignalKind::from_raw(0)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
}

#[test]
fn it_takes_a_runtime_with_io() {
    let message = |f: fn()| *catch_unwind(f).unwrap_err().downcast::<String>().unwrap();
    let outside = message(|| drop(signal(SignalKind::hangup())));
    assert!(outside.contains("there is no reactor running"), "{outside}");
    let without = message(|| {
        let rt = Builder::new_current_thread().enable_time().build().unwrap();
        rt.block_on(async { drop(signal(SignalKind::hangup())) });
    });
    assert!(without.contains("IO is disabled"), "{without}");
}

/// The first real-time signal that the C library leaves to programs.
fn libc_rtmin() -> i32 {
    34
}

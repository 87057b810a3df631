//! The paused clock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use zokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use zokio::runtime::Builder;
use zokio::task::{spawn, spawn_blocking, yield_now};
use zokio::time::{Duration, Instant, advance, interval, pause, resume, sleep};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

#[zokio::test(start_paused = true)]
async fn sleeping_takes_no_time_and_is_exact() {
    let real = std::time::Instant::now();
    let start = Instant::now();
    for _ in 0..24 {
        sleep(HOUR).await;
    }
    assert_eq!(start.elapsed(), 24 * HOUR);
    assert!(real.elapsed() < Duration::from_secs(5));
}

#[zokio::test(start_paused = true)]
async fn time_passes_step_by_step_while_one_sleeps() {
    let start = Instant::now();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let ticker = zokio::spawn(async move {
        let mut ticks = interval(10 * MS);
        loop {
            ticks.tick().await;
            log.lock().unwrap().push(start.elapsed());
        }
    });
    sleep(35 * MS).await;
    ticker.abort();
    assert_eq!(*seen.lock().unwrap(), [0, 10, 20, 30].map(|ms| ms * MS));
}

#[zokio::test(start_paused = true)]
async fn advancing_is_one_step() {
    let start = Instant::now();
    let sleeper = zokio::spawn(async move {
        sleep(10 * MS).await;
        sleep(10 * MS).await;
        start.elapsed()
    });
    zokio::task::yield_now().await;
    advance(15 * MS).await;
    assert_eq!(start.elapsed(), 15 * MS);
    assert!(!sleeper.is_finished());
    assert_eq!(sleeper.await.unwrap(), 25 * MS);
}

#[zokio::test(start_paused = true)]
async fn advancing_may_be_smaller_than_a_tick() {
    let start = Instant::now();
    let nap = sleep(MS);
    zokio::pin!(nap);
    for _ in 0..3 {
        advance(MS / 4).await;
        assert!(!nap.is_elapsed());
    }
    advance(MS / 4).await;
    nap.await;
    assert_eq!(start.elapsed(), MS);
}

#[zokio::test]
async fn the_clock_goes_on_from_what_it_shows() {
    let before = Instant::now();
    pause();
    let stopped = Instant::now();
    assert!(stopped >= before);
    thread::sleep(2 * MS);
    assert_eq!(Instant::now(), stopped);
    advance(HOUR).await;
    resume();
    assert!(Instant::now() >= stopped + HOUR);
    sleep(5 * MS).await;
    let shown = stopped.elapsed();
    assert!((HOUR + 5 * MS..HOUR + Duration::from_secs(60)).contains(&shown));
    pause();
    assert!(stopped.elapsed() >= shown);
}

#[zokio::test(start_paused = true)]
async fn the_clock_waits_for_blocking_jobs() {
    let start = Instant::now();
    let job = spawn_blocking(|| thread::sleep(20 * MS));
    zokio::select! {
        done = job => done.unwrap(),
        () = sleep(MS) => panic!("time passed meanwhile"),
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(HOUR).await;
    assert_eq!(start.elapsed(), HOUR);
}

#[zokio::test(start_paused = true)]
async fn what_is_ready_comes_before_the_clock_moves() {
    let start = Instant::now();
    let (mut one, mut two) = duplex(64);
    let reader = zokio::spawn(async move {
        let mut byte = [0];
        two.read_exact(&mut byte).await.unwrap();
        start.elapsed()
    });
    one.write_all(b"x").await.unwrap();
    sleep(HOUR).await;
    assert_eq!(reader.await.unwrap(), Duration::ZERO);
}

#[zokio::test(start_paused = true)]
async fn a_clock_without_timers_does_not_move() {
    let start = Instant::now();
    let (send, receive) = std::sync::mpsc::channel();
    let waker_thread = thread::spawn(move || {
        let waker: std::task::Waker = receive.recv().unwrap();
        thread::sleep(10 * MS);
        waker.wake();
    });
    let mut polled = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut polled, true) {
            return std::task::Poll::Ready(());
        }
        send.send(cx.waker().clone()).unwrap();
        std::task::Poll::Pending
    })
    .await;
    waker_thread.join().unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[test]
fn clocks_belong_to_runtimes() {
    let paused = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let running = Builder::new_current_thread().enable_all().build().unwrap();
    paused.block_on(advance(HOUR));
    let outside = Instant::now();
    let shown = paused.block_on(async { Instant::now() });
    assert!(shown.duration_since(outside) > HOUR - Duration::from_secs(60));
    running.block_on(async {
        let start = Instant::now();
        sleep(5 * MS).await;
        assert!(start.elapsed() >= 5 * MS);
        assert!(start.duration_since(outside) < HOUR / 2);
    });
}

#[test]
fn misuse_panics_with_advice() {
    let current = || Builder::new_current_thread().enable_all().build().unwrap();
    let message = |f: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap()
    };
    let twice = message(&|| {
        current().block_on(async {
            pause();
            pause();
        });
    });
    assert!(twice.contains("paused already"), "{twice}");
    let running = message(&|| current().block_on(async { resume() }));
    assert!(running.contains("call `time::pause()`"), "{running}");
    let running = message(&|| current().block_on(advance(MS)));
    assert!(running.contains("call `time::pause()`"), "{running}");
    let threads = message(&|| {
        let multi = Builder::new_multi_thread().enable_all().build().unwrap();
        multi.block_on(async { pause() });
    });
    assert!(threads.contains("`current_thread` runtime"), "{threads}");
    let outside = message(&pause);
    assert!(outside.contains("there is no reactor running"), "{outside}");
}

/// The clock stops at a moment that is no whole millisecond of the runtime's, while a timer waits.
#[test]
fn a_clock_that_was_paused_later_goes_by_whole_milliseconds() {
    let rt = Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let before = spawn(sleep(Duration::from_micros(20_300)));
        yield_now().await;
        pause();
        before.await.unwrap();
        for (asked, taken) in [(1_000, 1), (300, 1), (1_700, 2), (2_001, 3)] {
            let start = Instant::now();
            sleep(Duration::from_micros(asked)).await;
            assert_eq!(start.elapsed(), Duration::from_millis(taken));
        }
    });
}

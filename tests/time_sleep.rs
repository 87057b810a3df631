//! Sleeps on both schedulers, in real time where that makes no difference to what a test sees.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use futures_test::task::new_count_waker;
use tokio_test::{assert_pending, task};
use zokio::runtime::{Builder, Runtime};
use zokio::time::{Duration, Instant, Sleep, sleep, sleep_until};

const MS: Duration = Duration::from_millis(1);

fn runtimes() -> Vec<Runtime> {
    let multi = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all().build()
    };
    let current = Builder::new_current_thread().enable_all().build();
    vec![current.unwrap(), multi(1).unwrap(), multi(3).unwrap()]
}

fn poll(sleep: Pin<&mut Sleep>, waker: &Waker) -> Poll<()> {
    sleep.poll(&mut Context::from_waker(waker))
}

#[test]
fn no_sleep_ends_early_and_none_is_lost() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut tasks = Vec::new();
            for i in 0..2_000_u32 {
                tasks.push(zokio::spawn(async move {
                    let deadline =
                        Instant::now() + Duration::from_micros(u64::from(i * 37 % 60_000));
                    sleep_until(deadline).await;
                    assert!(Instant::now() >= deadline);
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}

/// However late the runtime looks: the sleeps of one task are woken in turn.
#[test]
fn a_task_sees_its_sleeps_end_in_the_order_of_their_deadlines() {
    for rt in runtimes() {
        let task = rt.spawn(async {
            let start = Instant::now();
            let sleeps = [7, 2, 5, 1].map(|steps| async move {
                sleep_until(start + steps * 10 * MS).await;
                steps
            });
            let ended = sleeps.into_iter().collect::<FuturesUnordered<_>>();
            ended.collect::<Vec<_>>().await
        });
        assert_eq!(rt.block_on(task).unwrap(), [1, 2, 5, 7]);
    }
}

#[test]
fn another_thread_adds_an_earlier_timer_while_the_runtime_waits() {
    for rt in runtimes() {
        let handle = rt.handle().clone();
        let (send, receive) = mpsc::channel();
        let other = thread::spawn(move || {
            // The runtime has gone to sleep by now.
            thread::sleep(50 * MS);
            let (waker, count) = new_count_waker();
            let _guard = handle.enter();
            let mut nap = Box::pin(sleep(10 * MS));
            assert!(poll(nap.as_mut(), &waker).is_pending());
            while count.get() == 0 {
                thread::sleep(MS);
            }
            send.send(()).unwrap();
        });
        rt.block_on(async {
            let mut long = pin!(sleep(Duration::from_secs(20)));
            let start = Instant::now();
            poll_fn(|cx| {
                assert!(long.as_mut().poll(cx).is_pending());
                match receive.try_recv() {
                    Ok(()) => Poll::Ready(()),
                    // The other timer's end wakes the thread that turns the driver, not this
                    // task: it has to look again by itself.
                    Err(_) => {
                        let waker = cx.waker().clone();
                        thread::spawn(move || {
                            thread::sleep(5 * MS);
                            waker.wake();
                        });
                        Poll::Pending
                    }
                }
            })
            .await;
            assert!(start.elapsed() < Duration::from_secs(10));
        });
        other.join().unwrap();
    }
}

#[test]
fn only_the_last_waker_is_woken() {
    let rt = Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let [(one, first), (other, last)] = [(); 2].map(|()| new_count_waker());
        let mut nap = pin!(sleep(5 * MS));
        assert!(poll(nap.as_mut(), &one).is_pending());
        assert!(poll(nap.as_mut(), &other).is_pending());
        assert!(poll(nap.as_mut(), &other).is_pending());
        sleep(10 * MS).await;
        assert_eq!((first.get(), last.get()), (0, 1));
        assert!(nap.is_elapsed());
        assert!(poll(nap.as_mut(), &other).is_ready());
        assert!(poll(nap.as_mut(), &other).is_ready());
    });
}

#[test]
fn a_dropped_sleep_wakes_nobody_and_lets_go_of_the_waker() {
    paused().block_on(async {
        let mut task = task::spawn(());
        let mut nap = Box::pin(sleep(5 * MS));
        assert_pending!(task.enter(|cx, _| nap.as_mut().poll(cx)));
        assert_eq!(task.waker_ref_count(), 2);
        drop(nap);
        assert_eq!(task.waker_ref_count(), 1);
        sleep(10 * MS).await;
        assert!(!task.is_woken());
    });
}

/// A runtime whose clock moves when nothing else is to be done.
fn paused() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

#[test]
fn a_reset_takes_the_waker_along() {
    paused().block_on(async {
        let step = 10 * MS;
        let (waker, count) = new_count_waker();
        let start = Instant::now();
        let mut nap = pin!(sleep_until(start + step));
        assert!(poll(nap.as_mut(), &waker).is_pending());
        // Away, further away, and back again.
        for steps in [3, 5, 4] {
            nap.as_mut().reset(start + steps * step);
            assert_eq!(nap.deadline(), start + steps * step);
        }
        sleep_until(start + 3 * step).await;
        assert_eq!((count.get(), nap.is_elapsed()), (0, false));
        sleep_until(start + 5 * step).await;
        assert_eq!((count.get(), nap.is_elapsed()), (1, true));

        // Once it has fired there is no waker to take along.
        nap.as_mut().reset(Instant::now() + 5 * MS);
        assert!(!nap.is_elapsed());
        sleep(10 * MS).await;
        assert_eq!((count.get(), nap.is_elapsed()), (1, true));

        nap.as_mut().reset(Instant::now() + 5 * MS);
        assert!(poll(nap.as_mut(), &waker).is_pending());
        nap.as_mut().reset(start);
        assert_eq!(count.get(), 2, "a deadline in the past wakes at once");
        nap.await;
    });
}

#[test]
fn one_that_was_never_polled_can_be_reset() {
    paused().block_on(async {
        let start = Instant::now();
        let mut nap = pin!(sleep(Duration::from_secs(60)));
        nap.as_mut().reset(start + 10 * MS);
        nap.await;
        assert_eq!(start.elapsed(), 10 * MS);
    });
}

#[test]
fn the_longest_sleeps_do_not_end() {
    let rt = Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        for long in [Duration::MAX, Duration::from_secs(u64::MAX / 10)] {
            let mut nap = task::spawn(sleep(long));
            assert_pending!(nap.poll());
            sleep(2 * MS).await;
            assert_pending!(nap.poll());
        }
    });
}

/// Resets race with the thread that turns the wheel: a sleep that keeps being moved away must
/// not end, and each must end after its last deadline.
#[test]
fn moving_deadlines_while_the_wheel_turns() {
    let rt = Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    rt.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..50 {
            tasks.push(zokio::spawn(async {
                let mut nap = pin!(sleep(2 * MS));
                let mut last = nap.deadline();
                for round in 0..40 {
                    let step = pin!(sleep(MS));
                    let won = zokio::select! {
                        biased;
                        () = nap.as_mut() => true,
                        () = step => false,
                    };
                    if won {
                        assert!(Instant::now() >= last, "round {round}");
                    }
                    last = Instant::now() + 2 * MS;
                    nap.as_mut().reset(last);
                }
                nap.await;
                assert!(Instant::now() >= last);
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn made_in(rt: &Runtime) -> Sleep {
    let _guard = rt.enter();
    sleep(10 * MS)
}

#[test]
fn a_sleep_belongs_to_the_runtime_that_made_it() {
    let owner = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let guest = Builder::new_current_thread().build().unwrap();
    let nap = made_in(&owner);
    // The guest has no timers of its own.
    let start = Instant::now();
    guest.block_on(nap);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
#[should_panic(expected = "it is being shutdown")]
fn one_whose_runtime_is_gone_panics() {
    let owner = Builder::new_current_thread().enable_all().build().unwrap();
    let mut nap = Box::pin(made_in(&owner));
    let (waker, count) = new_count_waker();
    assert!(poll(nap.as_mut(), &waker).is_pending());
    drop(owner);
    assert_eq!(count.get(), 1, "the shutdown wakes it");
    let _ = poll(nap.as_mut(), &waker);
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn there_is_none_outside_of_a_runtime() {
    drop(sleep(MS));
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn there_is_none_where_timers_are_off() {
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async { sleep(MS).await });
}

/// Returns the first quartile of how long 21 sleeps of a millisecond take.
fn quartile(mut sleep_once: impl FnMut()) -> Duration {
    let mut taken: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            sleep_once();
            start.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[5]
}

/// With ticks of a millisecond and a wait that is rounded up, a sleep took a millisecond too long.
/// The machine is measured beside it, and may be busy at times. This needs Linux 5.11.
#[test]
fn a_short_sleep_is_as_exact_as_that_of_a_thread() {
    for rt in runtimes() {
        let compared = std::iter::repeat_with(|| {
            let thread = quartile(|| thread::sleep(MS));
            let task = quartile(|| rt.block_on(async { zokio::spawn(sleep(MS)).await.unwrap() }));
            (thread, task)
        });
        let close = |(thread, task): &(Duration, Duration)| *task < *thread + MS / 2;
        let compared: Vec<_> = compared.take(10).take_while(|pair| !close(pair)).collect();
        assert!(compared.len() < 10, "{compared:?}");
    }
}

/// More timers than the runtime wakes for one by one: each has its turn, and those of one task come
/// in the order of their deadlines.
#[test]
fn many_timers_keep_their_order() {
    for rt in runtimes() {
        rt.block_on(async {
            let tasks = (0..200_u32).map(|task| {
                zokio::spawn(async move {
                    let start = Instant::now();
                    let due = |step| {
                        start + Duration::from_micros(u64::from(200_000 + task * 7 + step * 900))
                    };
                    let sleeps = (0..40).rev().map(|step| async move {
                        sleep_until(due(step)).await;
                        assert!(Instant::now() >= due(step));
                        step
                    });
                    let order: Vec<u32> = sleeps.collect::<FuturesUnordered<_>>().collect().await;
                    assert!(order.is_sorted(), "{order:?}");
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    }
}

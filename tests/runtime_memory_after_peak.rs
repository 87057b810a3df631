//! How much memory a runtime keeps after a peak. In a program of its own, one test at a time: the
//! allocations that are counted are those of the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use zokio::runtime::{Builder, Runtime};
use zokio::task::{self, LocalSet};
use zokio::time;

/// Of everything.
const PEAK: usize = 100_000;
/// What a runtime may keep of a peak, in bytes.
const LITTLE: isize = 128 << 10;
/// One word for each timer of the peak; the table doubles.
const TIMER_WORDS: isize = 8 * 131_072;

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: the system's allocator does the work, and only sizes are counted besides.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promises, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promises, passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtimes() -> [Runtime; 2] {
    let mut multi = Builder::new_multi_thread();
    // One worker: the queue of another would be looked at only when that one has work again.
    multi.worker_threads(1).max_blocking_threads(4).enable_all();
    let mut current = Builder::new_current_thread();
    current.max_blocking_threads(4).enable_all();
    [current.build().unwrap(), multi.build().unwrap()]
}

/// Runs `peak` twice on each runtime, the first time with few: what is allocated once is there when
/// the second begins. `peak` returns when its memory is no longer in use.
fn keeps_at_most(limit: isize, peak: impl Fn(&Runtime, usize)) {
    let _alone = alone();
    for runtime in runtimes() {
        peak(&runtime, 10);
        let before = LIVE.load(Ordering::Relaxed);
        peak(&runtime, PEAK);
        // A few more, so that every queue is looked at once after it became empty.
        peak(&runtime, 10);
        let kept = LIVE.load(Ordering::Relaxed) - before;
        assert!(kept <= limit, "{kept} bytes are kept after the peak");
    }
}

#[test]
fn a_peak_of_tasks_from_outside() {
    keeps_at_most(LITTLE, |runtime, count| {
        let tasks: Vec<_> = (0..count).map(|_| runtime.spawn(async {})).collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_peak_of_tasks_from_inside() {
    keeps_at_most(LITTLE, |runtime, count| {
        let all = runtime.spawn(async move {
            let tasks: Vec<_> = (0..count).map(|_| zokio::spawn(async {})).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        runtime.block_on(all).unwrap();
    });
}

#[test]
fn a_peak_of_local_tasks() {
    keeps_at_most(LITTLE, |runtime, count| {
        thread_local! {
            static SET: LocalSet = LocalSet::new();
        }
        SET.with(|set| {
            set.block_on(runtime, async {
                let tasks: Vec<_> = (0..count).map(|_| task::spawn_local(async {})).collect();
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
    });
}

#[test]
fn a_peak_of_yields() {
    keeps_at_most(LITTLE, |runtime, count| {
        let all = runtime.spawn(async move {
            let tasks: Vec<_> = (0..count)
                .map(|_| zokio::spawn(task::yield_now()))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        runtime.block_on(all).unwrap();
    });
}

#[test]
fn a_peak_of_closures() {
    keeps_at_most(LITTLE, |runtime, count| {
        // They wait for the first, which waits for all to be queued.
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let first = runtime.spawn_blocking(move || blocked.recv().unwrap());
        let rest: Vec<_> = (0..count).map(|_| runtime.spawn_blocking(|| {})).collect();
        release.send(()).unwrap();
        runtime.block_on(async {
            first.await.unwrap();
            for closure in rest {
                closure.await.unwrap();
            }
        });
    });
}

#[test]
fn a_peak_of_timers() {
    keeps_at_most(TIMER_WORDS + LITTLE, |runtime, count| {
        runtime.block_on(async {
            let mut timers: Vec<_> = (0..count)
                .map(|_| Box::pin(time::sleep(Duration::from_secs(3600))))
                .collect();
            let poll_all = poll_fn(|cx| {
                for timer in &mut timers {
                    assert!(timer.as_mut().poll(cx).is_pending());
                }
                Poll::Ready(())
            });
            // So many polls take more than the budget of one turn.
            task::unconstrained(poll_all).await;
        });
    });
}

//! How long does it take to lock, to take a permit and to be notified: alone, and among ten tasks.

use std::sync::Arc;

use zokio_benches::{runtime, side_by_side};

const TASKS: u64 = 10;

macro_rules! alone {
    ($runtime:ident, $group:ident, $running:ident, $name:literal, $rounds:ident, $body:expr) => {
        let running = $running.clone();
        $group.bench_function(concat!($name, "/", stringify!($runtime)), move |bencher| {
            bencher.iter_custom(|$rounds| {
                let task = running.spawn(async move {
                    let start = std::time::Instant::now();
                    $body.await;
                    start.elapsed()
                });
                running.block_on(task).unwrap()
            });
        });
    };
}

macro_rules! among_ten {
    ($runtime:ident, $group:ident, $running:ident, $name:literal, $shared:expr, |$one:ident| $body:expr) => {
        alone!($runtime, $group, $running, $name, rounds, async move {
            let shared = Arc::new($shared);
            let tasks: Vec<_> = (0..TASKS)
                .map(|_| {
                    let $one = shared.clone();
                    $runtime::spawn(async move {
                        for _ in 0..rounds.div_ceil(TASKS) {
                            $body.await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    };
}

macro_rules! locks {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let running = std::rc::Rc::new(runtime!($runtime, $scheduler));
        alone!(
            $runtime,
            $group,
            running,
            "mutex alone",
            rounds,
            async move {
                let mutex = $runtime::sync::Mutex::new(0_u64);
                for _ in 0..rounds {
                    *mutex.lock().await += 1;
                }
            }
        );
        alone!(
            $runtime,
            $group,
            running,
            "read alone",
            rounds,
            async move {
                let lock = $runtime::sync::RwLock::new(1_u64);
                let mut sum = 0;
                for _ in 0..rounds {
                    sum += *lock.read().await;
                }
                assert_eq!(sum, rounds);
            }
        );
        alone!(
            $runtime,
            $group,
            running,
            "semaphore alone",
            rounds,
            async move {
                let semaphore = $runtime::sync::Semaphore::new(10);
                for _ in 0..rounds {
                    drop(semaphore.acquire_many(5).await.unwrap());
                }
            }
        );
        alone!(
            $runtime,
            $group,
            running,
            "stored permit",
            rounds,
            async move {
                let notify = $runtime::sync::Notify::new();
                for _ in 0..rounds {
                    notify.notify_one();
                    notify.notified().await;
                }
            }
        );
        alone!(
            $runtime,
            $group,
            running,
            "notify there and back",
            rounds,
            async move {
                let shared =
                    Arc::new([$runtime::sync::Notify::new(), $runtime::sync::Notify::new()]);
                let other = shared.clone();
                let task = $runtime::spawn(async move {
                    for _ in 0..rounds {
                        other[0].notified().await;
                        other[1].notify_one();
                    }
                });
                for _ in 0..rounds {
                    shared[0].notify_one();
                    shared[1].notified().await;
                }
                task.await.unwrap();
            }
        );
        among_ten!(
            $runtime,
            $group,
            running,
            "mutex held over a yield",
            $runtime::sync::Mutex::new(0_u64),
            |mutex| async {
                let mut guard = mutex.lock().await;
                *guard += 1;
                $runtime::task::yield_now().await;
            }
        );
        among_ten!(
            $runtime,
            $group,
            running,
            "half as many permits",
            $runtime::sync::Semaphore::new(5),
            |semaphore| async {
                let permit = semaphore.acquire().await.unwrap();
                $runtime::task::yield_now().await;
                drop(permit);
            }
        );
        among_ten!(
            $runtime,
            $group,
            running,
            "barrier",
            $runtime::sync::Barrier::new(TASKS as usize),
            |barrier| barrier.wait()
        );
    };
}

side_by_side!("lock", locks);

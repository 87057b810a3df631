//! Large futures: what a thread with a stack of the default size can spawn or run on tokio 1.54 it
//! can here, too. A stack that overflows ends the process.

#[path = "support/apart.rs"]
mod apart;

use std::future::Future;
use std::hint::black_box;
use std::thread;

use zokio::runtime::{Handle, LocalRuntime, Runtime};
use zokio::task::{JoinSet, LocalSet, block_in_place, spawn_local, yield_now};

use self::apart::{apart, runtime, sanitizer, skip};

/// What a thread has by default.
const STACK: usize = 2 << 20;

/// A future that holds `N` bytes while it waits.
async fn large<const N: usize>() -> usize {
    let bytes = [black_box(1_u8); N];
    yield_now().await;
    black_box(&bytes)
        .iter()
        .map(|byte| usize::from(*byte))
        .sum()
}

/// The ways to hand a future over, each with the sizes in kilobytes that work on tokio 1.54.1 with
/// a stack of [`STACK`]: unoptimized and optimized.
const WAYS: [(&str, usize, usize); 18] = [
    ("spawn", 900, 900),
    ("Handle::spawn", 900, 900),
    ("Runtime::spawn", 900, 900),
    ("Runtime::spawn, current thread", 900, 900),
    ("JoinSet::spawn", 600, 900),
    ("JoinSet::spawn_on", 600, 900),
    ("JoinSet::spawn_local", 600, 900),
    ("JoinSet::spawn_local_on", 600, 900),
    ("spawn_local in a LocalSet", 900, 900),
    ("LocalSet::spawn_local", 900, 900),
    ("spawn_local in a LocalRuntime", 900, 900),
    ("LocalRuntime::spawn_local", 900, 900),
    ("LocalSet::block_on", 200, 900),
    ("LocalSet::run_until", 100, 900),
    ("Runtime::block_on", 900, 900),
    ("Runtime::block_on, current thread", 900, 900),
    ("Handle::block_on", 900, 900),
    ("Handle::block_on in a task", 900, 900),
];

/// Runs what needs no thread of a runtime on one with a stack of the default size.
fn on_a_thread(f: impl FnOnce() -> usize + Send + 'static) -> usize {
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn(f).unwrap().join().unwrap()
}

/// Runs a future as a task, on a worker.
fn in_a_task(future: impl Future<Output = usize> + Send + 'static) -> usize {
    let runtime = runtime(1);
    runtime.block_on(runtime.spawn(future)).unwrap()
}

/// Runs a future in a `LocalSet`, on a thread.
fn in_a_set<F: Future<Output = usize> + 'static>(f: fn(LocalSet, Runtime) -> F) -> usize {
    on_a_thread(move || {
        let (set, runtime) = (LocalSet::new(), runtime(1));
        let driver = runtime.handle().clone();
        driver.block_on(f(set, runtime))
    })
}

fn spawn_by<const N: usize>(way: &str) -> usize {
    match way {
        "spawn" => in_a_task(async { zokio::spawn(large::<N>()).await.unwrap() }),
        "Handle::spawn" => {
            in_a_task(async { Handle::current().spawn(large::<N>()).await.unwrap() })
        }
        "Runtime::spawn" | "Runtime::spawn, current thread" => {
            let workers = usize::from(way == "Runtime::spawn");
            on_a_thread(move || {
                let runtime = runtime(workers);
                let task = runtime.spawn(large::<N>());
                runtime.block_on(task).unwrap()
            })
        }
        "JoinSet::spawn" => in_a_task(async {
            let mut set = JoinSet::new();
            set.spawn(large::<N>());
            set.join_next().await.unwrap().unwrap()
        }),
        "JoinSet::spawn_on" => in_a_task(async {
            let mut set = JoinSet::new();
            set.spawn_on(large::<N>(), &Handle::current());
            set.join_next().await.unwrap().unwrap()
        }),
        way => spawn_local_by::<N>(way),
    }
}

fn spawn_local_by<const N: usize>(way: &str) -> usize {
    match way {
        "JoinSet::spawn_local" => in_a_set(|set, _runtime| async move {
            let spawn = async {
                let mut tasks = JoinSet::new();
                tasks.spawn_local(large::<N>());
                tasks.join_next().await.unwrap().unwrap()
            };
            set.run_until(spawn).await
        }),
        "JoinSet::spawn_local_on" => in_a_set(|set, _runtime| async move {
            let mut tasks = JoinSet::new();
            tasks.spawn_local_on(large::<N>(), &set);
            set.run_until(tasks.join_next()).await.unwrap().unwrap()
        }),
        "spawn_local in a LocalSet" => in_a_set(|set, _runtime| async move {
            set.run_until(async { spawn_local(large::<N>()).await.unwrap() })
                .await
        }),
        "LocalSet::spawn_local" => in_a_set(|set, _runtime| async move {
            let task = set.spawn_local(large::<N>());
            set.run_until(task).await.unwrap()
        }),
        "spawn_local in a LocalRuntime" => on_a_thread(|| {
            let runtime = LocalRuntime::new().unwrap();
            runtime.block_on(async { spawn_local(large::<N>()).await.unwrap() })
        }),
        "LocalRuntime::spawn_local" => on_a_thread(|| {
            let runtime = LocalRuntime::new().unwrap();
            let task = runtime.spawn_local(large::<N>());
            runtime.block_on(task).unwrap()
        }),
        way => block_on_by::<N>(way),
    }
}

fn block_on_by<const N: usize>(way: &str) -> usize {
    match way {
        "LocalSet::block_on" => on_a_thread(|| LocalSet::new().block_on(&runtime(1), large::<N>())),
        "LocalSet::run_until" => on_a_thread(|| {
            let set = LocalSet::new();
            runtime(1).block_on(async { set.run_until(large::<N>()).await })
        }),
        "Runtime::block_on" => on_a_thread(|| runtime(1).block_on(large::<N>())),
        "Runtime::block_on, current thread" => on_a_thread(|| runtime(0).block_on(large::<N>())),
        "Handle::block_on" => on_a_thread(|| {
            let runtime = runtime(1);
            runtime.handle().block_on(large::<N>())
        }),
        "Handle::block_on in a task" => {
            in_a_task(async { block_in_place(|| Handle::current().block_on(large::<N>())) })
        }
        way => panic!("no way to run a future: {way}"),
    }
}

/// A future was once moved through the stack by each layer of `spawn`: one of 100 KB ended the
/// process where it was not optimized, and one of 900 KB everywhere.
#[test]
fn a_large_future_fits_the_stack() {
    let names = WAYS.map(|(way, ..)| way);
    apart(
        "a_large_future_fits_the_stack",
        &names,
        |_| {},
        |name| {
            if sanitizer::slowness() > 1 {
                skip("a sanitizer makes the frames of the stack larger");
            }
            let (_, plain, optimized) = *WAYS.iter().find(|(way, ..)| *way == name).unwrap();
            let size = if cfg!(debug_assertions) {
                plain
            } else {
                optimized
            };
            let sum = match size {
                100 => spawn_by::<100_000>(name),
                200 => spawn_by::<200_000>(name),
                600 => spawn_by::<600_000>(name),
                900 => spawn_by::<900_000>(name),
                size => panic!("no future of {size} KB"),
            };
            assert_eq!(sum, size * 1000);
        },
    );
}

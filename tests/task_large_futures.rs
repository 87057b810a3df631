//! Futures that take up half of a thread's stack.
//!
//! Every way to hand one to a runtime works with the 2 MiB that a thread has by default, with and
//! without optimization. A test that fails ends the process by a stack overflow.

use std::future::poll_fn;
use std::hint::black_box;
use std::mem;
use std::task::Poll;
use std::thread;

use zokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};
use zokio::task::{self, JoinSet, LocalSet};

/// The size of the future.
const LARGE: usize = 1_000_000;
/// The size of a closure. It is on the stack where it is made, and again where it runs.
const CLOSURE: usize = LARGE / 3;
/// The stack of a worker, and of a thread that std starts.
const STACK: usize = 2 << 20;

/// A future of more than [`LARGE`] bytes.
async fn large() -> u8 {
    let bytes = [7_u8; LARGE];
    wakes_itself().await;
    black_box(&bytes)[LARGE / 2]
}

/// Is not ready at the first poll. Needs no runtime that is driven.
async fn wakes_itself() {
    let mut polled = false;
    poll_fn(|cx| {
        if mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn on_a_small_stack(test: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, test);
        thread.unwrap().join().unwrap();
    });
}

fn runtimes() -> [Runtime; 2] {
    let mut multi = Builder::new_multi_thread();
    multi.worker_threads(1).thread_stack_size(STACK);
    [
        Builder::new_current_thread().build().unwrap(),
        multi.build().unwrap(),
    ]
}

fn local_runtime() -> LocalRuntime {
    Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap()
}

#[test]
fn a_task_can_be_large() {
    for runtime in runtimes() {
        on_a_small_stack(|| {
            let task = runtime.spawn(large());
            assert_eq!(runtime.block_on(task).unwrap(), 7);
        });
        on_a_small_stack(|| {
            let task = runtime.handle().spawn(large());
            assert_eq!(runtime.block_on(task).unwrap(), 7);
        });
        on_a_small_stack(|| {
            let task = runtime.spawn(async { zokio::spawn(large()).await.unwrap() });
            assert_eq!(runtime.block_on(task).unwrap(), 7);
        });
    }
}

#[test]
fn what_is_blocked_on_can_be_large() {
    for runtime in runtimes() {
        on_a_small_stack(|| assert_eq!(runtime.block_on(large()), 7));
        on_a_small_stack(|| assert_eq!(runtime.handle().block_on(large()), 7));
        on_a_small_stack(|| assert_eq!(LocalSet::new().block_on(&runtime, large()), 7));
    }
    on_a_small_stack(|| assert_eq!(local_runtime().block_on(large()), 7));
}

#[test]
fn a_local_task_can_be_large() {
    on_a_small_stack(|| {
        let runtime = local_runtime();
        let task = runtime.spawn_local(large());
        assert_eq!(runtime.block_on(task).unwrap(), 7);
    });
    on_a_small_stack(|| {
        let runtime = local_runtime();
        let task = async { task::spawn_local(large()).await.unwrap() };
        assert_eq!(runtime.block_on(task), 7);
    });
    for runtime in runtimes() {
        on_a_small_stack(|| {
            let set = LocalSet::new();
            let task = set.spawn_local(large());
            assert_eq!(set.block_on(&runtime, task).unwrap(), 7);
        });
        on_a_small_stack(|| {
            let set = LocalSet::new();
            let task = async { task::spawn_local(large()).await.unwrap() };
            assert_eq!(set.block_on(&runtime, task), 7);
        });
    }
}

#[test]
fn a_set_can_have_large_tasks() {
    type Spawn = fn(&mut JoinSet<u8>, &Handle, &LocalSet);
    let spawns: [Spawn; 6] = [
        |set, _, _| _ = set.spawn(large()),
        |set, handle, _| _ = set.spawn_on(large(), handle),
        |set, _, _| _ = set.spawn_local(large()),
        |set, _, local| _ = set.spawn_local_on(large(), local),
        |set, _, _| {
            let bytes = [7_u8; CLOSURE];
            set.spawn_blocking(move || black_box(&bytes)[CLOSURE / 2]);
        },
        |set, handle, _| {
            let bytes = [7_u8; CLOSURE];
            set.spawn_blocking_on(move || black_box(&bytes)[CLOSURE / 2], handle);
        },
    ];
    for runtime in runtimes() {
        for spawn in spawns {
            on_a_small_stack(|| {
                let local = LocalSet::new();
                let joined = local.block_on(&runtime, async {
                    let mut set = JoinSet::new();
                    spawn(&mut set, runtime.handle(), &local);
                    set.join_next().await.unwrap().unwrap()
                });
                assert_eq!(joined, 7);
            });
        }
    }
}

#[test]
fn a_closure_can_be_large() {
    for runtime in runtimes() {
        on_a_small_stack(|| {
            let bytes = [7_u8; CLOSURE];
            let task = runtime.spawn_blocking(move || black_box(&bytes)[CLOSURE / 2]);
            assert_eq!(runtime.block_on(task).unwrap(), 7);
        });
        on_a_small_stack(|| {
            let _entered = runtime.enter();
            let bytes = [7_u8; CLOSURE];
            let task = task::spawn_blocking(move || black_box(&bytes)[CLOSURE / 2]);
            assert_eq!(runtime.handle().block_on(task).unwrap(), 7);
        });
    }
}

/// What comes out of `run_until` is larger than the future itself, and the caller's to place.
#[test]
fn a_set_runs_until_a_large_future_is_ready() {
    for runtime in runtimes() {
        on_a_small_stack(|| {
            let run = async {
                let set = LocalSet::new();
                let bytes = [7_u8; LARGE / 10];
                let large = async move {
                    wakes_itself().await;
                    black_box(&bytes)[LARGE / 20]
                };
                set.run_until(large).await
            };
            assert_eq!(runtime.block_on(run), 7);
        });
    }
}

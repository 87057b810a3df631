//! A seed makes the random choices of a runtime repeatable; and what the other options that concern
//! the order of tasks do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use futures::FutureExt;
use zokio::runtime::{Builder, LocalOptions, RngSeed, Runtime};
use zokio::task::{self, LocalSet, spawn_local};
use zokio::time::sleep;

fn seed() -> RngSeed {
    RngSeed::from_bytes(b"the same bytes")
}

fn both_kinds() -> [Builder; 2] {
    let mut multi_thread = Builder::new_multi_thread();
    // With several workers, which of them runs a task is not repeatable.
    multi_thread.worker_threads(1);
    [Builder::new_current_thread(), multi_thread]
}

/// Returns which branches of `select!` have won, 32 times.
async fn winners() -> Vec<u8> {
    let mut winners = Vec::new();
    for _ in 0..32 {
        winners.push(zokio::select! {
            number = async { 0 } => number,
            number = async { 1 } => number,
            number = async { 2 } => number,
            number = async { 3 } => number,
        });
    }
    winners
}

/// Winners in all places where a runtime polls futures.
fn all_winners(rt: &Runtime) -> Vec<Vec<u8>> {
    let handle = rt.handle().clone();
    let local = LocalSet::new();
    vec![
        rt.block_on(winners()),
        rt.block_on(winners()),
        handle.block_on(winners()),
        rt.block_on(async {
            let first = zokio::spawn(winners()).await.unwrap();
            task::yield_now().await;
            [first, winners().await].concat()
        }),
        rt.block_on(rt.spawn(winners())).unwrap(),
        local.block_on(rt, async { spawn_local(winners()).await.unwrap() }),
    ]
}

#[test]
fn runtimes_with_the_same_seed_make_the_same_choices() {
    for (mut builder, mut other) in both_kinds().into_iter().zip(both_kinds()) {
        let one = builder.rng_seed(seed()).build().unwrap();
        let other = other.rng_seed(seed()).build().unwrap();
        let choices = all_winners(&one);
        assert_eq!(choices, all_winners(&other));
        let mut distinct = choices.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), choices.len(), "{choices:?}");
    }
}

#[test]
fn other_bytes_make_other_choices() {
    for (mut builder, mut other) in both_kinds().into_iter().zip(both_kinds()) {
        let one = builder.rng_seed(seed()).build().unwrap();
        let other = other.rng_seed(RngSeed::from_bytes(b"other bytes")).build();
        assert_ne!(all_winners(&one), all_winners(&other.unwrap()));
    }
}

#[test]
fn the_runtimes_of_one_builder_differ_and_can_be_repeated() {
    for (mut builder, mut other) in both_kinds().into_iter().zip(both_kinds()) {
        let build = |builder: &mut Builder| all_winners(&builder.build().unwrap());
        let (first, second) = {
            builder.rng_seed(seed());
            (build(&mut builder), build(&mut builder))
        };
        assert_ne!(first, second);
        other.rng_seed(seed());
        assert_eq!(first, build(&mut other));
        assert_eq!(second, build(&mut other));
        builder.rng_seed(seed());
        assert_eq!(first, build(&mut builder));
    }
}

#[test]
fn a_local_runtime_is_repeatable() {
    let winners = || {
        let mut builder = Builder::new_current_thread();
        let rt = builder
            .rng_seed(seed())
            .build_local(LocalOptions::default());
        let rt = rt.unwrap();
        let task = rt.spawn_local(winners());
        (rt.block_on(winners()), rt.block_on(task).unwrap())
    };
    assert_eq!(winners(), winners());
}

#[test]
fn what_a_thread_does_elsewhere_changes_no_choice() {
    let run = |elsewhere: bool| {
        let one = Builder::new_current_thread().rng_seed(seed()).build();
        let (one, other) = (one.unwrap(), Builder::new_current_thread().build().unwrap());
        let first = one.block_on(winners());
        if elsewhere {
            // This runtime has no seed.
            other.block_on(winners());
        }
        (first, one.block_on(winners()))
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn two_threads_that_run_a_core_one_after_the_other_are_repeatable() {
    let winners = || {
        let mut builder = Builder::new_multi_thread();
        let rt = builder.worker_threads(1).rng_seed(seed()).build().unwrap();
        rt.block_on(async {
            let before = zokio::spawn(winners()).await.unwrap();
            let (tx, rx) = mpsc::channel();
            let blocks = zokio::spawn(async move { task::block_in_place(move || rx.recv()) });
            // Another thread runs this, while the first one waits.
            let after = zokio::spawn(winners()).await.unwrap();
            tx.send(()).unwrap();
            blocks.await.unwrap().unwrap();
            (before, after)
        })
    };
    assert_eq!(winners(), winners());
}

/// Spawns three tasks from a task of the one worker, and returns the order in which they ran.
fn order(builder: &mut Builder) -> Vec<u8> {
    let rt = builder.worker_threads(1).build().unwrap();
    let (tx, rx) = mpsc::channel();
    rt.spawn(async move {
        for number in 1..=3 {
            let tx = tx.clone();
            zokio::spawn(async move { tx.send(number) });
        }
    });
    rx.iter().collect()
}

#[test]
fn without_the_lifo_slot_tasks_run_in_the_order_in_which_they_were_woken() {
    assert_eq!(order(&mut Builder::new_multi_thread()), [3, 1, 2]);
    let mut builder = Builder::new_multi_thread();
    assert_eq!(order(builder.disable_lifo_slot()), [1, 2, 3]);
}

#[test]
fn without_the_lifo_slot_a_task_is_taken_from_a_worker_that_is_stuck() {
    let mut builder = Builder::new_multi_thread();
    let rt = builder
        .worker_threads(2)
        .disable_lifo_slot()
        .build()
        .unwrap();
    let (tx, rx) = mpsc::channel();
    let task = rt.spawn(async move {
        zokio::spawn(async move { tx.send("ran") });
        rx.recv()
    });
    assert_eq!(rt.block_on(task).unwrap(), Ok("ran"));
}

#[test]
fn options_that_ask_for_what_is_always_so_are_accepted_by_both_kinds() {
    for mut builder in both_kinds() {
        let rt = builder
            .enable_alt_timer()
            .enable_eager_driver_handoff()
            .enable_sharded_blocking_queue()
            .disable_lifo_slot()
            .build()
            .unwrap();
        rt.block_on(async {
            // The first of them has enabled timers.
            sleep(std::time::Duration::from_millis(1)).await;
            assert_eq!(task::spawn_blocking(|| 1 + 1).await.unwrap(), 2);
        });
    }
}

#[test]
fn timers_are_ready_after_the_end_of_a_runtime_that_was_asked_for_it() {
    let timers = |builder: &mut Builder| {
        let rt = builder.build().unwrap();
        rt.block_on(async {
            let hour = std::time::Duration::from_secs(3600);
            let (mut pending, idle) = (Box::pin(sleep(hour)), Box::pin(sleep(hour)));
            assert!(pending.as_mut().now_or_never().is_none());
            vec![pending, idle]
        })
    };
    for mut timer in timers(Builder::new_multi_thread().enable_alt_timer()) {
        assert!(timer.as_mut().now_or_never().is_some());
        assert!(timer.is_elapsed());
    }
    let mut others = timers(Builder::new_multi_thread().enable_time());
    others.append(&mut timers(
        Builder::new_current_thread().enable_alt_timer(),
    ));
    for timer in others {
        assert!(catch_unwind(AssertUnwindSafe(|| timer.now_or_never())).is_err());
    }
}

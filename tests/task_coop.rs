//! The cooperative budget, seen from tasks.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures::FutureExt;
use zokio::runtime::{Builder, Runtime};
use zokio::task::coop::{
    consume_budget, cooperative, has_budget_remaining, poll_proceed, unconstrained,
};
use zokio::task::{self, LocalSet, spawn_local};

const BUDGET: usize = 128;

fn rt() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// How often `future` can be made and polled to its end before one is refused.
fn completions<F: Future>(mut future: impl FnMut() -> F) -> usize {
    (0..10_000)
        .take_while(|_| future().now_or_never().is_some())
        .count()
}

#[test]
fn every_poll_of_a_task_starts_with_a_full_budget() {
    rt().block_on(async {
        let handle = task::spawn(async {
            for _ in 0..3 {
                assert_eq!(completions(consume_budget), BUDGET);
                assert!(!has_budget_remaining());
                task::yield_now().await;
                assert!(has_budget_remaining());
            }
        });
        handle.await.unwrap();
        // So does `block_on` itself.
        task::yield_now().await;
        assert_eq!(completions(consume_budget), BUDGET);
    });
}

#[test]
fn a_task_that_is_always_ready_lets_others_run() {
    rt().block_on(async {
        let steps = Arc::new(AtomicUsize::new(0));
        let counter = steps.clone();
        let busy = task::spawn(async move {
            loop {
                consume_budget().await;
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        // Another task runs between its polls, each of which ends with the budget.
        let observer = task::spawn(poll_fn(move |cx| {
            let steps = steps.load(Ordering::SeqCst);
            assert_eq!(steps % BUDGET, 0);
            if steps >= 5 * BUDGET {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        observer.await.unwrap();
        busy.abort();
    });
}

#[test]
fn a_join_handle_spends_the_budget() {
    rt().block_on(async {
        let mut handles: Vec<_> = (0..2 * BUDGET).map(|_| task::spawn(async {})).collect();
        // They end, and this task starts with a full budget.
        while !handles.iter().all(task::JoinHandle::is_finished) {
            task::yield_now().await;
        }
        let mut joins = handles.iter_mut().map(|handle| handle.now_or_never());
        let joined = joins.by_ref().take_while(Option::is_some).count();
        assert_eq!(joined, BUDGET);
        task::yield_now().await;
        // Not being ready spends nothing.
        let mut never = task::spawn(pending::<()>());
        for _ in 0..2 * BUDGET {
            assert!((&mut never).now_or_never().is_none());
        }
        assert!(has_budget_remaining());
        never.abort();
    });
}

#[test]
fn a_foreign_future_can_be_put_in_and_taken_out() {
    rt().block_on(async {
        assert_eq!(completions(|| cooperative(std::future::ready(()))), BUDGET);
        assert_eq!(completions(|| unconstrained(consume_budget())), 10_000);
        assert!(!has_budget_remaining());
        task::yield_now().await;
        // A future that is not ready returns its unit.
        for _ in 0..2 * BUDGET {
            assert!(cooperative(pending::<()>()).now_or_never().is_none());
        }
        assert!(has_budget_remaining());
    });
}

#[test]
fn a_unit_is_spent_by_progress_only() {
    rt().block_on(poll_fn(|cx| {
        for _ in 0..2 * BUDGET {
            let Poll::Ready(unit) = poll_proceed(cx) else {
                panic!("every unit was given back");
            };
            drop(unit);
        }
        for _ in 0..BUDGET {
            let Poll::Ready(unit) = poll_proceed(cx) else {
                panic!("there is budget left");
            };
            unit.made_progress();
        }
        assert!(poll_proceed(cx).is_pending());
        Poll::Ready(())
    }));
}

#[test]
fn a_refused_operation_is_polled_again() {
    rt().block_on(async {
        // Thrice the budget: twice the task is refused, and wakes itself.
        let handle = task::spawn(async {
            for _ in 0..3 * BUDGET {
                consume_budget().await;
            }
        });
        handle.await.unwrap();
    });
}

#[test]
fn tasks_of_a_local_set_have_budgets_of_their_own() {
    rt().block_on(async {
        assert_eq!(completions(consume_budget), BUDGET);
        let local = LocalSet::new();
        let one = local.spawn_local(async { completions(consume_budget) });
        let two = local.spawn_local(async { completions(consume_budget) });
        // The future itself has what the task around it has left: nothing.
        let mut inside = pin!(local.run_until(async {
            let own = completions(consume_budget);
            spawn_local(async {}).await.unwrap();
            own
        }));
        let mut polls = 0;
        let own = poll_fn(|cx| {
            polls += 1;
            Pin::as_mut(&mut inside).poll(cx)
        })
        .await;
        assert_eq!(own, 0);
        assert!(polls > 1);
        assert_eq!((one.await.unwrap(), two.await.unwrap()), (BUDGET, BUDGET));
    });
}

#[test]
fn nothing_is_counted_outside_of_tasks() {
    assert!(has_budget_remaining());
    assert_eq!(completions(consume_budget), 10_000);
    let counted = rt().block_on(async {
        let blocking = task::spawn_blocking(|| completions(consume_budget));
        blocking.await.unwrap()
    });
    assert_eq!(counted, 10_000);
}

//! `select!` and `pin!`.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::{Future, IntoFuture, Ready, pending, poll_fn, ready};
use std::mem::size_of_val;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures::FutureExt;
use zokio::select;
use zokio::sync::oneshot;
use zokio::task::coop::consume_budget;
use zokio::task::yield_now;

#[zokio::test]
async fn a_branch_may_end_in_many_ways() {
    assert_eq!(select! { n = ready(1) => n }, 1);
    assert_eq!(select! { n = ready(1) => n, }, 1);
    assert_eq!(select! { n = ready(1) => { n } }, 1);
    assert_eq!(select! { n = ready(1) => { n }, }, 1);
    assert_eq!(select! { n = ready(1), if true => n, else => 2 }, 1);
    assert_eq!(select! { n = ready(1), if false => { n } else => 2 }, 2);
    assert_eq!(
        select! { n = ready(1), if false => { n }, else => { 2 } },
        2
    );
    assert_eq!(select! { else => 2 }, 2);
    assert_eq!(select! { biased; else => 2, }, 2);
    let both = select! {
        biased;
        n = ready(1), if false => n,
        n = ready(2) => { n }
        n = ready(3) => n
    };
    assert_eq!(both, 2);
}

#[zokio::test]
async fn patterns_may_refuse() {
    let value = select! {
        Some(n) = ready(None::<u32>) => n,
        Ok(n) | Err(n) = async { yield_now().await; Err::<u32, u32>(7) } => n,
    };
    assert_eq!(value, 7);
    let refused = select! {
        Some(n) = ready(None::<u32>) => n,
        [1, n] = ready([2, 3]) => n,
        else => 0,
    };
    assert_eq!(refused, 0);
}

#[zokio::test]
async fn patterns_may_borrow_and_change() {
    select! {
        Some(mut text) = ready(Some(String::from("a"))) => {
            text.push('b');
            assert_eq!(text, "ab");
        }
    }
    select! {
        Some(ref mut text) = ready(Some(String::from("a"))) => {
            text.push('b');
            assert_eq!(text, "ab");
        }
    }
    select! {
        (ref text, count @ 1..=3) = ready((String::from("a"), 2)) => {
            assert_eq!((text.as_str(), count), ("a", 2));
        }
        else => unreachable!("it matches"),
    }
}

#[zokio::test]
async fn outputs_are_moved_into_patterns_or_dropped() {
    let rc = Rc::new(());
    let kept = select! {
        (first, Some(second)) = ready((rc.clone(), None::<Rc<()>>)) => [first, second],
        Some(both @ [_, _]) = ready(Some([rc.clone(), rc.clone()])) => both,
    };
    assert_eq!(Rc::strong_count(&rc), 3);
    drop(kept);
    assert_eq!(Rc::strong_count(&rc), 1);
}

#[zokio::test]
async fn a_branch_that_is_off_is_evaluated_but_not_polled() {
    let evaluated = Cell::new(0);
    let counted = || {
        evaluated.set(evaluated.get() + 1);
        poll_fn(|_| -> Poll<()> { panic!("it is off") })
    };
    select! {
        _ = counted(), if evaluated.get() > 0 => unreachable!("the conditions come first"),
        _ = ready(()) => {}
    }
    assert_eq!(evaluated.get(), 1);
}

#[zokio::test]
async fn a_future_that_did_not_match_is_not_polled_again() {
    let polled = Cell::new(0);
    let once = poll_fn(|_| {
        polled.set(polled.get() + 1);
        Poll::Ready(None::<()>)
    });
    select! {
        Some(()) = once => unreachable!("it is none"),
        () = async { for _ in 0..10 { yield_now().await } } => {}
    }
    assert_eq!(polled.get(), 1);
}

#[zokio::test]
async fn the_losers_are_dropped_before_the_handler_runs() {
    let token = Rc::new(());
    let held = token.clone();
    let mut text = String::new();
    let long = async {
        let _held = held;
        text.push('a');
        pending::<()>().await;
    };
    select! {
        biased;
        () = long => unreachable!("it never ends"),
        () = ready(()) => {
            assert_eq!(Rc::strong_count(&token), 1);
            text.push('b');
        }
    }
    assert_eq!(text, "ab");
}

#[zokio::test]
async fn a_handler_may_leave_and_wait() {
    async fn inner() -> Result<u32, String> {
        let mut rounds = 0;
        loop {
            select! {
                n = ready(rounds), if rounds < 3 => {
                    yield_now().await;
                    rounds = n + 1;
                    continue;
                }
                else => break,
            }
        }
        select! {
            result = ready(Err::<u32, _>("no")) => Ok(result?),
        }
    }
    assert_eq!(inner().await, Err("no".to_owned()));
}

#[zokio::test]
async fn which_branch_is_first_is_random() {
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        seen.insert(select! {
            n = ready(0) => n,
            n = ready(1) => n,
            n = ready(2) => n,
        });
    }
    assert_eq!(seen.len(), 3);
}

#[zokio::test]
async fn later_branches_are_polled_in_order_and_round_the_corner() {
    for _ in 0..100 {
        let order = RefCell::new(Vec::new());
        let branch = |n: u32| {
            let order = &order;
            poll_fn(move |cx| {
                order.borrow_mut().push(n);
                cx.waker().wake_by_ref();
                if order.borrow().len() > 3 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        };
        select! {
            () = branch(0) => {}
            () = branch(1) => {}
            () = branch(2) => {}
        }
        let order = order.into_inner();
        let first = order[0];
        assert_eq!(order[..3], [first, (first + 1) % 3, (first + 2) % 3]);
    }
}

#[zokio::test]
async fn biased_means_in_the_order_given() {
    for _ in 0..100 {
        let won = select! {
            biased;
            () = pending() => 0,
            () = ready(()) => 1,
            () = ready(()) => 2,
        };
        assert_eq!(won, 1);
    }
}

#[zokio::test]
async fn futures_given_by_reference_go_on() {
    let (send_one, mut one) = oneshot::channel();
    let (send_two, mut two) = oneshot::channel();
    send_one.send(1).unwrap();
    send_two.send(2).unwrap();
    let mut sum = 0;
    let (mut one_open, mut two_open) = (true, true);
    while one_open || two_open {
        select! {
            n = &mut one, if one_open => { sum += n.unwrap(); one_open = false; }
            n = &mut two, if two_open => { sum += n.unwrap(); two_open = false; }
        }
    }
    assert_eq!(sum, 3);
}

#[zokio::test]
async fn what_an_expression_borrows_lives_long_enough() {
    select! {
        () = &mut ready(()) => {}
    }
    let text = String::from("a");
    let length = select! {
        n = async { text.len() } => n,
        n = { let text = &text; async move { yield_now().await; text.len() + 1 } } => n - 1,
    };
    assert_eq!(length, 1);
}

#[zokio::test]
async fn anything_that_becomes_a_future_can_be_selected() {
    struct Later;
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = Ready<u32>;

        fn into_future(self) -> Self::IntoFuture {
            ready(7)
        }
    }
    assert_eq!(select! { n = Later => n }, 7);
}

#[zokio::test]
async fn selects_nest() {
    let sum = select! {
        one = ready(1) => select! {
            two = ready(2) => one + two,
            else => 0,
        },
        never = async { select! { () = pending() => 5 } } => never,
    };
    assert_eq!(sum, 3);
}

#[zokio::test]
async fn without_branches_left_it_panics() {
    let none = AssertUnwindSafe(async {
        select! {
            Some(()) = ready(None) => {}
        }
    });
    let panic = none.catch_unwind().await.unwrap_err();
    let text = panic.downcast_ref::<&str>().unwrap();
    assert_eq!(
        *text,
        "all branches are disabled and there is no else branch"
    );
}

/// As many as there may be, without a larger recursion limit.
#[zokio::test]
async fn sixty_four_branches() {
    #[rustfmt::skip]
    let n = select! {
        biased;
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
        n = pending() => n, n = pending() => n, n = pending() => n, n = ready(63) => n,
    };
    assert_eq!(n, 63);
}

/// A branch that is always ready does not hide that the task has used up its budget.
#[zokio::test]
async fn the_budget_counts() {
    let rounds = Cell::new(0);
    let greedy = async {
        loop {
            select! {
                biased;
                () = consume_budget() => rounds.set(rounds.get() + 1),
                () = ready(()) => unreachable!("with budget, the first is ready"),
            }
        }
    };
    let mut greedy = pin!(greedy);
    let once = poll_fn(|cx| Poll::Ready(greedy.as_mut().poll(cx))).await;
    assert!(once.is_pending());
    assert!((1..=128).contains(&rounds.get()));
}

#[test]
fn the_futures_are_small() {
    let one = async {
        let ready = ready(0_i32);
        select! { _ = ready => {} }
    };
    let three = async {
        let (one, two, three) = (ready(0_i32), ready(0_i32), ready(0_i32));
        select! { _ = one => {} _ = two => {} _ = three => {} }
    };
    assert_eq!((size_of_val(&one), size_of_val(&three)), (32, 48));
}

#[test]
fn pinning_binds_the_names_anew() {
    let one = async { 1 };
    let (two, three) = (async { 2 }, async { 3 });
    zokio::pin!(one);
    zokio::pin!(two, three,);
    zokio::pin! {
        let four = async { 4 };
        let five = ready(5);
    }
    assert_eq!(one.as_mut().now_or_never(), Some(1));
    assert_eq!(two.as_mut().now_or_never(), Some(2));
    assert_eq!(three.now_or_never(), Some(3));
    assert_eq!(four.now_or_never(), Some(4));
    assert_eq!(five.now_or_never(), Some(5));
}

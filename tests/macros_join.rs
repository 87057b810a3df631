//! `join!` and `try_join!`.

use std::cell::{Cell, RefCell};
use std::future::{IntoFuture, Ready, pending, poll_fn, ready};
use std::mem::size_of_val;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures::FutureExt;
use zokio::sync::oneshot;
use zokio::{join, try_join};

/// Is pending so many times, and notes each poll.
async fn note(name: char, times: u32, log: &RefCell<String>) -> char {
    let mut left = times;
    poll_fn(|cx| {
        log.borrow_mut().push(name);
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    name
}

#[zokio::test]
async fn outputs_come_in_the_order_of_the_futures() {
    let ((), one, text, tuple) = join!(async {}, ready(1), async { "two" }, ready((3, 4)),);
    assert_eq!((one, text, tuple), (1, "two", (3, 4)));
    assert_eq!(join!(ready(1)), (1,));
    assert_eq!(join!(biased; ready(1), ready(2)), (1, 2));
    let both: Result<_, ()> = try_join!(async { Ok(1) }, ready(Ok("two")));
    assert_eq!(both, Ok((1, "two")));
}

#[zokio::test]
#[allow(clippy::unit_cmp)]
async fn nothing_joins_to_nothing() {
    assert_eq!(join!(), ());
    assert_eq!(join!(biased;), ());
    assert_eq!(try_join!() as Result<(), ()>, Ok(()));
    assert_eq!(try_join!(biased;) as Result<(), ()>, Ok(()));
}

#[zokio::test]
async fn each_future_is_first_in_turn() {
    let log = RefCell::new(String::new());
    join!(note('a', 3, &log), note('b', 3, &log), note('c', 3, &log));
    assert_eq!(log.take(), "abcbcacababc");
    let all = try_join!(
        async { Ok::<_, ()>(note('a', 3, &log).await) },
        async { Ok(note('b', 3, &log).await) },
        async { Ok(note('c', 3, &log).await) },
    );
    assert_eq!(all, Ok(('a', 'b', 'c')));
    assert_eq!(log.take(), "abcbcacababc");
}

#[zokio::test]
async fn biased_means_in_the_order_given() {
    let log = RefCell::new(String::new());
    join!(biased; note('a', 2, &log), note('b', 2, &log), note('c', 1, &log));
    assert_eq!(log.take(), "abcabcab", "what is done is not polled again");
}

#[zokio::test]
async fn the_first_error_ends_it_and_drops_the_rest() {
    let token = Rc::new(());
    let held = token.clone();
    let (send, receive) = oneshot::channel::<()>();
    drop(send);
    let result: Result<((), ()), &str> = try_join!(
        async move {
            pending::<()>().await;
            drop(held);
            Ok(())
        },
        async { receive.await.map_err(|_| "the sender is gone") },
    );
    assert_eq!(result, Err("the sender is gone"));
    assert_eq!(Rc::strong_count(&token), 1);
}

#[zokio::test]
async fn a_future_is_dropped_as_soon_as_it_is_done() {
    let token = Rc::new(());
    let held = token.clone();
    let first = Cell::new(true);
    join!(
        biased;
        async move { drop(held) },
        poll_fn(|cx| {
            if first.replace(false) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            assert_eq!(Rc::strong_count(&token), 1);
            Poll::Ready(())
        }),
    );
}

#[zokio::test]
async fn futures_may_borrow_and_expressions_may_be_anything() {
    struct Later;
    impl IntoFuture for Later {
        type Output = Result<u8, ()>;
        type IntoFuture = Ready<Self::Output>;

        fn into_future(self) -> Self::IntoFuture {
            ready(Ok(7))
        }
    }

    let mut left = vec![1];
    let right = Cell::new(1);
    join!(async { left.push(2) }, async { right.set(2) });
    assert_eq!((left.len(), right.get()), (2, 2));
    assert_eq!(join!(Later), (Ok(7),));
    assert_eq!(try_join!(Later, ready(Ok(8))), Ok((7, 8)));
    assert_eq!(
        join!(if left.is_empty() { ready(1) } else { ready(2) }),
        (2,)
    );
    const COUNT: u32 = 5;
    assert_eq!(
        join!(async { COUNT }, async { COUNT }),
        (5, 5),
        "no name of the macro is in the way"
    );
}

async fn question_marks() -> Result<u32, std::num::ParseIntError> {
    let (one, two) = try_join!(async { "1".parse::<u32>() }, async { "2".parse::<u32>() })?;
    Ok(one + two)
}

#[zokio::test]
async fn works_with_question_marks() {
    assert_eq!(question_marks().await, Ok(3));
}

#[test]
fn the_futures_are_small() {
    let single = async {
        let ready = ready(0_i32);
        join!(ready)
    };
    let biased = async {
        let (one, two) = (ready(0_i32), ready(0_i32));
        join!(biased; one, two)
    };
    assert_eq!((size_of_val(&single), size_of_val(&biased)), (32, 40));
}

#[test]
fn many_futures_can_be_joined() {
    let mut all = pin!(async {
        join!(
            ready(0),
            ready(1),
            ready(2),
            ready(3),
            ready(4),
            ready(5),
            ready(6),
            ready(7),
            ready(8),
            ready(9),
            ready(10),
            ready(11),
            ready(12),
            ready(13),
            ready(14),
            ready(15),
            ready(16),
            ready(17),
            ready(18),
            ready(19),
            ready(20),
            ready(21),
            ready(22),
            ready(23),
            ready(24),
            ready(25),
            ready(26),
            ready(27),
            ready(28),
            ready(29),
            ready(30),
            ready(31),
            ready(32),
            ready(33),
            ready(34),
            ready(35),
            ready(36),
            ready(37),
            ready(38),
            ready(39),
        )
        .39
    });
    assert_eq!(all.as_mut().now_or_never(), Some(39));
}

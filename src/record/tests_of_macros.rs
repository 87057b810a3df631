//! What a task waits for after combinators have dropped other futures in the same poll.

use std::future::pending;
use std::time::Duration;

use super::Wait;
use super::tests::{LONG, waits_of};
use crate::sync::{Mutex, Notify, mpsc, oneshot};
use crate::task::yield_now;
use crate::time::{Instant, sleep, timeout_at};
use crate::{join, select, try_join};

/// The future waits for the one that is named, and for nothing that it waited for before in its poll.
macro_rules! a_task_waits_for_one_only {
    ($($name:ident: $wait:expr, $several:expr, $future:expr;)*) => {$(
        #[test]
        fn $name() {
            for waits in waits_of(|| $future) {
                assert_eq!((waits.wait, waits.several), ($wait, $several));
            }
        }
    )*};
}

a_task_waits_for_one_only! {
    a_branch_that_has_lost_is_not_waited_for: Wait::Notified, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let (_other, mut oneshot) = oneshot::channel::<()>();
        select! {
            biased;
            _ = receiver.recv() => {}
            _ = &mut oneshot => {}
            _ = async {} => Notify::new().notified().await,
        }
    };
    a_lock_that_has_lost_is_not_waited_for: Wait::MpscRecv, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        select! {
            biased;
            _ = mutex.lock() => {}
            _ = async {} => drop(receiver.recv().await),
        }
    };
    a_lock_that_another_combinator_drops_is_not_waited_for: Wait::MpscRecv, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let mutex = Mutex::new(());
        let _guard = mutex.lock().await;
        let lock = Box::pin(mutex.lock());
        drop(futures::future::select(lock, std::future::ready(())).await);
        receiver.recv().await;
    };
    what_another_combinator_drops_is_not_waited_for: Wait::OneshotRecv, true, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let (_other, oneshot) = oneshot::channel::<()>();
        let receive = Box::pin(receiver.recv());
        drop(futures::future::select(receive, std::future::ready(())).await);
        drop(oneshot.await);
    };
    a_part_of_a_join_that_is_over_is_not_waited_for: Wait::OneshotRecv, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let (_other, oneshot) = oneshot::channel::<()>();
        let over = async {
            let receive = Box::pin(receiver.recv());
            drop(futures::future::select(receive, std::future::ready(())).await);
        };
        join!(biased; async { drop(oneshot.await) }, over);
    };
    what_a_failed_try_join_has_dropped_is_not_waited_for: Wait::Notified, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let received = async { receiver.recv().await.ok_or(()) };
        let failed = try_join!(biased; received, async { Err::<(), ()>(()) });
        failed.unwrap_err();
        Notify::new().notified().await;
    };
    a_timeout_that_is_over_is_not_waited_for: Wait::Notified, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        // One that is over by any clock, so that it does not take another poll.
        let over = Instant::now() - Duration::from_secs(1);
        timeout_at(over, receiver.recv()).await.unwrap_err();
        Notify::new().notified().await;
    };
    what_is_unknown_is_not_what_was_before: Wait::Timer, false, async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let (_other, mut oneshot) = oneshot::channel::<()>();
        let notify = Notify::new();
        let unknown = async {
            select! {
                biased;
                _ = receiver.recv() => {}
                _ = &mut oneshot => {}
                _ = notify.notified() => {}
                _ = yield_now() => {}
                _ = std::future::ready(()) => {}
            }
            drop(futures::future::select(Box::pin(notify.notified()), std::future::ready(())).await);
            drop(futures::future::select(Box::pin(sleep(LONG * 2)), std::future::ready(())).await);
            pending::<()>().await;
        };
        join!(biased; sleep(LONG), unknown);
    };
}

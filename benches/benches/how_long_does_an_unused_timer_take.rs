//! How long does a timer take that never fires: made and dropped, and polled once in between, as
//! a timeout around something fast is.

use std::future::{poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use zokio_benches::{runtime, side_by_side};

const LATER: Duration = Duration::from_secs(30);

macro_rules! timers {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let shared = std::rc::Rc::new(runtime!($runtime, $scheduler));
        macro_rules! each {
            ($what:literal, $round:expr) => {
                let runtime = shared.clone();
                $group.bench_function(concat!($what, "/", stringify!($runtime)), move |bencher| {
                    bencher.iter_custom(|rounds| {
                        let task = runtime.spawn(async move {
                            let start = std::time::Instant::now();
                            for _ in 0..rounds {
                                $round.await;
                            }
                            start.elapsed()
                        });
                        runtime.block_on(task).unwrap()
                    });
                });
            };
        }
        each!("made", async { drop($runtime::time::sleep(LATER)) });
        each!("polled", async {
            let mut sleep = pin!($runtime::time::sleep(LATER));
            poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await
        });
        each!("timeout", async {
            $runtime::time::timeout(LATER, ready(1)).await.unwrap()
        });
    };
}

side_by_side!("unused_timer", timers);

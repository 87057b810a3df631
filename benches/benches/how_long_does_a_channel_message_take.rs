//! How long does a message through a channel take: sent and received by one thread, between tasks
//! with one and four producers, there and back, and to waiting and watching receivers.

use std::time::Duration;

use zokio_benches::{Asker, Group};

/// One question to one runtime: the time that about `messages` messages take, per message.
type Question = fn(messages: u64) -> Duration;

macro_rules! side {
    ($side:ident, $runtime:ident) => {
        mod $side {
            use std::future::Future;
            use std::hint::black_box;
            use std::pin::pin;
            use std::sync::LazyLock;
            use std::task::{Context, Waker};
            use std::time::{Duration, Instant};

            use zokio_benches::runtime;
            use $runtime::runtime::Runtime;
            use $runtime::sync::{broadcast, mpsc, oneshot, watch};

            static ONE_THREAD: LazyLock<Runtime> =
                LazyLock::new(|| runtime!($runtime, "current_thread"));
            static TWO_WORKERS: LazyLock<Runtime> =
                LazyLock::new(|| runtime!($runtime, "two_workers"));

            /// What is sent.
            type Message = [u64; 2];

            fn block_on<F>(runtime: &Runtime, future: F) -> F::Output
            where
                F: Future + Send + 'static,
                F::Output: Send,
            {
                runtime.block_on(runtime.spawn(future)).unwrap()
            }

            pub fn unbounded_alone(messages: u64) -> Duration {
                let (tx, mut rx) = mpsc::unbounded_channel::<Message>();
                let start = Instant::now();
                for _ in 0..messages / 100 {
                    for number in 0..100 {
                        tx.send([number; 2]).unwrap();
                    }
                    for _ in 0..100 {
                        black_box(rx.try_recv().unwrap());
                    }
                }
                start.elapsed()
            }

            pub fn bounded_alone(messages: u64) -> Duration {
                let (tx, mut rx) = mpsc::channel::<Message>(128);
                let start = Instant::now();
                for _ in 0..messages / 100 {
                    for number in 0..100 {
                        tx.try_send([number; 2]).unwrap();
                    }
                    for _ in 0..100 {
                        black_box(rx.try_recv().unwrap());
                    }
                }
                start.elapsed()
            }

            pub fn bounded_alone_async(messages: u64) -> Duration {
                block_on(&ONE_THREAD, async move {
                    let (tx, mut rx) = mpsc::channel::<Message>(128);
                    let start = Instant::now();
                    for _ in 0..messages / 100 {
                        for number in 0..100 {
                            tx.send([number; 2]).await.unwrap();
                        }
                        for _ in 0..100 {
                            black_box(rx.recv().await.unwrap());
                        }
                    }
                    start.elapsed()
                })
            }

            pub fn create_mpsc(messages: u64) -> Duration {
                let start = Instant::now();
                for _ in 0..messages {
                    let (tx, rx) = mpsc::channel::<Message>(8);
                    black_box((tx.clone(), rx));
                }
                start.elapsed()
            }

            async fn unbounded(producers: u64, messages: u64) -> Duration {
                let (tx, mut rx) = mpsc::unbounded_channel::<Message>();
                let start = Instant::now();
                for _ in 0..producers {
                    let tx = tx.clone();
                    $runtime::spawn(async move {
                        for number in 0..messages / producers {
                            tx.send([number; 2]).unwrap();
                            if number % 64 == 63 {
                                $runtime::task::yield_now().await;
                            }
                        }
                    });
                }
                drop(tx);
                while let Some(message) = rx.recv().await {
                    black_box(message);
                }
                start.elapsed()
            }

            pub fn unbounded_1_producer_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, unbounded(1, messages))
            }

            pub fn unbounded_1_producer_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, unbounded(1, messages))
            }

            pub fn unbounded_4_producers_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, unbounded(4, messages))
            }

            pub fn unbounded_4_producers_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, unbounded(4, messages))
            }

            async fn bounded(producers: u64, capacity: usize, messages: u64) -> Duration {
                let (tx, mut rx) = mpsc::channel::<Message>(capacity);
                let start = Instant::now();
                for _ in 0..producers {
                    let tx = tx.clone();
                    $runtime::spawn(async move {
                        for number in 0..messages / producers {
                            tx.send([number; 2]).await.unwrap();
                        }
                    });
                }
                drop(tx);
                while let Some(message) = rx.recv().await {
                    black_box(message);
                }
                start.elapsed()
            }

            pub fn bounded_1_producer_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, bounded(1, 1000, messages))
            }

            pub fn bounded_1_producer_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, bounded(1, 1000, messages))
            }

            pub fn bounded_4_producers_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, bounded(4, 1000, messages))
            }

            pub fn bounded_4_producers_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, bounded(4, 1000, messages))
            }

            pub fn bounded_by_8_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, bounded(4, 8, messages))
            }

            pub fn bounded_by_8_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, bounded(4, 8, messages))
            }

            pub fn recv_many(messages: u64) -> Duration {
                block_on(&ONE_THREAD, async move {
                    let (tx, mut rx) = mpsc::channel::<Message>(128);
                    $runtime::spawn(async move {
                        for number in 0..messages {
                            tx.send([number; 2]).await.unwrap();
                        }
                    });
                    let start = Instant::now();
                    let mut buffer = Vec::with_capacity(128);
                    while rx.recv_many(&mut buffer, 128).await > 0 {
                        black_box(&buffer);
                        buffer.clear();
                    }
                    start.elapsed()
                })
            }

            async fn there_and_back(messages: u64) -> Duration {
                let (tx, mut far) = mpsc::channel::<Message>(1);
                let (back, mut rx) = mpsc::channel::<Message>(1);
                $runtime::spawn(async move {
                    while let Some(message) = far.recv().await {
                        back.send(message).await.unwrap();
                    }
                });
                let start = Instant::now();
                for number in 0..messages / 2 {
                    tx.send([number; 2]).await.unwrap();
                    black_box(rx.recv().await.unwrap());
                }
                start.elapsed()
            }

            pub fn there_and_back_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, there_and_back(messages))
            }

            pub fn oneshot_sent_first(messages: u64) -> Duration {
                block_on(&ONE_THREAD, async move {
                    let start = Instant::now();
                    for number in 0..messages {
                        let (tx, rx) = oneshot::channel::<Message>();
                        tx.send([number; 2]).unwrap();
                        black_box(rx.await.unwrap());
                    }
                    start.elapsed()
                })
            }

            pub fn oneshot_awaited_first(messages: u64) -> Duration {
                let mut context = Context::from_waker(Waker::noop());
                let start = Instant::now();
                for number in 0..messages {
                    let (tx, rx) = oneshot::channel::<Message>();
                    let mut rx = pin!(rx);
                    assert!(rx.as_mut().poll(&mut context).is_pending());
                    tx.send([number; 2]).unwrap();
                    assert!(rx.as_mut().poll(&mut context).is_ready());
                }
                start.elapsed()
            }

            pub fn oneshot_from_a_task(messages: u64) -> Duration {
                block_on(&ONE_THREAD, async move {
                    let start = Instant::now();
                    for number in 0..messages {
                        let (tx, rx) = oneshot::channel::<Message>();
                        $runtime::spawn(async move { tx.send([number; 2]).unwrap() });
                        black_box(rx.await.unwrap());
                    }
                    start.elapsed()
                })
            }

            fn broadcast_alone(receivers: usize, messages: u64) -> Duration {
                let (tx, rx) = broadcast::channel::<Message>(128);
                drop(rx);
                let mut receivers: Vec<_> = (0..receivers).map(|_| tx.subscribe()).collect();
                let start = Instant::now();
                for _ in 0..messages / 100 {
                    for number in 0..100 {
                        tx.send([number; 2]).unwrap();
                    }
                    for rx in &mut receivers {
                        for _ in 0..100 {
                            black_box(rx.try_recv().unwrap());
                        }
                    }
                }
                start.elapsed()
            }

            pub fn broadcast_to_1_alone(messages: u64) -> Duration {
                broadcast_alone(1, messages)
            }

            pub fn broadcast_to_4_alone(messages: u64) -> Duration {
                broadcast_alone(4, messages)
            }

            async fn broadcast(receivers: usize, messages: u64) -> Duration {
                let (tx, rx) = broadcast::channel::<Message>(128);
                drop(rx);
                let tasks: Vec<_> = (0..receivers)
                    .map(|_| {
                        let mut rx = tx.subscribe();
                        $runtime::spawn(async move {
                            loop {
                                match rx.recv().await {
                                    Ok(message) => _ = black_box(message),
                                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                                    Err(broadcast::error::RecvError::Closed) => break,
                                }
                            }
                        })
                    })
                    .collect();
                let start = Instant::now();
                for number in 0..messages {
                    tx.send([number; 2]).unwrap();
                    if number % 64 == 63 {
                        $runtime::task::yield_now().await;
                    }
                }
                drop(tx);
                for task in tasks {
                    task.await.unwrap();
                }
                start.elapsed()
            }

            pub fn broadcast_to_4_tasks_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, broadcast(4, messages))
            }

            pub fn broadcast_to_4_tasks_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, broadcast(4, messages))
            }

            pub fn watch_alone(messages: u64) -> Duration {
                let (tx, mut rx) = watch::channel::<Message>([0; 2]);
                let start = Instant::now();
                for number in 0..messages {
                    tx.send([number; 2]).unwrap();
                    black_box(*rx.borrow_and_update());
                }
                start.elapsed()
            }

            async fn watch(receivers: usize, messages: u64) -> Duration {
                let (tx, rx) = watch::channel::<Message>([0; 2]);
                let tasks: Vec<_> = (0..receivers)
                    .map(|_| {
                        let mut rx = rx.clone();
                        $runtime::spawn(async move {
                            while rx.changed().await.is_ok() {
                                black_box(*rx.borrow_and_update());
                            }
                        })
                    })
                    .collect();
                let start = Instant::now();
                for number in 0..messages {
                    tx.send([number; 2]).unwrap();
                    $runtime::task::yield_now().await;
                }
                drop(tx);
                for task in tasks {
                    task.await.unwrap();
                }
                start.elapsed()
            }

            pub fn watch_by_1_task_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, watch(1, messages))
            }

            pub fn watch_by_16_tasks_one_thread(messages: u64) -> Duration {
                block_on(&ONE_THREAD, watch(16, messages))
            }

            pub fn watch_by_16_tasks_two_workers(messages: u64) -> Duration {
                block_on(&TWO_WORKERS, watch(16, messages))
            }
        }
    };
}

side!(zokio_side, zokio);
side!(tokio_side, tokio);

/// A question by name, to zokio and to tokio.
macro_rules! questions {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), zokio_side::$name, tokio_side::$name)),*]
    };
}

const QUESTIONS: &[(&str, Question, Question)] = questions![
    unbounded_alone,
    bounded_alone,
    bounded_alone_async,
    create_mpsc,
    unbounded_1_producer_one_thread,
    unbounded_1_producer_two_workers,
    unbounded_4_producers_one_thread,
    unbounded_4_producers_two_workers,
    bounded_1_producer_one_thread,
    bounded_1_producer_two_workers,
    bounded_4_producers_one_thread,
    bounded_4_producers_two_workers,
    bounded_by_8_one_thread,
    bounded_by_8_two_workers,
    recv_many,
    there_and_back_one_thread,
    oneshot_sent_first,
    oneshot_awaited_first,
    oneshot_from_a_task,
    broadcast_to_1_alone,
    broadcast_to_4_alone,
    broadcast_to_4_tasks_one_thread,
    broadcast_to_4_tasks_two_workers,
    watch_alone,
    watch_by_1_task_one_thread,
    watch_by_16_tasks_one_thread,
    watch_by_16_tasks_two_workers,
];

/// The questions divide their messages by up to this.
const STEP: u64 = 400;

fn main() {
    let mut asker = Asker::from_args();
    let mut group = Group::new("channel".to_owned());
    for &(name, zokio, tokio) in QUESTIONS {
        for (side, question) in [("zokio", zokio), ("tokio", tokio)] {
            group.bench_function(format!("{name}/{side}"), move |bencher| {
                bencher.iter_custom(|messages| {
                    let rounded = messages.div_ceil(STEP) * STEP;
                    question(rounded).mul_f64(messages as f64 / rounded as f64)
                });
            });
        }
    }
    group.ask(&mut asker);
    asker.finish();
}

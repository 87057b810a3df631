//! How long does a message and its answer take: between a task and a thread outside of the runtime,
//! which wakes a parked worker each time, and between two tasks.

use futures_channel::mpsc;
use futures_util::{SinkExt, StreamExt};
use zokio_benches::{runtime, side_by_side};

macro_rules! wakes {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let shared = std::rc::Rc::new(runtime!($runtime, $scheduler));
        let runtime = shared.clone();
        $group.bench_function(concat!("thread/", stringify!($runtime)), move |bencher| {
            bencher.iter_custom(|rounds| {
                let (questions, asked) = std::sync::mpsc::channel::<u64>();
                let (mut answers, mut answered) = mpsc::channel(1);
                let thread = std::thread::spawn(move || {
                    for question in asked {
                        answers.try_send(question).unwrap();
                    }
                });
                let task = runtime.spawn(async move {
                    let start = std::time::Instant::now();
                    for round in 0..rounds {
                        questions.send(round).unwrap();
                        assert_eq!(answered.next().await, Some(round));
                    }
                    start.elapsed()
                });
                let elapsed = runtime.block_on(task).unwrap();
                thread.join().unwrap();
                elapsed
            });
        });
        let runtime = shared.clone();
        $group.bench_function(concat!("task/", stringify!($runtime)), move |bencher| {
            bencher.iter_custom(|rounds| {
                let (mut questions, mut asked) = mpsc::channel::<u64>(1);
                let (mut answers, mut answered) = mpsc::channel::<u64>(1);
                runtime.spawn(async move {
                    while let Some(question) = asked.next().await {
                        answers.send(question).await.unwrap();
                    }
                });
                let task = runtime.spawn(async move {
                    let start = std::time::Instant::now();
                    for round in 0..rounds {
                        questions.send(round).await.unwrap();
                        assert_eq!(answered.next().await, Some(round));
                    }
                    start.elapsed()
                });
                runtime.block_on(task).unwrap()
            });
        });
    };
}

side_by_side!("wake_across_threads", wakes);

//! How long does it take to spawn a task and to get its result: one at a time, and a thousand.

use zokio_benches::{runtime, side_by_side};

macro_rules! spawn_and_join {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let shared = std::rc::Rc::new(runtime!($runtime, $scheduler));
        let runtime = shared.clone();
        $group.bench_function(concat!("one/", stringify!($runtime)), move |bencher| {
            bencher.iter_custom(|rounds| {
                // Inside of a task, where a program spawns from.
                let task = runtime.spawn(async move {
                    let start = std::time::Instant::now();
                    for round in 0..rounds {
                        assert_eq!($runtime::spawn(async move { round }).await.unwrap(), round);
                    }
                    start.elapsed()
                });
                runtime.block_on(task).unwrap()
            });
        });
        let runtime = shared.clone();
        $group.bench_function(concat!("thousand/", stringify!($runtime)), move |bencher| {
            bencher.iter_custom(|rounds| {
                let task = runtime.spawn(async move {
                    let mut tasks = Vec::with_capacity(1000);
                    let start = std::time::Instant::now();
                    for _ in 0..rounds {
                        tasks.extend((0..1000).map(|task| $runtime::spawn(async move { task })));
                        for task in tasks.drain(..) {
                            task.await.unwrap();
                        }
                    }
                    start.elapsed()
                });
                runtime.block_on(task).unwrap()
            });
        });
    };
}

side_by_side!("spawn_and_join", spawn_and_join);

//! How long does it take a task to go to the back of the queue and to run again, among ten others.

use zokio_benches::{runtime, side_by_side};

const TASKS: u64 = 10;

macro_rules! yields {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let shared = std::rc::Rc::new(runtime!($runtime, $scheduler));
        let runtime = shared.clone();
        $group.bench_function(stringify!($runtime), move |bencher| {
            bencher.iter_custom(|rounds| {
                let task = runtime.spawn(async move {
                    let start = std::time::Instant::now();
                    let tasks: Vec<_> = (0..TASKS)
                        .map(|_| {
                            $runtime::spawn(async move {
                                for _ in 0..rounds.div_ceil(TASKS) {
                                    $runtime::task::yield_now().await;
                                }
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                    start.elapsed()
                });
                runtime.block_on(task).unwrap()
            });
        });
    };
}

side_by_side!("yield", yields);

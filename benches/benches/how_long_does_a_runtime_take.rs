//! How long does it take to make a runtime, use it and drop it: with an empty future, with a task,
//! and with a file that is read.

use std::time::Instant;

use zokio_benches::{runtime, side_by_side};

macro_rules! runtimes {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        made_for!($runtime, $group, $scheduler, "nothing", async {});
        made_for!($runtime, $group, $scheduler, "a task", async {
            $runtime::spawn(async {}).await.unwrap();
        });
        made_for!($runtime, $group, $scheduler, "a file", async {
            $runtime::fs::read("/proc/version").await.unwrap();
        });
    };
}

macro_rules! made_for {
    ($runtime:ident, $group:ident, $scheduler:ident, $name:literal, $future:expr) => {
        $group.bench_function(concat!($name, "/", stringify!($runtime)), |bencher| {
            bencher.iter_custom(|rounds| {
                let start = Instant::now();
                for _ in 0..rounds {
                    let runtime = runtime!($runtime, $scheduler);
                    runtime.block_on($future);
                    drop(runtime);
                }
                start.elapsed()
            });
        });
    };
}

side_by_side!("runtime", runtimes);

//! How long does an item take on its way through two tasks that each work on it, for 0.1 to 200
//! microseconds, with room for 1 or 16 items between them? When the two run on two workers, about as
//! long as one of them works; when they do not, twice that.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use zokio_benches::{runtime, side_by_side};

fn work(nanos: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_nanos(nanos) {
        spin_loop();
    }
}

macro_rules! pipelines {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        let shared = std::rc::Rc::new(runtime!($runtime, $scheduler));
        macro_rules! each {
            ($what:literal, $nanos:literal, $room:literal) => {
                let runtime = shared.clone();
                $group.bench_function(concat!($what, "/", stringify!($runtime)), move |bencher| {
                    bencher.iter_custom(|rounds| {
                        let (sender, mut receiver) = $runtime::sync::mpsc::channel::<u64>($room);
                        let task = runtime.spawn(async move {
                            let start = Instant::now();
                            let second = $runtime::spawn(async move {
                                while receiver.recv().await.is_some() {
                                    work($nanos);
                                }
                            });
                            for item in 0..rounds {
                                work($nanos);
                                sender.send(item).await.unwrap();
                            }
                            drop(sender);
                            second.await.unwrap();
                            start.elapsed()
                        });
                        runtime.block_on(task).unwrap()
                    });
                });
            };
        }
        each!("0.1 us, room for 1", 100, 1);
        each!("0.1 us, room for 16", 100, 16);
        each!("0.5 us, room for 1", 500, 1);
        each!("0.5 us, room for 16", 500, 16);
        each!("2 us, room for 1", 2_000, 1);
        each!("2 us, room for 16", 2_000, 16);
        each!("20 us, room for 1", 20_000, 1);
        each!("20 us, room for 16", 20_000, 16);
        each!("200 us, room for 1", 200_000, 1);
        each!("200 us, room for 16", 200_000, 16);
    };
}

side_by_side!("pipeline", pipelines);

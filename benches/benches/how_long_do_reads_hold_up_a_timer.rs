//! How long does a task that sleeps for a millisecond again and again have to wait for its turn while
//! four others read files that are in the page cache? A round is one sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zokio_benches::{runtime, side_by_side};

/// The readers' files: as large as the reads that are asked for at a time.
const LARGE: usize = 64 << 20;
const SMALL: usize = 200 << 10;

macro_rules! reads_and_ticks {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        for reads in ["512 KiB", "whole files of 200 KiB"] {
            let runtime = runtime!($runtime, $scheduler);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            let size = if reads == "512 KiB" { LARGE } else { SMALL };
            std::fs::write(&path, vec![7; size]).unwrap();
            let name = format!("reads of {reads}/{}", stringify!($runtime));
            $group.bench_function(name, move |bencher| {
                let _folder = &folder;
                bencher.iter_custom(|rounds| {
                    let ended = Arc::new(AtomicBool::new(false));
                    let readers: Vec<_> = (0..4)
                        .map(|_| {
                            let (ended, path) = (ended.clone(), path.clone());
                            runtime.spawn(async move {
                                while !ended.load(Ordering::Relaxed) {
                                    read!($runtime, path, size);
                                }
                            })
                        })
                        .collect();
                    let ticker = runtime.spawn(async move {
                        let start = Instant::now();
                        for _ in 0..rounds {
                            $runtime::time::sleep(Duration::from_millis(1)).await;
                        }
                        start.elapsed()
                    });
                    let elapsed = runtime.block_on(ticker).unwrap();
                    ended.store(true, Ordering::Relaxed);
                    for reader in readers {
                        runtime.block_on(reader).unwrap();
                    }
                    elapsed
                });
            });
        }
    };
}

macro_rules! read {
    ($runtime:ident, $path:ident, $size:ident) => {
        if $size == SMALL {
            assert_eq!($runtime::fs::read(&$path).await.unwrap().len(), SMALL);
        } else {
            use $runtime::io::AsyncReadExt as _;
            let mut file = $runtime::fs::File::open(&$path).await.unwrap();
            let mut buffer = vec![0; 512 << 10];
            while file.read(&mut buffer).await.unwrap() > 0 {}
        }
    };
}

side_by_side!("timer beside reads", reads_and_ticks);

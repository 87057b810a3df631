//! How many syncs a second do tasks make that each write 4 KiB to a file of their own and
//! synchronize it: one, 16 and 256 of them. A round is one sync of every task. The folder is the
//! system's for temporary files, or `ZOKIO_BENCH_DIR`.

use std::time::Instant;

use zokio_benches::{runtime, side_by_side};

const BLOCK: usize = 4096;

fn folder() -> tempfile::TempDir {
    match std::env::var_os("ZOKIO_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

macro_rules! syncs {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        for count in [1, 16, 256] {
            let runtime = runtime!($runtime, $scheduler);
            let name = format!("{count} tasks/{}", stringify!($runtime));
            $group.bench_function(name, move |bencher| {
                bencher.iter_custom(|rounds| {
                    let folder = folder();
                    let files = (0..count).map(|number| {
                        std::fs::File::create(folder.path().join(number.to_string())).unwrap()
                    });
                    let files: Vec<_> = files.collect();
                    let all = runtime.spawn(async move {
                        let start = Instant::now();
                        let tasks = files.into_iter().map(|file| {
                            $runtime::spawn(async move {
                                use $runtime::io::{AsyncSeekExt as _, AsyncWriteExt as _};
                                let mut file = $runtime::fs::File::from_std(file);
                                for _ in 0..rounds {
                                    file.rewind().await.unwrap();
                                    file.write_all(&[7; BLOCK]).await.unwrap();
                                    file.sync_all().await.unwrap();
                                }
                            })
                        });
                        for task in tasks.collect::<Vec<_>>() {
                            task.await.unwrap();
                        }
                        start.elapsed()
                    });
                    runtime.block_on(all).unwrap()
                });
            });
        }
    };
}

side_by_side!("syncs", syncs);

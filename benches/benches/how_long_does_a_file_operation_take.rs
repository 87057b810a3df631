//! How long does an operation on files take, one at a time, by a task; every file is cached. The
//! folder is the system's for temporary files, or `ZOKIO_BENCH_DIR`.

use std::path::PathBuf;

use zokio_benches::{runtime, side_by_side};

const BLOCK: usize = 4096;
const BLOCKS: u64 = 1024;

fn folder() -> tempfile::TempDir {
    match std::env::var_os("ZOKIO_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

/// One bench: `$setup` makes what `$body`, given the number of the round, works on.
macro_rules! bench {
    ($runtime:ident, $group:ident, $scheduler:ident, $name:literal,
     |$dir:ident| $setup:expr, |$state:ident, $round:ident| $body:expr) => {{
        let runtime = runtime!($runtime, $scheduler);
        let name = format!("{}/{}", $name, stringify!($runtime));
        $group.bench_function(name, move |bencher| {
            bencher.iter_custom(|rounds| {
                let folder = folder();
                let $dir = PathBuf::from(folder.path());
                let task = runtime.spawn(async move {
                    #[allow(unused_mut)]
                    let mut $state = $setup;
                    let start = std::time::Instant::now();
                    for $round in 0..rounds {
                        $body;
                    }
                    start.elapsed()
                });
                runtime.block_on(task).unwrap()
            });
        });
    }};
}

macro_rules! files {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        use $runtime::fs;
        use $runtime::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

        async fn block(dir: PathBuf) -> PathBuf {
            let path = dir.join("block");
            fs::write(&path, [7; BLOCK]).await.unwrap();
            fs::read(&path).await.unwrap();
            path
        }

        async fn names(dir: &std::path::Path, rounds: u64) {
            for round in 0..rounds {
                std::fs::write(dir.join(round.to_string()), "").unwrap();
            }
        }

        reading!($runtime, $group, $scheduler);
        writing!($runtime, $group, $scheduler);
        naming!($runtime, $group, $scheduler);
    };
}

macro_rules! reading {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        bench!(
            $runtime,
            $group,
            $scheduler,
            "read_4k_at_random",
            |dir| {
                let path = dir.join("large");
                std::fs::write(&path, vec![7; BLOCK * BLOCKS as usize]).unwrap();
                (fs::File::open(&path).await.unwrap(), vec![0; BLOCK])
            },
            |state, round| {
                let block = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (BLOCKS - 1);
                let at = std::io::SeekFrom::Start(block * BLOCK as u64);
                state.0.seek(at).await.unwrap();
                state.0.read_exact(&mut state.1).await.unwrap();
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "read_64k_in_order",
            |dir| {
                let path = dir.join("large");
                std::fs::write(&path, vec![7; BLOCK * BLOCKS as usize]).unwrap();
                (fs::File::open(&path).await.unwrap(), vec![0; 16 * BLOCK])
            },
            |state, _round| {
                if state.0.read(&mut state.1).await.unwrap() == 0 {
                    state.0.rewind().await.unwrap();
                }
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "fs_read_4k",
            |dir| block(dir).await,
            |path, _round| fs::read(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "fs_read_1m",
            |dir| {
                let path = dir.join("large");
                std::fs::write(&path, vec![7; 1 << 20]).unwrap();
                path
            },
            |path, _round| fs::read(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "open",
            |dir| block(dir).await,
            |path, _round| fs::File::open(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "metadata",
            |dir| block(dir).await,
            |path, _round| fs::metadata(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "try_exists",
            |dir| block(dir).await,
            |path, _round| fs::try_exists(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "file_metadata",
            |dir| fs::File::open(block(dir).await).await.unwrap(),
            |file, _round| file.metadata().await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "canonicalize",
            |dir| block(dir).await,
            |path, _round| fs::canonicalize(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "read_link",
            |dir| {
                let path = dir.join("link");
                fs::symlink("target", &path).await.unwrap();
                path
            },
            |path, _round| fs::read_link(&path).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "read_dir_of_100",
            |dir| {
                names(&dir, 100).await;
                dir
            },
            |dir, _round| {
                let mut entries = fs::read_dir(&dir).await.unwrap();
                while let Some(entry) = entries.next_entry().await.unwrap() {
                    entry.file_type().await.unwrap();
                }
            }
        );
    };
}

macro_rules! writing {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        bench!(
            $runtime,
            $group,
            $scheduler,
            "write_4k_and_flush",
            |dir| {
                let file = fs::File::create(dir.join("file")).await.unwrap();
                (file, vec![7; BLOCK])
            },
            |state, round| {
                if round % BLOCKS == 0 {
                    state.0.rewind().await.unwrap();
                }
                state.0.write_all(&state.1).await.unwrap();
                state.0.flush().await.unwrap();
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "fs_write_4k_over",
            |dir| block(dir).await,
            |path, _round| fs::write(&path, [8; BLOCK]).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "copy_4k_over",
            |dir| {
                let to = dir.join("to");
                let from = block(dir).await;
                fs::write(&to, "").await.unwrap();
                (from, to)
            },
            |state, _round| fs::copy(&state.0, &state.1).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "set_len",
            |dir| fs::File::create(dir.join("file")).await.unwrap(),
            |file, round| file.set_len(round % 2 * 4096).await.unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "open_to_write",
            |dir| block(dir).await,
            |path, _round| fs::OpenOptions::new()
                .write(true)
                .open(&path)
                .await
                .unwrap()
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "set_permissions",
            |dir| {
                let path = block(dir).await;
                let permissions = fs::metadata(&path).await.unwrap().permissions();
                (path, permissions)
            },
            |state, _round| fs::set_permissions(&state.0, state.1.clone())
                .await
                .unwrap()
        );
    };
}

macro_rules! naming {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        bench!(
            $runtime,
            $group,
            $scheduler,
            "create_and_remove",
            |dir| dir,
            |dir, round| {
                let path = dir.join(round.to_string());
                drop(fs::File::create(&path).await.unwrap());
                fs::remove_file(&path).await.unwrap();
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "rename",
            |dir| {
                names(&dir, 1).await;
                dir
            },
            |dir, round| {
                let (from, to) = (
                    dir.join(round.to_string()),
                    dir.join((round + 1).to_string()),
                );
                fs::rename(from, to).await.unwrap();
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "link_and_remove",
            |dir| block(dir).await,
            |path, _round| {
                let link = path.with_extension("link");
                fs::hard_link(&path, &link).await.unwrap();
                fs::remove_file(&link).await.unwrap();
            }
        );
        bench!(
            $runtime,
            $group,
            $scheduler,
            "make_and_remove_directory",
            |dir| dir,
            |dir, _round| {
                let path = dir.join("inner");
                fs::create_dir(&path).await.unwrap();
                fs::remove_dir(&path).await.unwrap();
            }
        );
    };
}

side_by_side!("file", files);

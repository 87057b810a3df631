//! How long does it take to read 4 KiB that are not in the page cache, at random: one task, and 64
//! at once, each with a file of its own: opened by the runtime, or taken over from `std`. A round is
//! one read of every task. The folder is the system's for temporary files, or `ZOKIO_BENCH_DIR`; in
//! memory nothing is cold.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::{Duration, Instant};

use zokio_benches::{runtime, side_by_side};

const BLOCK: usize = 4096;

/// How many blocks a task can read before they are taken out of the cache again.
const BLOCKS: u64 = 256;

fn folder() -> tempfile::TempDir {
    match std::env::var_os("ZOKIO_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

fn fill(dir: &Path, count: usize) -> Vec<File> {
    let files = (0..count).map(|number| {
        let path = dir.join(number.to_string());
        std::fs::write(&path, vec![7; BLOCK * BLOCKS as usize]).unwrap();
        let file = File::open(path).unwrap();
        file.sync_all().unwrap();
        file
    });
    files.collect()
}

/// Takes the file out of the page cache.
fn chill(file: &File) {
    // SAFETY: posix_fadvise(2) takes no pointer.
    let result = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    assert_eq!(result, 0);
}

/// Every block once, in an order that no read-ahead guesses.
fn order(rounds: u64) -> impl Iterator<Item = u64> {
    (0..rounds).map(|round| round * 97 % BLOCKS * BLOCK as u64)
}

macro_rules! cold_reads {
    ($runtime:ident, $group:ident, $scheduler:ident) => {
        for (count, opened) in [(1, "opened"), (64, "opened"), (64, "taken over")] {
            let runtime = runtime!($runtime, $scheduler);
            let folder = folder();
            let files = fill(folder.path(), count);
            let name = format!("{count} tasks, {opened}/{}", stringify!($runtime));
            $group.bench_function(name, move |bencher| {
                bencher.iter_custom(|rounds| {
                    let mut elapsed = Duration::ZERO;
                    let mut left = rounds;
                    while left > 0 {
                        let part = left.min(BLOCKS);
                        left -= part;
                        files.iter().for_each(chill);
                        elapsed += read_all!($runtime, runtime, folder, count, opened, part);
                    }
                    elapsed
                });
            });
        }
    };
}

macro_rules! read_all {
    ($runtime:ident, $running:ident, $folder:ident, $count:ident, $opened:ident, $rounds:ident) => {{
        let paths = (0..$count).map(|number| $folder.path().join(number.to_string()));
        let paths: Vec<_> = paths.collect();
        let all = $running.spawn(async move {
            let mut files = Vec::new();
            for path in paths {
                files.push(match $opened {
                    "opened" => $runtime::fs::File::open(path).await.unwrap(),
                    _ => $runtime::fs::File::from_std(File::open(path).unwrap()),
                });
            }
            let start = Instant::now();
            let tasks = files.into_iter().map(|mut file| {
                $runtime::spawn(async move {
                    use $runtime::io::{AsyncReadExt as _, AsyncSeekExt as _};
                    let mut block = vec![0; BLOCK];
                    for at in order($rounds) {
                        file.seek(std::io::SeekFrom::Start(at)).await.unwrap();
                        file.read_exact(&mut block).await.unwrap();
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
            start.elapsed()
        });
        $running.block_on(all).unwrap()
    }};
}

side_by_side!("cold read", cold_reads);

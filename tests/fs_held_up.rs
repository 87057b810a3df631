//! Workers that are held up by what they perform for their tasks, and runtimes that end in between.

#[path = "support/apart.rs"]
mod apart;
#[path = "support/fs.rs"]
mod support;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zokio::fs;
use zokio::io::AsyncWriteExt;
use zokio::task::yield_now;

use self::apart::{on_schedulers, runtime};
use self::support::{is_inline, until};

/// Only with several workers there is one that takes over.
const SEVERAL: [usize; 2] = [2, 4];

/// Waits until workers perform what their tasks begin in `folder`: once it is known which file system
/// that is on, and the runtime is as old as a tick of the thread that takes over.
async fn until_kept(folder: &Path) {
    until(|| is_inline(|| fs::metadata(folder))).await;
    zokio::time::sleep(Duration::from_millis(20)).await;
    // That thread starts with the first task.
    zokio::spawn(async {}).await.unwrap();
}

/// Writes that succeeded while the runtime ended in the background did not happen.
#[test]
fn what_a_closing_runtime_accepts_is_written() {
    const TASKS: usize = 4;
    on_schedulers(
        "what_a_closing_runtime_accepts_is_written",
        &SEVERAL,
        |workers| {
            for round in 0..30 {
                let folder = tempfile::tempdir().unwrap();
                let runtime = runtime(workers);
                runtime.block_on(until_kept(folder.path()));
                let (counts, accepted) = mpsc::channel();
                for i in 0..TASKS {
                    let path = folder.path().join(format!("{i}"));
                    let mut file = fs::File::from_std(std::fs::File::create(&path).unwrap());
                    let counts = counts.clone();
                    runtime.spawn(async move {
                        loop {
                            match file.write(b"12345678").await {
                                Ok(count) => counts.send((path.clone(), count as u64)).unwrap(),
                                Err(_) => return,
                            }
                            if file.flush().await.is_err() {
                                return;
                            }
                            yield_now().await;
                        }
                    });
                }
                drop(counts);
                thread::sleep(Duration::from_micros(100 * round));
                runtime.shutdown_background();
                let mut expected = vec![0; TASKS];
                // Ends when the tasks have been dropped.
                for (path, count) in accepted {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    expected[name.parse::<usize>().unwrap()] += count;
                }
                for (i, expected) in expected.into_iter().enumerate() {
                    let path = folder.path().join(format!("{i}"));
                    while std::fs::metadata(&path).unwrap().len() < expected {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            }
        },
    );
}

//! Files and their runtime: none, one that is gone, one of another thread, a stuck worker.

#[path = "support/fs.rs"]
mod support;

use std::io::{ErrorKind, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zokio::fs::{self, File};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use zokio::runtime::Handle;

use self::support::{on_every_runtime, runtime, runtimes, within_the_limit};

/// Each panics outside of a runtime, with a sentence that says so.
macro_rules! needs_a_runtime {
    ($($name:ident: $future:expr;)*) => { $(
        #[test]
        #[should_panic(expected = "there is no reactor running, must be called from the context of")]
        fn $name() {
            let _ = futures::executor::block_on(async { $future.map(drop) });
        }
    )* };
}

needs_a_runtime! {
    read_outside: fs::read("/proc/version").await;
    metadata_outside: fs::metadata("/").await;
    write_outside: fs::write("/dev/null", "x").await;
    open_outside: File::open("/proc/version").await;
    create_dir_outside: fs::create_dir("/").await;
    read_dir_outside: fs::read_dir("/").await;
    read_file_outside: File::from_std(tempfile::tempfile().unwrap()).read(&mut [0; 1]).await;
    write_file_outside: File::from_std(tempfile::tempfile().unwrap()).write(b"x").await;
    seek_file_outside: File::from_std(tempfile::tempfile().unwrap()).rewind().await;
    sync_file_outside: File::from_std(tempfile::tempfile().unwrap()).sync_all().await;
}

fn is_refused<T>(result: std::io::Result<T>) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    let inner = error.get_ref().expect("an inner error").to_string();
    assert_eq!(inner, "background task failed");
}

/// After the runtime was shut down every operation fails, again and again, and nothing panics.
#[test]
fn a_runtime_that_is_gone_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "x").unwrap();
    for runtime in runtimes() {
        let handle = runtime.handle().clone();
        runtime.shutdown_timeout(Duration::from_secs(20));
        handle.block_on(async {
            for _ in 0..2 {
                is_refused(fs::read(&path).await);
                is_refused(fs::metadata(&path).await);
                is_refused(fs::try_exists(&path).await);
                is_refused(fs::write(&path, "y").await);
                is_refused(fs::rename(&path, &path).await);
                is_refused(fs::read_dir(dir.path()).await);
                is_refused(File::open(&path).await);
                is_refused(File::create(&path).await);
            }
            let options = std::fs::File::options().read(true).write(true).open(&path);
            let mut file = File::from_std(options.unwrap());
            for _ in 0..2 {
                is_refused(file.read(&mut [0; 1]).await);
                is_refused(file.write(b"z").await);
                is_refused(file.rewind().await);
                is_refused(file.set_len(0).await);
                is_refused(file.sync_all().await);
                file.flush().await.unwrap();
            }
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
    }
}

/// A read that waits when its runtime goes ends with an error, and its thread is not held.
#[test]
fn a_read_in_flight_ends_with_its_runtime() {
    let (reader, writer) = std::io::pipe().unwrap();
    let runtime = runtime(2, None);
    if runtime.handle().driver_info().kind() != zokio::runtime::DriverKind::Ring {
        // A thread in read(2) cannot be called back; `shutdown_background` leaves it.
        return runtime.shutdown_background();
    }
    let mut file = File::from(std::os::fd::OwnedFd::from(reader));
    let reading = runtime.spawn(async move { file.read(&mut [0; 1]).await });
    std::thread::sleep(Duration::from_millis(20));
    let begin = Instant::now();
    drop(runtime);
    assert!(begin.elapsed() < Duration::from_secs(2));
    let ended = futures::executor::block_on(reading);
    assert!(ended.unwrap_err().is_cancelled());
    drop(writer);
}

/// Operations from `spawn_blocking` and under `Handle::enter`.
#[test]
fn foreign_threads() {
    for runtime in runtimes() {
        within_the_limit(|| {
            let handle = runtime.handle().clone();
            let work = runtime.spawn_blocking(move || {
                let dir = tempfile::tempdir().unwrap();
                let path = dir.path().join("file");
                Handle::current().block_on(async {
                    let mut file = File::create(&path).await?;
                    file.write_all(b"from a thread of the pool").await?;
                    file.flush().await?;
                    fs::read(&path).await
                })
            });
            assert_eq!(runtime.block_on(work).unwrap().unwrap().len(), 25);
            let _entered = handle.enter();
            let read = futures::executor::block_on(async {
                let dir = tempfile::tempdir()?;
                let path = dir.path().join("file");
                let mut file = File::create(&path).await?;
                file.write_all(b"from another executor").await?;
                file.flush().await?;
                fs::read(&path).await
            });
            assert_eq!(read.unwrap().len(), 21);
        });
    }
}

/// A worker that is stuck in user code stalls no file of another task.
#[test]
fn a_stuck_worker_stalls_no_file() {
    for driver in [None, Some(zokio::runtime::DriverKind::Threads)] {
        let runtime = runtime(2, driver);
        let (reader, mut writer) = std::io::pipe().unwrap();
        let (send, receive) = mpsc::channel();
        within_the_limit(|| {
            runtime.block_on(async {
                let mut file = File::from(std::os::fd::OwnedFd::from(reader));
                let reading = zokio::spawn(async move {
                    let mut byte = [0];
                    file.read_exact(&mut byte).await.unwrap();
                    // The other task is stuck until this one continues after a wait for a disk.
                    let dir = tempfile::tempdir().unwrap();
                    let mut file = File::create(dir.path().join("x")).await.unwrap();
                    file.write_all(&byte).await.unwrap();
                    file.sync_all().await.unwrap();
                    send.send(Instant::now()).unwrap();
                });
                let stuck = zokio::spawn(async move {
                    zokio::task::yield_now().await;
                    writer.write_all(b"x").unwrap();
                    let begin = Instant::now();
                    receive.recv().unwrap().duration_since(begin)
                });
                reading.await.unwrap();
                let took = stuck.await.unwrap();
                assert!(took < Duration::from_secs(2), "{took:?}");
            });
        });
    }
}

/// Many operations at once, more than a ring has room for.
#[test]
fn many_at_once() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let tasks: Vec<_> = (0..1000)
            .map(|number| {
                let path = dir.path().join(number.to_string());
                zokio::spawn(async move {
                    let mut file = File::create(&path).await?;
                    file.write_all(number.to_string().as_bytes()).await?;
                    file.flush().await?;
                    drop(file);
                    let text = fs::read_to_string(&path).await?;
                    fs::remove_file(&path).await?;
                    std::io::Result::Ok(text)
                })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await??, number.to_string());
        }
        assert!(
            fs::read_dir(dir.path())
                .await?
                .next_entry()
                .await?
                .is_none()
        );
        Ok(())
    });
}

/// A worker hands over what it submitted before it sleeps, also when another one sleeps in the
/// driver's wait already: it did not, and this hung after some thousand operations.
#[test]
fn one_at_a_time_on_two_workers() {
    let runtime = runtime(2, None);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "x").unwrap();
    within_the_limit(|| {
        runtime.block_on(async {
            let task = zokio::spawn(async move {
                for _ in 0..20_000 {
                    fs::OpenOptions::new()
                        .write(true)
                        .open(&path)
                        .await
                        .unwrap();
                }
            });
            task.await.unwrap();
        });
    });
}

/// A task that only reads and seeks lets others run.
#[test]
fn files_spend_the_budget() {
    let runtime = runtime(0, None);
    runtime.block_on(async {
        let file = tempfile::tempfile().unwrap();
        let greedy = zokio::spawn(async move {
            let mut file = File::from_std(file);
            loop {
                file.rewind().await.unwrap();
                let _ = file.read(&mut [0; 8]).await.unwrap();
            }
        });
        let greedy_metadata = zokio::spawn(async {
            loop {
                fs::metadata("/").await.unwrap();
            }
        });
        for _ in 0..10 {
            zokio::task::yield_now().await;
        }
        greedy.abort();
        greedy_metadata.abort();
        assert!(greedy.await.unwrap_err().is_cancelled());
        assert!(greedy_metadata.await.unwrap_err().is_cancelled());
    });
}

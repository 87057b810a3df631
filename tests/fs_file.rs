//! `File`: reading, writing and seeking as the standard library does, in any order.

#[path = "support/fs.rs"]
mod support;

use std::io::{Read, Seek, SeekFrom, Write};
use std::pin::Pin;

use futures::FutureExt;
use zokio::fs::{self, File};
use zokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt, BufReader,
};

use self::support::{everywhere, mkfifo, on_every_runtime, until};

/// A small generator of random numbers, the same ones for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % n
    }
}

async fn one_step(
    random: &mut Random,
    file: &mut File,
    model: &mut std::fs::File,
) -> std::io::Result<()> {
    match random.below(8) {
        0 | 1 => {
            let mut bytes = vec![0; random.below(5000) as usize];
            let count = file.read(&mut bytes).await?;
            assert!(count > 0 || bytes.is_empty() || at_end(model));
            let mut expected = vec![0; count];
            model.read_exact(&mut expected)?;
            assert_eq!(&bytes[..count], expected);
        }
        2 | 3 => {
            let byte = random.below(256) as u8;
            let bytes = vec![byte; random.below(5000) as usize];
            file.write_all(&bytes).await?;
            model.write_all(&bytes)?;
        }
        4 | 5 => {
            let to = match random.below(3) {
                0 => SeekFrom::Start(random.below(20_000)),
                1 => SeekFrom::End(-(random.below(3000) as i64)),
                _ => SeekFrom::Current(random.below(4000) as i64 - 2000),
            };
            let (ours, theirs) = (file.seek(to).await, model.seek(to));
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
                (Err(ours), Err(theirs)) => assert_eq!(ours.kind(), theirs.kind()),
                (ours, theirs) => panic!("{to:?}: {ours:?}, but std {theirs:?}"),
            }
        }
        6 => {
            let size = random.below(20_000);
            file.set_len(size).await?;
            model.set_len(size)?;
        }
        _ => {
            file.flush().await?;
            assert_eq!(file.metadata().await?.len(), model.metadata()?.len());
            assert_eq!(file.stream_position().await?, model.stream_position()?);
        }
    }
    Ok(())
}

fn at_end(model: &mut std::fs::File) -> bool {
    model.stream_position().unwrap() >= model.metadata().unwrap().len()
}

async fn agrees_with_std_in(dir: tempfile::TempDir, seed: u64) -> std::io::Result<()> {
    let mut random = Random(seed | 1);
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let mut file = options.open(&ours).await?;
    let mut model = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&theirs)?;
    for _ in 0..400 {
        one_step(&mut random, &mut file, &mut model).await?;
    }
    file.flush().await?;
    assert!(fs::read(&ours).await? == std::fs::read(&theirs)?);
    Ok(())
}

#[test]
fn agrees_with_std() {
    let seed = std::cell::Cell::new(1);
    everywhere(|| {
        seed.set(seed.get() + 2);
        agrees_with_std_in(tempfile::tempdir().unwrap(), seed.get() * 0x9e37_79b9)
    });
}

/// The same where files live in memory.
#[test]
fn agrees_with_std_in_memory() {
    let seed = std::cell::Cell::new(100);
    everywhere(|| {
        seed.set(seed.get() + 2);
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        agrees_with_std_in(dir, seed.get() * 0x9e37_79b9)
    });
}

/// The same through a clone, whose position is shared.
#[test]
fn a_clone_shares_the_position() {
    everywhere(|| async {
        let mut file = File::from_std(tempfile::tempfile()?);
        file.set_max_buf_size(3);
        let mut clone = file.try_clone().await?;
        assert_eq!(clone.max_buf_size(), 3);
        file.write_all(b"hello ").await?;
        file.flush().await?;
        clone.write_all(b"world").await?;
        clone.flush().await?;
        assert_eq!(file.stream_position().await?, 11);
        file.rewind().await?;
        let mut text = [0; 2];
        clone.read_exact(&mut text).await?;
        file.read_exact(&mut text).await?;
        assert_eq!(&text, b"ll");
        Ok(())
    });
}

#[test]
fn buffered_lines() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("lines");
        let text: String = (0..10_000).map(|line| format!("line {line}\n")).collect();
        fs::write(&path, &text).await?;
        let mut lines = BufReader::new(File::open(&path).await?).lines();
        let mut count = 0;
        while let Some(line) = lines.next_line().await? {
            assert_eq!(line, format!("line {count}"));
            count += 1;
        }
        assert_eq!(count, 10_000);
        Ok(())
    });
}

#[test]
fn large_transfers() {
    on_every_runtime(|| async {
        let mut file = File::from_std(tempfile::tempfile()?);
        let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all(&bytes).await?;
        file.rewind().await?;
        let mut back = Vec::new();
        file.read_to_end(&mut back).await?;
        assert!(back == bytes);
        Ok(())
    });
}

#[test]
fn a_buffer_limits_one_call() {
    everywhere(|| async {
        let mut file = File::from_std(tempfile::tempfile()?);
        file.set_max_buf_size(4);
        assert_eq!(file.write(b"123456").await?, 4);
        file.rewind().await?;
        assert_eq!(file.read(&mut [0; 10]).await?, 4);
        Ok(())
    });
}

#[test]
#[should_panic(expected = "`max_buf_size` must be greater than 0")]
fn a_buffer_of_nothing_is_refused() {
    File::from_std(tempfile::tempfile().unwrap()).set_max_buf_size(0);
}

#[test]
fn slices_are_written_together() {
    everywhere(|| async {
        let mut file = File::from_std(tempfile::tempfile()?);
        let slices = [&b""[..], b"one ", b"two ", b"three"].map(std::io::IoSlice::new);
        assert!(file.is_write_vectored());
        assert_eq!(file.write_vectored(&slices).await?, 13);
        file.rewind().await?;
        let mut text = String::new();
        file.read_to_string(&mut text).await?;
        assert_eq!(text, "one two three");
        Ok(())
    });
}

/// The device takes nothing: the write is accepted, its error comes with the next call, once.
#[test]
fn an_error_of_a_write_comes_with_the_next_call() {
    on_every_runtime(|| async {
        for by_flush in [true, false] {
            let mut file = File::options().write(true).open("/dev/full").await?;
            let first = file.write(b"x").await;
            let error = match first {
                // A kernel that refuses at once may be believed at once.
                Err(error) => error,
                Ok(_) if by_flush => file.flush().await.unwrap_err(),
                Ok(_) => file.write(b"y").await.unwrap_err(),
            };
            assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            if by_flush {
                file.flush().await?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_dropped_write_happens() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        for round in 0..20 {
            let path = dir.path().join(format!("file{round}"));
            let mut file = File::create(&path).await?;
            file.write_all(&vec![b'x'; 100_000]).await?;
            drop(file);
            until(|| std::fs::metadata(&path).is_ok_and(|found| found.len() == 100_000)).await;
        }
        Ok(())
    });
}

/// Also when the runtime goes right after.
#[test]
fn a_dropped_write_survives_the_runtime() {
    let dir = tempfile::tempdir().unwrap();
    for (round, runtime) in support::runtimes().into_iter().enumerate() {
        let path = dir.path().join(format!("file{round}"));
        runtime.block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
        });
        drop(runtime);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 1_000_000);
    }
}

/// A dropped read leaves its bytes for the next one.
#[test]
fn a_dropped_read_loses_nothing() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("pipe");
        mkfifo(&path);
        let mut writer = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&path)?;
        let mut file = File::open(&path).await?;
        let mut buffer = [0; 4];
        for _ in 0..3 {
            assert!(file.read(&mut buffer).now_or_never().is_none());
        }
        writer.write_all(b"abcdefgh")?;
        file.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"abcd");
        file.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"efgh");
        Ok(())
    });
}

#[test]
fn an_empty_read_is_not_the_end() {
    everywhere(|| async {
        let mut file = File::open("/proc/version").await?;
        assert!(matches!(file.read(&mut []).now_or_never(), Some(Ok(0))));
        assert!(file.read(&mut [0; 10]).await? > 0);
        Ok(())
    });
}

#[test]
fn goes_back_to_std() {
    everywhere(|| async {
        let mut file = File::from_std(tempfile::tempfile()?);
        file.write_all(b"written").await?;
        let mut std = file.into_std().await;
        assert_eq!(std.stream_position()?, 7);
        std.rewind()?;
        let file = File::from(std);
        let mut std = file.try_into_std().expect("nothing is in flight");
        let mut text = String::new();
        std.read_to_string(&mut text)?;
        assert_eq!(text, "written");
        Ok(())
    });
}

#[test]
fn keeps_itself_while_busy() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("pipe");
        mkfifo(&path);
        let mut writer = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&path)?;
        let mut file = File::open(&path).await?;
        assert!(file.read(&mut [0; 4]).now_or_never().is_none());
        let mut file = file.try_into_std().expect_err("a read is in flight");
        let error = Pin::new(&mut file)
            .start_seek(SeekFrom::Start(0))
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("other file operation is pending")
        );
        writer.write_all(b"abcd")?;
        let mut std = file.into_std().await;
        // What was read ahead is lost here, as the documentation of tokio has it.
        writer.write_all(b"efgh")?;
        let mut text = [0; 4];
        std.read_exact(&mut text)?;
        assert_eq!(&text, b"efgh");
        Ok(())
    });
}

#[test]
fn other_methods() {
    everywhere(|| async {
        let file = File::from_std(tempfile::tempfile()?);
        file.set_len(10).await?;
        file.sync_all().await?;
        file.sync_data().await?;
        let mut permissions = file.metadata().await?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).await?;
        assert!(file.metadata().await?.permissions().readonly());
        let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        file.set_modified(then).await?;
        let times = fs::FileTimes::new().set_accessed(then);
        file.set_times(times).await?;
        let metadata = file.metadata().await?;
        assert_eq!(metadata.modified()?, then);
        assert_eq!(metadata.accessed()?, then);
        assert!(format!("{file:?}").starts_with("tokio::fs::File { std: File { fd:"));
        Ok(())
    });
}

/// Several calls on one file from one task: they wait for each other.
#[test]
fn calls_on_a_shared_file_serialise() {
    everywhere(|| async {
        let file = File::from_std(tempfile::tempfile()?);
        let sizes = (1..50).map(|size| file.set_len(size));
        futures::future::try_join_all(sizes).await?;
        let syncs = (0..20).map(|_| file.sync_all());
        futures::future::try_join_all(syncs).await?;
        assert_eq!(file.metadata().await?.len(), 49);
        Ok(())
    });
}

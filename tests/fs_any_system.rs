//! Files and directories, with nothing that one system has alone.

#[path = "support/runtimes.rs"]
mod support;

use std::future::Future;
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use zokio::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use self::support::{builders, within_the_limit};

/// Runs the test on both schedulers and drivers, by `block_on` and as a task.
fn everywhere<F>(test: impl Fn() -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    for mut builder in builders(&[0, 2]) {
        let runtime = builder.build().unwrap();
        within_the_limit(|| {
            runtime.block_on(test()).unwrap();
            runtime.block_on(runtime.spawn(test())).unwrap().unwrap();
        });
    }
}

fn read_and_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    options
}

#[test]
fn reads_writes_and_seeks() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        let mut file = read_and_write().open(&path).await?;
        file.write_all(b"0123456789").await?;
        file.rewind().await?;
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).await?;
        assert_eq!(&bytes, b"0123");
        assert_eq!(file.stream_position().await?, 4);
        // A write goes to where the read has ended.
        file.write_all(b"abc").await?;
        assert_eq!(file.seek(SeekFrom::Current(-4)).await?, 3);
        let mut text = String::new();
        file.read_to_string(&mut text).await?;
        assert_eq!(text, "3abc789");
        assert_eq!(file.seek(SeekFrom::End(-1)).await?, 9);
        // Windows has a code of its own for it, for which the standard library has no kind.
        let error = file.seek(SeekFrom::Current(-100)).await.unwrap_err();
        let expected = std::fs::File::open(&path)?.seek(SeekFrom::Current(-100));
        let expected = expected.unwrap_err();
        assert_eq!(error.kind(), expected.kind());
        assert_eq!(error.raw_os_error(), expected.raw_os_error());
        assert!(error.raw_os_error().is_some());
        assert_eq!(file.stream_position().await?, 9);
        Ok(())
    });
}

#[test]
fn much_is_written_and_read_in_pieces() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut file = File::create(&path).await?;
        file.set_max_buf_size(100_000);
        file.write_all(&bytes).await?;
        file.flush().await?;
        assert!(fs::read(&path).await? == bytes);
        let mut file = File::open(&path).await?;
        file.set_max_buf_size(70_000);
        let mut read = Vec::new();
        file.read_to_end(&mut read).await?;
        assert!(read == bytes);
        Ok(())
    });
}

#[test]
fn appends_at_the_end() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "one").await?;
        let mut file = OpenOptions::new().append(true).open(&path).await?;
        file.rewind().await?;
        file.write_all(b" two").await?;
        file.flush().await?;
        assert_eq!(fs::read_to_string(&path).await?, "one two");
        Ok(())
    });
}

#[test]
fn a_clone_shares_the_position() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "abcdef").await?;
        let mut one = File::open(&path).await?;
        let mut two = one.try_clone().await?;
        let mut bytes = [0; 2];
        for (file, expected) in [(&mut one, b"ab"), (&mut two, b"cd")] {
            file.read_exact(&mut bytes).await?;
            assert_eq!(&bytes, expected);
        }
        assert_eq!(one.stream_position().await?, 4);
        assert_eq!(one.read(&mut bytes).await?, 2);
        assert_eq!(two.read(&mut bytes).await?, 0);
        Ok(())
    });
}

#[test]
fn a_write_that_fails_is_reported() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "").await?;
        let mut file = File::open(&path).await?;
        let written = async {
            file.write_all(b"x").await?;
            file.flush().await
        };
        assert!(written.await.is_err());
        // It is reported once.
        file.flush().await?;
        assert_eq!(fs::metadata(&path).await?.len(), 0);
        Ok(())
    });
}

#[test]
fn changes_of_an_open_file() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let mut file = read_and_write().open(dir.path().join("file")).await?;
        file.write_all(b"0123456789").await?;
        file.set_len(3).await?;
        file.sync_all().await?;
        file.sync_data().await?;
        assert_eq!(file.metadata().await?.len(), 3);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let times = FileTimes::new().set_modified(time);
        file.set_times(times).await?;
        assert_eq!(file.metadata().await?.modified()?, time);
        let std = file.into_std().await;
        assert_eq!(std.metadata()?.len(), 3);
        Ok(())
    });
}

#[test]
fn permissions() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "").await?;
        let before = fs::metadata(&path).await?.permissions();
        assert!(!before.readonly());
        let mut changed = before.clone();
        changed.set_readonly(true);
        fs::set_permissions(&path, changed).await?;
        assert!(fs::metadata(&path).await?.permissions().readonly());
        fs::set_permissions(&path, before).await?;
        assert!(!fs::metadata(&path).await?.permissions().readonly());
        Ok(())
    });
}

#[test]
fn names() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, "1").await?;
        fs::write(&two, "2").await?;
        fs::rename(&one, &two).await?;
        assert!(!fs::try_exists(&one).await? && fs::try_exists(&two).await?);
        assert_eq!(fs::read(&two).await?, b"1");
        fs::hard_link(&two, &one).await?;
        assert_eq!(fs::read(&one).await?, b"1");
        // wine 8 copies, and reports no bytes.
        let copied = fs::copy(&one, dir.path().join("three")).await?;
        assert_eq!(copied, std::fs::copy(&one, dir.path().join("four"))?);
        assert_eq!(fs::read(dir.path().join("three")).await?, b"1");
        let expected = std::fs::canonicalize(&one)?;
        assert_eq!(fs::canonicalize(&one).await?, expected);
        fs::remove_file(&one).await?;
        for result in [
            fs::remove_file(&one).await,
            fs::rename(&one, &two).await,
            fs::hard_link(&one, dir.path().join("five")).await,
            fs::canonicalize(&one).await.map(drop),
            fs::metadata(&one).await.map(drop),
            File::open(&one).await.map(drop),
        ] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
        }
        Ok(())
    });
}

#[test]
fn directories() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let outer = dir.path().join("outer");
        fs::create_dir(&outer).await?;
        let error = fs::create_dir(&outer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        fs::create_dir_all(outer.join("a").join("b")).await?;
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .create(outer.join("c").join("d"))
            .await?;
        for number in 0..200 {
            fs::write(outer.join(number.to_string()), "x").await?;
        }
        let (mut files, mut folders) = (0, 0);
        let mut entries = fs::read_dir(&outer).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_type().await?.is_dir() {
                folders += 1;
            } else {
                assert_eq!(entry.metadata().await?.len(), 1);
                assert_eq!(entry.path(), outer.join(entry.file_name()));
                files += 1;
            }
        }
        assert_eq!((files, folders), (200, 2));
        assert!(fs::remove_dir(&outer).await.is_err());
        fs::remove_dir(outer.join("a").join("b")).await?;
        fs::remove_dir_all(&outer).await?;
        assert!(!fs::try_exists(&outer).await?);
        Ok(())
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        let error = OpenOptions::new().open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let mut options = OpenOptions::new();
        let error = options.read(true).create(true).open(&path).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
        let nul = dir.path().join("a\0b");
        for result in [
            fs::create_dir(&nul).await,
            fs::remove_file(&nul).await,
            fs::rename(&nul, &path).await,
            fs::write(&nul, "").await,
            File::open(&nul).await.map(drop),
        ] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        Ok(())
    });
}

#[test]
fn what_was_begun_is_done_without_its_future() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, "1").await?;
        let _ = fs::rename(&one, &two).now_or_never();
        while !fs::try_exists(&two).await? {
            zokio::task::yield_now().await;
        }
        Ok(())
    });
}

//! Opening files: options, named pipes, cancellation.

#[path = "support/fs.rs"]
mod support;

use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::pin::pin;

use futures::FutureExt;
use zokio::fs::{self, File, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncWriteExt};

use self::support::{everywhere, mkfifo, on_every_runtime, open_on, until};

fn status_flags(file: &File) -> i32 {
    // SAFETY: a plain query.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) }
}

#[test]
fn options_do_what_they_say() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        let missing = File::open(&path).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert_eq!(missing.raw_os_error(), Some(libc::ENOENT));

        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        for text in ["one ", "two"] {
            let mut file = options.open(&path).await?;
            file.write_all(text.as_bytes()).await?;
            file.flush().await?;
        }
        assert_eq!(fs::read_to_string(&path).await?, "one two");
        assert_eq!(
            fs::metadata(&path).await?.permissions().mode() & 0o777,
            0o600
        );

        let exists = File::create_new(&path).await.unwrap_err();
        assert_eq!(exists.kind(), ErrorKind::AlreadyExists);
        File::create(&path).await?;
        assert_eq!(fs::metadata(&path).await?.len(), 0);

        let nothing = OpenOptions::new().open(&path).await.unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::InvalidInput);
        let readonly = OpenOptions::new()
            .read(true)
            .truncate(true)
            .open(&path)
            .await;
        assert_eq!(readonly.unwrap_err().kind(), ErrorKind::InvalidInput);
        let nul = File::open("a\0b").await.unwrap_err();
        assert_eq!(nul.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn options_of_std_are_taken_as_they_are() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        let mut std = std::fs::File::options();
        std.write(true).create_new(true);
        let mut options = OpenOptions::from(std);
        let mut file = options.open(&path).await?;
        file.write_all(b"x").await?;
        file.flush().await?;
        assert!(options.open(&path).await.is_err());
        options.create_new(false).read(true);
        let mut text = String::new();
        options.open(&path).await?.read_to_string(&mut text).await?;
        assert_eq!(text, "x");
        Ok(())
    });
}

/// A file that was opened at once is as one that was opened by waiting.
#[test]
fn flags_are_those_that_were_asked_for() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "x").await?;
        for _ in 0..3 {
            let file = File::open(&path).await?;
            let same = std::fs::File::open(&path)?;
            // SAFETY: a plain query.
            let expected = unsafe { libc::fcntl(same.as_raw_fd(), libc::F_GETFL) };
            assert_eq!(status_flags(&file), expected);
            // SAFETY: a plain query.
            let closes = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFD) };
            assert_eq!(closes, libc::FD_CLOEXEC);
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open(&path).await?;
        assert_ne!(status_flags(&file) & libc::O_NONBLOCK, 0);
        options.custom_flags(libc::O_DIRECTORY);
        let error = options.open(&path).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
        options.custom_flags(libc::O_NOFOLLOW);
        let link = dir.path().join("link");
        fs::symlink(&path, &link).await?;
        let error = options.open(&link).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
        Ok(())
    });
}

#[test]
fn directories_open_but_do_not_read() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let mut opened = File::open(dir.path()).await?;
        assert!(opened.metadata().await?.is_dir());
        let error = opened.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
        let error = fs::read(dir.path()).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
        Ok(())
    });
}

/// A named pipe is opened when its other end is there, and nothing else waits for that.
#[test]
fn a_named_pipe_waits_for_its_other_end() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("pipe");
        mkfifo(&path);
        for _ in 0..3 {
            // So that the path is cached.
            assert!(!fs::metadata(&path).await?.is_file());
        }
        let reader = path.clone();
        let reading = zokio::spawn(async move { fs::read_to_string(reader).await });
        let reader = path.clone();
        let opening = zokio::spawn(async move { File::open(reader).await });
        for _ in 0..20 {
            zokio::task::yield_now().await;
            assert!(fs::metadata(dir.path()).await?.is_dir());
        }
        zokio::task::spawn_blocking(|| {
            std::thread::sleep(std::time::Duration::from_millis(20));
        })
        .await?;
        assert!(!opening.is_finished() && !reading.is_finished());
        let mut writer = File::options().write(true).open(&path).await?;
        drop(opening.await??);
        writer.write_all(b"through the pipe").await?;
        writer.flush().await?;
        drop(writer);
        assert_eq!(reading.await??, "through the pipe");
        Ok(())
    });
}

/// What is opened for a future that is gone is closed.
#[test]
fn a_cancelled_open_leaks_nothing() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        std::fs::write(&path, "x")?;
        for round in 0..60 {
            let mut options = OpenOptions::new();
            match round % 3 {
                0 => options.read(true),
                1 => options.write(true).create(true).truncate(true),
                _ => options.read(true).custom_flags(libc::O_NOFOLLOW),
            };
            let mut open = pin!(options.open(&path));
            if let Some(file) = open.as_mut().now_or_never() {
                file?;
            }
        }
        until(|| open_on(&path) == 0).await;
        let pipe = dir.path().join("pipe");
        mkfifo(&pipe);
        let mut open = Box::pin(File::open(&pipe));
        assert!(open.as_mut().now_or_never().is_none());
        drop(open);
        // Lets an open that cannot be called back end.
        let other = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&pipe)?;
        until(|| open_on(&pipe) == 1).await;
        drop(other);
        Ok(())
    });
}

#[test]
fn descriptors_come_and_go() {
    everywhere(|| async {
        let std = tempfile::tempfile()?;
        let fd = OwnedFd::from(std).into_raw_fd();
        // SAFETY: the descriptor was just given up.
        let file = unsafe { File::from_raw_fd(fd) };
        assert_eq!(file.as_fd().as_raw_fd(), fd);
        let file = File::from(OwnedFd::from(file.into_std().await));
        assert_eq!(file.as_raw_fd(), fd);
        Ok(())
    });
}

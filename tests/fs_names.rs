//! Names, directories and attributes: success and the system's own errors.

#[path = "support/fs.rs"]
mod support;

use std::collections::BTreeSet;
use std::future::Future;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use futures::FutureExt;
use zokio::fs::{self, DirBuilder};

use self::support::{everywhere, on_every_runtime, until};

#[test]
fn renames_and_removes() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, "1").await?;
        fs::rename(&one, &two).await?;
        assert!(!fs::try_exists(&one).await? && fs::try_exists(&two).await?);
        let error = fs::rename(&one, &two).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        fs::write(&one, "new").await?;
        fs::rename(&one, &two).await?;
        assert_eq!(fs::read(&two).await?, b"new");
        fs::remove_file(&two).await?;
        let error = fs::remove_file(&two).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = fs::remove_file(dir.path()).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
        Ok(())
    });
}

#[test]
fn links() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let [file, hard, soft, dangling] =
            ["file", "hard", "soft", "dangling"].map(|name| dir.path().join(name));
        fs::write(&file, "text").await?;
        fs::hard_link(&file, &hard).await?;
        assert_eq!(fs::metadata(&hard).await?.nlink(), 2);
        let error = fs::hard_link(&file, &hard).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        fs::symlink("file", &soft).await?;
        fs::symlink("nowhere", &dangling).await?;
        assert_eq!(fs::read_link(&soft).await?.to_str(), Some("file"));
        assert_eq!(
            fs::canonicalize(&soft).await?,
            fs::canonicalize(&file).await?
        );
        for _ in 0..3 {
            assert_eq!(fs::read_to_string(&soft).await?, "text");
            assert!(fs::metadata(&soft).await?.is_file());
            assert!(fs::symlink_metadata(&soft).await?.is_symlink());
            assert!(fs::symlink_metadata(&dangling).await?.is_symlink());
            let error = fs::metadata(&dangling).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(!fs::try_exists(&dangling).await?);
        }
        let error = fs::read_link(&file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

/// What is answered from memory is what the standard library answers.
#[test]
fn resolves_what_std_resolves() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name);
        let deleted = at("deleted");
        std::fs::write(&deleted, "")?;
        let open = std::fs::File::open(&deleted)?;
        std::fs::remove_file(&deleted)?;
        std::fs::create_dir_all(at("inner/deep"))?;
        std::fs::write(at("inner/file (deleted)"), "")?;
        for (target, link) in [
            ("inner", "to_directory"),
            ("inner/file (deleted)", "to_file"),
            ("nowhere", "dangling"),
            ("loop", "loop"),
            ("to_directory/deep/..", "winding"),
            (&"x/".repeat(400), "long"),
            (&format!("{}inner", "./".repeat(400)), "long_to_directory"),
        ] {
            std::os::unix::fs::symlink(target, at(link))?;
        }
        let mut paths: Vec<_> = [
            "",
            "inner",
            "inner/./deep/../..",
            "inner/file (deleted)",
            "inner/file (deleted)/",
            "to_directory",
            "to_directory/",
            "to_directory/deep",
            "to_file",
            "dangling",
            "dangling/",
            "loop",
            "winding",
            "long",
            "long_to_directory",
            "no/such",
            "no\0name",
        ]
        .map(at)
        .into();
        paths.extend([
            format!("/proc/self/fd/{}", open.as_raw_fd()).into(),
            "/proc/self/fd/../self/exe".into(),
            "/proc/self/cwd".into(),
            "/dev/stdin".into(),
            "/dev/null".into(),
            "".into(),
            ".".into(),
            "src/../Cargo.toml".into(),
            at(&"n".repeat(300)),
            at(&"n/".repeat(3000)),
        ]);
        for path in paths {
            let name = |result: std::io::Result<std::path::PathBuf>| {
                result.map_err(|error| (error.raw_os_error(), error.kind()))
            };
            for _ in 0..2 {
                let (ours, std) = (fs::canonicalize(&path).await, std::fs::canonicalize(&path));
                assert_eq!(name(ours), name(std), "canonicalize {path:?}");
                let (ours, std) = (fs::read_link(&path).await, std::fs::read_link(&path));
                assert_eq!(name(ours), name(std), "read_link {path:?}");
            }
        }
        Ok(())
    });
}

#[test]
fn directories() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let deep = dir.path().join("a/b/c");
        let error = fs::create_dir(&deep).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        fs::create_dir_all(&deep).await?;
        fs::create_dir_all(&deep).await?;
        let error = fs::create_dir(&deep).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let error = fs::remove_dir(dir.path().join("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir(&deep).await?;
        fs::remove_dir_all(dir.path().join("a")).await?;

        let private = dir.path().join("private");
        DirBuilder::new().mode(0o700).create(&private).await?;
        assert_eq!(
            fs::metadata(&private).await?.permissions().mode() & 0o777,
            0o700
        );
        assert!(DirBuilder::new().create(&private).await.is_err());
        let inner = private.join("x/y");
        DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(&inner)
            .await?;
        assert_eq!(
            fs::metadata(&inner).await?.permissions().mode() & 0o777,
            0o750
        );
        Ok(())
    });
}

#[test]
fn reads_directories() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let mut expected = BTreeSet::new();
        for number in 0..200 {
            let name = format!("entry{number}");
            match number % 3 {
                0 => std::fs::create_dir(dir.path().join(&name))?,
                1 => std::os::unix::fs::symlink("x", dir.path().join(&name))?,
                _ => std::fs::write(dir.path().join(&name), &name)?,
            }
            expected.insert(name);
        }
        let mut entries = fs::read_dir(dir.path()).await?;
        let mut found = BTreeSet::new();
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().into_string().expect("ASCII names");
            assert_eq!(entry.path(), dir.path().join(&name));
            let metadata = entry.metadata().await?;
            assert_eq!(metadata.file_type(), entry.file_type().await?);
            assert_eq!(metadata.ino(), entry.ino());
            assert!(found.insert(name));
        }
        assert_eq!(found, expected);
        assert!(entries.next_entry().await?.is_none());
        let error = fs::read_dir(dir.path().join("none")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn copies_and_permissions() {
    everywhere(|| async {
        let dir = tempfile::tempdir()?;
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, vec![b'x'; 300_000]).await?;
        let mut permissions = fs::metadata(&from).await?.permissions();
        permissions.set_mode(0o600);
        fs::set_permissions(&from, permissions).await?;
        assert_eq!(fs::copy(&from, &to).await?, 300_000);
        assert_eq!(fs::metadata(&to).await?.permissions().mode() & 0o777, 0o600);
        assert!(fs::read(&to).await? == vec![b'x'; 300_000]);
        let error = fs::read_to_string("/dev/null/none").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
        fs::write(&to, [0xff, 0xfe]).await?;
        let error = fs::read_to_string(&to).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        Ok(())
    });
}

/// Files of every size around those where the way of reading changes.
#[test]
fn reads_whole_files() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        for size in [
            0, 1, 31, 32, 33, 4095, 4096, 4097, 262_143, 262_144, 262_145, 3_000_000,
        ] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 253) as u8).collect();
            fs::write(&path, &bytes).await?;
            for _ in 0..2 {
                assert!(fs::read(&path).await? == bytes, "{size}");
            }
            evict(&path)?;
            assert!(fs::read(&path).await? == bytes, "{size} from disk");
        }
        // Its length is reported as 0, but it is not empty.
        assert!(!fs::read("/proc/self/status").await?.is_empty());
        Ok(())
    });
}

/// Takes the file's content out of the page cache.
fn evict(path: &std::path::Path) -> std::io::Result<()> {
    let file = std::fs::File::open(path)?;
    file.sync_all()?;
    #[cfg(not(target_vendor = "apple"))]
    // SAFETY: a plain call.
    unsafe {
        libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED)
    };
    Ok(())
}

/// What is in memory is answered at the first poll, once the table of mounts has been read.
#[test]
fn answers_from_memory_at_once() {
    on_every_runtime(|| async {
        use zokio::io::AsyncReadExt;
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        std::fs::write(&path, "cached")?;
        std::fs::read(&path)?;
        assert_eq!(at_once(|| fs::read(&path)).await?, b"cached");
        assert_eq!(at_once(|| fs::metadata(&path)).await?.len(), 6);
        at_once(|| fs::symlink_metadata(&path)).await?;
        let canonical = std::fs::canonicalize(&path)?;
        assert_eq!(at_once(|| fs::canonicalize(&path)).await?, canonical);
        let mut file = at_once(|| fs::File::open(&path)).await?;
        let mut text = [0; 6];
        let Some(count) = file.read(&mut text).now_or_never() else {
            panic!("cached bytes are read at once");
        };
        assert_eq!(count?, 6);
        assert!(fs::try_exists(&path).now_or_never().is_some());
        Ok(())
    });
}

/// Repeats `f` until its future is ready at the first poll. Whenever a mount is made or removed on
/// this machine, some are not.
async fn at_once<F: Future>(f: impl Fn() -> F) -> F::Output {
    let mut output = None;
    until(|| {
        if let Some(ready) = f().now_or_never() {
            output = Some(ready);
        }
        output.is_some()
    })
    .await;
    output.unwrap()
}

//! What `fs` has on Windows alone, and what files are like there.
#![cfg(windows)]

use std::io::ErrorKind;
use std::os::windows::fs::{FileTimesExt, MetadataExt};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle, OwnedHandle};
use std::time::{Duration, SystemTime};

use zokio::fs::{self, File, FileTimes, OpenOptions};
use zokio::io::{AsyncReadExt, AsyncWriteExt};

const ERROR_SHARING_VIOLATION: i32 = 32;
const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

#[zokio::test]
async fn a_file_that_is_not_shared_is_opened_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut options = OpenOptions::new();
    options.write(true).create(true).share_mode(0);
    let file = options.open(&path).await.unwrap();
    let error = File::open(&path).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(ERROR_SHARING_VIOLATION));
    // Nothing is in flight, so that the handle is closed at once.
    drop(file);
    File::open(&path).await.unwrap();
}

#[zokio::test]
async fn without_access_there_are_attributes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "hello").await.unwrap();
    let mut file = OpenOptions::new().access_mode(0).open(&path).await.unwrap();
    assert_eq!(file.metadata().await.unwrap().len(), 5);
    let error = file.read(&mut [0; 5]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[zokio::test]
async fn attributes_and_flags_reach_the_system() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    options
        .attributes(FILE_ATTRIBUTE_HIDDEN)
        .security_qos_flags(0);
    let file = options.open(&path).await.unwrap();
    let found = file.metadata().await.unwrap().file_attributes();
    assert_ne!(found & FILE_ATTRIBUTE_HIDDEN, 0);

    File::open(dir.path()).await.unwrap_err();
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    let folder = options.open(dir.path()).await.unwrap();
    assert!(folder.metadata().await.unwrap().is_dir());
}

#[zokio::test]
async fn a_file_goes_by_its_handle() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut file = File::create(&path).await.unwrap();
    file.write_all(b"one").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(file.as_handle().as_raw_handle(), file.as_raw_handle());
    let handle = file.into_std().await.into_raw_handle();
    // SAFETY: the handle was just given up by its file.
    let mut file = unsafe { File::from_raw_handle(handle) };
    file.write_all(b" two").await.unwrap();
    file.flush().await.unwrap();
    let mut file = File::from(OwnedHandle::from(file.into_std().await));
    file.write_all(b" three").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(fs::read(&path).await.unwrap(), b"one two three");
}

#[zokio::test]
async fn a_resolved_path_has_the_long_form() {
    let dir = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(dir.path()).await.unwrap();
    assert!(path.to_str().unwrap().starts_with(r"\\?\"), "{path:?}");
    assert!(fs::metadata(path).await.unwrap().is_dir());
}

/// wine 8 has no such time, so it is compared with the standard library.
#[zokio::test]
async fn the_time_of_creation_is_set_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let ours = File::create(dir.path().join("ours")).await.unwrap();
    let times = FileTimes::new().set_created(time).set_modified(time);
    ours.set_times(times).await.unwrap();
    let theirs = std::fs::File::create(dir.path().join("theirs")).unwrap();
    let times = std::fs::FileTimes::new().set_created(time);
    theirs.set_times(times.set_modified(time)).unwrap();
    let (ours, theirs) = (ours.metadata().await.unwrap(), theirs.metadata().unwrap());
    assert_eq!(ours.modified().unwrap(), time);
    let is_set = |created: std::io::Result<SystemTime>| created.unwrap() == time;
    assert_eq!(is_set(ours.created()), is_set(theirs.created()));
}

/// What the system makes of it depends on its version, so it is compared with the standard library.
#[zokio::test]
async fn names_of_open_files_change_as_the_system_allows() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["one", "two", "three", "four"] {
        fs::write(path(name), name).await.unwrap();
    }
    let mut options = OpenOptions::new();
    options.read(true).share_mode(1);
    let _open = (
        options.open(path("two")).await.unwrap(),
        options.open(path("four")).await.unwrap(),
    );
    let ours = fs::rename(path("one"), path("two")).await;
    let theirs = std::fs::rename(path("three"), path("four"));
    let code = |result: std::io::Result<()>| result.map_err(|error| error.raw_os_error());
    assert_eq!(code(ours), code(theirs));
}

#[zokio::test]
async fn links_are_made_as_the_system_allows() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let code = |result: std::io::Result<()>| result.map_err(|error| error.raw_os_error());
    fs::write(path("file"), "").await.unwrap();
    fs::create_dir(path("folder")).await.unwrap();
    let ours = fs::symlink_file(path("file"), path("one")).await;
    let theirs = std::os::windows::fs::symlink_file(path("file"), path("two"));
    assert_eq!(code(ours), code(theirs));
    let ours = fs::symlink_dir(path("folder"), path("three")).await;
    let theirs = std::os::windows::fs::symlink_dir(path("folder"), path("four"));
    assert_eq!(code(ours), code(theirs));
}

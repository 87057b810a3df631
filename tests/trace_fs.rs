//! What the feature `tracing` reports of open files.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::pin::pin;

use zokio::fs::File;
use zokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use self::trace::Recorder;

/// Awaits a future whose polls are recorded.
async fn recorded<F: Future>(recorder: &Recorder, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| recorder.run(|| future.as_mut().poll(cx))).await
}

/// Whether a poll of the file's operation was reported as ready.
fn is_done(recorder: &Recorder, source: &str, poll: &str) -> bool {
    let done = format!("File/{source}/poll/ op_name={poll} is_ready=true");
    recorder.lines().contains(&done)
}

#[zokio::test]
async fn the_operations_on_a_file_belong_to_it() {
    let recorder = Recorder::default();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let mut file = recorded(&recorder, options.open(&path)).await.unwrap();
    assert!(recorder.lines().contains(&"new File".to_owned()));
    assert_eq!(recorder.span("File").get("kind"), Some("fs"));

    recorded(&recorder, file.write_all(b"hello")).await.unwrap();
    assert!(is_done(&recorder, "write", "poll_write"));
    recorded(&recorder, file.flush()).await.unwrap();
    assert!(is_done(&recorder, "write", "poll_flush"));
    recorded(&recorder, file.seek(SeekFrom::Start(1)))
        .await
        .unwrap();
    assert!(is_done(&recorder, "seek", "poll_complete"));
    let mut text = String::new();
    recorded(&recorder, file.read_to_string(&mut text))
        .await
        .unwrap();
    assert_eq!(text, "ello");
    assert!(is_done(&recorder, "read", "poll_read"));
    recorded(&recorder, file.sync_all()).await.unwrap();
    assert!(is_done(&recorder, "sync_all", "poll_sync"));
    recorded(&recorder, file.set_len(2)).await.unwrap();
    assert!(is_done(&recorder, "set_len", "poll_set_len"));
    let metadata = recorded(&recorder, file.metadata()).await.unwrap();
    assert_eq!(metadata.len(), 2);
    assert!(is_done(&recorder, "metadata", "poll_metadata"));
    let permissions = metadata.permissions();
    recorded(&recorder, file.set_permissions(permissions))
        .await
        .unwrap();
    assert!(is_done(
        &recorder,
        "set_permissions",
        "poll_set_permissions"
    ));
    let now = std::time::SystemTime::now();
    recorded(&recorder, file.set_modified(now)).await.unwrap();
    assert!(is_done(&recorder, "set_times", "poll_set_times"));
    drop(file);
    assert!(recorder.lines().contains(&"end File".to_owned()));
}

#[zokio::test]
async fn a_read_that_waits_is_pending_in_the_report() {
    let recorder = Recorder::default();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let line = line!() + 1;
    let mut file = recorder.run(|| File::from(std::os::fd::OwnedFd::from(reader)));
    let span = recorder.span("File");
    assert_eq!(span.get("loc.file"), Some(file!()));
    assert_eq!(span.get("loc.line"), Some(line.to_string().as_str()));

    let mut read = pin!(file.read_u8());
    let pending = "File/read/poll/ op_name=poll_read is_ready=false".to_owned();
    let first = poll_fn(|cx| {
        let poll = recorder.run(|| read.as_mut().poll(cx));
        std::task::Poll::Ready(poll.is_pending())
    });
    assert!(first.await);
    assert!(recorder.lines().contains(&pending));
    std::io::Write::write_all(&mut writer, b"x").unwrap();
    assert_eq!(recorded(&recorder, read).await.unwrap(), b'x');
    assert!(is_done(&recorder, "read", "poll_read"));
}

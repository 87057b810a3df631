//! What the feature `tracing` reports of child processes.

#![forbid(unsafe_code)]

#[path = "support/trace.rs"]
mod trace;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::process::Stdio;
use std::task::Poll;

use zokio::process::Command;

use self::trace::Recorder;

#[zokio::test]
async fn a_wait_for_a_child_belongs_to_the_child() {
    let recorder = Recorder::default();
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped());
    let line = line!() + 1;
    let mut child = recorder.run(|| command.spawn()).unwrap();
    let span = recorder.span("Child");
    assert_eq!(span.get("kind"), Some("process"));
    assert_eq!(span.get("loc.file"), Some(file!()));
    assert_eq!(span.get("loc.line"), Some(line.to_string().as_str()));
    let pid = child.id().unwrap();
    let lines = recorder.lines();
    assert!(lines.contains(&"new Child".to_owned()), "{lines:?}");
    assert!(lines.contains(&format!("Child/ pid={pid} pid.op=override")));
    // Its input is a pipe.
    assert!(lines.contains(&"new pipe::Sender".to_owned()), "{lines:?}");

    let input = child.stdin.take();
    let within = "Child/Child::wait/poll/ op_name=poll_wait is_ready";
    {
        let mut wait = pin!(child.wait());
        let first = poll_fn(|cx| {
            let poll = recorder.run(|| wait.as_mut().poll(cx));
            Poll::Ready(poll.is_pending())
        });
        assert!(first.await);
        assert!(recorder.lines().contains(&format!("{within}=false")));
        drop(input);
        let status = poll_fn(|cx| recorder.run(|| wait.as_mut().poll(cx))).await;
        assert!(status.unwrap().success());
        assert!(recorder.lines().contains(&format!("{within}=true")));
    }
    drop(child);
    assert!(recorder.lines().contains(&"end Child".to_owned()));
}
